//! Who writes when: work in the background in the pauses of all other, and on SQLite one after another in the order they
//! came, each with the durability it needs.

use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// Whether a commit waits until it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    Full,
    /// The disk is waited for by the next commit that is [`Self::Full`], or by a checkpoint.
    Relaxed,
}

/// So long without another writer is a pause, in which whoever works in the background gets a turn: what one webhook leads
/// to is written in several transactions, one soon after the other.
const PAUSE: Duration = Duration::from_millis(4);
/// Without a pause, whoever works in the background gets a turn after this time.
const LONGEST: Duration = Duration::from_millis(150);

/// The writers of this process.
#[derive(Debug)]
pub(crate) struct Turns {
    /// Where one connection writes: the queue for it, with its durability, unknown while that is being set.
    queue: Option<Arc<Mutex<Option<Durability>>>>,
    /// Whoever works in the background stands here until the one before is done.
    background: Arc<Mutex<()>>,
    others: Arc<watch::Sender<Others>>,
    patience: Duration,
}

/// Who does not work in the background: how many write or are about to, and since when nobody does.
#[derive(Debug)]
struct Others {
    count: usize,
    none_since: Instant,
}

/// Counts as one of the others until it is dropped.
#[derive(Debug)]
struct Other(Arc<watch::Sender<Others>>);

impl Other {
    fn new(others: &Arc<watch::Sender<Others>>) -> Self {
        others.send_modify(|others| others.count += 1);
        Self(others.clone())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.send_modify(|others| {
            others.count -= 1;
            others.none_since = Instant::now();
        });
    }
}

/// The right to write.
#[derive(Debug)]
pub(crate) struct Turn {
    _queue: Option<OwnedMutexGuard<Option<Durability>>>,
    _background: Option<OwnedMutexGuard<()>>,
    _other: Option<Other>,
}

impl Turns {
    /// `one_by_one`: whether all write over one connection.
    pub(crate) fn new(one_by_one: bool, patience: Duration) -> Self {
        Self {
            queue: one_by_one.then(Arc::default),
            background: Arc::default(),
            others: Arc::new(watch::Sender::new(Others {
                count: 0,
                none_since: Instant::now(),
            })),
            patience,
        }
    }

    /// Waits for the turn, and on SQLite sets the connection's durability, which it takes outside of transactions alone.
    pub(crate) async fn take(
        &self,
        write: &DatabaseConnection,
        durability: Durability,
        in_background: bool,
    ) -> Result<Turn> {
        let background = match in_background {
            true => Some(self.pause().await),
            false => None,
        };
        let other = (!in_background).then(|| Other::new(&self.others));
        let queue = match &self.queue {
            Some(queue) => Some(self.stand_in(queue, write, durability).await?),
            None => None,
        };
        Ok(Turn {
            _queue: queue,
            _background: background,
            _other: other,
        })
    }

    async fn stand_in(
        &self,
        queue: &Arc<Mutex<Option<Durability>>>,
        write: &DatabaseConnection,
        durability: Durability,
    ) -> Result<OwnedMutexGuard<Option<Durability>>> {
        let turn = timeout(self.patience, queue.clone().lock_owned()).await;
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
        Ok(turn)
    }

    /// Waits for a pause of the others.
    async fn pause(&self) -> OwnedMutexGuard<()> {
        let first = self.background.clone().lock_owned().await;
        let mut others = self.others.subscribe();
        let pause = async {
            loop {
                let pause_at = {
                    let now = others.borrow_and_update();
                    (now.count == 0).then_some(now.none_since + PAUSE)
                };
                tokio::select! {
                    () = sleep_until(pause_at.unwrap_or_else(Instant::now)), if pause_at.is_some() => return,
                    _ = others.changed() => {}
                }
            }
        };
        let _ = timeout(LONGEST, pause).await;
        first
    }
}
