"""Writes drift.json: small columns in full, and what NannyML and scipy say about them.

NannyML needs its own environment and Python 3.11:

    python3.11 -m venv .venv-drift && .venv-drift/bin/pip install -r requirements-drift.txt
    NML_DISABLE_USAGE_LOGGING=1 .venv-drift/bin/python make_drift.py

In the file null stands for a missing value, and for a number without meaning.
"""

import json
import logging
import math
import os
import warnings
from pathlib import Path

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import scipy  # noqa: E402
from nannyml.chunk import SizeBasedChunker  # noqa: E402
from nannyml.drift.univariate.methods import FeatureType, MethodFactory  # noqa: E402
from nannyml.thresholds import StandardDeviationThreshold  # noqa: E402
from scipy.stats import ks_2samp  # noqa: E402

assert nannyml.__version__ == "0.13.1", nannyml.__version__
logging.disable(logging.CRITICAL)


def fitted(key, kind, reference, chunk_size):
    method = MethodFactory.create(
        key=key, feature_type=kind, chunker=SizeBasedChunker(chunk_size), threshold=StandardDeviationThreshold()
    )
    method.fit(reference)
    return method


def chunks(values, size):
    return [values[start : start + size] for start in range(0, len(values), size)]


def null(values):
    return [None if isinstance(v, float) and not math.isfinite(v) else v for v in values]


def by_methods(methods, kind, reference, current, size):
    found = {}
    parts = {"reference": chunks(reference, size), "current": chunks(current, size)}
    for name, key in methods.items():
        method = fitted(key, kind, reference, size)
        values = {where: null([float(method.calculate(p)) for p in part]) for where, part in parts.items()}
        found[name] = values | {
            "lower": None if method.lower_threshold_value is None else float(method.lower_threshold_value),
            "upper": None if method.upper_threshold_value is None else float(method.upper_threshold_value),
            "alerts": [bool(v is not None and method.alert(v)) for v in values["current"]],
        }
    return found


def numeric(name, reference, current, size, note=None):
    reference = pd.Series(np.asarray(reference, dtype=np.float64), name="x")
    current = pd.Series(np.asarray(current, dtype=np.float64), name="x")
    method = fitted("jensen_shannon", FeatureType.CONTINUOUS, reference, size)
    case = {
        "name": name,
        "kind": "numeric",
        "chunk_size": size,
        "reference": null(reference.tolist()),
        "current": null(current.tolist()),
        "doane_edges": method._bins.tolist(),
        "reference_counts": np.histogram(reference.dropna(), bins=method._bins)[0].tolist(),
        "methods": by_methods(
            {"js/nannyml": "jensen_shannon", "ks/nannyml": "kolmogorov_smirnov", "hellinger/nannyml": "hellinger", "wasserstein/nannyml": "wasserstein"},
            FeatureType.CONTINUOUS, reference, current, size,
        ),
    }  # fmt: skip
    exact = []
    for part in chunks(current, size):
        part = part.dropna()
        exact.append(float(ks_2samp(reference.dropna(), part).statistic) if len(part) else None)
    case["ks_statistic_scipy"] = exact
    return case | ({"note": note} if note else {})


def categorical(name, reference, current, size, note=None):
    reference = pd.Series(reference, name="x", dtype=object)
    current = pd.Series(current, name="x", dtype=object)
    case = {
        "name": name,
        "kind": "categorical",
        "chunk_size": size,
        "reference": reference.tolist(),
        "current": current.tolist(),
        "methods": by_methods(
            {"js/nannyml": "jensen_shannon", "hellinger/nannyml": "hellinger", "linf/nannyml": "l_infinity", "chi2/nannyml": "chi2"},
            FeatureType.CATEGORICAL, reference, current, size,
        ),
    }  # fmt: skip
    return case | ({"note": note} if note else {})


def cases():
    rng = np.random.default_rng(23)
    normal = np.round(rng.normal(10, 3, 240), 4)
    shifted = np.round(np.concatenate([rng.normal(10, 3, 60), rng.normal(12, 3, 60), rng.normal(10, 6, 60)]), 4)
    skewed = np.round(rng.exponential(2, 240), 3)
    tied = np.round(rng.normal(0, 1, 240), 0) / 2
    whole = rng.poisson(4, 240)
    gaps = normal[:160].copy()
    gaps[rng.random(160) < 0.2] = np.nan
    gaps_now = shifted[:80].copy()
    gaps_now[::4] = np.nan
    edge = np.concatenate([np.linspace(0, 1, 41)[:-1], [1.0] * 8, [0.0] * 4])
    letters = np.array(list("aaaabbbccd"))
    drawn = lambda n, shares: rng.choice(np.array(list("abcd")), n, p=shares).tolist()
    holes = drawn(60, [0.4, 0.3, 0.2, 0.1])
    holes[::7] = [None] * len(holes[::7])
    usual = drawn(120, [0.4, 0.3, 0.2, 0.1])
    return [
        numeric("a mean and a spread that move", normal, shifted, 60),
        numeric("skewed", skewed, np.round(skewed[:90] * 1.5, 3), 60, "The last chunk is shorter than the others."),
        numeric("numbers with ties", tied, np.round(tied[:120] + 0.5, 1), 60),
        numeric("whole numbers", whole, rng.poisson(6, 120), 60),
        numeric("two values", np.tile([0, 1, 1], 30), np.tile([0, 0, 1], 20), 30),
        numeric("constant and the same", np.full(60, 3.0), np.full(40, 3.0), 20),
        numeric("constant and another", np.full(60, 3.0), np.full(40, 4.0), 20),
        numeric("chunk outside the range", normal[:120], np.concatenate([normal[:30] + 100, normal[:30] - 100, normal[:30] + 6]), 30),
        numeric("missing values are left out", gaps, gaps_now, 40),
        numeric("chunk without a value", normal[:80], [float("nan")] * 20 + normal[:20].tolist(), 20),
        numeric("values on the edges", edge, np.round(edge[::2] * 4) / 4, 26),
        numeric("same as the reference", normal[:60], normal[:60], 60),
        numeric("two rows of reference", [1.0, 2.0], [1.0, 1.5, 2.0, 2.5], 2),
        categorical("four letters", usual, drawn(60, [0.4, 0.3, 0.2, 0.1]) + drawn(60, [0.1, 0.3, 0.2, 0.4]), 40),
        categorical("one category goes, an unseen one comes", ["a"] * 80 + ["b"] * 20, ["a"] * 80 + ["c"] * 20, 100),
        categorical("two unseen categories count as one", ["a"] * 80 + ["b"] * 20, ["a"] * 80 + ["c"] * 10 + ["d"] * 10, 100),
        categorical("only unseen categories", letters.tolist() * 3, ["x", "y"] * 15, 30),
        categorical("one category on both sides", ["a"] * 40, ["a"] * 20, 20),
        categorical("missing values are left out", holes, holes[::-1], 30),
        categorical("names in other scripts", ["München", "東京", "قاهرة", "東京"] * 10, ["東京", "東京", "München", "Łódź"] * 10, 20),
    ]  # fmt: skip


def thresholds():
    """Mean plus and minus three population standard deviations of the values of the reference chunks."""
    found = []
    for values in [[0.1, 0.12, 0.09, 0.11], [0.5, 0.5, 0.5], [0.2], [0.0, 1.0], [0.9, 0.95, 0.97, 0.99, 0.96]]:
        lower, upper = StandardDeviationThreshold().thresholds(np.asarray(values))
        found.append({"values": values, "lower": float(lower), "upper": float(upper)})
    return found


def main():
    warnings.simplefilter("ignore")
    head = {
        "schema_version": 1,
        "source": {
            "methods, doane_edges, thresholds": f"nannyml {nannyml.__version__} itself, with numpy {np.__version__}, scipy {scipy.__version__}, pandas {pd.__version__}",
            "ks_statistic_scipy": "scipy.stats.ks_2samp(reference, chunk).statistic, missing values left out",
            "chunks": "chunk_size rows each, the last one may be shorter; lower and upper from the reference chunks with limit 0 below (linf and ks: 0 to 1 where NannyML sets it)",
        },
    }
    lines = [f" {json.dumps(key)}: {json.dumps(item)}" for key, item in head.items()]
    for key, items in {"columns": cases(), "std_thresholds": thresholds()}.items():
        body = ",\n".join("  " + json.dumps(item, allow_nan=False, ensure_ascii=False) for item in items)
        lines.append(f' "{key}": [\n{body}\n ]')
    Path(__file__).with_name("drift.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
