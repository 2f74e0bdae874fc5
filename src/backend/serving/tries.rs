//! Asking a served model about a row that was typed in.

use std::sync::Arc;
use std::time::Instant;

use super::BY_HAND;
use super::calls::calls;
use super::view::{Tried, TriedAnswer, TriedCalls};
use crate::backend::deployments::Work;
use crate::backend::service::{Service, now_ms};
use crate::data::{Column, Table, Values};
use crate::deploy::serve::{Answer, Call, Front as _, Origin};
use crate::model::session::{NO_LABEL, ScoreReader};
use crate::model::{ModelFile, Scores};

/// How long a row that is tried may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

impl Service {
    /// Asks, as a caller would; the answer comes as an event and is kept like any other.
    pub(in crate::backend) fn try_row(
        &mut self,
        deployment: &str,
        version: Option<String>,
        row: Vec<(String, String)>,
    ) {
        let found = self.live.get(deployment).and_then(|live| match &live.work {
            Work::Served(served) => {
                Some((Arc::clone(served.service()?), served.name.clone(), Arc::clone(&served.readers)))
            }
            Work::Replay(_) => None,
        });
        let Some((service, name, readers)) = found else {
            return self.error("No endpoint of this deployment is at work. Start it again.");
        };
        let hub = service.hub();
        let columns = hub
            .model(&name)
            .and_then(|model| {
                let wanted = |v: &&crate::deploy::serve::VersionInfo| match &version {
                    Some(version) => *v.version == **version,
                    None => v.part == crate::deploy::serve::Part::Champion,
                };
                model.versions.iter().find(wanted).map(|v| v.columns.clone())
            })
            .unwrap_or_default();
        let table = match table(&row, &columns) {
            Ok(table) => table,
            Err(why) => {
                let version = version.unwrap_or_default();
                let calls = TriedCalls::default();
                return self.tried(deployment, Tried { row, version, answer: Err(why), calls });
            }
        };
        let id: Arc<str> = format!("tried-{:x}", chrono::Utc::now().timestamp_micros()).into();
        let encoded = hub.encode(&name, version.as_deref(), &table);
        let calls = calls(&id, &table, encoded.as_ref());
        let inputs = match encoded {
            Ok(inputs) => inputs,
            Err(refusal) => {
                let version = version.unwrap_or_default();
                return self.tried(deployment, Tried { row, version, answer: Err(refusal.to_string()), calls });
            }
        };
        let call = Call {
            id,
            model: name.as_str().into(),
            version: version.as_deref().map(Arc::from),
            inputs,
            wanted: Vec::new(),
            received: Instant::now(),
            received_at_ms: now_ms(),
            deadline: Some(Instant::now() + PATIENCE),
            origin: Origin { feed: BY_HAND.into(), consumer: None },
            sticky: None,
        };
        let (outbox, id) = (Arc::clone(&self.outbox), deployment.to_owned());
        hub.submit(
            call,
            Box::new(move |answer| {
                let tried = match answer {
                    Ok(answer) => {
                        let version = answer.version.to_string();
                        let read = readers.file(&version).ok_or_else(|| "This version is gone.".to_owned());
                        Tried { row, version, answer: read.and_then(|file| answered(&file, &answer)), calls }
                    }
                    Err(refusal) => {
                        Tried { row, version: version.unwrap_or_default(), answer: Err(refusal.to_string()), calls }
                    }
                };
                outbox.post(crate::backend::Event::Tried(id, Arc::new(tried)));
            }),
        );
    }

    fn tried(&mut self, deployment: &str, tried: Tried) {
        self.outbox.post(crate::backend::Event::Tried(deployment.to_owned(), Arc::new(tried)));
    }
}

/// One row; what is empty is missing.
fn table(row: &[(String, String)], columns: &[(String, bool)]) -> Result<Table, String> {
    let mut made = Vec::new();
    for (name, is_number) in columns {
        let text = row.iter().find(|(column, _)| column == name).map_or("", |(_, text)| text.trim());
        let values = if !is_number {
            Values::text([(!text.is_empty()).then_some(text)])
        } else if text.is_empty() {
            Values::Float(vec![f64::NAN])
        } else {
            let number = text.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
            Values::Float(vec![number.ok_or_else(|| format!("“{text}” in {name} is no number."))?])
        };
        made.push(Column::new(name.clone(), values));
    }
    Table::new(made).map_err(|error| error.to_string())
}

fn answered(file: &ModelFile, answer: &Answer) -> Result<TriedAnswer, String> {
    let mut scores = Scores::default();
    let mut reader = ScoreReader::new(file).map_err(|error| error.to_string())?;
    reader.read(&answer.outputs, 1, &mut scores).map_err(|error| error.to_string())?;
    let label = match (scores.labels.first(), scores.values.first()) {
        (Some(label), _) if *label != NO_LABEL => scores.label(0).unwrap_or_default().to_owned(),
        (_, Some(value)) => format!("{value}"),
        _ => return Err("The model gave no answer to this row.".to_owned()),
    };
    let given = scores.probabilities_of(0).unwrap_or_default();
    let probabilities = scores.classes.iter().cloned().zip(given.iter().map(|p| f64::from(*p))).collect();
    Ok(TriedAnswer {
        label,
        probabilities,
        latency_ms: answer.latency.as_secs_f64() * 1_000.0,
        id: answer.id.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_row_becomes_a_table() {
        let columns = [("age".to_owned(), true), ("plan".to_owned(), false), ("debt".to_owned(), true)];
        let row =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        let made = table(&row(&[("plan", "basic "), ("age", "3,5")]), &columns).unwrap();
        assert_eq!(made.column("age").unwrap().number(0), Some(3.5));
        assert_eq!(made.column("plan").unwrap().display(0).as_deref(), Some("basic"));
        assert!(made.column("debt").unwrap().is_missing(0));
        assert!(table(&row(&[("age", "old")]), &columns).unwrap_err().contains("“old” in age"));
    }
}
