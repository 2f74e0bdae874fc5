"""Serves an ONNX model with MLServer, as the peer that `benches/endpoint.rs` is timed against.

    python -m venv peer && peer/bin/pip install mlserver==1.7.1 onnxruntime
    peer/bin/python scripts/serving/mlserver_peer.py MODEL.onnx --port 18080

MLServer has no runtime for ONNX, so a custom one is written beside its settings: one session with one thread, fed from
the request's first input and answered with every output of the model.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

RUNTIME = '''
import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(self.settings.parameters.uri, options)
        self.input = self.session.get_inputs()[0]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32)
        outputs = self.session.run(None, {self.input.name: rows})
        names = [output.name for output in self.session.get_outputs()]
        return InferenceResponse(
            model_name=self.name,
            id=payload.id,
            outputs=[NumpyCodec.encode_output(name, np.asarray(value)) for name, value in zip(names, outputs)],
        )
'''


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--name", default="model")
    parser.add_argument("--port", type=int, default=18080)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mlserver-peer-"))
    (folder / "onnx_runtime_model.py").write_text(RUNTIME)
    (folder / "settings.json").write_text(
        json.dumps(
            {
                "host": "127.0.0.1",
                "http_port": arguments.port,
                "grpc_port": arguments.port + 1,
                "metrics_port": arguments.port + 2,
                "parallel_workers": 0,
                "debug": False,
            }
        )
    )
    (folder / "model-settings.json").write_text(
        json.dumps(
            {
                "name": arguments.name,
                "implementation": "onnx_runtime_model.OnnxModel",
                "parameters": {"uri": str(arguments.model.resolve())},
            }
        )
    )
    os.environ["PYTHONPATH"] = str(folder)
    program = Path(sys.executable).parent / "mlserver"
    os.execv(program, [str(program), "start", str(folder)])


if __name__ == "__main__":
    main()
