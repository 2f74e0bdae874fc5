//! A column that grows by values that bring their own type, as in JSON.

use super::builder::Texts;
use super::table::{MISSING_CODE, MISSING_TIME};
use super::{Column, DataError, Values, values};

/// A value with its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(&'a str),
}

/// A column that grows value by value. Whole numbers widen to decimal ones; whatever else does not fit makes it text.
#[derive(Default)]
pub(crate) struct Typed {
    /// Missing rows before the first value where there are no values yet.
    leading: usize,
    values: Option<Growing>,
    /// Whether values of several kinds were made into text.
    pub(crate) mixed: bool,
    overflow: bool,
}

enum Growing {
    Plain(Values),
    Text { codes: Vec<u32>, texts: Texts },
}

impl Typed {
    /// Rows so far.
    pub(crate) fn len(&self) -> usize {
        match &self.values {
            None => self.leading,
            Some(Growing::Plain(values)) => values.len(),
            Some(Growing::Text { codes, .. }) => codes.len(),
        }
    }

    /// Whether no row has a value.
    pub(crate) fn holds_nothing(&self) -> bool {
        self.values.is_none()
    }

    /// Adds missing rows until there are so many.
    pub(crate) fn fill(&mut self, rows: usize) {
        let more = rows.saturating_sub(self.len());
        if more == 0 {
            return;
        }
        match &mut self.values {
            None => self.leading = rows,
            Some(Growing::Plain(values)) => match values {
                Values::Float(list) => list.resize(rows, f64::NAN),
                Values::Int { values, valid } => {
                    valid.get_or_insert_with(|| vec![true; values.len()]).resize(rows, false);
                    values.resize(rows, 0);
                }
                Values::Bool(list) => list.resize(rows, 2),
                Values::Time(list) => list.resize(rows, MISSING_TIME),
                Values::Text { codes, .. } => codes.resize(rows, MISSING_CODE),
            },
            Some(Growing::Text { codes, .. }) => codes.resize(rows, MISSING_CODE),
        }
    }

    pub(crate) fn push(&mut self, cell: Cell<'_>) {
        if self.values.is_none() {
            self.begin(cell);
        }
        match (&mut self.values, cell) {
            (Some(Growing::Plain(Values::Int { values, valid })), Cell::Int(x)) => {
                values.push(x);
                if let Some(valid) = valid {
                    valid.push(true);
                }
            }
            (Some(Growing::Plain(Values::Float(list))), Cell::Float(x)) => list.push(x),
            (Some(Growing::Plain(Values::Float(list))), Cell::Int(x)) => list.push(x as f64),
            (Some(Growing::Plain(Values::Bool(list))), Cell::Bool(x)) => list.push(u8::from(x)),
            (Some(Growing::Text { codes, texts }), cell) => {
                let code = match cell {
                    Cell::Text(text) => texts.code(text),
                    other => {
                        self.mixed = true;
                        texts.code(&other.written())
                    }
                };
                self.overflow |= code.is_none();
                codes.push(code.unwrap_or(MISSING_CODE));
            }
            (Some(Growing::Plain(Values::Int { .. })), Cell::Float(_)) => {
                self.widen();
                self.push(cell);
            }
            _ => {
                self.become_text();
                self.push(cell);
            }
        }
    }

    fn begin(&mut self, cell: Cell<'_>) {
        let rows = std::mem::take(&mut self.leading);
        self.values = Some(match cell {
            Cell::Int(_) => {
                Growing::Plain(Values::Int { values: vec![0; rows], valid: (rows > 0).then(|| vec![false; rows]) })
            }
            Cell::Float(_) => Growing::Plain(Values::Float(vec![f64::NAN; rows])),
            Cell::Bool(_) => Growing::Plain(Values::Bool(vec![2; rows])),
            Cell::Text(_) => Growing::Text { codes: vec![MISSING_CODE; rows], texts: Texts::default() },
        });
    }

    fn widen(&mut self) {
        if let Some(Growing::Plain(values)) = &mut self.values {
            let column = Column::new("", std::mem::replace(values, Values::Float(Vec::new())));
            *values = Values::Float((0..column.len()).map(|row| column.number(row).unwrap_or(f64::NAN)).collect());
        }
    }

    fn become_text(&mut self) {
        self.mixed = true;
        let Some(Growing::Plain(values)) = self.values.take() else { return };
        let column = Column::new("", values);
        let mut texts = Texts::default();
        let mut codes = Vec::with_capacity(column.len());
        for row in 0..column.len() {
            let code = column.display(row).map(|text| texts.code(&text));
            self.overflow |= code == Some(None);
            codes.push(code.flatten().unwrap_or(MISSING_CODE));
        }
        self.values = Some(Growing::Text { codes, texts });
    }

    /// The values; texts that are all times become times, and a column without a value becomes decimal numbers.
    pub(crate) fn finish(self, name: &str) -> Result<Values, DataError> {
        if self.overflow {
            return Err(DataError::TooManyTexts { column: name.to_owned() });
        }
        Ok(match self.values {
            None => Values::Float(vec![f64::NAN; self.leading]),
            Some(Growing::Plain(mut values)) => {
                shrink(&mut values);
                values
            }
            Some(Growing::Text { mut codes, texts }) => {
                let dictionary = texts.into_dictionary();
                let times: Option<Vec<i64>> = dictionary.iter().map(|text| values::time(text.trim())).collect();
                if let Some(times) = times {
                    let moment = |code: &u32| times.get(*code as usize).copied().unwrap_or(MISSING_TIME);
                    Values::Time(codes.iter().map(moment).collect())
                } else {
                    codes.shrink_to_fit();
                    Values::Text { codes, dictionary }
                }
            }
        })
    }
}

fn shrink(values: &mut Values) {
    match values {
        Values::Float(list) => list.shrink_to_fit(),
        Values::Int { values, valid } => {
            values.shrink_to_fit();
            if let Some(valid) = valid {
                valid.shrink_to_fit();
            }
        }
        Values::Bool(list) => list.shrink_to_fit(),
        Values::Time(list) => list.shrink_to_fit(),
        Values::Text { codes, .. } => codes.shrink_to_fit(),
    }
}

impl Cell<'_> {
    fn written(self) -> String {
        match self {
            Self::Int(x) => x.to_string(),
            Self::Float(x) => x.to_string(),
            Self::Bool(x) => x.to_string(),
            Self::Text(text) => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cells: &[Option<Cell<'_>>]) -> (Values, bool) {
        let mut typed = Typed::default();
        for (row, cell) in cells.iter().enumerate() {
            match cell {
                Some(cell) => typed.push(*cell),
                None => typed.fill(row + 1),
            }
            assert_eq!(typed.len(), row + 1);
        }
        let mixed = typed.mixed;
        (typed.finish("x").unwrap(), mixed)
    }

    #[test]
    fn types_widen_and_mix_to_text() {
        use Cell::{Bool, Float, Int, Text};
        assert_eq!(of(&[Some(Int(1)), Some(Int(2))]), (Values::ints(vec![1, 2]), false));
        let (values, _) = of(&[None, Some(Int(1)), Some(Float(0.5)), Some(Int(2))]);
        assert!(matches!(values, Values::Float(list) if list[0].is_nan() && list[1..] == [1.0, 0.5, 2.0]));
        assert_eq!(of(&[Some(Bool(true)), None]), (Values::Bool(vec![1, 2]), false));
        assert_eq!(
            of(&[Some(Int(1)), None, Some(Text("a")), Some(Bool(true))]),
            (Values::text([Some("1"), None, Some("a"), Some("true")]), true)
        );
        assert_eq!(of(&[Some(Text("1970-01-02")), None]), (Values::Time(vec![86_400_000, MISSING_TIME]), false));
        assert_eq!(of(&[Some(Text("1970-01-02")), Some(Text("x"))]).0, Values::text([Some("1970-01-02"), Some("x")]));
        assert!(matches!(of(&[None, None]).0, Values::Float(list) if list.len() == 2));
    }
}
