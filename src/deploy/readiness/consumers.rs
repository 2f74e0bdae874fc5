//! Who will call a deployment: the application map, and what follows from it.

/// An application or a person that uses a deployment's answers.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Consumer {
    /// Its name.
    pub name: String,
    /// The columns it sends with each request; empty when it takes what the feed gives.
    pub sends: Vec<String>,
    /// Requests a second, at its busiest.
    pub per_second: f64,
    /// Rows in one of its requests.
    pub rows: u64,
    /// Milliseconds within which it needs 95 of 100 answers; `None` when it can wait.
    pub answer_within_ms: Option<f64>,
    /// Seconds that the data behind an answer may be old; `None` when that does not matter.
    pub fresh_within_s: Option<f64>,
    /// Where to reach whoever runs it.
    pub contact: String,
}

impl Consumer {
    /// What is wrong with the entry, by field.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.name.trim().is_empty() {
            found.push(("name", "Give the consumer a name".to_owned()));
        }
        if !(self.per_second.is_finite() && self.per_second >= 0.0) {
            found.push(("per_second", "Requests a second cannot be negative".to_owned()));
        }
        for (field, value) in [("answer_within_ms", self.answer_within_ms), ("fresh_within_s", self.fresh_within_s)] {
            if value.is_some_and(|value| !(value.is_finite() && value > 0.0)) {
                found.push((field, "More than 0, or leave it empty".to_owned()));
            }
        }
        found
    }

    /// Rows it sends a second.
    pub fn rows_per_second(&self) -> f64 {
        self.per_second * self.rows.max(1) as f64
    }
}
