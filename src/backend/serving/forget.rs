//! Deletion of a person's kept rows on demand.

use std::sync::Arc;

use crate::backend::event::JobTopic;
use crate::backend::jobs::Outcome;
use crate::backend::service::Service;
use crate::data::fingerprint::sha256_of;
use crate::deploy::capture::{Deleted, Selection};
use crate::deploy::service::delete_kept;
use crate::workspace::Workspace;
use crate::workspace::audit::AuditKind;

impl Service {
    /// Deletes kept rows of a served deployment, whether it works or has ended; the trail keeps hashes of what was asked.
    pub(in crate::backend) fn delete_rows(&mut self, deployment: &str, which: Selection) {
        let empty = match &which {
            Selection::Request { id } | Selection::Prediction { id, .. } => id.is_empty(),
            Selection::Value { column, value } => column.is_empty() || value.is_empty(),
        };
        if empty {
            return self
                .error("Nothing is named, so nothing is deleted. Give the id of a request, or a column and a value.");
        }
        let live = self.live.get(deployment).map(|live| live.work.served());
        let at_work = match live {
            Some(Some(served)) => {
                let Some(service) = served.service().map(Arc::clone) else {
                    return self.error("The deployment is ending. Delete the rows when it has.");
                };
                Some((service, served.name.clone(), Arc::clone(&served.comparer)))
            }
            Some(None) => return self.error("Only what an endpoint answered can be deleted row by row."),
            None => None,
        };
        let Some(folder) = self.workspace.as_ref().map(Workspace::captures_folder).map(|all| all.join(deployment))
        else {
            return self.error("The workspace is not open, so nothing can be deleted.");
        };
        let id = deployment.to_owned();
        self.start_job(JobTopic::Serving, "Deleting kept rows", move |handle| -> Outcome {
            let deleted = match &at_work {
                Some((service, name, comparer)) => {
                    service.delete_rows(name, &which, &mut |gone| comparer.forget_rows(gone), handle)
                }
                None => delete_kept(&folder, &which, handle),
            };
            // A service is let go of here: its end must not wait for the backend's thread.
            drop(at_work);
            Box::new(move |backend| match deleted {
                Ok(Deleted { requests: 0, .. }) => {
                    backend
                        .warn("Nothing that is kept was meant, so nothing was deleted. Look at the id or the value.");
                }
                Ok(deleted) => {
                    backend.record(AuditKind::RowsDeleted, &id, entry(&which, &deleted));
                    let rows = if deleted.rows == 1 { "1 row".to_owned() } else { format!("{} rows", deleted.rows) };
                    backend.info(format!("{rows} deleted, with their labels"));
                }
                Err(why) => backend.error(format!("The rows are not all deleted. {why}")),
            })
        });
    }
}

/// What the trail keeps: the person who was deleted must not be found in it.
fn entry(which: &Selection, deleted: &Deleted) -> serde_json::Value {
    let hash = |text: &str| sha256_of(text.as_bytes());
    let which = match which {
        Selection::Request { id } => serde_json::json!({ "request_sha256": hash(id) }),
        Selection::Prediction { id, row } => serde_json::json!({ "request_sha256": hash(id), "row": row }),
        Selection::Value { column, value } => serde_json::json!({ "column": column, "value_sha256": hash(value) }),
    };
    serde_json::json!({ "which": which, "requests": deleted.requests, "rows": deleted.rows })
}
