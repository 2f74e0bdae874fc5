//! What each column is for: a guess from names and values that a person can correct.

use super::{Column, Kind, Table, Values};

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A model may use it as input.
    Feature,
    /// The true outcome.
    Target,
    /// An outcome some model predicted.
    Prediction,
    /// A probability or other score of some model.
    Score,
    /// Names the row.
    Id,
    /// When the row came to be.
    Timestamp,
    /// Splits the rows into groups that are looked at apart.
    Segment,
    /// Not used.
    Ignore,
}

impl Role {
    /// All roles in the order they are offered.
    pub const ALL: [Self; 8] = [
        Self::Feature,
        Self::Target,
        Self::Prediction,
        Self::Score,
        Self::Id,
        Self::Timestamp,
        Self::Segment,
        Self::Ignore,
    ];

    /// The word shown on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Target => "target",
            Self::Prediction => "prediction",
            Self::Score => "score",
            Self::Id => "id",
            Self::Timestamp => "timestamp",
            Self::Segment => "segment",
            Self::Ignore => "ignored",
        }
    }
}

/// One column as it is shown in a list of columns.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ColumnSchema {
    /// The name as it stands in the file.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// What it is for.
    pub role: Role,
    /// Rows without a value.
    pub missing: usize,
    /// Distinct values; `None` for decimal numbers, where it says little.
    pub distinct: Option<usize>,
}

/// Names of targets, the surest first.
const TARGETS: [&str; 14] = [
    "target",
    "label",
    "y",
    "y_true",
    "ground_truth",
    "class",
    "outcome",
    "labels",
    "late",
    "is_late",
    "arr_late",
    "churn",
    "default",
    "survived",
];
const PREDICTIONS: [&str; 6] = ["prediction", "predicted", "pred", "y_pred", "y_hat", "predictions"];
const SCORES: [&str; 8] = [
    "score",
    "y_score",
    "probability",
    "proba",
    "y_pred_proba",
    "y_proba",
    "prediction_score",
    "predicted_probability",
];

/// Guesses the role of each column: one target at most, by its name; predictions, scores and ids by theirs;
/// the first column of times is the timestamp, others and columns without any value are ignored; the rest are features.
pub fn infer_roles(table: &Table) -> Vec<ColumnSchema> {
    let plain: Vec<String> = table.columns().iter().map(|c| plain_name(&c.name)).collect();
    let target = TARGETS
        .iter()
        .find_map(|wanted| plain.iter().position(|name| name == wanted))
        .or_else(|| plain.iter().position(|name| name.ends_with("_target") || name.ends_with("_label")));
    let mut timestamp_found = false;
    table
        .columns()
        .iter()
        .zip(&plain)
        .enumerate()
        .map(|(at, (column, plain))| {
            let missing = column.missing_in(0..column.len());
            let distinct = distinct(column);
            let filled = column.len() - missing;
            let role = if column.kind() == Kind::Time {
                if std::mem::replace(&mut timestamp_found, true) { Role::Ignore } else { Role::Timestamp }
            } else if target == Some(at) {
                Role::Target
            } else if filled == 0 {
                Role::Ignore
            } else if PREDICTIONS.contains(&plain.as_str()) {
                Role::Prediction
            } else if column.kind() == Kind::Number && is_score(plain) {
                Role::Score
            } else if is_id_name(plain) && filled > 1 && distinct == Some(filled) {
                Role::Id
            } else {
                Role::Feature
            };
            ColumnSchema { name: column.name.clone(), kind: column.kind(), role, missing, distinct }
        })
        .collect()
}

fn plain_name(name: &str) -> String {
    name.trim().trim_end_matches('?').trim().to_lowercase().replace([' ', '-', '.'], "_")
}

fn is_score(plain: &str) -> bool {
    SCORES.contains(&plain)
        || plain.ends_with("_proba")
        || plain.starts_with("proba_")
        || plain.starts_with("y_pred_proba_")
}

fn is_id_name(plain: &str) -> bool {
    matches!(plain, "id" | "index" | "uuid" | "key" | "row" | "column_1")
        || plain.ends_with("_id")
        || plain.ends_with("_uuid")
}

/// Distinct values that occur; `None` for decimal numbers.
pub fn distinct(column: &Column) -> Option<usize> {
    match &column.values {
        Values::Float(_) => None,
        Values::Int { values: list, .. } | Values::Time(list) => {
            let filled = list.iter().enumerate().filter(|(row, _)| !column.is_missing(*row));
            let mut sorted: Vec<i64> = filled.map(|(_, x)| *x).collect();
            sorted.sort_unstable();
            sorted.dedup();
            Some(sorted.len())
        }
        Values::Bool(list) => Some([0, 1].iter().filter(|x| list.contains(x)).count()),
        Values::Text { codes, dictionary } => {
            let mut used = vec![false; dictionary.len()];
            for code in codes {
                if let Some(slot) = used.get_mut(*code as usize) {
                    *slot = true;
                }
            }
            Some(used.iter().filter(|used| **used).count())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(columns: Vec<Column>) -> Vec<(String, Role)> {
        infer_roles(&Table::new(columns).unwrap()).into_iter().map(|c| (c.name, c.role)).collect()
    }

    #[test]
    fn roles_follow_names_and_values() {
        let found = roles(vec![
            Column::new("flight_id", Values::ints(vec![3, 1, 2])),
            Column::new("carrier_id", Values::ints(vec![1, 1, 2])),
            Column::new("When", Values::Time(vec![0, 1, 2])),
            Column::new("seen", Values::Time(vec![0, 1, 2])),
            Column::new("Late?", Values::Bool(vec![0, 1, 0])),
            Column::new("y_pred", Values::ints(vec![0, 1, 0])),
            Column::new("y_pred_proba", Values::Float(vec![0.1, 0.9, 0.2])),
            Column::new("距離", Values::Float(vec![1.5, 2.5, 3.5])),
            Column::new("nothing", Values::Float(vec![f64::NAN; 3])),
        ]);
        let roles: Vec<Role> = found.iter().map(|(_, role)| *role).collect();
        use Role::{Feature, Id, Ignore, Prediction, Score, Target, Timestamp};
        assert_eq!(roles, [Id, Feature, Timestamp, Ignore, Target, Prediction, Score, Feature, Ignore]);
    }

    #[test]
    fn one_column_is_the_target_by_the_surest_name() {
        let found = roles(vec![
            Column::new("class", Values::ints(vec![1, 2])),
            Column::new("target", Values::ints(vec![0, 1])),
        ]);
        assert_eq!(found, [("class".to_owned(), Role::Feature), ("target".to_owned(), Role::Target)]);
        assert_eq!(infer_roles(&Table::default()), []);
    }
}
