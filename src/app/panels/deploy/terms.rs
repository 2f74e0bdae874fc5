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

pub(super) static ENDPOINT: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Endpoint",
        "An address that other programs send rows to by HTTP and get answers from. Unless you say otherwise, only \
         programs on this machine reach it.",
    )
    .convention("Open Inference Protocol v2; MLflow's /invocations is understood too")
});

pub(super) static SERVING: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Workers and queue",
        "Threads that each hold the model. Requests that are there together are run together, up to the batch; a wait \
         above 0 lets the first of them wait for others, which carries more and answers later.",
    )
    .formula("cores in use = workers × threads each")
});

pub(super) static FULL_QUEUE: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Full queue",
        "When more requests come than are answered, the queue fills. “Wait” lets callers wait for a place; “refuse” \
         tells them at once that it is too much (status 503), so that they can go elsewhere.",
    )
});

pub(super) static READINESS: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Readiness",
        "What is looked at before a deployment starts: the runtime and the operators, memory and cores, who answers for \
         the model, its card, where requests come from, and whether answers can be kept. The list is kept with the \
         deployment.",
    )
});

pub(super) static CONSUMERS: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Application map",
        "The applications and people that will use the answers. What each sends, how often, and how fast it needs an \
         answer is held against the feed and the sizing.",
    )
    .formula("load = Σ requests a second × rows in each")
});

pub(super) static SIZING: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Sizing",
        "The model is run with several workers, threads and batches on the rows it was validated on: first as fast as \
         it goes, then at a steady rate, at which latency is measured from the moment each request is due. Memory is \
         what the program took at most, above that before the model was loaded.",
    )
    .formula("a setting will do when it carries 1.25 × the target and its p95 is within the limit")
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

pub(super) static CAPTURE: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Capture",
        "Every request with its answer, in Parquet files that any program opens. An answer is given only after its record \
         would survive the end of this program; what is not yet in a Parquet file stands in a journal beside them.",
    )
});

pub(super) static VERSIONS: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Versions",
        "Models that can answer under the same name. The champion answers; a canary answers a share of the requests; a \
         shadow sees copies, and nobody gets its answers. A promotion holds from one request to the next: none fails, none \
         is answered twice.",
    )
    .convention("A rollout is taken back by itself when requests fail, or a severe alert opens, soon after it.")
});

pub(super) static TRY_IT: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Try it",
        "Asks the endpoint's model as any caller would. The answer is kept like every other, but not counted by the \
         monitor. A value outside the reference is a case that the model was not accepted on.",
    )
});

pub(super) static COMPARISON: LazyLock<Explainer> = LazyLock::new(|| {
    Explainer::new(
        "Champion and challenger",
        "Both answered the same requests. The shift is the challenger's score less the champion's. When labels come, a \
         sequential test says whether one of them is right more often; its chance of a false verdict stays under 5 % \
         however often you look.",
    )
    .formula("on rows where only one is right: a martingale that bets on either side with a Beta mixture")
});
