//! What runs a job, and what it says afterwards.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use earmark_model::{ClaimedJob, JobKind};
use std::collections::HashMap;
use std::sync::Arc;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The work is done.
    Done,
    /// The work is done, and the transaction that did the last of it ended the job.
    Ended,
    /// There is more of it, but others that wait get their turn first; this attempt does not count.
    Yield,
    /// It failed in a way that may pass; try again later, up to the job's attempts. The words are kept.
    Retry(String),
    /// It has to wait until a known time (a rate limit), for a second at least; this attempt does not count.
    Snooze(DateTime<Utc>),
    /// It failed for good. The words are kept.
    Fail(String),
}

impl From<earmark_db::Error> for Verdict {
    fn from(error: earmark_db::Error) -> Self {
        match error {
            earmark_db::Error::Contradiction { .. } => Self::Fail(error.to_string()),
            _ => Self::Retry(error.to_string()),
        }
    }
}

/// Runs jobs of one kind. Must be idempotent: a job may run again after a crash.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Runs one attempt.
    async fn run(&self, job: &ClaimedJob) -> Verdict;
}

/// The handlers by kind.
#[derive(Clone, Default)]
pub struct Handlers(HashMap<JobKind, Arc<dyn Handler>>);

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Handlers {
    /// No handlers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the handler of a kind.
    #[must_use]
    pub fn with(mut self, kind: JobKind, handler: impl Handler + 'static) -> Self {
        self.0.insert(kind, Arc::new(handler));
        self
    }

    /// The kinds that can be run here; others are left to processes that know them.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = JobKind> {
        JobKind::ALL
            .iter()
            .copied()
            .filter(|kind| self.0.contains_key(kind))
    }

    pub(crate) fn get(&self, kind: JobKind) -> Option<Arc<dyn Handler>> {
        self.0.get(&kind).cloned()
    }
}
