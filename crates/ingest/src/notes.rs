//! What the letterbox notes beside the deliveries: how long its answers took, HEAD requests, what arrived at the
//! installation's address. Added up in memory and written every few seconds, off the request's path; what was not written
//! when a process is killed, or when the database refuses it, is lost.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use earmark_connections::{Audience, Receiver};
use earmark_db::across::Sighting;
use earmark_db::{Db, Result};
use earmark_model::{AnswerBucket, ConnectionId, WorkspaceId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often it is written.
const EVERY: Duration = Duration::from_secs(5);
/// Connections and hours that are added up at once; those beyond are not counted.
const MOST: usize = 10_000;
/// Of those, how many one transaction writes: deliveries must not wait long for it.
const AT_ONCE: usize = 50;

/// A connection and its workspace.
type At = (WorkspaceId, ConnectionId);
/// A connection, and an hour by its start.
type Hour = (At, DateTime<Utc>);
type Answers = BTreeMap<AnswerBucket, u32>;

// Sorted, so that no two processes wait for each other's rows.
#[derive(Debug, Default)]
struct Pending {
    answers: BTreeMap<Hour, Answers>,
    heads: BTreeMap<At, DateTime<Utc>>,
    sightings: BTreeMap<&'static str, (Sighting, u32)>,
}

/// Where it is handed in.
#[derive(Debug, Clone)]
pub(crate) struct Notes {
    db: Db,
    pending: Arc<Mutex<Pending>>,
}

impl Notes {
    /// Starts writing; ends with the last clone. Must be called within the runtime.
    pub(crate) fn start(db: Db) -> Self {
        let pending = Arc::<Mutex<Pending>>::default();
        let (weak, to) = (Arc::downgrade(&pending), db.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(pending) = weak.upgrade() else {
                    return;
                };
                let db = to.clone();
                Self { db, pending }.flush().await;
            }
        });
        Self { db, pending }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A webhook was answered for these connections, so long after it came.
    pub(crate) fn answered(&self, receivers: &[Receiver], took: Duration) {
        if receivers.is_empty() {
            return;
        }
        let now = self.db.sources().now();
        let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
        let bucket = AnswerBucket::of(took);
        let mut pending = self.pending();
        for to in receivers {
            let key = ((to.workspace, to.connection), hour);
            if pending.answers.len() < MOST || pending.answers.contains_key(&key) {
                let count = pending.answers.entry(key).or_default();
                let count = count.entry(bucket).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    /// An address was tested with HEAD.
    pub(crate) fn head(&self, audience: &Audience) {
        let now = self.db.sources().now();
        self.sighted(audience, Sighting::Head);
        let mut pending = self.pending();
        for to in audience.owners() {
            if pending.heads.len() < MOST {
                pending.heads.insert((to.workspace, to.connection), now);
            }
        }
    }

    /// Something arrived; it counts at the installation's address.
    pub(crate) fn sighted(&self, audience: &Audience, what: Sighting) {
        if matches!(audience, Audience::Installation { .. }) {
            let mut pending = self.pending();
            let (_, times) = pending.sightings.entry(what.as_str()).or_insert((what, 0));
            *times = times.saturating_add(1);
        }
    }

    /// Writes what was added up.
    pub(crate) async fn flush(&self) {
        let Pending {
            answers,
            heads,
            sightings,
        } = std::mem::take(&mut *self.pending());
        let mut written = Ok(());
        if !heads.is_empty() || !sightings.is_empty() {
            written = self.write_seen(&heads, sightings.into_values()).await;
        }
        let answers: Vec<_> = answers.into_iter().collect();
        for some in answers.chunks(AT_ONCE) {
            written = written.and(self.write_answers(some).await);
        }
        if let Err(error) = written {
            tracing::warn!(%error, "cannot note how long webhooks took and which addresses were tested");
        }
    }

    async fn write_seen(
        &self,
        heads: &BTreeMap<At, DateTime<Utc>>,
        sightings: impl Iterator<Item = (Sighting, u32)>,
    ) -> Result<()> {
        let tx = self.db.begin_redoable().await?;
        for ((workspace, connection), at) in heads {
            tx.workspace(*workspace).saw_head(*connection, *at).await?;
        }
        for (what, times) in sightings {
            tx.across().sight(what, times).await?;
        }
        tx.commit().await
    }

    async fn write_answers(&self, answers: &[(Hour, Answers)]) -> Result<()> {
        let tx = self.db.begin_redoable().await?;
        for (((workspace, connection), hour), counts) in answers {
            let counts: Vec<_> = counts
                .iter()
                .map(|(bucket, count)| (*bucket, *count))
                .collect();
            tx.workspace(*workspace)
                .add_answer_times(*connection, *hour, &counts)
                .await?;
        }
        tx.commit().await
    }
}
