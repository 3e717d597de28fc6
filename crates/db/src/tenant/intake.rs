//! What the letterbox notes of a connection beside its deliveries.

use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use earmark_model::{AnswerBucket, AnswerTimes, ConnectionId};
use sea_orm::FromQueryResult;

/// How long answer times are kept.
const KEPT: TimeDelta = TimeDelta::days(8);
/// How exactly the last HEAD is known.
const HEAD_EVERY: TimeDelta = TimeDelta::minutes(1);

#[derive(FromQueryResult)]
struct BucketRow {
    bucket: i32,
    count: i64,
}

impl<S: Source> Tenant<'_, S> {
    /// How long the answers to a connection's webhooks took, from the hour of `since` on.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn answer_times(
        &self,
        connection: ConnectionId,
        since: DateTime<Utc>,
    ) -> Result<AnswerTimes> {
        let sql = "SELECT bucket, count FROM answer_times WHERE workspace_id = $1 AND connection_id = $2 AND hour >= $3";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            hour(since).into(),
        ];
        let rows: Vec<BucketRow> = sql::all(self.on(), sql, values).await?;
        let mut times = AnswerTimes::default();
        for BucketRow { bucket, count } in rows {
            let broken = || Error::contradiction("answer_times", connection.0, "no such bucket");
            let bucket = AnswerBucket::from_number(bucket).ok_or_else(broken)?;
            times.add(bucket, count.unsigned_abs());
        }
        Ok(times)
    }
}

impl Tenant<'_, Tx> {
    /// Counts answers that were given in the hour of `at`, and forgets what is older than eight days.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn add_answer_times(
        &self,
        connection: ConnectionId,
        at: DateTime<Utc>,
        answers: &[(AnswerBucket, u32)],
    ) -> Result<()> {
        let sql =
            "DELETE FROM answer_times WHERE workspace_id = $1 AND connection_id = $2 AND hour < $3";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            hour(self.now() - KEPT).into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        let sql = "INSERT INTO answer_times (workspace_id, connection_id, hour, bucket, count) \
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace_id, connection_id, hour, bucket) \
            DO UPDATE SET count = answer_times.count + excluded.count";
        for (bucket, count) in answers {
            let values = vec![
                self.workspace().into(),
                connection.0.into(),
                hour(at).into(),
                i32::from(bucket.number()).into(),
                i64::from(*count).into(),
            ];
            sql::execute(self.on(), sql, values).await?;
        }
        Ok(())
    }

    /// Notes that a connection's webhook address was tested with HEAD; writes once a minute at most.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn saw_head(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE connections SET last_head_at = $3 WHERE workspace_id = $1 AND id = $2 \
            AND (last_head_at IS NULL OR last_head_at <= $4)";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            at.into(),
            (at - HEAD_EVERY).into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Takes the right to ask Intercom now whether a connection's app was uninstalled: false when that was asked less than
    /// `every` ago, by whichever process.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ask_uninstall(&self, connection: ConnectionId, every: TimeDelta) -> Result<bool> {
        let sql = "UPDATE connections SET uninstall_asked_at = $3 WHERE workspace_id = $1 AND id = $2 \
            AND (uninstall_asked_at IS NULL OR uninstall_asked_at <= $4)";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            self.now().into(),
            (self.now() - every).into(),
        ];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }
}

fn hour(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}
