//! From when on something is worth a word.

/// Thresholds of the checks. Shares are of 1.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct CheckSettings {
    /// Share of rows that repeat an earlier one, above which it is a warning. 0.05 as Deepchecks' gate on duplicates.
    pub duplicates: f64,
    /// Share of rows that contradict each other, above which it is a warning for classes. 0 as Deepchecks' gate on
    /// conflicting labels. For a number as target equal features with unequal targets are usual, and 0.05 is added.
    pub conflicts: f64,
    /// Share of one value from which a column counts as nearly constant. 0.999: of a thousand rows one says something.
    pub constant: f64,
    /// Rows from which a column of nothing but distinct texts or whole numbers counts as naming the rows. 50: in fewer
    /// rows a count or a price may well be distinct by chance.
    pub id_rows: usize,
    /// Share of missing values above which it is a warning; with a reference, by which it lies above the reference's.
    /// 0.05 as Deepchecks' gate on nulls.
    pub missing: f64,
    /// Share of rows with a category the reference does not have, above which it is a warning. 0 as Deepchecks' gate on
    /// new categories.
    pub new_categories: f64,
    /// Share of rows that also stand in the reference, above which it is severe. 0.05 as Deepchecks' gate on mixed
    /// samples; any such row is a warning.
    pub overlap: f64,
    /// ROC AUC of a single feature from which it is suspicious. 0.95: no honest single column is nearly as good as that
    /// in practice, and Deepchecks' 0.8 of predictive power score lies in the same region.
    pub leak_auc: f64,
    /// The same for the share of a number's spread that a single feature explains, R².
    pub leak_r2: f64,
    /// Distance to the best feature that is not suspicious from which leakage is severe instead of a warning: 0.05 sets
    /// it apart from data in which much is easy to tell.
    pub leak_gap: f64,
    /// Rows with a target from which leakage is judged. 50: with fewer a high value comes about by chance.
    pub leak_rows: usize,
    /// Rows at most for leakage, drawn at random: with 200,000 the error of an area is about 0.001.
    pub leak_sample: usize,
    /// Rows of a class below which it is a warning. 10, as for the intervals of a validation.
    pub rare_rows: usize,
    /// Share of the rarest class below which accuracy misleads and it is said. 0.01 is a custom of the field.
    pub rare_share: f64,
    /// Change of a class's share against the reference from which it is a warning, when it is more than chance. 0.05:
    /// with many rows every small change is more than chance.
    pub class_change: f64,
    /// p value below which a change is more than chance. 0.05 is a custom of the field.
    pub p_value: f64,
    /// Whether the target is a number and not classes; `None` decides by its values: text, true and false, and up to 20
    /// distinct whole numbers are classes.
    pub numeric_target: Option<bool>,
    /// Seed of what is drawn by chance.
    pub seed: u64,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            duplicates: 0.05,
            conflicts: 0.0,
            constant: 0.999,
            id_rows: 50,
            missing: 0.05,
            new_categories: 0.0,
            overlap: 0.05,
            leak_auc: 0.95,
            leak_r2: 0.9,
            leak_gap: 0.05,
            leak_rows: 50,
            leak_sample: 200_000,
            rare_rows: 10,
            rare_share: 0.01,
            class_change: 0.05,
            p_value: 0.05,
            numeric_target: None,
            seed: 0,
        }
    }
}
