//! Writes down refused requests, off the request's path and bounded: a flood of them costs neither time nor room.

use earmark_db::Db;
use earmark_model::{ConnectionId, WorkspaceId};
use std::net::IpAddr;
use tokio::sync::mpsc;

/// Refusals that may wait to be written; those beyond are only logged.
const QUEUE: usize = 256;

#[derive(Debug)]
struct Refusal {
    at: Option<(WorkspaceId, ConnectionId)>,
    cause: &'static str,
    address: Option<String>,
}

/// Where refusals are handed in.
#[derive(Debug, Clone)]
pub(crate) struct Refusals(mpsc::Sender<Refusal>);

impl Refusals {
    pub(crate) fn start(db: Db, keep: u32) -> Self {
        let (slot, mut refusals) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            while let Some(refusal) = refusals.recv().await {
                if let Err(error) = write(&db, &refusal, keep).await {
                    tracing::warn!(%error, cause = refusal.cause, "cannot record a refused webhook");
                }
            }
        });
        Self(slot)
    }

    /// Records a refusal at a connection's endpoint, or (with `None`) one that only the operator sees.
    pub(crate) fn record(
        &self,
        at: Option<(WorkspaceId, ConnectionId)>,
        cause: &'static str,
        address: Option<IpAddr>,
    ) {
        tracing::info!(
            cause,
            connection = at.map(|(_, id)| id.to_string()),
            "refused a webhook"
        );
        let address = address.map(|address| address.to_string());
        let _ = self.0.try_send(Refusal { at, cause, address });
    }
}

async fn write(db: &Db, refusal: &Refusal, keep: u32) -> earmark_db::Result<()> {
    let Refusal { at, cause, address } = refusal;
    let tx = db.begin().await?;
    match at {
        Some((workspace, connection)) => {
            tx.workspace(*workspace)
                .record_refusal(*connection, cause, address.as_deref(), keep)
                .await?;
        }
        None => {
            tx.across()
                .record_refusal(cause, address.as_deref(), keep)
                .await?
        }
    }
    tx.commit().await
}
