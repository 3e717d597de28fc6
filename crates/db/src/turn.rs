//! Who writes when: work in the background in the pauses of all other, and on SQLite one after another in the order they
//! came.

use crate::error::{Error, Result};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// So long without another writer is a pause, in which whoever works in the background gets a turn: what one webhook leads
/// to is written in several transactions, one soon after the other.
const PAUSE: Duration = Duration::from_millis(8);
/// Others write when they had so many turns of late: what keeps a run itself going (its budget, its job's claim) has fewer.
const SOME: usize = 4;
const OF_LATE: Duration = Duration::from_secs(1);
/// While others write, who works in the background then rests so many times as long as its turn took: three quarters of the
/// time are theirs.
const REST: u32 = 3;
/// The longest rest; and without a pause, whoever works in the background gets a turn after this time.
const LONGEST: Duration = Duration::from_millis(150);

/// The writers of this process.
#[derive(Debug)]
pub(crate) struct Turns {
    /// Where one connection writes: the queue for it.
    queue: Option<Arc<Mutex<()>>>,
    /// Whoever works in the background stands here until the one before is done; when the next one may begin.
    background: Arc<Mutex<Instant>>,
    others: Arc<watch::Sender<Others>>,
    taken: AtomicU64,
    patience: Duration,
}

/// Who does not work in the background: how many write or are about to, since when nobody does, and when the last few were
/// done, the latest last.
#[derive(Debug)]
struct Others {
    count: usize,
    none_since: Instant,
    done: VecDeque<Instant>,
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
            others.done.push_back(others.none_since);
            if others.done.len() > SOME {
                others.done.pop_front();
            }
        });
    }
}

/// Keeps others from working in the background, and says when the next one may begin.
#[derive(Debug)]
struct Background {
    next_at: OwnedMutexGuard<Instant>,
    began: Instant,
}

impl Drop for Background {
    fn drop(&mut self) {
        *self.next_at = Instant::now() + REST * self.began.elapsed();
    }
}

/// The right to write.
#[derive(Debug)]
pub(crate) struct Turn {
    _queue: Option<OwnedMutexGuard<()>>,
    _background: Option<Background>,
    _other: Option<Other>,
}

impl Turns {
    /// `one_by_one`: whether all write over one connection.
    pub(crate) fn new(one_by_one: bool, patience: Duration) -> Self {
        Self {
            queue: one_by_one.then(Arc::default),
            background: Arc::new(Mutex::new(Instant::now())),
            others: Arc::new(watch::Sender::new(Others {
                count: 0,
                none_since: Instant::now(),
                done: VecDeque::new(),
            })),
            taken: AtomicU64::new(0),
            patience,
        }
    }

    /// Waits for the turn.
    pub(crate) async fn take(&self, in_background: bool) -> Result<Turn> {
        let mut background = match in_background {
            true => Some(self.pause().await),
            false => None,
        };
        let other = (!in_background).then(|| Other::new(&self.others));
        let queue = match &self.queue {
            Some(queue) => Some(self.stand_in(queue).await?),
            None => None,
        };
        if let Some(background) = &mut background {
            background.began = Instant::now();
        }
        self.taken.fetch_add(1, Ordering::Relaxed);
        Ok(Turn {
            _queue: queue,
            _background: background,
            _other: other,
        })
    }

    /// Whether hardly anybody wrote of late but whoever works in the background.
    pub(crate) fn is_quiet(&self) -> bool {
        let others = self.others.borrow();
        let earliest = others.done.front().filter(|_| others.done.len() >= SOME);
        earliest.is_none_or(|at| at.elapsed() > OF_LATE)
    }

    /// How many turns were taken.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    async fn stand_in(&self, queue: &Arc<Mutex<()>>) -> Result<OwnedMutexGuard<()>> {
        let turn = timeout(self.patience, queue.clone().lock_owned()).await;
        turn.map_err(|_| {
            Error::Unavailable("other writers kept the database busy for too long".to_owned())
        })
    }

    /// Waits for a pause of the others, and until the turn before is paid for with rest.
    async fn pause(&self) -> Background {
        let next_at = self.background.clone().lock_owned().await;
        if !self.is_quiet() {
            sleep_until((*next_at).min(Instant::now() + LONGEST)).await;
        }
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
        Background {
            next_at,
            began: Instant::now(),
        }
    }
}
