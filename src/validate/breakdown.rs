//! What a plan asks for beyond the whole: segments, weak segments, groups, and the verdict of its policy.

use super::aligned::Aligned;
use super::candidate::Candidate;
use super::error::ValidateError;
use super::finish::Rows;
use super::measure::Answers;
use super::parallel::map;
use super::plan::Plan;
use super::policy::{On, judge_models};
use super::report::ModelResult;
use super::segments::{
    CutSettings, Judged, Segmentation, WeakSearch, cut, cut_columns, fairness, measure_segments, weak_segments,
};
use crate::data::watch::Watch;

/// The columns of a dataset, cut once for all candidates.
pub(super) struct Cuts {
    /// Those that the plan or its policy names.
    named: Vec<Segmentation>,
    /// Those that feed a candidate, for the search of weak segments.
    features: Vec<Segmentation>,
    /// The features are those of every so-manieth row.
    every: usize,
}

impl Cuts {
    /// Cuts what the plan needs.
    ///
    /// # Errors
    /// When a named column is not in the table, or on a cancel.
    pub(super) fn of(
        plan: &Plan,
        candidates: &[Candidate],
        rows: &Rows<'_>,
        watch: &dyn Watch,
    ) -> Result<Self, ValidateError> {
        let dataset = rows.dataset;
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
            let columns: Vec<_> = fed.iter().filter_map(|name| rows.features.column(name)).collect();
            let cuts = map("weak-cut", &columns, |column| {
                (!watch.cancelled()).then(|| cut(column, CutSettings::default())).ok_or(ValidateError::Cancelled)
            });
            features = cuts.into_iter().collect::<Result<_, _>>()?;
        }
        Ok(Self { named, features, every: rows.every })
    }

    /// Measures a model by segment and looks where it is weak.
    ///
    /// # Errors
    /// On a cancel.
    pub(super) fn complete(
        &self,
        plan: &Plan,
        result: &mut ModelResult,
        aligned: &Aligned,
        watch: &dyn Watch,
    ) -> Result<(), ValidateError> {
        let judged =
            Judged { answers: &aligned.answers, rows: &aligned.rows, threshold: result.threshold.unwrap_or(0.5) };
        result.segments = measure_segments(judged, &self.named, plan.level, watch)?;
        result.fairness = self.named.iter().filter_map(|column| fairness(judged, column, plan.level)).collect();
        if !self.features.is_empty() {
            result.weak_segments = if self.every > 1 {
                let (answers, rows) = every_nth(aligned, self.every);
                let judged = Judged { answers: &answers, rows: &rows, ..judged };
                result.notes.push(format!(
                    "Weak segments were looked for in every {} row ({} of {} measured rows), because the table is larger than memory.",
                    ordinal(self.every),
                    answers.rows(),
                    result.rows
                ));
                weak_segments(judged, &self.features, WeakSearch::default(), watch)?
            } else {
                weak_segments(judged, &self.features, WeakSearch::default(), watch)?
            };
        }
        Ok(())
    }
}

/// Judges all models by the plan's policy; the champion, if the plan names one, is among them.
pub(super) fn judge_all(plan: &Plan, candidates: &[Candidate], models: &mut [ModelResult]) {
    let Some(policy) = &plan.policy else { return };
    let cards: Vec<_> = candidates.iter().map(|candidate| candidate.card.as_deref()).collect();
    let verdicts = judge_models(policy, models, &cards, plan.champion.as_deref());
    for (model, verdict) in models.iter_mut().zip(verdicts) {
        verdict.verdict.word().clone_into(&mut model.verdict);
        model.gates = verdict.gates;
    }
}

/// The answers to every so-manieth row of the table, their rows counted among those.
fn every_nth(aligned: &Aligned, every: usize) -> (Answers, Vec<u32>) {
    let places: Vec<usize> = aligned
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| (**row as usize).is_multiple_of(every))
        .map(|(p, _)| p)
        .collect();
    let rows = places.iter().filter_map(|p| aligned.rows.get(*p)).map(|row| row / every as u32).collect();
    (aligned.answers.at(&places), rows)
}

/// 2nd, 3rd, 11th.
fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (1, h) if h != 11 => "st",
        (2, h) if h != 12 => "nd",
        (3, h) if h != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}
