//! The rate budget of a connection, for showing it.

use crate::clients::NotReady;
use crate::store::Store;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{Connection, SecretKind};
use earmark_intercom::BudgetSnapshot;
use earmark_model::WorkspaceId;

/// How the calls of the present 10-second window are used. Where several processes share the budget, lanes lease
/// calls in slices, so a few may not be made yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetUse {
    /// Calls that Intercom allows in a window, as it last said.
    pub limit: i64,
    /// Those that people's requests took.
    pub interactive: i64,
    /// Those that webhook work took.
    pub webhook: i64,
    /// Those that copying in bulk took.
    pub backfill: i64,
    /// Those that others made through the same app, as far as Intercom's answers tell.
    pub others: i64,
    /// When the window ends.
    pub ends_at: DateTime<Utc>,
    /// Until when Intercom refuses calls, if it does.
    pub refused_until: Option<DateTime<Utc>>,
}

impl BudgetUse {
    /// `None` before Intercom told its limit.
    fn of(seen: BudgetSnapshot) -> Option<Self> {
        let BudgetSnapshot {
            limit,
            left,
            interactive,
            webhook,
            backfill,
            resets_at,
            refused_until,
        } = seen;
        let limit = i64::from(limit?);
        let [interactive, webhook, backfill] = [interactive, webhook, backfill].map(i64::from);
        let used = limit - i64::from(left?);
        Some(Self {
            limit,
            interactive,
            webhook,
            backfill,
            others: (used - interactive - webhook - backfill).max(0),
            ends_at: resets_at?,
            refused_until,
        })
    }

    /// Calls that are left in the window.
    #[must_use]
    pub fn left(&self) -> i64 {
        let taken = self.interactive + self.webhook + self.backfill + self.others;
        (self.limit - taken).max(0)
    }
}

impl Store {
    /// How a connection's rate budget is used now; `None` before the first answer through the present credentials. Asks
    /// nobody but us.
    ///
    /// # Errors
    /// [`NotReady`] when the credentials cannot be opened.
    pub async fn budget_use(
        &self,
        workspace: WorkspaceId,
        connection: &Connection,
    ) -> Result<Option<BudgetUse>, NotReady> {
        let tenant = self.db.workspace(workspace);
        let tokens = tenant
            .secrets(connection.id, SecretKind::AccessToken)
            .await?;
        let Some(stored) = tokens.first() else {
            return Ok(None);
        };
        let key = self.budget_key(workspace, connection, stored)?;
        Ok(self.budget.snapshot(&key).await.and_then(BudgetUse::of))
    }
}
