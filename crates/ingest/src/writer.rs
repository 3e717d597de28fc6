//! Group commit: concurrent requests share one transaction.

use earmark_db::across::{NewDelivery, Stored};
use earmark_db::{Db, Error, Result};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// Where a request waits to hear what became of its deliveries.
type Answer = oneshot::Sender<Result<Vec<Stored>, StoreError>>;

/// Requests that may wait for the writers; beyond that, requests are answered 503 at once.
const QUEUE: usize = 8 * 1024;

/// Bytes of bodies in one transaction at most, unless a single one is larger.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// How deliveries share transactions.
#[derive(Debug, Clone, Copy)]
pub struct Batching {
    /// Requests in one transaction at most; 1 gives each request a transaction of its own.
    pub max_batch: usize,
    /// Transactions at the same time.
    pub writers: usize,
}

impl Default for Batching {
    fn default() -> Self {
        Self {
            max_batch: 512,
            writers: 1,
        }
    }
}

/// Why a delivery was not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// More are waiting than the writers can take.
    #[error("too many deliveries are waiting")]
    Full,
    /// The database refused it, or could not be reached.
    #[error("{0}")]
    Refused(String),
}

/// The deliveries of one request, which are stored together or not at all.
struct Letter {
    deliveries: Vec<NewDelivery>,
    answer: Answer,
    room: Option<OwnedSemaphorePermit>,
}

/// The writers' letter slot. Cheap to clone; the writers end with its last clone.
#[derive(Debug, Clone)]
pub struct Writer(mpsc::Sender<Letter>);

impl Writer {
    /// Starts the writers, which give a transaction up when it is not committed `within` this time: a database that has
    /// gone silent must not hold them for ever. Must be called within the runtime.
    #[must_use]
    pub fn start(db: Db, batching: Batching, within: Duration) -> Self {
        let (slot, letters) = mpsc::channel(QUEUE);
        let letters = std::sync::Arc::new(tokio::sync::Mutex::new(letters));
        for _ in 0..batching.writers.max(1) {
            let (db, letters) = (db.clone(), letters.clone());
            tokio::spawn(async move {
                let mut batch = Vec::new();
                loop {
                    let taken = letters
                        .lock()
                        .await
                        .recv_many(&mut batch, batching.max_batch.max(1))
                        .await;
                    if taken == 0 {
                        return;
                    }
                    for part in by_size(std::mem::take(&mut batch)) {
                        write(&db, part, within).await;
                    }
                }
            });
        }
        Self(slot)
    }

    /// Stores a delivery; answers once it is durable.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known to be stored.
    pub async fn store(&self, delivery: NewDelivery) -> Result<Stored, StoreError> {
        let stored = self.store_together(vec![delivery]).await?;
        let stored = stored.into_iter().next();
        stored.ok_or_else(|| StoreError::Refused("the writer stored nothing".to_owned()))
    }

    /// Stores the deliveries of one request, all or none; answers, in their order, once they are durable.
    ///
    /// # Errors
    /// [`StoreError`]: none of them is known to be stored.
    pub async fn store_together(
        &self,
        deliveries: Vec<NewDelivery>,
    ) -> Result<Vec<Stored>, StoreError> {
        self.store_in(deliveries, None).await
    }

    /// Stores the deliveries of one request, all or none. Their bodies take room, which is free again when the deliveries
    /// are gone; that may be long after the request was answered.
    pub(crate) async fn store_in(
        &self,
        deliveries: Vec<NewDelivery>,
        room: Option<OwnedSemaphorePermit>,
    ) -> Result<Vec<Stored>, StoreError> {
        let (answer, stored) = oneshot::channel();
        let letter = Letter {
            deliveries,
            answer,
            room,
        };
        self.0.try_send(letter).map_err(|_| StoreError::Full)?;
        stored
            .await
            .unwrap_or_else(|_| Err(StoreError::Refused("the writer has ended".to_owned())))
    }
}

/// The letters in their order, in parts that one transaction takes.
fn by_size(letters: Vec<Letter>) -> Vec<Vec<Letter>> {
    let mut parts: Vec<Vec<Letter>> = Vec::new();
    let mut bytes = 0;
    for letter in letters {
        let bodies = letter.deliveries.iter();
        let size = bodies
            .map(|one| one.body.as_ref().map_or(0, Vec::len))
            .sum::<usize>();
        bytes += size;
        match parts.last_mut() {
            Some(part) if bytes <= BATCH_BYTES => part.push(letter),
            _ => {
                bytes = size;
                parts.push(vec![letter]);
            }
        }
    }
    parts
}

async fn write(db: &Db, batch: Vec<Letter>, within: Duration) {
    // Nobody waits any more for a letter whose request has been answered 503: Intercom sends it again.
    let waiting = batch
        .into_iter()
        .filter(|letter| !letter.answer.is_closed());
    let (mut deliveries, mut answers, mut _rooms) = (Vec::new(), Vec::new(), Vec::new());
    for letter in waiting {
        answers.push((letter.deliveries.len(), letter.answer));
        deliveries.extend(letter.deliveries);
        _rooms.push(letter.room);
    }
    if deliveries.is_empty() {
        return;
    }
    match commit(db, &deliveries, within).await {
        Ok(stored) => {
            let mut stored = stored.into_iter();
            answer_all(answers, |count| Ok(stored.by_ref().take(count).collect()));
        }
        Err(error @ Error::Unavailable(_)) => {
            tracing::warn!(%error, deliveries = deliveries.len(), "cannot store deliveries");
            let refused = StoreError::Refused(error.to_string());
            answer_all(answers, |_| Err(refused.clone()));
        }
        // One bad row must not take the other requests with it.
        Err(error) => {
            tracing::warn!(%error, deliveries = deliveries.len(), "the database refused a batch; trying its requests singly");
            let mut rest = deliveries.as_slice();
            for (count, answer) in answers {
                let (own, others) = rest.split_at(count);
                rest = others;
                let stored = commit(db, own, within).await;
                let _ = answer.send(stored.map_err(|error| StoreError::Refused(error.to_string())));
            }
        }
    }
}

/// Answers the requests in their order, each with what became of so many deliveries.
fn answer_all(
    answers: Vec<(usize, Answer)>,
    mut stored: impl FnMut(usize) -> Result<Vec<Stored>, StoreError>,
) {
    for (count, answer) in answers {
        // The request may have been answered 503 meanwhile; a repeat is then recognised as one.
        let _ = answer.send(stored(count));
    }
}

async fn commit(db: &Db, deliveries: &[NewDelivery], within: Duration) -> Result<Vec<Stored>> {
    let committed = async {
        let tx = db.begin().await?;
        let stored = tx.across().store_deliveries(deliveries).await?;
        tx.commit().await?;
        Ok(stored)
    };
    tokio::time::timeout(within, committed)
        .await
        .unwrap_or_else(|_| Err(Error::Unavailable("it did not answer in time".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_model::{ConnectionId, WorkspaceId};
    use uuid::Uuid;

    fn letter(bytes: usize) -> Letter {
        let delivery = NewDelivery {
            workspace: WorkspaceId(Uuid::nil()),
            connection: ConnectionId(Uuid::nil()),
            dedupe_key: String::new(),
            notification_id: None,
            topic: None,
            subject: None,
            finished: None,
            received_at: chrono::DateTime::UNIX_EPOCH,
            lane_at: chrono::DateTime::UNIX_EPOCH,
            body: Some(vec![0; bytes]),
        };
        let (answer, _) = oneshot::channel();
        Letter {
            deliveries: vec![delivery],
            answer,
            room: None,
        }
    }

    #[test]
    fn a_transaction_takes_a_bounded_number_of_bytes() {
        let third = BATCH_BYTES / 3;
        let sizes = [third, third, third, third, BATCH_BYTES + 1, 1];
        let parts = by_size(sizes.into_iter().map(letter).collect());
        let counts: Vec<_> = parts.iter().map(Vec::len).collect();
        assert_eq!(counts, [3, 1, 1, 1]);
    }
}
