//! Who writes on SQLite: one after another in the order they came, each with the durability it needs.

use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

/// Whether a commit waits until it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    Full,
    /// The disk is waited for by the next commit that is [`Self::Full`], or by a checkpoint.
    Relaxed,
}

/// The queue for the connection that writes. It has the connection's durability, unknown while that is being set.
#[derive(Debug)]
pub(crate) struct Turns {
    queue: Arc<Mutex<Option<Durability>>>,
    /// Whoever works in the background stands here until the one before is done, so that all others are before them.
    background: Arc<Mutex<()>>,
    patience: Duration,
}

/// The right to use the connection that writes.
#[derive(Debug)]
pub(crate) struct Turn {
    _queue: OwnedMutexGuard<Option<Durability>>,
    _background: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            queue: Arc::default(),
            background: Arc::default(),
            patience,
        }
    }

    /// Waits for the turn and sets the connection's durability, which SQLite takes outside of transactions alone.
    pub(crate) async fn take(
        &self,
        write: &DatabaseConnection,
        durability: Durability,
        in_background: bool,
    ) -> Result<Turn> {
        let background = match in_background {
            true => Some(self.background.clone().lock_owned().await),
            false => None,
        };
        let turn = timeout(self.patience, self.queue.clone().lock_owned()).await;
        let mut turn = turn.map_err(|_| {
            Error::Unavailable("other writers kept the database busy for too long".to_owned())
        })?;
        if *turn != Some(durability) {
            // Whoever is dropped in the middle leaves it unknown.
            *turn = None;
            write
                .execute_unprepared(match durability {
                    Durability::Full => "PRAGMA synchronous = FULL",
                    Durability::Relaxed => "PRAGMA synchronous = NORMAL",
                })
                .await?;
            *turn = Some(durability);
        }
        Ok(Turn {
            _queue: turn,
            _background: background,
        })
    }
}
