//! Group commit: concurrent requests share one transaction.

use earmark_db::across::{NewDelivery, Stored};
use earmark_db::{Db, Error, Result};
use tokio::sync::{mpsc, oneshot};

/// Deliveries that may wait for the writers; beyond that, requests are answered 503 at once.
const QUEUE: usize = 8 * 1024;

/// How deliveries share transactions.
#[derive(Debug, Clone, Copy)]
pub struct Batching {
    /// Deliveries in one transaction at most; 1 gives each request a transaction of its own.
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

struct Letter {
    delivery: NewDelivery,
    answer: oneshot::Sender<Result<Stored, StoreError>>,
}

/// The writers' letter slot. Cheap to clone; the writers end with its last clone.
#[derive(Debug, Clone)]
pub struct Writer(mpsc::Sender<Letter>);

impl Writer {
    /// Starts the writers. Must be called within the runtime.
    #[must_use]
    pub fn start(db: Db, batching: Batching) -> Self {
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
                    write(&db, std::mem::take(&mut batch)).await;
                }
            });
        }
        Self(slot)
    }

    /// Stores a delivery; answers once it is durable.
    ///
    /// # Errors
    /// [`StoreError`]: it is not stored.
    pub async fn store(&self, delivery: NewDelivery) -> Result<Stored, StoreError> {
        let (answer, stored) = oneshot::channel();
        self.0
            .try_send(Letter { delivery, answer })
            .map_err(|_| StoreError::Full)?;
        stored
            .await
            .unwrap_or_else(|_| Err(StoreError::Refused("the writer has ended".to_owned())))
    }
}

async fn write(db: &Db, batch: Vec<Letter>) {
    // Nobody waits any more for a letter whose request has been answered 503: Intercom sends it again.
    let (deliveries, answers): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .filter(|letter| !letter.answer.is_closed())
        .map(|letter| (letter.delivery, letter.answer))
        .unzip();
    if deliveries.is_empty() {
        return;
    }
    match commit(db, &deliveries).await {
        Ok(stored) => answer_all(answers, stored.into_iter().map(Ok)),
        Err(error @ Error::Unavailable(_)) => {
            tracing::warn!(%error, deliveries = deliveries.len(), "cannot store deliveries");
            let refused = StoreError::Refused(error.to_string());
            answer_all(answers, std::iter::repeat(Err(refused)));
        }
        // One bad row must not take the others with it.
        Err(error) => {
            tracing::warn!(%error, deliveries = deliveries.len(), "the database refused a batch; trying its rows singly");
            for (delivery, answer) in deliveries.iter().zip(answers) {
                let stored = commit(db, std::slice::from_ref(delivery)).await;
                let stored = stored
                    .map(|one| one[0])
                    .map_err(|error| StoreError::Refused(error.to_string()));
                let _ = answer.send(stored);
            }
        }
    }
}

fn answer_all(
    answers: Vec<oneshot::Sender<Result<Stored, StoreError>>>,
    stored: impl Iterator<Item = Result<Stored, StoreError>>,
) {
    for (answer, stored) in answers.into_iter().zip(stored) {
        // The request may have been answered 503 meanwhile; a repeat is then recognised as one.
        let _ = answer.send(stored);
    }
}

async fn commit(db: &Db, deliveries: &[NewDelivery]) -> Result<Vec<Stored>> {
    let tx = db.begin().await?;
    let stored = tx.across().store_deliveries(deliveries).await?;
    tx.commit().await?;
    Ok(stored)
}
