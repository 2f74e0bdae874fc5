#!/usr/bin/env python3
"""Checks a serving endpoint with the unchanged tritonclient, in both modes.

    pip install "tritonclient[http]" numpy
    python scripts/serving/conformance.py http://127.0.0.1:PORT [--token-file FILE] [--plain] [--unload MODEL]

It asks the endpoint which models there are, and checks each: metadata, readiness, one request in JSON and one with
binary tensors made from the metadata, equal answers in both, requested outputs, ids, versions by name, and errors. With
--plain it also checks the values of the plain models of `cargo test --test http_endpoint -- --ignored stand`:
every type, texts, sums. With --unload it unloads and loads that model again. Exit status 0 when all checks hold.
"""

import argparse
import json
import sys
import urllib.request

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException, np_to_triton_dtype, triton_to_np_dtype

# The client writes into the headers that it is given, so each call gets a copy.
checks = {"held": 0, "failed": []}


def check(what, holds, seen=""):
    if holds:
        checks["held"] += 1
    else:
        checks["failed"].append(f"{what}: {seen}")
        print(f"FAILED {what}: {seen}", file=sys.stderr)


def refused(what, call, *words):
    try:
        call()
    except InferenceServerException as error:
        text = f"{error.status()} {error.message()}"
        check(what, all(word in text for word in words), text)
    else:
        check(what, False, "it was answered")


def values(datatype, shape, seed=1):
    random = np.random.default_rng(seed)
    if datatype == "BYTES":
        words = [f"wört {n} \"{chr(0x65E5)}\"\n".encode() for n in range(int(np.prod(shape)))]
        return np.array(words, dtype=np.object_).reshape(shape)
    dtype = triton_to_np_dtype(datatype)
    if datatype == "BOOL":
        return random.integers(0, 2, shape).astype(bool)
    if np.issubdtype(dtype, np.integer):
        return random.integers(0, 2, shape).astype(dtype)
    return random.random(shape).astype(dtype)


def given(name, array, binary, shape=None, datatype=None):
    tensor = http.InferInput(name, list(shape or array.shape), datatype or np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


def same(a, b):
    if a.dtype == np.object_ or b.dtype == np.object_:
        text = lambda array: [x.decode() if isinstance(x, bytes) else x for x in array.ravel()]
        return text(a) == text(b)
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def a_model(client, headers, model):
    metadata = client.get_model_metadata(model, headers=dict(headers))
    check(f"{model}: metadata", metadata["name"] == model and metadata["versions"], metadata)
    if not client.is_model_ready(model, headers=dict(headers)):
        print(f"{model} is not ready and is only looked at")
        return
    rows = 3
    # An open size after the rows says nothing of what the model takes, so a request cannot be made from it.
    if any(-1 in port["shape"][1:] for port in metadata["inputs"]):
        print(f"{model} leaves a size open and is only looked at")
        return
    arrays = {}
    for port in metadata["inputs"]:
        shape = [rows if n == 0 and size == -1 else size for n, size in enumerate(port["shape"])]
        arrays[port["name"]] = values(port["datatype"], shape)
    outputs = [port["name"] for port in metadata["outputs"]]
    answers = []
    for into in (False, True):
        for out in (False, True):
            inputs = [given(name, array, into) for name, array in arrays.items()]
            wanted = [http.InferRequestedOutput(name, binary_data=out) for name in outputs]
            answer = client.infer(model, inputs, outputs=wanted, request_id="c-1", headers=dict(headers))
            mode = f"{model}: {'binary' if into else 'JSON'} in, {'binary' if out else 'JSON'} out"
            response = answer.get_response()
            check(f"{mode}: id", response["id"] == "c-1", response)
            check(f"{mode}: outputs", [port["name"] for port in response["outputs"]] == outputs, response)
            answers.append({name: answer.as_numpy(name) for name in outputs})
    for answer in answers[1:]:
        for name in outputs:
            check(f"{model}: {name} is the same in both modes", same(answers[0][name], answer[name]), answer[name])
    for name in outputs:
        inputs = [given(key, array, True) for key, array in arrays.items()]
        answer = client.infer(model, inputs, outputs=[http.InferRequestedOutput(name)], headers=dict(headers))
        check(f"{model}: only {name}", [port["name"] for port in answer.get_response()["outputs"]] == [name])
    inputs = [given(name, array, True) for name, array in arrays.items()]
    answer = client.infer(model, inputs, headers=dict(headers))
    check(f"{model}: all outputs unasked", len(answer.get_response()["outputs"]) == len(outputs))
    check(f"{model}: an id of its own", answer.get_response()["id"] != "")
    for version in metadata["versions"]:
        if client.is_model_ready(model, version, headers=dict(headers)):
            answer = client.infer(model, inputs, model_version=version, headers=dict(headers))
            check(f"{model}: version {version}", answer.get_response()["model_version"] == version)
    for name, array in arrays.items():
        if array.ndim == 2 and array.shape[1] == 1:
            flat = [given(key, a.ravel() if key == name else a, True) for key, a in arrays.items()]
            check(f"{model}: {name} as [n]", client.infer(model, flat, headers=dict(headers)) is not None)
        elif array.ndim == 1:
            column = [given(key, a.reshape(-1, 1) if key == name else a, False) for key, a in arrays.items()]
            check(f"{model}: {name} as [n, 1]", client.infer(model, column, headers=dict(headers)) is not None)
    errors(client, headers, model, arrays)


def errors(client, headers, model, arrays):
    name, array = next(iter(arrays.items()))
    rest = [given(key, a, True) for key, a in arrays.items() if key != name]
    ask = lambda *inputs, **more: (lambda: client.infer(model, [*inputs, *rest], headers=dict(headers), **more))
    refused(f"{model}: an unknown input", ask(given(name, array, True), given("no_such", array, True)), "400", "no_such")
    refused(f"{model}: an input twice", ask(given(name, array, False), given(name, array, False)), "400", name)
    refused(f"{model}: a missing input", lambda: client.infer(model, rest, headers=dict(headers)), "400", name)
    other = np.ones(array.shape, np.uint8 if array.dtype != np.uint8 else np.int16)
    refused(f"{model}: another type", ask(given(name, other, True)), "400", name)
    wide = np.concatenate([array.reshape(array.shape[0], -1)] * 3, axis=1)
    refused(f"{model}: too wide", ask(given(name, wide, True)), "400", name)
    refused(f"{model}: an unknown output", ask(given(name, array, True), outputs=[http.InferRequestedOutput("no_such")]), "400", "no_such")
    refused(f"{model}: an unknown version", ask(given(name, array, True), model_version="999"), "404", "999")
    if array.dtype.kind == "f":
        bad = array.copy()
        bad.ravel()[0] = np.nan
        refused(f"{model}: NaN in JSON", ask(given(name, bad, False)), "400", name)
        # A binary tensor can say it; whether a model answers is its own affair.
        client.infer(model, [given(name, bad, True), *rest], headers=dict(headers))
        checks["held"] += 1


def plain(client, headers):
    x = np.array([[1, 2, 3, 4], [0.5, 0, 0, 0]], np.float32)
    for binary in (False, True):
        for version, factor in (("", 1), ("1", 1), ("2", 10)):
            answer = client.infer("sum", [given("x", x, binary)], model_version=version, headers=dict(headers))
            check(f"sum, version {version!r}", same(answer.as_numpy("y"), x.sum(axis=1) * np.float32(factor)))
        words = np.array(["grün".encode(), b"", "日本".encode()], dtype=np.object_)
        answer = client.infer("words", [given("s", words, binary)], headers=dict(headers))
        check("words", [w.decode() if isinstance(w, bytes) else w for w in answer.as_numpy("upper").ravel()] == ["GRÜN", "", "日本"])
        check("lengths", answer.as_numpy("length").tolist() == [4, 0, 2])
    edges = {
        "INT8": [-128, 127], "INT16": [-32768, 32767], "INT32": [-(2**31), 2**31 - 1], "INT64": [-(2**63), 2**63 - 1],
        "UINT8": [0, 255], "UINT16": [0, 65535], "UINT32": [0, 2**32 - 1], "UINT64": [0, 2**64 - 1],
        "FP32": [1.1754944e-38, -3.4028235e38], "FP64": [5e-324, -1.7976931348623157e308], "BOOL": [True, False],
        "FP16": [6e-8, -65504.0],
    }
    for datatype, pair in edges.items():
        array = np.array(pair, dtype=triton_to_np_dtype(datatype))
        # The client itself does not send 16-bit decimal numbers as JSON.
        for binary in ((True,) if datatype == "FP16" else (False, True)):
            out = [http.InferRequestedOutput("y", binary_data=binary)]
            answer = client.infer(f"echo_{datatype.lower()}", [given("x", array, binary)], outputs=out, headers=dict(headers))
            check(f"the edges of {datatype}, binary {binary}", same(answer.as_numpy("y").ravel(), array), answer.as_numpy("y"))
    for word in (b"a\0b", b"\xff"):
        refused(
            "a text that no model takes",
            lambda word=word: client.infer("words", [given("s", np.array([word], dtype=np.object_), True)], headers=dict(headers)),
            "400", "s",
        )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("url")
    arguments.add_argument("--token-file")
    arguments.add_argument("--plain", action="store_true")
    arguments.add_argument("--unload")
    said = arguments.parse_args()
    headers = {}
    if said.token_file:
        headers["Authorization"] = "Bearer " + open(said.token_file, encoding="utf-8").read().strip()
    base = said.url.rstrip("/")
    client = http.InferenceServerClient(base.split("://", 1)[-1], concurrency=4)
    check("live", client.is_server_live(headers=dict(headers)))
    check("ready", client.is_server_ready(headers=dict(headers)))
    server = client.get_server_metadata(headers=dict(headers))
    check("extensions", "binary_tensor_data" in server["extensions"], server)
    index = client.get_model_repository_index(headers=dict(headers))
    models = sorted({entry["name"] for entry in index})
    check("the index has models", bool(models), index)
    known_to_fail = {"broken", "full", "lost", "slow", "unkept"} if said.plain else set()
    for model in models:
        if model not in known_to_fail:
            a_model(client, headers, model)
    if said.plain:
        plain(client, headers)
    refused("an unknown model", lambda: client.get_model_metadata("no such model", headers=dict(headers)), "404", "no such model")
    refused(
        "asking an unknown model",
        lambda: client.infer("none", [given("x", np.ones((1, 1), np.float32), True)], headers=dict(headers)),
        "404", "none",
    )
    statistics = client.get_inference_statistics(headers=dict(headers))
    check("statistics", len(statistics["model_stats"]) >= len(models), statistics)
    for model in models[:3]:
        check(f"{model}: config", client.get_model_config(model, headers=dict(headers))["name"] == model)
    asynchronous = [model for model in models if model == "sum"] if said.plain else []
    for model in asynchronous:
        x = np.ones((1, 4), np.float32)
        waiting = [client.async_infer(model, [given("x", x * n, True)], headers=dict(headers)) for n in range(20)]
        sums = [one.get_result().as_numpy("y")[0] for one in waiting]
        check("twenty at once", sums == [4.0 * n for n in range(20)], sums)
    if said.unload:
        client.unload_model(said.unload, headers=dict(headers))
        check("unloaded", not client.is_model_ready(said.unload, headers=dict(headers)))
        client.load_model(said.unload, headers=dict(headers))
        check("loaded again", client.is_model_ready(said.unload, headers=dict(headers)))
        refused("loading an unknown model", lambda: client.load_model("none", headers=dict(headers)), "404")
    with urllib.request.urlopen(urllib.request.Request(base + "/openapi.json", headers=dict(headers))) as answer:
        document = json.load(answer)
    check("the OpenAPI document", document["openapi"].startswith("3."))
    print(f"{checks['held']} checks held, {len(checks['failed'])} failed")
    return 1 if checks["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
