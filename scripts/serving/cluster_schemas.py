"""Checks what `modeldeck export` wrote against the schemas of those who read it.

    pip install "tritonclient[grpc]" jsonschema pyyaml
    python scripts/serving/cluster_schemas.py FOLDER KSERVE_CRD.yaml

`config.pbtxt` is parsed by Triton's own protocol buffers, the manifest by the OpenAPI schema of KServe's
InferenceService (`config/crd/full/serving.kserve.io_inferenceservices.yaml` of its repository).
"""

import sys
from pathlib import Path

import jsonschema
import yaml
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2


def closed(schema: object) -> object:
    """The schema with unknown fields refused, as the API server refuses them with strict validation."""
    if isinstance(schema, dict):
        out = {key: closed(value) for key, value in schema.items()}
        if "properties" in out and not out.get("x-kubernetes-preserve-unknown-fields"):
            out.setdefault("additionalProperties", False)
        if out.get("x-kubernetes-int-or-string"):
            out.pop("type", None)
            out.pop("anyOf", None)
        return out
    if isinstance(schema, list):
        return [closed(value) for value in schema]
    return schema


def main() -> None:
    folder, crd = Path(sys.argv[1]), Path(sys.argv[2])
    configs = sorted(folder.rglob("config.pbtxt"))
    for path in configs:
        config = text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())
        print(f"{path.name}: {config.name}, {len(config.input)} inputs, {len(config.output)} outputs, "
              f"batch {config.max_batch_size}, {config.instance_group[0].count} instances")
    definition = yaml.safe_load(crd.read_text())
    version = next(v for v in definition["spec"]["versions"] if v["name"] == "v1beta1")
    schema = closed(version["schema"]["openAPIV3Schema"])
    # Kubernetes itself gives the metadata its fields.
    schema["properties"]["metadata"] = {"type": "object"}
    manifests = sorted(folder.rglob("*.kserve.yaml"))
    for path in manifests:
        jsonschema.validate(yaml.safe_load(path.read_text()), schema)
        print(f"{path.name}: valid by {definition['metadata']['name']}")
    if not configs or not manifests:
        sys.exit("there is nothing to check")


if __name__ == "__main__":
    main()
