//! How long a workspace keeps the payloads of its deliveries. The log's lines stay; only the bodies go.

use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use std::ops::RangeInclusive;

/// Days that payloads can be kept for.
pub const PAYLOAD_DAYS: RangeInclusive<i32> = 1..=365;

#[derive(FromQueryResult)]
struct DaysRow {
    payload_days: i32,
}

impl<S: Source> Tenant<'_, S> {
    /// For how many days payloads are kept; 30 unless the workspace said otherwise.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn payload_days(&self) -> Result<i32> {
        let sql = "SELECT payload_days FROM workspaces WHERE id = $1";
        let row: Option<DaysRow> = sql::one(self.on(), sql, vec![self.workspace().into()]).await?;
        row.map(|row| row.payload_days).ok_or(Error::Missing)
    }
}

impl Tenant<'_, Tx> {
    /// Sets for how many days payloads are kept, within [`PAYLOAD_DAYS`].
    ///
    /// # Errors
    /// [`Error::Missing`], also for a number outside the range.
    pub async fn set_payload_days(&self, days: i32) -> Result<()> {
        if !PAYLOAD_DAYS.contains(&days) {
            return Err(Error::Missing);
        }
        let sql =
            "UPDATE workspaces SET payload_days = $2, payloads_dropped_at = NULL WHERE id = $1";
        match sql::execute(self.on(), sql, vec![self.workspace().into(), days.into()]).await? {
            0 => Err(Error::Missing),
            _ => Ok(()),
        }
    }

    /// Drops the payloads of finished deliveries received before a time, up to `most`; gives how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn drop_payloads(&self, before: DateTime<Utc>, most: u64) -> Result<u64> {
        let sql = format!(
            "UPDATE deliveries SET body = NULL WHERE workspace_id = $1 AND id IN (SELECT id FROM deliveries \
            WHERE workspace_id = $1 AND received_at < $2 AND body IS NOT NULL AND outcome <> 'waiting' \
            ORDER BY received_at LIMIT {most})"
        );
        sql::execute(
            self.on(),
            &sql,
            vec![self.workspace().into(), before.into()],
        )
        .await
    }

    /// Notes that all old payloads were dropped just now.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn dropped_payloads(&self) -> Result<()> {
        let sql = "UPDATE workspaces SET payloads_dropped_at = $2 WHERE id = $1";
        let values = vec![self.workspace().into(), self.now().into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }
}
