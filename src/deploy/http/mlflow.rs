//! `MLflow`'s form of requests: rows of a table in, one prediction a row out.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::app::{App, Arrival, Asked, beside, version_of};
use super::failure::{Failure, text};
use super::routes::Place;
use super::v2::cursor::{Cursor, Fault};
use super::v2::reply::{write_value, write_values};
use super::{body, infer};
use crate::data::Table;
use crate::data::table::{Column, Values};
use crate::deploy::serve::{Answer, Refusal};
use crate::model::tensor::NamedTensor;

/// Columns that a table may have at most when the model does not say which it needs.
const MAX_COLUMNS: usize = 4096;

/// A request to the only model that is served.
pub(super) async fn only_model(State(app): State<Arc<App>>, request: Request<Body>) -> Result<Response, Failure> {
    let models = app.front.models();
    let [model] = models.as_slice() else {
        let why = format!("{} models are served here. Ask one of them at /models/NAME/invocations.", models.len());
        return Err(Failure::bad(why));
    };
    let place = Place { model: model.name.to_string(), version: None };
    invocations(State(app), place, request).await
}

/// A request to a model by name.
pub(super) async fn invocations(
    State(app): State<Arc<App>>,
    place: Place,
    request: Request<Body>,
) -> Result<Response, Failure> {
    let (head, body) = request.into_parts();
    let arrival = Arrival::now(&head.headers)?;
    let _leave = app.enter()?;
    if head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/csv")) {
        let why = "CSV is not read here. Send JSON with dataframe_split, dataframe_records, instances or inputs.";
        return Err(Failure::new(hyper::StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
    }
    let deadline = arrival.deadline(app.settings.request_timeout, None);
    let held = body::read(&app, &head.headers, body, deadline).await?;
    let version = version_of(&*app.front, &place.model, place.version.as_deref())?;
    let columns: Vec<String> = version.columns.into_iter().map(|(name, _number)| name).collect();
    let (front, bytes) = (Arc::clone(&app.front), held.bytes.clone());
    let (model, wanted_version) = (place.model.clone(), place.version.clone());
    let inputs = app
        .work(bytes.len(), move || {
            let table = parse(&bytes, &columns)?;
            front.encode(&model, wanted_version.as_deref(), &table)
        })
        .await??;
    let call = app.call(
        &arrival,
        Asked {
            id: arrival.id.as_deref(),
            model: &place.model,
            version: place.version.as_deref(),
            inputs,
            wanted: Vec::new(),
            timeout: None,
            sticky: None,
        },
    );
    let answer = app.ask(call).await?;
    let (id, version) = (Arc::clone(&answer.id), Arc::clone(&answer.version));
    let rendered = if infer::size(&answer) > body::SMALL {
        beside(move || predictions(&answer)).await?
    } else {
        predictions(&answer)
    };
    let mut response = text(rendered, "application/json");
    for (name, value) in [("x-request-id", &id), ("x-model-version", &version)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// Reads a table of one of `MLflow`'s forms: `dataframe_split`, `dataframe_records`, `instances` or `inputs`.
///
/// `columns` are those that the model needs, in its order: rows without names are taken in that order, and columns
/// that are not among them are left out. With none, all columns are read.
///
/// # Errors
/// [`Refusal::BadInput`] with the column or the form and what is wrong with it.
pub fn parse(body: &[u8], columns: &[String]) -> Result<Table, Refusal> {
    let bad = |field: &str, why: String| Refusal::BadInput { field: field.to_owned(), why };
    let text = std::str::from_utf8(body)
        .map_err(|error| bad("body", format!("it is not UTF-8 at byte {}.", error.valid_up_to())))?;
    let mut form: Option<(Form, Range<usize>)> = None;
    let mut cursor = Cursor::new(text);
    let read = cursor.record(|cursor, key| {
        let Some(found) = Form::of(&key) else { return cursor.skip() };
        if form.is_some() {
            return Err(cursor.fault("a second form of the same table"));
        }
        form = Some((found, cursor.over_any()?));
        Ok(())
    });
    let at = |fault: Fault| format!("{}, at byte {}.", fault.what, fault.at);
    read.and_then(|()| cursor.end()).map_err(|fault| bad("body", at(fault)))?;
    let Some((form, place)) = form else {
        let why = "none of dataframe_split, dataframe_records, instances and inputs is there. Send one of them.";
        return Err(bad("body", why.to_owned()));
    };
    let mut sheet = Sheet::new(columns);
    sheet.form(form, Cursor::within(text, &place)).map_err(|fault| bad(form.word(), at(fault)))?;
    sheet.table().map_err(|(field, why)| bad(&field.unwrap_or_else(|| form.word().to_owned()), why))
}

#[derive(Clone, Copy)]
enum Form {
    Split,
    Records,
    Instances,
    Inputs,
}

impl Form {
    const ALL: [Self; 4] = [Self::Split, Self::Records, Self::Instances, Self::Inputs];

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Split => "dataframe_split",
            Self::Records => "dataframe_records",
            Self::Instances => "instances",
            Self::Inputs => "inputs",
        }
    }
}

/// A value of a table.
enum Cell<'a> {
    Missing,
    Truth(bool),
    Whole(i64),
    Decimal(f64),
    Word(Cow<'a, str>),
}

/// The values of a column, as wide as those so far need.
enum Kind {
    /// Only missing ones so far, and how many.
    Missing(usize),
    Truth(Vec<u8>),
    Whole(Vec<i64>, Vec<bool>),
    Decimal(Vec<f64>),
    Word(Vec<Option<String>>),
}

struct Growing {
    name: String,
    kind: Kind,
}

impl Growing {
    fn len(&self) -> usize {
        match &self.kind {
            Kind::Missing(rows) => *rows,
            Kind::Truth(values) => values.len(),
            Kind::Whole(values, _) => values.len(),
            Kind::Decimal(values) => values.len(),
            Kind::Word(values) => values.len(),
        }
    }

    /// Takes a value in; false when it fits none of those before.
    fn push(&mut self, cell: Cell<'_>) -> bool {
        if let Kind::Missing(rows) = self.kind {
            self.kind = match &cell {
                Cell::Missing => Kind::Missing(rows + 1),
                Cell::Truth(_) => Kind::Truth(vec![2; rows]),
                Cell::Whole(_) => Kind::Whole(vec![0; rows], vec![false; rows]),
                Cell::Decimal(_) => Kind::Decimal(vec![f64::NAN; rows]),
                Cell::Word(_) => Kind::Word(vec![None; rows]),
            };
            if matches!(cell, Cell::Missing) {
                return true;
            }
        }
        if let (Kind::Whole(values, valid), Cell::Decimal(_)) = (&self.kind, &cell) {
            let widened = values.iter().zip(valid).map(|(x, valid)| if *valid { *x as f64 } else { f64::NAN });
            self.kind = Kind::Decimal(widened.collect());
        }
        match (&mut self.kind, cell) {
            (Kind::Truth(values), Cell::Truth(value)) => values.push(u8::from(value)),
            (Kind::Truth(values), Cell::Missing) => values.push(2),
            (Kind::Whole(values, valid), Cell::Whole(value)) => {
                values.push(value);
                valid.push(true);
            }
            (Kind::Whole(values, valid), Cell::Missing) => {
                values.push(0);
                valid.push(false);
            }
            (Kind::Decimal(values), Cell::Decimal(value)) => values.push(value),
            (Kind::Decimal(values), Cell::Whole(value)) => values.push(value as f64),
            (Kind::Decimal(values), Cell::Missing) => values.push(f64::NAN),
            (Kind::Word(values), Cell::Word(value)) => values.push(Some(value.into_owned())),
            (Kind::Word(values), Cell::Missing) => values.push(None),
            _ => return false,
        }
        true
    }

    fn column(self) -> Column {
        let values = match self.kind {
            Kind::Missing(rows) => Values::Float(vec![f64::NAN; rows]),
            Kind::Truth(values) => Values::Bool(values),
            Kind::Whole(values, valid) => {
                let all = valid.iter().all(|valid| *valid);
                Values::Int { values, valid: (!all).then_some(valid) }
            }
            Kind::Decimal(values) => Values::Float(values),
            Kind::Word(values) => Values::text(values),
        };
        Column::new(self.name, values)
    }
}

/// A table that grows.
struct Sheet<'m> {
    /// The columns that the model needs; empty when it does not say.
    needed: &'m [String],
    columns: Vec<Growing>,
    rows: usize,
    /// Where the next name is expected, as records mostly have the same names in the same order.
    next: usize,
}

impl<'m> Sheet<'m> {
    fn new(needed: &'m [String]) -> Self {
        Self { needed, columns: Vec::new(), rows: 0, next: 0 }
    }

    fn form(&mut self, form: Form, mut cursor: Cursor<'_>) -> Result<(), Fault> {
        match form {
            Form::Split => self.split(&mut cursor)?,
            Form::Records => cursor.list(|cursor| self.record(cursor))?,
            Form::Instances | Form::Inputs if cursor.peek() == Some(b'{') => self.column_lists(&mut cursor)?,
            Form::Instances | Form::Inputs => {
                let mut records = None;
                cursor.list(|cursor| {
                    let is_record = cursor.peek() == Some(b'{');
                    if *records.get_or_insert(is_record) != is_record {
                        return Err(cursor.fault("records and rows without names among each other"));
                    }
                    if is_record { self.record(cursor) } else { self.unnamed(cursor) }
                })?;
            }
        }
        cursor.end()
    }

    /// The place of a column; `None` when the model does not need it.
    fn place(&mut self, name: &str, cursor: &Cursor<'_>) -> Result<Option<usize>, Fault> {
        if self.columns.get(self.next).is_some_and(|column| column.name == name) {
            self.next += 1;
            return Ok(Some(self.next - 1));
        }
        if let Some(place) = self.columns.iter().position(|column| column.name == name) {
            self.next = place + 1;
            return Ok(Some(place));
        }
        if !self.needed.is_empty() && !self.needed.iter().any(|needed| needed == name) {
            return Ok(None);
        }
        if self.columns.len() == MAX_COLUMNS.max(self.needed.len()) {
            return Err(cursor.fault("more columns than any model needs"));
        }
        self.columns.push(Growing { name: name.to_owned(), kind: Kind::Missing(0) });
        self.next = self.columns.len();
        Ok(Some(self.next - 1))
    }

    fn push(&mut self, place: usize, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let cell = cell(cursor)?;
        let row = self.rows;
        let Some(column) = self.columns.get_mut(place) else { return Ok(()) };
        // Rows of unequal names would let a small request claim a large table of gaps.
        if column.len() != row {
            let what = if column.len() > row { "is there twice" } else { "was not in every row before it" };
            let why = format!("row {row}, counted from 0: the column “{}” {what}", column.name);
            return Err(cursor.fault(why));
        }
        if column.push(cell) {
            return Ok(());
        }
        let why = format!("row {row}, counted from 0: the column “{}” holds values of several kinds", column.name);
        Err(cursor.fault(why))
    }

    fn end_row(&mut self, cursor: &Cursor<'_>) -> Result<(), Fault> {
        let row = self.rows;
        if let Some(short) = self.columns.iter().find(|column| column.len() <= row) {
            let why = format!("row {row}, counted from 0: no column “{}”; null is a missing value", short.name);
            return Err(cursor.fault(why));
        }
        if self.columns.is_empty() {
            return Err(cursor.fault("a row with none of the columns that the model needs"));
        }
        self.rows += 1;
        self.next = 0;
        Ok(())
    }

    /// A row with names.
    fn record(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        cursor.record(|cursor, name| match self.place(&name, cursor)? {
            None => cursor.skip(),
            Some(place) => self.push(place, cursor),
        })?;
        self.end_row(cursor)
    }

    /// A row without names: a list in the model's order, or the only value.
    fn unnamed(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        if self.needed.is_empty() {
            return Err(cursor.fault("rows without names, for a model that names no columns"));
        }
        if self.columns.is_empty() {
            let name = |name: &String| Growing { name: name.clone(), kind: Kind::Missing(0) };
            self.columns = self.needed.iter().map(name).collect();
        }
        if cursor.peek() == Some(b'[') {
            let mut place = 0;
            cursor.list(|cursor| {
                if place == self.columns.len() {
                    return Err(cursor.fault(format!("a row of more than {place} values, one for each column")));
                }
                place += 1;
                self.push(place - 1, cursor)
            })?;
        } else {
            self.push(0, cursor)?;
        }
        self.end_row(cursor)
    }

    /// A record with a list for each column.
    fn column_lists(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let mut rows: Option<usize> = None;
        cursor.record(|cursor, name| {
            let Some(place) = self.place(&name, cursor)? else { return cursor.skip() };
            self.rows = 0;
            cursor.list(|cursor| {
                self.push(place, cursor)?;
                self.rows += 1;
                Ok(())
            })?;
            let length = *rows.get_or_insert(self.rows);
            if length == self.rows {
                return Ok(());
            }
            let why = format!("the column “{name}” has {} values where another has {length}", self.rows);
            Err(cursor.fault(why))
        })?;
        self.rows = rows.unwrap_or(0);
        Ok(())
    }

    /// Names once and rows of values.
    fn split(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let mut names: Option<Vec<String>> = None;
        let mut data: Option<Cursor<'_>> = None;
        cursor.record(|cursor, key| {
            match &*key {
                "columns" => {
                    let mut list = Vec::new();
                    cursor.list(|cursor| {
                        list.push(cursor.string()?.into_owned());
                        if list.len() > MAX_COLUMNS {
                            Err(cursor.fault("more columns than any model needs"))
                        } else {
                            Ok(())
                        }
                    })?;
                    names = Some(list);
                }
                "data" => {
                    let place = cursor.over_list()?;
                    data = Some(cursor.part(&place));
                }
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        let (Some(names), Some(mut data)) = (names, data) else {
            return Err(cursor.fault("no “columns” or no “data”"));
        };
        let mut places = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            if names.iter().take(at).any(|other| other == name) {
                return Err(cursor.fault(format!("the column “{name}” is there twice")));
            }
            places.push(self.place(name, cursor)?);
        }
        data.list(|cursor| {
            let mut places = places.iter();
            cursor.list(|cursor| match places.next() {
                None => Err(cursor.fault("a row with more values than columns")),
                Some(None) => cursor.skip(),
                Some(Some(place)) => self.push(*place, cursor),
            })?;
            if places.next().is_some() {
                return Err(cursor.fault("a row with fewer values than columns"));
            }
            self.end_row(cursor)
        })
    }

    /// The table; else the column, where it is about one, and what is wrong.
    fn table(self) -> Result<Table, (Option<String>, String)> {
        let missing = self.needed.iter().find(|name| !self.columns.iter().any(|column| column.name == **name));
        if let Some(missing) = missing {
            return Err((Some(missing.clone()), "the model needs this column. Send it with every row.".to_owned()));
        }
        if self.rows == 0 {
            return Err((None, "there is no row. Send at least one.".to_owned()));
        }
        let columns = self.columns.into_iter().map(Growing::column).collect();
        Table::new(columns).map_err(|error| (None, error.to_string()))
    }
}

/// One value; a list of one value is that value.
fn cell<'a>(cursor: &mut Cursor<'a>) -> Result<Cell<'a>, Fault> {
    let in_list = cursor.take(b'[');
    let cell = match cursor.peek() {
        Some(b'"') => Cell::Word(cursor.string()?),
        _ if cursor.word("null") => Cell::Missing,
        _ if cursor.word("true") => Cell::Truth(true),
        _ if cursor.word("false") => Cell::Truth(false),
        _ => {
            let written = cursor.number("a number, a text, true, false or null")?;
            if let Ok(whole) = written.parse::<i64>() {
                Cell::Whole(whole)
            } else {
                let decimal = written.parse::<f64>().ok().filter(|x| x.is_finite());
                Cell::Decimal(decimal.ok_or_else(|| cursor.fault("a number beyond the range of FP64"))?)
            }
        }
    };
    if in_list {
        cursor.need(b']')?;
    }
    Ok(cell)
}

/// The answer in `MLflow`'s form: one value a row where the model has one output, else a record a row.
pub fn predictions(answer: &Answer) -> Vec<u8> {
    let mut out = b"{\"predictions\":[".to_vec();
    let rows = answer.outputs.iter().map(|output| output.tensor.rows()).max().unwrap_or(0);
    let names: Vec<String> = answer
        .outputs
        .iter()
        .map(|output| serde_json::to_string(&*output.name).unwrap_or_else(|_never| "\"\"".to_owned()))
        .collect();
    for row in 0..rows {
        if row > 0 {
            out.push(b',');
        }
        if let [only] = answer.outputs.as_slice() {
            write_row(only, row, &mut out);
            continue;
        }
        out.push(b'{');
        for (at, (output, name)) in answer.outputs.iter().zip(&names).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b':');
            write_row(output, row, &mut out);
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    out
}

/// The values of one row of an output: one value, or a list of them.
fn write_row(output: &NamedTensor, row: usize, out: &mut Vec<u8>) {
    let (data, width) = (output.tensor.data(), output.tensor.width());
    if width == 1 {
        write_value(data, row, out);
    } else {
        let from = row.saturating_mul(width);
        write_values(data, from..from.saturating_add(width), out);
    }
}

#[cfg(test)]
#[path = "mlflow_tests.rs"]
mod tests;
