//! Erasing what was copied through a disconnected connection, batch by batch, with how far it got.

use crate::entities::erasures;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use crate::tenant::companies::PEOPLE;
use chrono::{DateTime, Utc};
use earmark_model::ConnectionId;
use sea_orm::{EntityTrait, Value};

/// An erasure that a member asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Rows that were there when it was asked for.
    pub total: u64,
    /// Rows that are erased.
    pub done: u64,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When it was finished, if it is.
    pub finished_at: Option<DateTime<Utc>>,
    /// What is in its way, in words.
    pub note: Option<String>,
}

impl From<erasures::Model> for Erasure {
    fn from(row: erasures::Model) -> Self {
        let erasures::Model {
            workspace_id: _,
            connection_id: _,
            total,
            done,
            asked_at,
            finished_at,
            note,
        } = row;
        Self {
            total: total.unsigned_abs(),
            done: done.unsigned_abs(),
            asked_at,
            finished_at,
            note,
        }
    }
}

/// The note of a delivery that came to nothing because its connection was disconnected: all that stays of one.
pub const DISCONNECTED: &str = "ignored: disconnected";
/// A delivery that still tells what Intercom said. Notes name tags and companies.
const TELLS: &str = "(body IS NOT NULL OR note <> 'ignored: disconnected')";

impl<S: Source> Tenant<'_, S> {
    /// The last erasure of a connection, if there was one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn erasure(&self, connection: ConnectionId) -> Result<Option<Erasure>> {
        let row = erasures::Entity::find_by_id((self.workspace(), connection.0))
            .one(self.on())
            .await?;
        Ok(row.map(Erasure::from))
    }

    /// How many rows hold what was copied through a connection: conversations, payloads, contacts and companies with what
    /// links them, tags, teammates and teams.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn mirrored(&self, connection: ConnectionId) -> Result<u64> {
        let count = |table: &str, more: &str| {
            format!(
                "(SELECT count(*) FROM {table} WHERE workspace_id = $1 AND connection_id = $2{more})"
            )
        };
        let mut counts = vec![
            count("conversations", " AND gone_at IS NULL"),
            count(
                "deliveries",
                &format!(" AND outcome <> 'waiting' AND {TELLS}"),
            ),
        ];
        let whole = PEOPLE.iter().map(|(table, _)| *table);
        counts.extend(
            whole
                .chain(["tags", "admins", "teams"])
                .map(|table| count(table, "")),
        );
        let sql = format!("SELECT {}", counts.join(" + "));
        let found = sql::count(self.on(), &sql, self.of(connection)).await?;
        Ok(found.unsigned_abs())
    }

    /// Ids of conversations of a connection that are not gone, up to `most`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn standing_conversations(
        &self,
        connection: ConnectionId,
        most: u32,
    ) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT id FROM conversations WHERE workspace_id = $1 AND connection_id = $2 AND gone_at IS NULL \
            ORDER BY id LIMIT {most}"
        );
        sql::column(self.on(), &sql, self.of(connection)).await
    }

    /// Whether deliveries of a connection wait to be applied.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn has_waiting_deliveries(&self, connection: ConnectionId) -> Result<bool> {
        let sql = "SELECT count(*) FROM (SELECT 1 AS one FROM deliveries \
            WHERE workspace_id = $1 AND connection_id = $2 AND outcome = 'waiting' LIMIT 1) waiting";
        let found = sql::count(self.on(), sql, self.of(connection)).await?;
        Ok(found > 0)
    }

    fn of(&self, connection: ConnectionId) -> Vec<Value> {
        vec![self.workspace().into(), connection.0.into()]
    }
}

impl Tenant<'_, Tx> {
    /// Begins an erasure, in place of a former one.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is no such connection.
    pub async fn begin_erasure(&self, connection: ConnectionId) -> Result<()> {
        let total = self.mirrored(connection).await?;
        let sql = "INSERT INTO erasures (workspace_id, connection_id, total, done, asked_at) VALUES ($1, $2, $3, 0, $4) \
            ON CONFLICT (workspace_id, connection_id) DO UPDATE SET total = excluded.total, done = 0, \
            asked_at = excluded.asked_at, finished_at = NULL, note = NULL";
        let total = i64::try_from(total).unwrap_or(i64::MAX);
        let more = [total.into(), self.now().into()];
        self.change_erasure(connection, sql, more).await
    }

    /// Counts rows as erased; what came in addition makes the total larger.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn count_erased(&self, connection: ConnectionId, rows: u64) -> Result<()> {
        let sql = "UPDATE erasures SET done = done + $3, \
            total = CASE WHEN total < done + $3 THEN done + $3 ELSE total END, note = NULL \
            WHERE workspace_id = $1 AND connection_id = $2 AND finished_at IS NULL";
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        self.change_erasure(connection, sql, [rows.into()]).await
    }

    /// Notes in words what is in the way of an erasure.
    ///
    /// # Errors
    /// [`Error::Missing`] when it is finished.
    pub async fn note_erasure(&self, connection: ConnectionId, why: &str) -> Result<()> {
        let sql = "UPDATE erasures SET note = $3 WHERE workspace_id = $1 AND connection_id = $2 AND finished_at IS NULL";
        self.change_erasure(connection, sql, [why.into()]).await
    }

    /// Ends an erasure.
    ///
    /// # Errors
    /// [`Error::Missing`] when it is finished already.
    pub async fn finish_erasure(&self, connection: ConnectionId) -> Result<()> {
        let sql = "UPDATE erasures SET done = total, finished_at = $3, note = NULL \
            WHERE workspace_id = $1 AND connection_id = $2 AND finished_at IS NULL";
        self.change_erasure(connection, sql, [self.now().into()])
            .await
    }

    /// Drops payloads, and what the notes say of them, of up to `most` deliveries that do not wait. Gives how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn wipe_deliveries(&self, connection: ConnectionId, most: u32) -> Result<u64> {
        let sql = format!(
            "UPDATE deliveries SET body = NULL, note = CASE WHEN note = '{DISCONNECTED}' THEN note END \
            WHERE workspace_id = $1 AND id IN (SELECT id FROM deliveries \
            WHERE workspace_id = $1 AND connection_id = $2 AND outcome <> 'waiting' AND {TELLS} LIMIT {most})"
        );
        let dropped = sql::execute(self.on(), &sql, self.of(connection)).await?;
        if dropped > 0 {
            self.source.changed(self.id, ChangeKind::Deliveries);
        }
        Ok(dropped)
    }

    /// Drops the tags, teammates and teams of a connection, and which of the tags were chosen. Gives how many there were.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn drop_tags_and_admins(&self, connection: ConnectionId) -> Result<u64> {
        let mut dropped = 0;
        for table in ["tags", "admins", "teams"] {
            let sql = format!("DELETE FROM {table} WHERE workspace_id = $1 AND connection_id = $2");
            dropped += sql::execute(self.on(), &sql, self.of(connection)).await?;
        }
        dropped += self.drop_ticket_types(connection).await?;
        let sql = "DELETE FROM trigger_tags WHERE workspace_id = $1 AND connection_id = $2";
        sql::execute(self.on(), sql, self.of(connection)).await?;
        let sql = "UPDATE connections SET tags_fetched_at = NULL, tags_note = NULL WHERE workspace_id = $1 AND id = $2";
        self.change_connection(connection, sql, Vec::new()).await?;
        Ok(dropped)
    }

    async fn change_erasure(
        &self,
        connection: ConnectionId,
        sql: &str,
        more: impl IntoIterator<Item = Value>,
    ) -> Result<()> {
        let mut values = self.of(connection);
        values.extend(more);
        if sql::execute(self.on(), sql, values).await? == 0 {
            return Err(Error::Missing);
        }
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }
}
