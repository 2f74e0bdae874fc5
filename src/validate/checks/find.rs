//! What a check says, and the words it says it with.

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A feature alone tells the target.
    TargetLeakage,
    /// Rows of the data that also stand in the reference.
    ReferenceOverlap,
    /// Rows with equal features and unequal targets.
    ConflictingLabels,
    /// Rows that stand more than once.
    Duplicates,
    /// How the classes are spread.
    ClassBalance,
    /// Features without a value in any row.
    AllMissing,
    /// Features of one value, or nearly so.
    Constant,
    /// Features that name the row.
    Identifier,
    /// Missing values in a feature.
    MissingValues,
    /// Infinite values in a feature.
    InfiniteValues,
    /// Categories that the reference does not have.
    NewCategories,
}

impl Check {
    /// All checks in the order they are shown.
    pub const ALL: [Self; 11] = [
        Self::TargetLeakage,
        Self::ReferenceOverlap,
        Self::ConflictingLabels,
        Self::Duplicates,
        Self::ClassBalance,
        Self::AllMissing,
        Self::Constant,
        Self::Identifier,
        Self::MissingValues,
        Self::InfiniteValues,
        Self::NewCategories,
    ];

    /// The words shown on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::TargetLeakage => "Target leakage",
            Self::ReferenceOverlap => "Overlap with the reference",
            Self::ConflictingLabels => "Conflicting labels",
            Self::Duplicates => "Duplicates",
            Self::ClassBalance => "Class balance",
            Self::AllMissing => "Empty columns",
            Self::Constant => "Constant columns",
            Self::Identifier => "Ids among the features",
            Self::MissingValues => "Missing values",
            Self::InfiniteValues => "Infinite values",
            Self::NewCategories => "New categories",
        }
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Looked at and fine.
    Ok,
    /// Worth knowing.
    Info,
    /// Results may mislead.
    Warning,
    /// Results are not to be trusted before this is solved.
    Severe,
}

/// One thing a check found, or that it found nothing.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How much it matters.
    pub severity: Severity,
    /// What was found and what to do.
    pub sentence: String,
    /// The column, when it is one.
    pub column: Option<String>,
    /// The number behind it: a share of rows (0 to 1), for leakage the ROC AUC or R², for class balance the share of the
    /// rarest class, or beside the reference the largest change of a share.
    pub value: Option<f64>,
    /// Rows it concerns.
    pub rows: Option<usize>,
    /// Some of these rows, the first five, counted from 0.
    pub examples: Vec<u32>,
}

/// Example rows of a finding.
const EXAMPLES: usize = 5;
/// Columns told one by one in a check.
const COLUMNS: usize = 20;

impl Finding {
    pub(super) fn new(check: Check, severity: Severity, sentence: impl Into<String>) -> Self {
        Self { check, severity, sentence: sentence.into(), column: None, value: None, rows: None, examples: Vec::new() }
    }

    pub(super) fn fine(check: Check, sentence: &str) -> Self {
        Self::new(check, Severity::Ok, sentence)
    }

    pub(super) fn of_column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }

    pub(super) fn share(mut self, rows: usize, of: usize) -> Self {
        self.rows = Some(rows);
        self.value = (of > 0).then(|| rows as f64 / of as f64);
        self
    }

    pub(super) fn at(mut self, examples: &Examples) -> Self {
        self.examples.clone_from(&examples.0);
        self
    }
}

/// The first few rows of many, in ascending order, whatever the order they come in.
#[derive(Clone, Debug, Default)]
pub(super) struct Examples(Vec<u32>);

impl Examples {
    pub(super) fn add(&mut self, row: u32) {
        let place = self.0.partition_point(|r| *r < row);
        if place < EXAMPLES && self.0.get(place) != Some(&row) {
            self.0.insert(place, row);
            self.0.truncate(EXAMPLES);
        }
    }
}

/// Adds what was found in columns, the worst first, or that nothing was; what is beyond [`COLUMNS`] is counted.
pub(super) fn put_columns(findings: &mut Vec<Finding>, mut found: Vec<Finding>, check: Check, fine: &str) {
    if found.is_empty() {
        findings.push(Finding::fine(check, fine));
        return;
    }
    found.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then(b.value.unwrap_or_default().total_cmp(&a.value.unwrap_or_default()))
    });
    let more = found.split_off(found.len().min(COLUMNS));
    findings.append(&mut found);
    if let Some(severity) = more.iter().map(|f| f.severity).max() {
        let sentence = format!("The same holds, less strongly, for {} more columns.", more.len());
        findings.push(Finding::new(check, severity, sentence));
    }
}

pub(super) fn target_is_feature(target: &str) -> Finding {
    let sentence = format!(
        "The target “{target}” is itself among the features, so the model is given the answer. Bind another column to that input."
    );
    Finding { value: Some(1.0), ..Finding::new(Check::TargetLeakage, Severity::Severe, sentence).of_column(target) }
}

/// A share as a percentage: `12.3 %`; what is small keeps a digit that says something.
pub(super) fn percent(share: f64) -> String {
    let p = share * 100.0;
    if share > 0.0 && p < 0.01 {
        "less than 0.01 %".to_owned()
    } else if share < 1.0 && p > 99.99 {
        "more than 99.99 %".to_owned()
    } else if (share > 0.0 && p < 1.0) || (p > 99.0 && share < 1.0) {
        format!("{p:.2} %")
    } else {
        format!("{p:.1} %")
    }
}

/// `1,234 rows (5.1 %)`.
pub(super) fn rows_of(rows: usize, of: usize) -> String {
    format!("{} ({})", crate::stats::grouped::rows(rows as u64), percent(rows as f64 / of.max(1) as f64))
}
