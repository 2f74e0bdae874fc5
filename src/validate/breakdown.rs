//! What a plan asks for beyond the whole: segments, weak segments, groups, and the verdict of its policy.

use super::aligned::Aligned;
use super::candidate::Candidate;
use super::error::ValidateError;
use super::plan::Plan;
use super::policy::{Evidence, On, SegmentFigures, judge};
use super::report::ModelResult;
use super::segments::{
    CutSettings, Judged, Segmentation, WeakSearch, cut, cut_columns, fairness, measure_segments, weak_segments,
};
use crate::data::read::Dataset;
use crate::data::watch::Watch;
use crate::model::ModelCard;

/// The columns of a dataset, cut once for all candidates.
pub(super) struct Cuts {
    /// Those that the plan or its policy names.
    named: Vec<Segmentation>,
    /// Those that feed a candidate, for the search of weak segments.
    features: Vec<Segmentation>,
}

impl Cuts {
    /// Cuts what the plan needs.
    ///
    /// # Errors
    /// When a named column is not in the table, or on a cancel.
    pub(super) fn of(
        plan: &Plan,
        candidates: &[Candidate],
        dataset: &Dataset,
        watch: &dyn Watch,
    ) -> Result<Self, ValidateError> {
        let mut names = plan.segments.clone();
        for gate in plan.policy.iter().flat_map(|policy| &policy.gates) {
            if let On::Segments { columns, .. } = &gate.on {
                names.extend(columns.iter().filter(|column| dataset.table.column(column).is_some()).cloned());
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        let named = cut_columns(&dataset.table, &names, CutSettings::default())?;
        let mut features = Vec::new();
        if plan.weak_segments {
            let mut fed: Vec<&str> = candidates.iter().flat_map(Candidate::fed_by).collect();
            fed.sort_unstable();
            fed.dedup();
            for column in fed.iter().filter_map(|name| dataset.table.column(name)) {
                if watch.cancelled() {
                    return Err(ValidateError::Cancelled);
                }
                features.push(cut(column, CutSettings::default()));
            }
        }
        Ok(Self { named, features })
    }

    /// Measures a model by segment and judges it by the plan's policy.
    ///
    /// # Errors
    /// On a cancel.
    pub(super) fn complete(
        &self,
        plan: &Plan,
        result: &mut ModelResult,
        aligned: &Aligned,
        card: Option<&ModelCard>,
        watch: &dyn Watch,
    ) -> Result<(), ValidateError> {
        let judged =
            Judged { answers: &aligned.answers, rows: &aligned.rows, threshold: result.threshold.unwrap_or(0.5) };
        result.segments = measure_segments(judged, &self.named, plan.level, watch)?;
        result.fairness = self.named.iter().filter_map(|column| fairness(judged, column, plan.level)).collect();
        if !self.features.is_empty() {
            result.weak_segments = weak_segments(judged, &self.features, WeakSearch::default(), watch)?;
        }
        if let Some(policy) = &plan.policy {
            let segments: Vec<SegmentFigures<'_>> = result
                .segments
                .iter()
                .map(|s| SegmentFigures { column: &s.column, value: &s.value, rows: s.rows, metrics: &s.metrics })
                .collect();
            let verdict = judge(policy, &Evidence { segments: &segments, card, ..Evidence::of(result) });
            verdict.verdict.word().clone_into(&mut result.verdict);
            result.gates = verdict.gates;
        }
        Ok(())
    }
}
