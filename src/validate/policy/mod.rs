//! The rules a model must meet before it may go live: a [`Policy`] of [`Gate`]s, read from and written as TOML, and
//! the [`Verdict`] over a finished result.
//!
//! Judging only compares numbers that are already there; nothing here scores, measures, or touches a file.

pub(in crate::validate) mod card;
mod data_rules;
pub(in crate::validate) mod fields;
pub mod gate;
pub mod judge;
pub(in crate::validate) mod near;
pub mod parse;
mod sound;
pub(in crate::validate) mod write;

pub use card::CARD_FIELDS;
pub use data_rules::{Action, DATA_FIELDS, DataRules};
pub use fields::{PolicyError, Problem};
pub use gate::{Against, Bound, Condition, Gate, On, Policy};
pub use judge::{Decision, Evidence, GateResult, SegmentFigures, Verdict, judge, judge_models};
pub use parse::parse;
pub use sound::range;

/// A policy that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// What people call it, as in its text.
    pub name: &'static str,
    /// The name of its file.
    pub file: &'static str,
    /// Its TOML text, with comments for the person who adapts it.
    pub text: &'static str,
}

/// The policies that come with the program, in the order in which they are offered.
pub const SHIPPED: [Shipped; 3] = [
    Shipped {
        name: "Careful binary",
        file: "careful_binary.toml",
        text: include_str!("../../../assets/policies/careful_binary.toml"),
    },
    Shipped {
        name: "Not worse than training",
        file: "not_worse_than_training.toml",
        text: include_str!("../../../assets/policies/not_worse_than_training.toml"),
    },
    Shipped {
        name: "Regression basics",
        file: "regression_basics.toml",
        text: include_str!("../../../assets/policies/regression_basics.toml"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Task;
    use crate::validate::report::metric_order;

    #[test]
    fn the_shipped_policies_are_sound_and_say_what_they_are_for() {
        for shipped in SHIPPED {
            assert!(shipped.text.starts_with("# "), "{}", shipped.file);
            let policy = parse(shipped.text).unwrap_or_else(|e| panic!("{}: {e}", shipped.file));
            assert_eq!(policy.name, shipped.name);
            assert!(!policy.description.is_empty() && policy.gates.iter().any(|g| g.required), "{}", shipped.file);
            assert_eq!(parse(&policy.to_toml()), Ok(policy), "{}", shipped.file);
        }
    }

    #[test]
    fn a_shipped_policy_of_one_task_decides_nothing_on_another() {
        // `mcc` or `log_loss` alone would let a careful binary policy pass a model of many classes.
        let tasks = [Task::Binary, Task::Multiclass, Task::Regression];
        for (shipped, decides) in SHIPPED.into_iter().zip([[true, false, false], [true; 3], [false, false, true]]) {
            let policy = parse(shipped.text).unwrap();
            let has = tasks.map(|task| policy.gates.iter().any(|g| metric_order(task).contains(&g.metric.as_str())));
            assert_eq!(has, decides, "{}", shipped.file);
        }
    }
}
