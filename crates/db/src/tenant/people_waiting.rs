//! Contacts and companies of which only the id is known, and that Intercom is to be asked for.

use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::ConnectionId;
use sea_orm::FromQueryResult;

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Incomplete {
    /// A contact.
    Contact,
    /// A company.
    Company,
}

impl Incomplete {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
        }
    }
}

/// One that waits.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct WaitingPerson {
    /// Intercom's id.
    pub id: String,
    /// When it was last noted that Intercom is to be asked, or when it is to be asked next.
    pub asked_at: DateTime<Utc>,
}

impl<S: Source> Tenant<'_, S> {
    /// Those that wait and are due, the longest waiting first; up to `most`.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn waiting_people(
        &self,
        connection: ConnectionId,
        kind: Incomplete,
        most: u64,
    ) -> Result<Vec<WaitingPerson>> {
        let sql = format!(
            "SELECT id, asked_at FROM people_waiting WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3 \
            AND asked_at <= $4 ORDER BY asked_at, id LIMIT {most}"
        );
        let mut values = self.ids(connection, &[kind.as_str()]);
        values.push(self.now().into());
        sql::all(self.on(), &sql, values).await
    }

    /// When the first of a connection that waits is to be asked for; none when nobody waits.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn next_waiting_person(
        &self,
        connection: ConnectionId,
    ) -> Result<Option<DateTime<Utc>>> {
        let sql = "SELECT asked_at FROM people_waiting WHERE workspace_id = $1 AND connection_id = $2 \
            ORDER BY asked_at LIMIT 1";
        let next = sql::column(self.on(), sql, self.ids(connection, &[])).await?;
        Ok(next.first().copied())
    }
}

impl Tenant<'_, Tx> {
    /// Forgets all that wait at a connection.
    pub(crate) async fn await_nobody(&self, connection: ConnectionId) -> Result<()> {
        let sql = "DELETE FROM people_waiting WHERE workspace_id = $1 AND connection_id = $2";
        sql::execute(self.on(), sql, self.ids(connection, &[]))
            .await
            .map(drop)
    }

    /// Notes that Intercom is to be asked for one. Noting it twice asks once, and an answer to a question from before the
    /// second is not enough.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn await_person(
        &self,
        connection: ConnectionId,
        kind: Incomplete,
        id: &str,
    ) -> Result<()> {
        let sql = "INSERT INTO people_waiting (workspace_id, connection_id, kind, id, asked_at) VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (workspace_id, connection_id, kind, id) DO UPDATE SET asked_at = excluded.asked_at";
        let mut values = self.ids(connection, &[kind.as_str(), id]);
        values.push(self.now().into());
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Notes that Intercom answered for one, as it waited when the question was made: one that waits anew since goes on
    /// waiting.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn answered_person(
        &self,
        connection: ConnectionId,
        kind: Incomplete,
        waiting: &WaitingPerson,
    ) -> Result<()> {
        let WaitingPerson { id, asked_at } = waiting;
        let sql = "DELETE FROM people_waiting WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3 AND id = $4 \
            AND asked_at <= $5";
        let mut values = self.ids(connection, &[kind.as_str(), id]);
        values.push((*asked_at).into());
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Puts off the question for one that waits, so that it keeps nobody else from being asked for. One that waits anew
    /// since is not put off.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn put_off_person(
        &self,
        connection: ConnectionId,
        kind: Incomplete,
        waiting: &WaitingPerson,
        until: DateTime<Utc>,
    ) -> Result<()> {
        let WaitingPerson { id, asked_at } = waiting;
        let sql = "UPDATE people_waiting SET asked_at = $6 WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3 \
            AND id = $4 AND asked_at <= $5";
        let mut values = self.ids(connection, &[kind.as_str(), id]);
        values.extend([(*asked_at).into(), until.into()]);
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Notes that one waits no more, whatever is asked.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn waits_no_more(
        &self,
        connection: ConnectionId,
        kind: Incomplete,
        id: &str,
    ) -> Result<()> {
        let sql = "DELETE FROM people_waiting WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3 AND id = $4";
        let values = self.ids(connection, &[kind.as_str(), id]);
        sql::execute(self.on(), sql, values).await.map(drop)
    }
}
