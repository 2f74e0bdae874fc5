//! Pure numbers over slices: metrics, curves, distances, intervals, tests.
//!
//! Nothing here reads a file, knows a table or a model, or draws. Definitions are scikit-learn 1.9.1's for metrics
//! and NannyML's for drift, where nothing else is said. What has no meaning is `None`, never NaN. Inputs are finite:
//! callers leave rows out first and count them. This room imports no other room.

pub mod association;
pub mod average_precision;
pub mod binary;
pub mod decisions;
pub mod delong;
pub mod det;
pub mod distance;
pub mod ece_interval;
pub mod grouped;
pub mod histogram;
pub mod intervals;
pub mod margins;
pub mod metric;
pub mod moments;
pub mod multiclass;
pub mod normal_quantiles;
pub mod one_vs_rest;
pub mod paired;
pub mod probability;
pub(crate) mod radix;
pub mod random;
pub mod ranked;
pub mod regression;
pub mod sequential;
pub mod skewed;
pub mod tail;
pub mod threshold;
