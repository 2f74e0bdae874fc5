//! Alerts of deployments: kept with the chunks that raise them, shown, and marked as seen.

use std::sync::Arc;

use serde_json::Value;

use super::event::Event;
use super::service::{Service, now_ms};
use super::state::AlertView;
use crate::monitor::{Alert, AlertEvent, AlertKind, AlertState, Severity};
use crate::workspace::audit::AuditKind;

fn key(alert: &Alert) -> (AlertKind, usize) {
    (alert.kind.clone(), alert.first_chunk)
}

impl Service {
    pub(super) fn keep_alerts(&mut self, id: &str, chunks: &[(u64, Value)], events: &[AlertEvent], rows_seen: u64) {
        let Some(live) = self.live.get(id) else { return };
        let mut alerts: Vec<Alert> = Vec::new();
        for event in events {
            let alert = event.alert();
            match alerts.iter_mut().find(|a| key(a) == key(alert)) {
                Some(place) => *place = alert.clone(),
                None => alerts.push(alert.clone()),
            }
        }
        let known = |alert: &Alert| {
            live.alert_ids
                .iter()
                .find(|(kind, first, _)| (kind, first) == (&alert.kind, &alert.first_chunk))
                .map(|k| k.2)
        };
        let rows: Vec<(Option<i64>, Value, bool)> = alerts
            .iter()
            .filter_map(|a| Some((known(a), serde_json::to_value(a).ok()?, a.state == AlertState::Open)))
            .collect();
        let ids = self.with_workspace(|w| w.keep_chunks(id, chunks, &rows, rows_seen)).unwrap_or_default();
        let name =
            self.state.deployments.iter().find(|d| d.id == id).map(|d| d.request.name.clone()).unwrap_or_default();
        let mut news = Vec::new();
        for (alert, alert_id) in alerts.into_iter().zip(ids) {
            if let Some(live) = self.live.get_mut(id) {
                let (kind, first) = key(&alert);
                if !live.alert_ids.iter().any(|k| k.2 == alert_id) {
                    live.alert_ids.push((kind, first, alert_id));
                    if alert.severity == Severity::Severe {
                        news.push(format!("{name}: {}", alert.message));
                    }
                }
            }
            self.show_alert(AlertView {
                id: alert_id,
                deployment: id.to_owned(),
                deployment_name: name.clone(),
                alert,
            });
        }
        self.sort_alerts();
        for text in news {
            self.warn(text);
        }
    }

    fn show_alert(&mut self, view: AlertView) {
        match self.state.alerts.iter_mut().find(|a| a.id == view.id) {
            Some(place) => *place = Arc::new(view),
            None => self.state.alerts.push(Arc::new(view)),
        }
    }

    fn sort_alerts(&mut self) {
        self.state.alerts.sort_by_key(|a| {
            let seen = a.alert.state == AlertState::Acknowledged;
            (seen, std::cmp::Reverse(a.alert.severity), std::cmp::Reverse(a.id))
        });
    }

    pub(super) fn note(&mut self, id: &str, kind: AlertKind, severity: Severity, text: String) {
        let Some(live) = self.live.get_mut(id) else { return };
        let chunk = live.record.chunk_count();
        let event = live.record.alerts_mut().note(kind, severity, text, chunk, Some(now_ms()));
        let snapshot = Arc::new(live.record.snapshot());
        let rows_seen = snapshot.rows_seen;
        self.keep_alerts(id, &[], &[event], rows_seen);
        self.outbox.post(Event::Monitor(id.to_owned(), snapshot));
        self.touch();
    }

    /// Marks an alert as seen.
    pub(super) fn acknowledge_alert(&mut self, alert_id: i64) {
        let Some(place) = self.state.alerts.iter_mut().find(|a| a.id == alert_id) else { return };
        let view = Arc::make_mut(place);
        view.alert.state = AlertState::Acknowledged;
        let (id, alert) = (view.deployment.clone(), view.alert.clone());
        let what = serde_json::json!({ "name": view.deployment_name, "deployment": id, "message": alert.message });
        self.record(AuditKind::AlertAcknowledged, alert_id.to_string(), what);
        if let Ok(value) = serde_json::to_value(&alert) {
            self.with_workspace(|w| w.update_alert(alert_id, &value, false));
        }
        if let Some(live) = self.live.get_mut(&id) {
            live.record.alerts_mut().acknowledge(&alert.kind, alert.first_chunk);
            let snapshot = Arc::new(live.record.snapshot());
            self.outbox.post(Event::Monitor(id, snapshot));
        } else if let Some(view) = self.state.deployments.iter_mut().find(|d| d.id == id)
            && let Some(monitor) = &mut Arc::make_mut(view).monitor
        {
            for kept in Arc::make_mut(monitor).alerts.iter_mut().filter(|a| key(a) == key(&alert)) {
                kept.state = AlertState::Acknowledged;
            }
            self.outbox.post(Event::Monitor(id, Arc::clone(monitor)));
        }
        self.sort_alerts();
        self.touch();
    }

    /// Kept alerts, each with its deployment's name.
    pub(super) fn load_alerts(&mut self) {
        let records = self.with_workspace(|w| w.alerts()).unwrap_or_default();
        for record in records {
            let Ok(alert) = serde_json::from_value::<Alert>(record.alert) else { continue };
            let Some(deployment) = self.state.deployments.iter().find(|d| d.id == record.deployment) else { continue };
            let view = AlertView {
                id: record.id,
                deployment: record.deployment,
                deployment_name: deployment.request.name.clone(),
                alert,
            };
            self.state.alerts.push(Arc::new(view));
        }
        self.sort_alerts();
    }
}
