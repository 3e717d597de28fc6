//! The one change signal: an in-process broadcast on SQLite, LISTEN/NOTIFY on PostgreSQL. It wakes workers and live
//! pages. It is a hint, never the record: whoever wakes reads the tables.

use crate::sql;
use earmark_model::{WorkspaceId, text_enum};
use sea_orm::sqlx::{self, postgres::PgListener};
use tokio::sync::broadcast;
use uuid::Uuid;

/// PostgreSQL's notification channel.
const CHANNEL: &str = "earmark";

text_enum! {
    /// What changed.
    pub enum ChangeKind {
        /// A job is pending.
        Jobs = "jobs",
        /// Tickets, their messages, or products.
        Tickets = "tickets",
        /// Deliveries and what they count.
        Deliveries = "deliveries",
        /// Connections, their secrets, tags and checks.
        Connections = "connections",
        /// Contacts, companies and runs.
        People = "people",
        /// Anything may have: notifications could have been missed.
        Everything = "everything",
    }
}

/// A committed change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Change {
    /// The workspace; meaningless with [`ChangeKind::Everything`].
    pub workspace: WorkspaceId,
    /// What changed there.
    pub kind: ChangeKind,
}

impl Change {
    fn everything() -> Self {
        Self {
            workspace: WorkspaceId(Uuid::nil()),
            kind: ChangeKind::Everything,
        }
    }

    pub(crate) fn to_text(self) -> String {
        format!("{}:{}", self.kind, self.workspace)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (kind, workspace) = text.split_once(':')?;
        Some(Self {
            workspace: workspace.parse().ok()?,
            kind: kind.parse().ok()?,
        })
    }
}

/// A stream of changes.
#[derive(Debug)]
pub struct Changes(broadcast::Receiver<Change>);

impl Changes {
    /// The next change; `None` when the database is closed. A reader that fell behind is told that anything may have
    /// changed.
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::everything()),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// Forgets what was announced so far: who reads the tables now sees all of it.
    pub fn skip(&mut self) {
        use broadcast::error::TryRecvError;
        while matches!(self.0.try_recv(), Ok(_) | Err(TryRecvError::Lagged(_))) {}
    }
}

/// The sending side.
#[derive(Debug, Clone)]
pub(crate) struct Signal(broadcast::Sender<Change>);

impl Signal {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(1024).0)
    }

    pub(crate) fn publish(&self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            // Nobody listening is no failure: the tables have it.
            let _ = self.0.send(change);
        }
    }

    pub(crate) fn subscribe(&self) -> Changes {
        Changes(self.0.subscribe())
    }

    /// Forwards PostgreSQL's notifications until the listener's pool closes.
    pub(crate) async fn listen(self, pool: sqlx::PgPool) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(CHANNEL).await?;
        tokio::spawn(async move {
            loop {
                match listener.try_recv().await {
                    Ok(Some(notification)) => {
                        self.publish(Change::from_text(notification.payload()))
                    }
                    // The connection was lost and made again: what was sent meanwhile is gone.
                    Ok(None) => self.publish([Change::everything()]),
                    Err(_) if pool.is_closed() => return,
                    Err(error) => {
                        tracing::warn!(%error, "cannot listen for changes; trying again");
                        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                        self.publish([Change::everything()]);
                    }
                }
            }
        });
        Ok(())
    }
}

/// The statement that sends so many changes with a transaction's commit.
pub(crate) fn notify(changes: usize) -> String {
    let changes = sql::places(changes, 1, 1);
    format!(
        "SELECT count(pg_notify('{CHANNEL}', change)) FROM (VALUES {changes}) AS changes (change)"
    )
}
