//! The rate budget: how many calls may still be made in Intercom's current window, and by whom.
//!
//! Intercom counts calls per app and Intercom workspace in windows of ten seconds and tells the window's limit,
//! the calls left and the time of reset in headers of every answer ("Rate limiting" in its API reference). The
//! limit is therefore learned and never assumed.

mod local;
mod shares;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

pub use local::LocalBudget;
pub use shares::Shares;

use crate::token::Token;

/// Intercom's window.
const WINDOW: TimeDelta = TimeDelta::seconds(10);

/// Whose calls count together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BudgetKey {
    /// The OAuth app's client id, or the fingerprint of a pasted token.
    pub credential: String,
    /// The Intercom workspace's `app_id`; empty while it is not known.
    pub app_id: String,
}

impl BudgetKey {
    /// The key of one credential in one Intercom workspace.
    #[must_use]
    pub fn new(credential: impl Into<String>, app_id: impl Into<String>) -> Self {
        Self {
            credential: credential.into(),
            app_id: app_id.into(),
        }
    }

    /// The key of a token whose Intercom workspace is not known yet.
    #[must_use]
    pub fn unproven(token: &Token) -> Self {
        Self::new(token.fingerprint(), "")
    }
}

/// Who is asking. When calls run short, the first lane goes before the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// A person is waiting.
    Interactive,
    /// Work that a webhook caused.
    Webhook,
    /// Copying in bulk: takes only the spare.
    Backfill,
}

/// No call may be made before this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitUntil(pub DateTime<Utc>);

/// What an answer said about the budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Calls allowed in the current window (`X-RateLimit-Limit`).
    pub limit: Option<u32>,
    /// Calls left in it (`X-RateLimit-Remaining`).
    pub remaining: Option<u32>,
    /// When it ends (`X-RateLimit-Reset`).
    pub reset_at: Option<DateTime<Utc>>,
    /// After a refusal (429): when to call again.
    pub refused_until: Option<DateTime<Utc>>,
}

/// The state of a budget, for showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSnapshot {
    /// Calls allowed in a window; none before the first answer.
    pub limit: Option<u32>,
    /// Calls left in the current window, as far as known; none before the first answer.
    pub left: Option<u32>,
    /// Calls of the current window that people's requests took. Where several processes share the budget, lanes take
    /// calls in slices, so a few may not be made yet.
    pub interactive: u32,
    /// Those that webhook work took.
    pub webhook: u32,
    /// Those that copying in bulk took.
    pub backfill: u32,
    /// When the current window ends.
    pub resets_at: Option<DateTime<Utc>>,
    /// Set while Intercom refuses calls.
    pub refused_until: Option<DateTime<Utc>>,
}

/// Where calls are counted. One store is shared by all clients with the same key, in one process
/// ([`LocalBudget`]) or in several (a database store).
#[async_trait]
pub trait RateBudget: Send + Sync {
    /// Takes one call from the budget.
    ///
    /// # Errors
    /// [`WaitUntil`] with the time to ask again, when the lane has none left in this window.
    async fn acquire(&self, key: &BudgetKey, lane: Lane) -> Result<(), WaitUntil>;

    /// Learns from an answer.
    async fn observe(&self, key: &BudgetKey, seen: Observation);

    /// The present state; none for a key that made no call yet.
    async fn snapshot(&self, key: &BudgetKey) -> Option<BudgetSnapshot>;
}
