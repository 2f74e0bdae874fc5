//! What the words of this panel mean, for the marks beside them.

use std::sync::LazyLock;

use crate::app::widgets::Explainer;
use crate::stats::metric;
use crate::validate::help::help;

pub(super) static DRIFT: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Drift",
        "How far a column's values in a chunk lie from those of the reference: 0 is the same distribution, 1 has \
         nothing in common. It needs no labels, so it speaks before the metrics do. Small chunks drift by chance; the \
         threshold allows for that.",
    )
    .formula("√JSD(reference, chunk), logarithms to base 2")
    .convention("js/nannyml: bins from the reference by Doane's rule, one more for what lies outside")
});

pub(super) static MISSING: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Missing values",
        "The share of cells without a value, over the columns that feed the model. A jump is most often a change where \
         the data comes from.",
    )
    .formula("missing cells / all cells")
});

pub(super) static UNSEEN: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Unseen values",
        "Rows with a category that the reference does not have: a new one, or an old one spelled anew. The model never \
         learned what it means.",
    )
});

pub(super) static LATENCY: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Latency",
        "Time from a request's entry into the queue to its answer. p95 means that 95 of 100 rows were answered at \
         least this fast.",
    )
});

pub(super) static THROUGHPUT: LazyLock<Explainer> =
    LazyLock::new(|| Explainer::new("Throughput", "Rows of the chunk answered a second."));

/// A performance metric.
pub(super) fn performance(name: &str) -> Explainer {
    let words = help(name);
    Explainer::new(metric::title(name), words.text).formula(words.formula)
}
