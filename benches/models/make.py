"""Makes trees.onnx: 100 boosted trees of depth 4 over 20 features f00 to f19, for benches/validation.rs."""
import pathlib

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier

rng = np.random.default_rng(0)
x = rng.normal(size=(1_000_000, 20)).astype(np.float32)
noise = rng.normal(size=len(x)) * 0.7
y = (x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * np.sin(3 * x[:, 3]) + noise > 0.3).astype(np.int64)
model = GradientBoostingClassifier(n_estimators=100, max_depth=4, random_state=0).fit(x[:20_000], y[:20_000])
onnx = to_onnx(model, x[:1], options={"zipmap": False}, target_opset=17)
(pathlib.Path(__file__).parent / "trees.onnx").write_bytes(onnx.SerializeToString())
