//! What the words of this panel mean, for the marks beside them.

use std::sync::LazyLock;

use crate::app::widgets::Explainer;

pub(super) static REFERENCE: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Reference",
        "The data the model was accepted on: the dataset of its validation. Every number of the monitor is compared \
         with what it was there.",
    )
});

pub(super) static FEED: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Feed",
        "Where requests come from. A replay sends the rows of a dataset in their order, at the rate you choose, as if \
         they arrived now.",
    )
});

pub(super) static WORKERS: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Workers",
        "Threads that each hold the model and answer batches from one queue. More workers answer more batches at once; \
         more threads each make one batch faster.",
    )
    .formula("cores in use = workers × threads each")
});

pub(super) static QUEUE: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Queue",
        "Rows that were sent and wait for a worker. It is bounded: when it is full the feed waits, so that nothing is \
         lost and memory stays small.",
    )
});

pub(super) static CHUNKS: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Chunks",
        "The stream is cut into chunks of rows; every monitored number belongs to one. Small chunks tell sooner, large \
         ones tell more surely. The default is a number of rows that gives about fifty chunks of the feed.",
    )
});

pub(super) static LATENCY: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Latency",
        "Time from a row's entry into the queue to its answer. p95 means that 95 of 100 rows were answered at least \
         this fast.",
    )
});

pub(super) static SKIPPED: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Skipped rows",
        "Rows that could not be scored, such as a text where a number must be. They are counted and kept, never \
         dropped in silence.",
    )
});

pub(super) static THROUGHPUT: LazyLock<Explainer> =
    LazyLock::new(|| Explainer::new("Throughput", "Rows answered a second, over the last moments."));
