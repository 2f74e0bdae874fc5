"""Kills `modeldeck serve` under load, again and again, and checks that no answered request is missing or double.

    cargo build --release
    python scripts/serving/kill_loop.py target/release/modeldeck MODEL.onnx --input NAME --width N --kills 50

Several clients send one-row requests with ids of their own and write down which were answered. The process is killed
with SIGKILL at a random moment of a seeded sequence, and started again on the same capture. At the end it is ended by
SIGTERM, which seals the capture, and every answered id must stand in the Parquet segments exactly once. It needs polars.
"""

import argparse
import http.client
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import polars


def start(program: Path, model: Path, folder: Path) -> tuple[subprocess.Popen, int]:
    child = subprocess.Popen(
        [program, "serve", "--quiet", "--model", f"model={model}", "--listen", "127.0.0.1:0", "--capture", folder],
        stdout=subprocess.PIPE,
        text=True,
    )
    line = child.stdout.readline()
    if not line:
        sys.exit(f"modeldeck did not start again: status {child.wait()}")
    return child, int(json.loads(line)["listening"].rsplit(":", 1)[1])


class Client(threading.Thread):
    """Asks until it is told to stop or the server is gone; keeps the ids that were answered."""

    def __init__(self, number: int, turn: int, port: int, input_name: str, width: int) -> None:
        super().__init__(daemon=True)
        self.prefix, self.port, self.input, self.width = f"{turn}-{number}", port, input_name, width
        self.answered: list[str] = []
        self.refused: list[str] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        number = 0
        while True:
            name = f"{self.prefix}-{number}"
            number += 1
            rows = 1 + number % 3
            data = [(number * 7 + place) % 11 / 10 for place in range(rows * self.width)]
            tensor = {"name": self.input, "shape": [rows, self.width], "datatype": "FP32", "data": data}
            body = json.dumps({"id": name, "inputs": [tensor]})
            try:
                connection.request("POST", "/v2/models/model/infer", body)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 200 and json.loads(text)["id"] == name:
                self.answered.append(f"{name}/{rows}")
            else:
                self.refused.append(f"{name}: {answer.status} {text[:200]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--input", required=True)
    parser.add_argument("--width", type=int, required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    folder = Path(tempfile.mkdtemp(prefix="kill-loop-"))
    answered: list[str] = []
    for turn in range(arguments.kills):
        child, port = start(arguments.program, arguments.model, folder)
        clients = [
            Client(number, turn, port, arguments.input, arguments.width) for number in range(arguments.clients)
        ]
        for client in clients:
            client.start()
        time.sleep(chance.uniform(0.02, 1.0))
        child.send_signal(signal.SIGKILL)
        child.wait()
        for client in clients:
            client.join()
            answered += client.answered
            if client.refused:
                sys.exit(f"refused: {client.refused[:3]}")
    child, _ = start(arguments.program, arguments.model, folder)
    child.send_signal(signal.SIGTERM)
    if child.wait(60) != 0:
        sys.exit("modeldeck did not end cleanly")
    segments = sorted(folder.rglob("*.parquet"))
    kept = Counter()
    for segment in segments:
        table = polars.read_parquet(segment, columns=["id", "row"])
        kept.update(table.group_by("id").len().iter_rows())
        doubled = table.group_by(["id", "row"]).len().filter(polars.col("len") > 1)
        if doubled.height:
            sys.exit(f"double in {segment}: {doubled}")
    ids = Counter(name for name, _ in kept)
    rows = {name: count for name, count in kept}
    missing = [entry for entry in answered if rows.get(entry.rsplit("/", 1)[0]) != int(entry.rsplit("/", 1)[1])]
    double = [name for name, count in ids.items() if count > 1]
    print(
        f"{arguments.kills} kills, {len(answered)} answered requests, {len(ids)} kept in {len(segments)} segments: "
        f"{len(missing)} missing, {len(double)} double"
    )
    if missing or double:
        print(missing[:5], double[:5])
        sys.exit(1)


if __name__ == "__main__":
    main()
