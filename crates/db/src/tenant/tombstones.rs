//! What Intercom's users erased and must never be stored again, what a member had erased here, and the locks under which
//! that is decided.

use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use earmark_model::ConnectionId;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Value};

/// What of a conversation must not be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tombstones {
    /// All of it, for good: it was deleted at Intercom.
    pub whole: bool,
    /// All of it, until it is tagged anew: a member had our copy erased after disconnecting.
    pub copy: bool,
    /// These messages, for good: they were redacted at Intercom.
    pub messages: Vec<String>,
}

#[derive(FromQueryResult)]
struct TombstoneRow {
    kind: String,
    message_id: String,
}

#[derive(FromQueryResult)]
struct SubjectRow {
    subject_id: String,
}

/// The message id of a tombstone that covers all of its subject.
const WHOLE: &str = "";
const CONVERSATION: &str = "conversation";
const CONTACT: &str = "contact";
/// Our copy of a conversation, of which nobody at Intercom erased anything.
const COPY: &str = "copy";

impl<S: Source> Tenant<'_, S> {
    /// What of a conversation must not be stored.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn tombstones(
        &self,
        connection: ConnectionId,
        conversation: &str,
    ) -> Result<Tombstones> {
        let sql = "SELECT kind, message_id FROM tombstones \
            WHERE workspace_id = $1 AND connection_id = $2 AND kind IN ($3, $5) AND subject_id = $4";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            CONVERSATION.into(),
            conversation.into(),
            COPY.into(),
        ];
        let mut found = Tombstones::default();
        let rows: Vec<TombstoneRow> = sql::all(self.on(), sql, values).await?;
        for TombstoneRow { kind, message_id } in rows {
            match (kind.as_str(), message_id.as_str()) {
                (COPY, _) => found.copy = true,
                (_, WHOLE) => found.whole = true,
                _ => found.messages.push(message_id),
            }
        }
        Ok(found)
    }

    /// Which of these contacts were deleted at Intercom.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn deleted_contacts(
        &self,
        connection: ConnectionId,
        contacts: &[String],
    ) -> Result<Vec<String>> {
        if contacts.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (0..contacts.len()).map(|n| format!("${}", n + 4)).collect();
        let sql = format!(
            "SELECT subject_id FROM tombstones WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3 \
            AND subject_id IN ({})",
            places.join(", ")
        );
        let mut values: Vec<Value> =
            vec![self.workspace().into(), connection.0.into(), CONTACT.into()];
        values.extend(contacts.iter().map(|contact| Value::from(contact.as_str())));
        let rows: Vec<SubjectRow> = sql::all(self.on(), &sql, values).await?;
        Ok(rows.into_iter().map(|row| row.subject_id).collect())
    }
}

impl Tenant<'_, Tx> {
    /// Takes the lock of a conversation until the transaction ends, so that what is decided from its tombstones holds.
    /// On SQLite the writer's transaction is that lock.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn lock_conversation(
        &self,
        connection: ConnectionId,
        conversation: &str,
    ) -> Result<()> {
        let key = format!("{}:{connection}:{conversation}", self.id);
        self.advisory_lock("pg_advisory_xact_lock", key).await
    }

    /// Takes the lock of a contact until the transaction ends, after that of the conversation: `erasing` for oneself,
    /// otherwise together with all others who only store what the contact wrote.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn lock_contact(
        &self,
        connection: ConnectionId,
        contact: &str,
        erasing: bool,
    ) -> Result<()> {
        let key = format!("{}:{connection}:contact:{contact}", self.id);
        let function = if erasing {
            "pg_advisory_xact_lock"
        } else {
            "pg_advisory_xact_lock_shared"
        };
        self.advisory_lock(function, key).await
    }

    /// Takes the locks of several contacts, together with all others who only store them, until the transaction ends.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn lock_contacts(&self, connection: ConnectionId, contacts: &[&str]) -> Result<()> {
        if contacts.is_empty() || self.on().get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let mut keys: Vec<String> = contacts
            .iter()
            .map(|contact| format!("{}:{connection}:contact:{contact}", self.id))
            .collect();
        // Everybody takes them in the same order.
        keys.sort_unstable();
        let sql = format!(
            "SELECT count(pg_advisory_xact_lock_shared(hashtextextended(key, 0))) FROM (VALUES {}) AS keys (key)",
            sql::places(keys.len(), 1, 1)
        );
        let keys = keys.into_iter().map(Value::from).collect();
        sql::execute(self.on(), &sql, keys).await.map(drop)
    }

    async fn advisory_lock(&self, function: &str, key: String) -> Result<()> {
        sql::advisory_lock(self.on(), function, key).await
    }

    /// Notes for good that a message was redacted, or with `None` that the whole conversation was deleted. True when
    /// that is news.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn bury(
        &self,
        connection: ConnectionId,
        conversation: &str,
        message: Option<&str>,
    ) -> Result<bool> {
        let message = message.unwrap_or(WHOLE);
        self.put_tombstone(connection, CONVERSATION, conversation, message)
            .await
    }

    /// Notes that a member had our copy of a conversation erased, until [`Tenant::lift_copy`].
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn bury_copy(&self, connection: ConnectionId, conversation: &str) -> Result<bool> {
        self.put_tombstone(connection, COPY, conversation, WHOLE)
            .await
    }

    /// Lets our copy of a conversation be stored again that a member had erased; its tickets have a source again, except
    /// those whose message was redacted at Intercom. False when it was not erased.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn lift_copy(&self, connection: ConnectionId, conversation: &str) -> Result<bool> {
        let values = |kind: &str| {
            vec![
                self.workspace().into(),
                connection.0.into(),
                kind.into(),
                conversation.into(),
            ]
        };
        let sql = "DELETE FROM tombstones \
            WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3 AND subject_id = $4";
        if sql::execute(self.on(), sql, values(COPY)).await? == 0 {
            return Ok(false);
        }
        let sql = "UPDATE tickets SET source_gone_at = NULL, updated_at = $5 \
            WHERE workspace_id = $1 AND connection_id = $2 AND conversation_id = $4 AND message_id NOT IN \
            (SELECT message_id FROM tombstones \
            WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3 AND subject_id = $4)";
        let mut values = values(CONVERSATION);
        values.push(self.now().into());
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(true)
    }

    /// Notes for good that a contact was deleted. True when that is news.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn bury_contact(&self, connection: ConnectionId, contact: &str) -> Result<bool> {
        self.put_tombstone(connection, CONTACT, contact, WHOLE)
            .await
    }

    async fn put_tombstone(
        &self,
        connection: ConnectionId,
        kind: &str,
        subject: &str,
        message: &str,
    ) -> Result<bool> {
        let sql = "INSERT INTO tombstones (workspace_id, connection_id, kind, subject_id, message_id, at) \
            VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (workspace_id, connection_id, kind, subject_id, message_id) DO NOTHING";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            kind.into(),
            subject.into(),
            message.into(),
            self.now().into(),
        ];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }
}
