//! Ids of contacts and companies, a stretch at a time, for passes over a connection's whole copy.

use crate::error::Result;
use crate::scope::{Source, Tenant};
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, RunId};
use sea_orm::Value;

/// Which contacts a pass looks at. Merged ones are never among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactPass {
    /// Those that Intercom's API shows.
    Live,
    /// Those that Intercom's API shows no more: it may have deleted them since.
    Archived,
    /// Live ones whose lists Intercom cut: their companies and tags need calls of their own.
    Cut,
}

impl ContactPass {
    const fn condition(self) -> &'static str {
        match self {
            Self::Live => "merged_into IS NULL AND archived_at IS NULL",
            Self::Archived => "merged_into IS NULL AND archived_at IS NOT NULL",
            Self::Cut => "merged_into IS NULL AND archived_at IS NULL AND lists_cut",
        }
    }
}

/// Not seen by a run, and last seen before it began.
const UNSEEN: &str =
    "archived_at IS NULL AND (seen_in IS NULL OR seen_in <> $4) AND observed_at < $5";

impl<S: Source> Tenant<'_, S> {
    async fn ids_after(
        &self,
        table: &str,
        condition: &str,
        most: u64,
        values: Vec<Value>,
    ) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT id FROM {table} WHERE workspace_id = $1 AND connection_id = $2 AND id > $3 AND {condition} \
            ORDER BY id LIMIT {most}"
        );
        sql::column(self.on(), &sql, values).await
    }

    /// Contacts of a connection after an id, up to `most`.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn contact_ids(
        &self,
        connection: ConnectionId,
        pass: ContactPass,
        after: &str,
        most: u64,
    ) -> Result<Vec<String>> {
        let values = self.ids(connection, &[after]);
        self.ids_after("contacts", pass.condition(), most, values)
            .await
    }

    /// Contacts of a connection from a place on, counted from 0 in the order of their ids, up to `most`.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn contact_ids_at(
        &self,
        connection: ConnectionId,
        pass: ContactPass,
        place: u64,
        most: u64,
    ) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT id FROM contacts WHERE workspace_id = $1 AND connection_id = $2 AND {} \
            ORDER BY id LIMIT {most} OFFSET {place}",
            pass.condition()
        );
        sql::column(self.on(), &sql, self.ids(connection, &[])).await
    }

    /// How many contacts of a connection that were created before a run began were seen by it, or since it began.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn seen_contacts(
        &self,
        connection: ConnectionId,
        run: RunId,
        began: DateTime<Utc>,
    ) -> Result<i64> {
        let sql = "SELECT count(*) FROM contacts WHERE workspace_id = $1 AND connection_id = $2 \
            AND merged_into IS NULL AND archived_at IS NULL AND (seen_in = $3 OR observed_at >= $4) AND sort_created < $5";
        let mut values = self.ids(connection, &[]);
        values.extend([run.0.into(), began.into(), began.timestamp().into()]);
        sql::count(self.on(), sql, values).await
    }

    /// How many companies of a connection have people, as Intercom counted when it told of them.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn peopled_companies(&self, connection: ConnectionId) -> Result<i64> {
        let sql = "SELECT count(*) FROM companies WHERE workspace_id = $1 AND connection_id = $2 \
            AND archived_at IS NULL AND user_count > 0";
        sql::count(self.on(), sql, self.ids(connection, &[])).await
    }

    /// Contacts of a connection that a finished pass did not see, and that were seen before it began: they may be gone.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn unseen_contacts(
        &self,
        connection: ConnectionId,
        run: RunId,
        began: DateTime<Utc>,
        after: &str,
        most: u64,
    ) -> Result<Vec<String>> {
        let condition = format!("{UNSEEN} AND merged_into IS NULL");
        let mut values = self.ids(connection, &[after]);
        values.extend([run.0.into(), began.into()]);
        self.ids_after("contacts", &condition, most, values).await
    }

    /// Companies of a connection that a finished pass did not see, and that were seen before it began: they may be gone.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn unseen_companies(
        &self,
        connection: ConnectionId,
        run: RunId,
        began: DateTime<Utc>,
        after: &str,
        most: u64,
    ) -> Result<Vec<String>> {
        let mut values = self.ids(connection, &[after]);
        values.extend([run.0.into(), began.into()]);
        self.ids_after("companies", UNSEEN, most, values).await
    }
}
