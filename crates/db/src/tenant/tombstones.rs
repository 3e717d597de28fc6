//! What Intercom's users erased and must never be stored again, what a member had erased here, and the locks under which
//! that is decided.

use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use earmark_model::ConnectionId;
use sea_orm::{FromQueryResult, Value};
use std::collections::HashMap;

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
    subject_id: String,
    message_id: String,
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
        let mut found = self.tombstones_of(connection, &[conversation]).await?;
        Ok(found.remove(conversation).unwrap_or_default())
    }

    /// What of these conversations must not be stored; nothing of those that are left out.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn tombstones_of(
        &self,
        connection: ConnectionId,
        conversations: &[&str],
    ) -> Result<HashMap<String, Tombstones>> {
        let mut found: HashMap<String, Tombstones> = HashMap::new();
        if conversations.is_empty() {
            return Ok(found);
        }
        let ids = sql::padded(conversations);
        let sql = format!(
            "SELECT kind, subject_id, message_id FROM tombstones \
            WHERE workspace_id = $1 AND connection_id = $2 AND kind IN ($3, $4) AND subject_id IN {}",
            sql::places(1, ids.len(), 5)
        );
        let mut values: Vec<Value> = vec![
            self.workspace().into(),
            connection.0.into(),
            CONVERSATION.into(),
            COPY.into(),
        ];
        values.extend(ids.into_iter().map(Value::from));
        let rows: Vec<TombstoneRow> = sql::all(self.on(), &sql, values).await?;
        for TombstoneRow {
            kind,
            subject_id,
            message_id,
        } in rows
        {
            let of_subject = found.entry(subject_id).or_default();
            match (kind.as_str(), message_id.as_str()) {
                (COPY, _) => of_subject.copy = true,
                (_, WHOLE) => of_subject.whole = true,
                _ => of_subject.messages.push(message_id),
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
        contacts: &[&str],
    ) -> Result<Vec<String>> {
        if contacts.is_empty() {
            return Ok(Vec::new());
        }
        let ids = sql::padded(contacts);
        let sql = format!(
            "SELECT subject_id FROM tombstones WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3 \
            AND subject_id IN {}",
            sql::places(1, ids.len(), 4)
        );
        let mut values: Vec<Value> =
            vec![self.workspace().into(), connection.0.into(), CONTACT.into()];
        values.extend(ids.into_iter().map(Value::from));
        sql::column(self.on(), &sql, values).await
    }
}

impl Tenant<'_, Tx> {
    /// Takes the locks of conversations until the transaction ends, so that what is decided from their tombstones holds.
    /// On SQLite the writer's transaction is that lock.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn lock_conversations(
        &self,
        connection: ConnectionId,
        conversations: &[&str],
    ) -> Result<()> {
        let key = |id: &&str| format!("{}:{connection}:{id}", self.id);
        let keys = conversations.iter().map(key).collect();
        sql::advisory_locks(self.on(), "pg_advisory_xact_lock", keys).await
    }

    /// Takes the locks of contacts until the transaction ends, after those of conversations: `erasing` for oneself,
    /// otherwise together with all others who only store what they wrote.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn lock_contacts(
        &self,
        connection: ConnectionId,
        contacts: &[&str],
        erasing: bool,
    ) -> Result<()> {
        let key = |id: &&str| format!("{}:{connection}:contact:{id}", self.id);
        let keys = contacts.iter().map(key).collect();
        let function = match erasing {
            true => "pg_advisory_xact_lock",
            false => "pg_advisory_xact_lock_shared",
        };
        sql::advisory_locks(self.on(), function, keys).await
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
