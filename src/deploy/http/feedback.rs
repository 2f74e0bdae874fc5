//! Labels for earlier predictions.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::Request;

use super::app::{App, Arrival, beside};
use super::body;
use super::failure::{Failure, json};
use super::routes::Place;
use super::v2::cursor::{Cursor, Fault};
use crate::deploy::serve::Label;

/// Characters of an id or a truth at most.
const MAX_TEXT: usize = 512;

pub(super) async fn feedback(
    State(app): State<Arc<App>>,
    place: Place,
    request: Request<Body>,
) -> Result<Response, Failure> {
    let (head, body) = request.into_parts();
    let arrival = Arrival::now(&head.headers)?;
    let _leave = app.enter()?;
    let deadline = arrival.deadline(app.settings.request_timeout, None);
    let held = body::read(&app, &head.headers, body, deadline).await?;
    let front = Arc::clone(&app.front);
    let bytes = held.bytes.clone();
    // Keeping labels may wait for the disk, so it is never done among the connections.
    let taken = beside(move || {
        let labels = parse(&bytes).map_err(Failure::bad)?;
        front.feedback(&place.model, &labels).map_err(Failure::from)
    })
    .await??;
    let document = serde_json::to_value(&taken).map_err(|_never| Failure::lost())?;
    Ok(json(&document))
}

/// Reads labels: a list of `{"id": …, "row": …, "truth": …}`, one of them alone, or the list as `labels` of a record.
///
/// In place of id and row, `"prediction": "id:row"` is taken.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Label>, String> {
    let text =
        std::str::from_utf8(body).map_err(|error| format!("The body is not UTF-8 at byte {}.", error.valid_up_to()))?;
    let mut cursor = Cursor::new(text);
    let mut labels = Vec::new();
    read(&mut cursor, &mut labels).and_then(|()| cursor.end()).map_err(|fault| {
        format!(
            "Label {}, counted from 0: {}, at byte {}. Send a list of {{\"id\", \"row\", \"truth\"}}.",
            labels.len(),
            fault.what,
            fault.at
        )
    })?;
    Ok(labels)
}

fn read(cursor: &mut Cursor<'_>, labels: &mut Vec<Label>) -> Result<(), Fault> {
    if cursor.peek() == Some(b'[') {
        return list(cursor, labels);
    }
    let mut held = None;
    let mut parts = Parts::default();
    cursor.record(|cursor, key| {
        if key == "labels" && held.is_none() {
            held = Some(());
            return list(cursor, labels);
        }
        parts.field(cursor, &key)
    })?;
    if held.is_none() {
        labels.push(parts.label(cursor)?);
    }
    Ok(())
}

fn list(cursor: &mut Cursor<'_>, labels: &mut Vec<Label>) -> Result<(), Fault> {
    cursor.list(|cursor| {
        let mut parts = Parts::default();
        cursor.record(|cursor, key| parts.field(cursor, &key))?;
        labels.push(parts.label(cursor)?);
        Ok(())
    })
}

#[derive(Default)]
struct Parts {
    id: Option<String>,
    row: Option<usize>,
    truth: Option<String>,
}

impl Parts {
    fn field(&mut self, cursor: &mut Cursor<'_>, key: &str) -> Result<(), Fault> {
        match key {
            "id" => self.id = Some(short(cursor, "an id")?),
            "row" => {
                let written = cursor.number("a row from 0")?;
                self.row =
                    Some(written.parse().map_err(|_error| cursor.fault("a row that is no whole number from 0"))?);
            }
            "prediction" => {
                let prediction = short(cursor, "a prediction")?;
                let parts = prediction.rsplit_once(':').and_then(|(id, row)| Some((id, row.parse().ok()?)));
                let Some((id, row)) = parts else {
                    return Err(cursor.fault("a prediction that is no “id:row”"));
                };
                (self.id, self.row) = (Some(id.to_owned()), Some(row));
            }
            "truth" => {
                self.truth = Some(match cursor.peek() {
                    Some(b'"') => short(cursor, "a truth")?,
                    _ if cursor.word("true") => "true".to_owned(),
                    _ if cursor.word("false") => "false".to_owned(),
                    _ => {
                        let written = cursor.number("a class or a number")?;
                        if written.len() > MAX_TEXT {
                            return Err(cursor.fault("a number that is too long"));
                        }
                        written.to_owned()
                    }
                });
            }
            _ => cursor.skip()?,
        }
        Ok(())
    }

    fn label(self, cursor: &Cursor<'_>) -> Result<Label, Fault> {
        let id = self.id.filter(|id| !id.is_empty()).ok_or_else(|| cursor.fault("no “id”"))?;
        let truth = self.truth.ok_or_else(|| cursor.fault("no “truth”"))?;
        Ok(Label { id, row: self.row.unwrap_or(0), truth })
    }
}

fn short(cursor: &mut Cursor<'_>, what: &str) -> Result<String, Fault> {
    let text = cursor.string()?;
    if text.chars().nth(MAX_TEXT).is_some() {
        return Err(cursor.fault(format!("{what} of more than {MAX_TEXT} characters")));
    }
    if text.contains('\0') {
        return Err(cursor.fault(format!("{what} with a NUL character")));
    }
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: &str, row: usize, truth: &str) -> Label {
        Label { id: id.to_owned(), row, truth: truth.to_owned() }
    }

    #[test]
    fn labels_come_as_a_list_alone_or_in_a_record() {
        let list = r#"[{"id":"a","row":2,"truth":"yes"},{"truth":1.50,"id":"b"},{"prediction":"c:d:7","truth":true}]"#;
        let expected = vec![label("a", 2, "yes"), label("b", 0, "1.50"), label("c:d", 7, "true")];
        assert_eq!(parse(list.as_bytes()).unwrap(), expected);
        assert_eq!(parse(format!(r#"{{"labels":{list}}}"#).as_bytes()).unwrap(), expected);
        assert_eq!(parse(br#"{"id":"a","truth":"x","note":[1]}"#).unwrap(), [label("a", 0, "x")]);
        assert_eq!(parse(b"[]").unwrap(), []);
    }

    #[test]
    fn a_wrong_label_is_named_by_its_place() {
        for (body, expected) in [
            (r#"[{"id":"a","truth":"x"},{"truth":"x"}]"#, "Label 1, counted from 0: no “id”"),
            (r#"[{"id":"a"}]"#, "Label 0, counted from 0: no “truth”"),
            (r#"[{"id":"a","row":-1,"truth":"x"}]"#, "no whole number from 0"),
            (r#"[{"id":"a","truth":NaN}]"#, "“NaN” stands"),
            (r#"[{"id":"a","truth":null}]"#, "“null” stands"),
            (r#"[{"prediction":"a","truth":"x"}]"#, "no “id:row”"),
            (r#"[{"id":"a\u0000","truth":"x"}]"#, "NUL"),
            ("7", "“7” stands"),
            ("", "the text ends"),
        ] {
            let why = parse(body.as_bytes()).unwrap_err();
            assert!(why.contains(expected), "{body}: {why}");
        }
    }
}
