//! The shared rate budget. It is keyed by app or token and Intercom workspace, which several of our tenants may share.

use super::Across;
use crate::error::Result;
use crate::scope::{Source, Tx};
use crate::sql;
use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;

/// What is known of one budget.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct RateRow {
    /// The 10-second window, in Unix seconds of its start.
    pub window_at: i64,
    /// Calls leased to processes in that window, and those that others made as far as Intercom's answers tell.
    pub leased: i64,
    /// Those of them that people's requests leased.
    pub interactive: i64,
    /// Those that webhook work leased.
    pub webhook: i64,
    /// Those that copying in bulk leased.
    pub backfill: i64,
    /// The window's limit as last seen in an answer.
    pub limit_seen: i64,
    /// What Intercom said was left, if it said so in that window.
    pub remaining_seen: Option<i64>,
    /// Nothing may be sent before this.
    pub refused_until: Option<DateTime<Utc>>,
}

const READ: &str = "SELECT window_at, leased, interactive, webhook, backfill, limit_seen, remaining_seen, \
    refused_until FROM rate_budgets WHERE key = $1";

impl<S: Source> Across<'_, S> {
    /// A budget, without changing it.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn rate_budget(&self, key: &str) -> Result<Option<RateRow>> {
        sql::one(self.on(), READ, vec![key.into()]).await
    }
}

impl Across<'_, Tx> {
    /// A budget, locked until the transaction ends; made with `limit` when there is none.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn lock_rate_budget(&self, key: &str, limit: i64) -> Result<RateRow> {
        let sql = "INSERT INTO rate_budgets (key, window_at, leased, limit_seen) VALUES ($1, 0, 0, $2) \
            ON CONFLICT (key) DO UPDATE SET key = excluded.key \
            RETURNING window_at, leased, interactive, webhook, backfill, limit_seen, remaining_seen, refused_until";
        let row = sql::one(self.on(), sql, vec![key.into(), limit.into()]).await?;
        row.ok_or(crate::Error::Missing)
    }

    /// Stores a locked budget.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn put_rate_budget(&self, key: &str, row: &RateRow) -> Result<()> {
        let RateRow {
            window_at,
            leased,
            interactive,
            webhook,
            backfill,
            limit_seen,
            remaining_seen,
            refused_until,
        } = row;
        let sql = "UPDATE rate_budgets SET window_at = $2, leased = $3, limit_seen = $4, remaining_seen = $5, \
            refused_until = $6, interactive = $7, webhook = $8, backfill = $9 WHERE key = $1";
        let values = vec![
            key.into(),
            (*window_at).into(),
            (*leased).into(),
            (*limit_seen).into(),
            (*remaining_seen).into(),
            (*refused_until).into(),
            (*interactive).into(),
            (*webhook).into(),
            (*backfill).into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }
}
