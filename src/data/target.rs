//! The column of true outcomes, as class labels or as numbers.

use std::collections::HashMap;

use super::error::shortened;
use super::table::MISSING_CODE;
use super::{Column, DataError, Values, values};

/// The classes of a column: a row's code is an index into `names`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// One code a row; [`MISSING_CODE`] where the row has no label.
    pub codes: Vec<u32>,
    /// The classes that occur, each once, sorted: numbers by size, texts by their bytes.
    pub names: Vec<String>,
}

/// How labels and a model's classes go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// For each of [`Labels::names`] the index into the model's classes; `None` when the model does not know it.
    pub class_of_label: Vec<Option<usize>>,
    /// Labels the model does not know, with their rows.
    pub unknown: Vec<(String, usize)>,
}

impl Labels {
    /// Finds each label among a model's classes: as written, else as a number (`1` is `1.0`),
    /// else as a truth value (`true` is `True` and `1`), else without regard to case and surrounding blanks.
    /// One of these readings is used for all labels: the first that knows the most.
    pub fn match_classes(&self, classes: &[String]) -> Matched {
        let readings: [fn(&str) -> String; 4] =
            [|text| text.to_owned(), as_number, as_truth, |text| text.trim().to_lowercase()];
        let mut best: Vec<Option<usize>> = Vec::new();
        let mut best_known = None;
        for reading in readings {
            let mut index = HashMap::new();
            for (at, class) in classes.iter().enumerate() {
                index.entry(reading(class)).or_insert(at);
            }
            if index.len() != classes.len() {
                continue;
            }
            let found: Vec<Option<usize>> = self.names.iter().map(|name| index.get(&reading(name)).copied()).collect();
            let known = found.iter().flatten().count();
            if best_known.is_none_or(|best| known > best) {
                best_known = Some(known);
                best = found;
            }
        }
        best.resize(self.names.len(), None);
        let counts = self.counts();
        let unknown = best
            .iter()
            .zip(&self.names)
            .zip(counts)
            .filter(|((class, _), _)| class.is_none())
            .map(|((_, name), rows)| (name.clone(), rows))
            .collect();
        Matched { class_of_label: best, unknown }
    }

    /// Rows of each class, in the order of `names`.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        for code in &self.codes {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        counts
    }

    /// Rows without a label.
    pub fn missing(&self) -> usize {
        self.codes.iter().filter(|code| **code == MISSING_CODE).count()
    }
}

fn as_number(text: &str) -> String {
    text.trim().parse::<f64>().map_or_else(|_| text.to_owned(), whole_or_decimal)
}

fn as_truth(text: &str) -> String {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "1.0" => "1".to_owned(),
        "false" | "0" | "0.0" => "0".to_owned(),
        _ => text.to_owned(),
    }
}

/// A number as a class is written: `1` for 1.0.
fn whole_or_decimal(x: f64) -> String {
    if x == 0.0 { "0".to_owned() } else { x.to_string() }
}

/// The labels of a column: whole numbers as `1` (1.0 too), truth values as `true` and `false`, texts as they are.
pub fn class_labels(column: &Column) -> Labels {
    match &column.values {
        Values::Text { codes, dictionary } => {
            let keys =
                codes.iter().map(|code| (*code as usize) < dictionary.len()).zip(codes).map(|(ok, c)| ok.then_some(*c));
            sorted(
                keys,
                |a, b| dictionary.get(*a as usize).cmp(&dictionary.get(*b as usize)),
                |code| dictionary.get(*code as usize).cloned().unwrap_or_default(),
            )
        }
        Values::Float(list) => {
            // Zero has two signs but is one class.
            let keys = list.iter().map(|x| (!x.is_nan()).then(|| if *x == 0.0 { 0 } else { x.to_bits() }));
            sorted(
                keys,
                |a, b| f64::from_bits(*a).total_cmp(&f64::from_bits(*b)),
                |bits| whole_or_decimal(f64::from_bits(*bits)),
            )
        }
        Values::Int { values, .. } => {
            let keys = values.iter().enumerate().map(|(row, x)| (!column.is_missing(row)).then_some(*x));
            sorted(keys, Ord::cmp, ToString::to_string)
        }
        Values::Bool(list) => {
            let keys = list.iter().map(|x| (*x < 2).then_some(*x == 1));
            sorted(keys, Ord::cmp, ToString::to_string)
        }
        Values::Time(list) => {
            let keys = list.iter().enumerate().map(|(row, t)| (!column.is_missing(row)).then_some(*t));
            sorted(keys, Ord::cmp, |t| {
                let one = Column::new("", Values::Time(vec![*t]));
                one.display(0).unwrap_or_else(|| t.to_string())
            })
        }
    }
}

/// Codes by first occurrence, then renumbered in sorted order.
fn sorted<K: std::hash::Hash + Eq + Copy>(
    keys: impl Iterator<Item = Option<K>>,
    order: impl Fn(&K, &K) -> std::cmp::Ordering,
    name: impl Fn(&K) -> String,
) -> Labels {
    let mut index: HashMap<K, u32> = HashMap::new();
    let mut distinct: Vec<K> = Vec::new();
    let mut codes: Vec<u32> = keys
        .map(|key| {
            key.map_or(MISSING_CODE, |key| {
                *index.entry(key).or_insert_with(|| {
                    distinct.push(key);
                    distinct.len() as u32 - 1
                })
            })
        })
        .collect();
    let mut by_size: Vec<(u32, K)> = (0..).zip(distinct).collect();
    by_size.sort_by(|a, b| order(&a.1, &b.1));
    let mut new_code = vec![MISSING_CODE; by_size.len()];
    for (new, (old, _)) in (0..).zip(&by_size) {
        if let Some(slot) = new_code.get_mut(*old as usize) {
            *slot = new;
        }
    }
    for code in &mut codes {
        *code = new_code.get(*code as usize).copied().unwrap_or(MISSING_CODE);
    }
    Labels { codes, names: by_size.iter().map(|(_, key)| name(key)).collect() }
}

/// The column as numbers, NaN where a row is missing; truth values are 0 and 1, times milliseconds.
/// Texts that all are numbers are taken as such.
///
/// # Errors
/// [`DataError::NotNumbers`] with the first text that is no number, its row and how many there are.
pub fn numbers(column: &Column) -> Result<Vec<f64>, DataError> {
    numbers_in(column, false)
}

pub(crate) fn numbers_in(column: &Column, decimal_comma: bool) -> Result<Vec<f64>, DataError> {
    let Values::Text { codes, dictionary } = &column.values else {
        return Ok((0..column.len()).map(|row| column.number(row).unwrap_or(f64::NAN)).collect());
    };
    let number = |text: &String| {
        let text = text.trim();
        let missing = text.is_empty() || values::is_missing_word(text);
        if missing { Some(f64::NAN) } else { values::float(text, decimal_comma) }
    };
    let parsed: Vec<Option<f64>> = dictionary.iter().map(number).collect();
    let mut first = None;
    let mut count = 0;
    let list = codes
        .iter()
        .enumerate()
        .map(|(row, code)| match parsed.get(*code as usize) {
            Some(Some(x)) => *x,
            None => f64::NAN,
            Some(None) => {
                count += 1;
                first.get_or_insert((row, *code));
                f64::NAN
            }
        })
        .collect();
    match first {
        None => Ok(list),
        Some((row, code)) => Err(DataError::NotNumbers {
            column: column.name.clone(),
            value: shortened(dictionary.get(code as usize).map_or("", String::as_str)),
            row: row + 1,
            count,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(values: Values) -> Labels {
        class_labels(&Column::new("y", values))
    }

    #[test]
    fn classes_are_written_as_models_write_them_and_sorted() {
        let ints = names(Values::Int { values: vec![10, 9, 0, 10], valid: Some(vec![true, true, false, true]) });
        assert_eq!(ints.names, ["9", "10"]);
        assert_eq!(ints.codes, [1, 0, MISSING_CODE, 1]);
        assert_eq!(ints.counts(), [1, 2]);
        assert_eq!(ints.missing(), 1);
        let floats = names(Values::Float(vec![1.0, -0.0, 0.0, f64::NAN, 2.5]));
        assert_eq!(floats.names, ["0", "1", "2.5"]);
        assert_eq!(floats.codes, [1, 0, 0, MISSING_CODE, 2]);
        assert_eq!(names(Values::Bool(vec![1, 0, 2])).names, ["false", "true"]);
        assert_eq!(names(Values::text([Some("é"), Some("a"), None])).names, ["a", "é"]);
        assert_eq!(names(Values::text([None::<String>])).names.len(), 0);
    }

    #[test]
    fn labels_find_classes_written_another_way() {
        let classes = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let bools = names(Values::Bool(vec![1, 0]));
        assert_eq!(bools.match_classes(&classes(&["0", "1"])).class_of_label, [Some(0), Some(1)]);
        assert_eq!(bools.match_classes(&classes(&["True", "False"])).class_of_label, [Some(1), Some(0)]);
        let ints = names(Values::ints(vec![1, 0, 7, 7]));
        let matched = ints.match_classes(&classes(&["0.0", "1.0"]));
        assert_eq!(matched.class_of_label, [Some(0), Some(1), None]);
        assert_eq!(matched.unknown, [("7".to_owned(), 2)]);
        let texts = names(Values::text([Some("Yes"), Some("no")]));
        assert_eq!(texts.match_classes(&classes(&["no", "yes"])).class_of_label, [Some(1), Some(0)]);
        assert_eq!(texts.match_classes(&[]).class_of_label, [None, None]);
    }

    #[test]
    fn numbers_name_the_first_text_that_is_none() {
        let column = Column::new("x", Values::text([Some("1.5"), None, Some("about 3"), Some("many"), Some("NA")]));
        let error = numbers(&column).unwrap_err();
        assert_eq!(error, DataError::NotNumbers { column: "x".into(), value: "about 3".into(), row: 3, count: 2 });
        let fine = numbers(&Column::new("x", Values::text([Some("1.5"), Some(" 2 ")]))).unwrap();
        assert_eq!(fine, [1.5, 2.0]);
    }
}
