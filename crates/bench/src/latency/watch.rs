//! A reader of the inbox that is woken by the change signal, as a live page is.

use crate::Failure;
use earmark_db::tenant::InboxFilter;
use earmark_db::{ChangeKind, Db};
use earmark_model::WorkspaceId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

/// Rows of one look.
const PAGE: u32 = 25;

/// Tickets that were seen, by the number in their title, and when.
type Seen = HashMap<u64, Instant>;

/// The reader.
pub(super) struct Watch {
    seen: Arc<Mutex<Seen>>,
    news: Arc<Notify>,
    task: AbortOnDropHandle<()>,
}

impl Watch {
    /// Begins with the tickets that come from now on.
    pub(super) async fn begin(db: &Db, workspace: WorkspaceId) -> Result<Self, Failure> {
        let (seen, news) = (Arc::<Mutex<Seen>>::default(), Arc::new(Notify::new()));
        let mut changes = db.changes();
        let inbox = db.workspace(workspace);
        let newest = inbox.inbox(&InboxFilter::default(), None, 1).await?;
        let newest = newest.first().map_or(0, |row| row.number);
        let task = tokio::spawn({
            let (db, seen, news) = (db.clone(), seen.clone(), news.clone());
            async move {
                let mut last = newest;
                while let Some(change) = changes.next().await {
                    let ours = change.workspace == workspace && change.kind == ChangeKind::Tickets;
                    if !ours && change.kind != ChangeKind::Everything {
                        continue;
                    }
                    // What happened meanwhile is in the same look.
                    while let Ok(Some(_)) = timeout(Duration::ZERO, changes.next()).await {}
                    let keep = &mut |number| {
                        let at = Instant::now();
                        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                        seen.entry(number).or_insert(at);
                    };
                    // A look that fails is made up for by the next one.
                    if let Ok(newest) = look(&db, workspace, last, keep).await {
                        last = newest;
                    }
                    news.notify_one();
                }
            }
        });
        Ok(Self {
            seen,
            news,
            task: AbortOnDropHandle::new(task),
        })
    }

    /// Waits until so many were seen, or patience ends; gives what was seen.
    pub(super) async fn wait_for(&self, count: usize, patience: Duration) -> Result<Seen, Failure> {
        let enough = async {
            while self.count() < count {
                self.news.notified().await;
            }
        };
        let _ = timeout(patience, enough).await;
        if self.task.is_finished() {
            return Err("the reader of the inbox broke off".into());
        }
        Ok(self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }

    fn count(&self) -> usize {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

/// Reads the tickets above the number `last`, newest first; gives the newest number.
async fn look(
    db: &Db,
    workspace: WorkspaceId,
    last: i64,
    keep: &mut (dyn FnMut(u64) + Send),
) -> Result<i64, Failure> {
    let tenant = db.workspace(workspace);
    let (mut newest, mut before) = (last, None);
    loop {
        let rows = tenant.inbox(&InboxFilter::default(), before, PAGE).await?;
        for row in &rows {
            if row.number <= last {
                return Ok(newest);
            }
            newest = newest.max(row.number);
            if let Some(number) = row.title.as_deref().and_then(|title| title.parse().ok()) {
                keep(number);
            }
        }
        before = rows.last().map(|row| row.number);
        if before.is_none() {
            return Ok(newest);
        }
    }
}
