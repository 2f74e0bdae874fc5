"""Writes metrics.json: small cases with full inputs and what scikit-learn and scipy say about them.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python make_metrics.py

A number without meaning is null. Where scikit-learn warns that a metric is not defined and gives a number all the
same, the number stands in `metrics` and the metric's name in `undefined`.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

assert sklearn.__version__ == "1.9.1", sklearn.__version__
NAN = float("nan")


def plain(value):
    """Python values with null for what is not a finite number."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def measure(functions):
    """The value of each metric, and the names of those scikit-learn calls undefined."""
    values, undefined = {}, []
    for name, function in functions.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                values[name] = float(function())
            except ValueError:
                values[name] = NAN
        told = any(issubclass(w.category, sk._classification.UndefinedMetricWarning) for w in caught)
        if told or not math.isfinite(values[name]):
            undefined.append(name)
    return {"metrics": values, "undefined": undefined}


def ece(truth, score, bins=10):
    """Over the bins of calibration_curve, where an edge belongs to the lower bin: sum of n_b/n x |mean predicted - observed share|."""
    index = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], score)
    parts = [(index == b) for b in range(bins)]
    return sum(p.mean() * abs(score[p].mean() - truth[p].mean()) for p in parts if p.any())


def binary(name, truth, score, threshold=0.5, curves=False, note=None, labels=None):
    truth_all, score_all = np.asarray(truth), np.asarray(score, dtype=np.float64)
    known = np.isfinite(score_all)
    y, p = truth_all[known], score_all[known]
    label = (p >= threshold).astype(int)
    result = measure(
        {
            "accuracy": lambda: sk.accuracy_score(y, label),
            "balanced_accuracy": lambda: sk.balanced_accuracy_score(y, label),
            "precision": lambda: sk.precision_score(y, label),
            "recall": lambda: sk.recall_score(y, label),
            "specificity": lambda: sk.recall_score(y, label, pos_label=0),
            "f1": lambda: sk.f1_score(y, label),
            "roc_auc": lambda: sk.roc_auc_score(y, p),
            "average_precision": lambda: sk.average_precision_score(y, p),
            "log_loss": lambda: sk.log_loss(y, p, labels=[0, 1]),
            "brier": lambda: sk.brier_score_loss(y, p, pos_label=1),
            "mcc": lambda: sk.matthews_corrcoef(y, label),
            "cohen_kappa": lambda: sk.cohen_kappa_score(y, label),
            "ece": lambda: ece(y, p),
        }
    )
    matrix = sk.confusion_matrix(y, label, labels=[0, 1])
    case = {"name": name, "threshold": threshold, "truth": truth_all, "score": score_all, "rows": len(y), "skipped": int((~known).sum())}
    case |= {"confusion": matrix} | result
    if note:
        case["note"] = note
    if labels:
        case["labels"] = labels
    if curves:
        det_fpr, det_fnr, det_thresholds = sk.det_curve(y, p)
        fpr, tpr, roc_thresholds = sk.roc_curve(y, p, drop_intermediate=False)
        precision, recall, pr_thresholds = sk.precision_recall_curve(y, p)
        observed, predicted = calibration_curve(y, p, n_bins=10, strategy="uniform")
        case["curves"] = {
            "roc": {"fpr": fpr, "tpr": tpr, "thresholds": roc_thresholds},
            "precision_recall": {"precision": precision, "recall": recall, "thresholds": pr_thresholds},
            "calibration": {"predicted": predicted, "observed": observed},
            "det": {
                "fpr": det_fpr, "fnr": det_fnr, "thresholds": det_thresholds,
                "probit_fpr": stats.norm.ppf(det_fpr), "probit_fnr": stats.norm.ppf(det_fnr),
            },
        }  # fmt: skip
    return case


def labelled(name, classes, truth, predicted, note=None):
    """Labels without scores: the metrics of the decision only."""
    case = binary(name, truth, predicted, note=note, labels=classes)
    for metric in ["roc_auc", "average_precision", "log_loss", "brier", "ece"]:
        del case["metrics"][metric]
    case["undefined"] = [metric for metric in case["undefined"] if metric in case["metrics"]]
    return case | {"labels_only": True}


def binary_cases():
    rng = np.random.default_rng(7)
    n = 120
    truth = (rng.random(n) < 0.3).astype(int)
    smooth = np.clip(0.3 + 0.25 * (truth - 0.3) + rng.normal(0, 0.18, n), 0.001, 0.999)
    tied = np.round(smooth, 1)
    missing = smooth[:40].copy()
    missing[[0, 7, 8, 25, 39]] = NAN
    many = np.random.default_rng(300)
    many_truth, many_scores = many.integers(0, 2, 300), np.round(many.random(300), 3)
    # Of their own stream, so that the cases above keep their numbers.
    seldom = np.random.default_rng(23)
    rare_truth = np.zeros(2000, dtype=int)
    rare_truth[[140, 733, 902, 1500, 1999]] = 1
    rare_scores = np.round(np.clip(seldom.beta(1, 30, 2000) + 0.12 * rare_truth, 0, 1), 3)
    named_truth = seldom.integers(0, 2, 40)
    named_scores = np.round(np.clip(0.4 * named_truth + 0.6 * seldom.random(40), 0, 1), 3)
    decided = np.where(seldom.random(40) < 0.7, named_truth, 1 - named_truth)
    edges = np.array([0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.0, 1.0, 0.05, 0.15, 0.25, 0.45, 0.65, 0.85])
    return [
        binary("smooth scores", truth, smooth, 0.35, curves=True),
        binary("tied scores", truth[:60], tied[:60], 0.4, note="A row whose score equals the threshold counts as positive."),
        binary("many ties, curves", truth[:50], np.round(smooth[:50] * 4) / 4, 0.5, curves=True),
        binary("300 random rows", many_truth, many_scores),
        binary("perfect", [0, 0, 1, 1, 0, 1], [0.1, 0.2, 0.9, 0.8, 0.3, 0.7]),
        binary("all wrong", [1, 1, 0, 0, 1, 0], [0.1, 0.2, 0.9, 0.8, 0.3, 0.7]),
        binary("constant score, all positive", [0, 1, 1, 0, 0], [0.6] * 5),
        binary("constant score, all negative", [0, 1, 1, 0, 0], [0.2] * 5),
        binary("only negatives", [0, 0, 0, 0], [0.1, 0.6, 0.3, 0.4]),
        binary("only negatives, never predicted", [0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4]),
        binary("only positives", [1, 1, 1], [0.9, 0.4, 0.7]),
        binary("only positives, all predicted", [1, 1, 1], [0.9, 0.6, 0.7]),
        binary("one positive row", [1], [0.8]),
        binary("one negative row", [0], [0.8]),
        binary("two rows", [0, 1], [0.4, 0.6]),
        binary("probabilities 0 and 1", [0, 1, 1, 0, 1, 0], [0.0, 1.0, 0.0, 1.0, 1.0, 0.0], note="log_loss clips at the machine epsilon of 64-bit floats."),
        binary("missing scores", truth[:40], missing, 0.35, note="Rows whose score is missing are left out and counted."),
        binary("scores on bin edges", (np.arange(15) % 3 == 0).astype(int), edges, 0.45),
        binary("threshold 0", [0, 1, 0, 1], [0.0, 0.2, 0.3, 0.9], 0.0),
        binary("threshold 1", [0, 1, 0, 1], [0.0, 0.2, 1.0, 1.0], 1.0),
        binary("rare class", rare_truth, rare_scores, 0.1, curves=True, note="5 positives among 2,000 rows."),
        binary("string labels", named_truth, named_scores, labels=["bad", "good"], note="The positive class is good."),
        binary("all scores equal, at the threshold", [0, 1, 0, 1, 1], [0.5] * 5, curves=True),
        labelled("labels only", ["no", "yes"], named_truth, decided),
        labelled("labels only, never positive", ["no", "yes"], named_truth, np.zeros(40, dtype=int)),
        binary("tiny differences", [0, 1, 0, 1], [0.5, np.nextafter(0.5, 1), 0.5, np.nextafter(0.5, 0)]),
    ]  # fmt: skip


def one_vs_rest(y, p):
    """Each class against the rest, and the averages over all cells."""
    k = p.shape[1]
    is_class = np.arange(k)[None, :] == y[:, None]
    found = {"roc_auc": [], "delong_variance": [], "average_precision": []}
    for c in range(k):
        both = 0 < is_class[:, c].sum() < len(y)
        found["roc_auc"].append(sk.roc_auc_score(is_class[:, c], p[:, c]) if both else NAN)
        found["average_precision"].append(sk.average_precision_score(is_class[:, c], p[:, c]) if is_class[:, c].any() else NAN)
        variance = NAN
        if both and 1 < is_class[:, c].sum() < len(y) - 1:
            _, positive, negative = placements(is_class[:, c], p[:, c])
            variance = positive.var(ddof=1) / len(positive) + negative.var(ddof=1) / len(negative)
        found["delong_variance"].append(variance)
    micro = sk.roc_auc_score(is_class.ravel(), p.ravel())
    if is_class.any(axis=0).all():
        assert math.isclose(micro, sk.roc_auc_score(is_class, p, average="micro"))
    return found | {
        "roc_auc_micro": micro,
        "average_precision_macro": sk.average_precision_score(is_class, p, average="macro") if is_class.any(axis=0).all() else NAN,
    }


def multiclass(name, classes, truth, probabilities, predicted=None, note=None):
    y, p = np.asarray(truth), np.asarray(probabilities, dtype=np.float64)
    k = len(classes)
    label = np.argmax(p, axis=1) if predicted is None else np.asarray(predicted)

    def average(function, how):
        # The classes that occur in truth or prediction, as scikit-learn takes them when none are named.
        return function(y, label, average=how)

    def auc(how):
        return sk.roc_auc_score(y, p, multi_class="ovr", average=how, labels=list(range(k)))

    functions = {
        "accuracy": lambda: sk.accuracy_score(y, label),
        "balanced_accuracy": lambda: sk.balanced_accuracy_score(y, label),
        "precision_macro": lambda: average(sk.precision_score, "macro"),
        "precision_weighted": lambda: average(sk.precision_score, "weighted"),
        "recall_macro": lambda: average(sk.recall_score, "macro"),
        "recall_weighted": lambda: average(sk.recall_score, "weighted"),
        "f1_macro": lambda: average(sk.f1_score, "macro"),
        "f1_weighted": lambda: average(sk.f1_score, "weighted"),
        "roc_auc_ovr_macro": lambda: auc("macro"),
        "roc_auc_ovr_weighted": lambda: auc("weighted"),
        "log_loss": lambda: sk.log_loss(y, p, labels=list(range(k))),
        "mcc": lambda: sk.matthews_corrcoef(y, label),
        "cohen_kappa": lambda: sk.cohen_kappa_score(y, label),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, support = sk.precision_recall_fscore_support(y, label, labels=list(range(k)), average=None)
    case = {"name": name, "classes": classes, "truth": y, "predicted": label, "probabilities": p, "rows": len(y)}
    case |= {"confusion": sk.confusion_matrix(y, label, labels=list(range(k)))}
    case |= {"per_class": {"precision": precision, "recall": recall, "f1": f1, "support": support}} | measure(functions)
    case["one_vs_rest"] = one_vs_rest(y, p)
    for metric, function in [("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)]:
        case["one_vs_rest"][f"{metric}_micro"] = function(y, label, average="micro")
    if note:
        case["note"] = note
    return case


def choice(name, classes, truth, predicted):
    """Labels without probabilities."""
    case = multiclass(name, classes, truth, np.eye(len(classes))[predicted], predicted)
    for metric in ["roc_auc_ovr_macro", "roc_auc_ovr_weighted", "log_loss"]:
        del case["metrics"][metric]
    case["undefined"] = [metric for metric in case["undefined"] if metric in case["metrics"]]
    del case["probabilities"]
    case["one_vs_rest"] = {key: value for key, value in case["one_vs_rest"].items() if key.endswith("_micro") and key != "roc_auc_micro"}
    return case


def dyadic(rng, n, k, steps=1024):
    """Shares that sum to 1 exactly in binary: multiples of 1/steps."""
    cuts = np.sort(rng.integers(0, steps + 1, size=(n, k - 1)), axis=1)
    return np.diff(np.hstack([np.zeros((n, 1)), cuts, np.full((n, 1), steps)]), axis=1) / steps


def multiclass_cases():
    rng = np.random.default_rng(11)
    def sharpen(truth, k, weight=0.5):
        p = dyadic(rng, len(truth), k)
        p = p * (1 - weight)
        p[np.arange(len(truth)), truth] += weight
        return p

    four = rng.integers(0, 4, 60)
    helped = np.where(rng.random(60) < 0.6, four, rng.integers(0, 4, 60))
    three = rng.integers(0, 3, 30)
    absent = np.where(three == 2, 1, three)
    never = sharpen(three, 3)
    never[:, 1] = 0.0
    never[:, 0] = 1 - never[:, 2]
    coarse = np.repeat([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]], 6, axis=0)
    perfect_truth = np.array([0, 1, 2, 1, 0, 2, 2])
    own = np.random.default_rng(29)
    five = own.integers(0, 5, 40)
    pointed = np.where(own.random(40) < 0.5, five, own.integers(0, 5, 40))
    return [
        multiclass("four classes", ["a", "b", "c", "d"], four, sharpen(helped, 4, 0.375)),
        multiclass("unbalanced", ["x", "y", "z"], np.repeat([0, 1, 2], [20, 5, 2]), dyadic(rng, 27, 3)),
        multiclass("class that never occurs", ["0", "1", "2"], absent, sharpen(three, 3), note="Class 2 is predicted and does not occur, so its one-vs-rest area has no meaning."),
        multiclass("class that neither occurs nor is predicted", ["0", "1", "2"], np.arange(12) % 2, np.hstack([np.tile([[0.625, 0.375], [0.25, 0.75], [0.375, 0.625]], (4, 1)), np.zeros((12, 1))])),
        multiclass("class that is never predicted", ["0", "1", "2"], three, never),
        multiclass("tied probabilities", ["a", "b", "c"], np.tile([0, 1, 2], 6), coarse),
        multiclass("perfect", ["0", "1", "2"], perfect_truth, np.eye(3)[perfect_truth]),
        multiclass("all in one class", ["0", "1", "2"], [0, 1, 2, 0], np.tile([0.5, 0.25, 0.25], (4, 1))),
        multiclass("one class only", ["0", "1", "2"], [1, 1, 1], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25], [0.125, 0.75, 0.125]]),
        multiclass("probabilities 0 and 1, wrong", ["0", "1", "2"], [0, 1, 2, 0], np.eye(3)[[1, 1, 0, 0]], note="log_loss clips at the machine epsilon of 64-bit floats."),
        multiclass("one row", ["0", "1", "2"], [2], [[0.25, 0.25, 0.5]]),
        multiclass("five classes, many ties", ["red", "green", "blue", "grey", "white"], five, (dyadic(own, 40, 5, 8) + np.eye(5)[pointed]) / 2),
        choice("labels only", ["a", "b", "c"], five % 3, np.where(own.random(40) < 0.6, five % 3, own.integers(0, 3, 40))),
    ]  # fmt: skip


def regression(name, truth, prediction, note=None):
    y, p = np.asarray(truth, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    case = {"name": name, "target": y, "prediction": p, "rows": len(y)}
    case |= measure(
        {
            "mae": lambda: sk.mean_absolute_error(y, p),
            "mse": lambda: sk.mean_squared_error(y, p),
            "rmse": lambda: sk.root_mean_squared_error(y, p),
            "r2": lambda: sk.r2_score(y, p),
            "mape": lambda: sk.mean_absolute_percentage_error(y, p),
            "median_ae": lambda: sk.median_absolute_error(y, p),
            "max_error": lambda: sk.max_error(y, p),
            "explained_variance": lambda: sk.explained_variance_score(y, p),
            "mean_error": lambda: np.mean(p - y),
        }
    )
    if note:
        case["note"] = note
    return case


def regression_cases():
    rng = np.random.default_rng(13)
    target = np.round(rng.normal(3, 10, 80), 4)
    near = np.round(target + rng.normal(0.5, 2, 80), 4)
    return [
        regression("with negative targets", target, near),
        regression("worse than the mean", target[:20], -near[:20]),
        regression("zero targets", [0.0, 2.0, -4.0, 0.0, 8.0], [0.5, 1.5, -3.0, 0.0, 9.0], "mape divides by the machine epsilon where the target is 0."),
        regression("perfect", [1.0, 2.0, 5.0], [1.0, 2.0, 5.0]),
        regression("constant target, perfect", [3.0, 3.0, 3.0], [3.0, 3.0, 3.0]),
        regression("constant target, missed", [3.0, 3.0, 3.0], [2.0, 3.0, 5.0]),
        regression("constant prediction", [1.0, 2.0, 4.0, 9.0], [4.0] * 4),
        regression("constant error", [1.0, 2.0, 4.0, 9.0], [2.0, 3.0, 5.0, 10.0]),
        regression("one row", [2.0], [2.5]),
        regression("negative and positive around zero", [-1.5, -0.25, 0.0, 0.25, 1.5, 3.0], [-1.0, -0.5, 0.1, 0.0, 2.0, 2.5]),
        regression("two rows", [2.0, 4.0], [2.5, 3.0]),
        regression("even number of rows", [1.0, 2.0, 3.0, 4.0], [1.5, 1.0, 3.25, 8.0]),
        regression("large and close together", 1e8 + target[:30], 1e8 + near[:30]),
    ]  # fmt: skip


def placements(truth, score):
    """By its definition: for each pair 1, 0.5 or 0; means over the other class."""
    positive, negative = score[truth == 1], score[truth == 0]
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)


def delong(name, truth, a, b):
    truth, a, b = np.asarray(truth), np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    auc_a, positive_a, negative_a = placements(truth, a)
    auc_b, positive_b, negative_b = placements(truth, b)
    assert math.isclose(auc_a, sk.roc_auc_score(truth, a)) and math.isclose(auc_b, sk.roc_auc_score(truth, b))
    covariance = np.cov(positive_a, positive_b) / len(positive_a) + np.cov(negative_a, negative_b) / len(negative_a)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    z = (auc_a - auc_b) / math.sqrt(variance)
    half = stats.norm.ppf(0.975) * math.sqrt(variance)
    return {
        "name": name, "truth": truth, "score_a": a, "score_b": b, "auc_a": auc_a, "auc_b": auc_b,
        "variance_a": covariance[0, 0], "variance_b": covariance[1, 1], "covariance": covariance[0, 1],
        "difference": auc_a - auc_b, "z": z, "p_value": 2 * stats.norm.sf(abs(z)),
        "level": 0.95, "low": auc_a - auc_b - half, "high": auc_a - auc_b + half,
    }  # fmt: skip


def delong_cases():
    rng = np.random.default_rng(17)
    truth = (rng.random(70) < 0.4).astype(int)
    good = np.round(truth * 0.5 + rng.normal(0, 0.5, 70), 4)
    other = np.round(0.6 * good + truth * 0.1 + rng.normal(0, 0.4, 70), 4)
    return [
        delong("smooth scores", truth, good, other),
        delong("tied scores", truth, np.round(good, 0), np.round(other, 1)),
        delong("few rows", [0, 1, 0, 1, 1, 0], [0.1, 0.4, 0.35, 0.8, 0.3, 0.2], [0.2, 0.1, 0.4, 0.9, 0.6, 0.7]),
    ]


def wilson_cases():
    cases = []
    for hits, n in [(0, 1), (1, 1), (0, 10), (10, 10), (3, 7), (45, 100), (999, 1000), (20012, 27564)]:
        for level in [0.9, 0.95, 0.99]:
            interval = stats.binomtest(hits, n).proportion_ci(level, method="wilson")
            cases.append({"hits": hits, "rows": n, "level": level, "low": interval.low, "high": interval.high})
    return cases


def mcnemar_cases():
    cases = []
    for only_a, only_b in [(0, 1), (1, 0), (5, 0), (3, 8), (12, 12), (10, 25), (150, 198), (1203, 1100)]:
        total = only_a + only_b
        chi2 = max(abs(only_a - only_b) - 1, 0) ** 2 / total
        cases.append(
            {
                "only_a_right": only_a, "only_b_right": only_b,
                "exact_p": stats.binomtest(min(only_a, only_b), total, 0.5).pvalue,
                "corrected_statistic": chi2, "corrected_p": stats.chi2.sf(chi2, 1),
                "plain_statistic": (only_a - only_b) ** 2 / total, "plain_p": stats.chi2.sf((only_a - only_b) ** 2 / total, 1),
            }
        )  # fmt: skip
    return cases


def main():
    value = {
        "schema_version": 1,
        "source": {
            "binary, multiclass, regression, curves": f"scikit-learn {sklearn.__version__}, sklearn.metrics with its defaults",
            "ece": "the definition in make_metrics.py; scikit-learn has none",
            "delong": f"the pairwise definition (DeLong 1988) with numpy {np.__version__}; areas checked against scikit-learn; normal tail from scipy {scipy.__version__}",
            "wilson": f"scipy {scipy.__version__}, binomtest(...).proportion_ci(method='wilson')",
            "mcnemar": f"scipy {scipy.__version__}: exact_p from binomtest, corrected (|b-c|-1, not below 0)^2/(b+c) and plain from chi2.sf",
        },
        "binary": binary_cases(),
        "multiclass": multiclass_cases(),
        "regression": regression_cases(),
        "delong": delong_cases(),
        "wilson": wilson_cases(),
        "mcnemar": mcnemar_cases(),
    }
    value = plain(value)
    lines = []
    for key, item in value.items():
        if isinstance(item, list):
            cases = ",\n".join("  " + json.dumps(case, allow_nan=False) for case in item)
            lines.append(f" {json.dumps(key)}: [\n{cases}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(item)}")
    Path(__file__).with_name("metrics.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
