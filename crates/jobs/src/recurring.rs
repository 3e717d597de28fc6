//! Work that comes round by the clock.

use async_trait::async_trait;
use earmark_db::{Db, Result};
use std::sync::Arc;

/// Work that comes round by the clock and not because something happened. It is planned in the database, so that what
/// was missed while no process ran is asked for when one runs again.
#[async_trait]
pub trait Recurring: Send + Sync {
    /// What it asks for, for the log.
    fn name(&self) -> &'static str;

    /// Enqueues what is due; gives the number. Every process looks about once a minute, so whoever enqueues also moves
    /// the next time, in one transaction that only one process wins.
    ///
    /// # Errors
    /// Those of the database; the next look tries again.
    async fn enqueue_due(&self, db: &Db) -> Result<usize>;
}

/// All the work that comes round.
#[derive(Clone, Default)]
pub struct Rounds(Vec<Arc<dyn Recurring>>);

impl std::fmt::Debug for Rounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|one| one.name()))
            .finish()
    }
}

impl Rounds {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds work.
    #[must_use]
    pub fn with(mut self, work: impl Recurring + 'static) -> Self {
        self.0.push(Arc::new(work));
        self
    }

    /// Enqueues all that is due; gives the number of jobs. What fails keeps none of the others from being asked for.
    pub async fn enqueue_due(&self, db: &Db) -> usize {
        let mut asked = 0;
        for work in &self.0 {
            match work.enqueue_due(db).await {
                Ok(some) => asked += some,
                Err(error) => {
                    tracing::warn!(work = work.name(), %error, "cannot look for what is due; trying again");
                }
            }
        }
        asked
    }
}
