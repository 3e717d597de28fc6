//! Escalated conversations, their messages, and the tombstones of what was redacted or deleted.

use crate::entities::{conversations, messages};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{AuthorKind, ConnectionId, DetailsState, MessageKind};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter};

/// An escalated conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Intercom's id.
    pub id: String,
    /// The contact's id.
    pub contact_id: Option<String>,
    /// The contact's name.
    pub contact_name: Option<String>,
    /// The contact's e-mail address.
    pub contact_email: Option<String>,
    /// `user` or `lead`.
    pub contact_role: Option<String>,
    /// Intercom's id of the company.
    pub company_id: Option<String>,
    /// The company's name.
    pub company_name: Option<String>,
    /// Whether thread, names and company have been fetched.
    pub details: DetailsState,
    /// Why they are not, in words.
    pub details_note: Option<String>,
    /// When they were fetched.
    pub details_at: Option<DateTime<Utc>>,
    /// When it was deleted at Intercom.
    pub gone_at: Option<DateTime<Utc>>,
}

impl Conversation {
    /// A conversation of which nothing but the id is known.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self {
            id,
            contact_id: None,
            contact_name: None,
            contact_email: None,
            contact_role: None,
            company_id: None,
            company_name: None,
            details: DetailsState::Following,
            details_note: None,
            details_at: None,
            gone_at: None,
        }
    }
}

impl TryFrom<conversations::Model> for Conversation {
    type Error = Error;
    fn try_from(row: conversations::Model) -> Result<Self> {
        let conversations::Model {
            workspace_id: _,
            connection_id: _,
            id,
            contact_id,
            contact_name,
            contact_email,
            contact_role,
            company_id,
            company_name,
            details,
            details_note,
            details_at,
            gone_at,
        } = row;
        let details = details
            .parse()
            .map_err(|why| Error::contradiction("conversations", &id, why))?;
        Ok(Self {
            id,
            contact_id,
            contact_name,
            contact_email,
            contact_role,
            company_id,
            company_name,
            details,
            details_note,
            details_at,
            gone_at,
        })
    }
}

/// A message of an escalated conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Intercom's id of the part, or of the source for the opening message.
    pub id: String,
    /// What it is.
    pub kind: MessageKind,
    /// Who wrote it.
    pub author_kind: AuthorKind,
    /// Intercom's id of the author.
    pub author_id: Option<String>,
    /// The author's name.
    pub author_name: Option<String>,
    /// Its text as sanitised HTML.
    pub html: Option<String>,
    /// Its text alone.
    pub plain: Option<String>,
    /// Its attachments, a JSON list.
    pub attachments: String,
    /// When it was written.
    pub created_at: Option<DateTime<Utc>>,
    /// When Intercom last changed it.
    pub updated_at: Option<DateTime<Utc>>,
    /// When it was redacted.
    pub redacted_at: Option<DateTime<Utc>>,
}

impl TryFrom<messages::Model> for Message {
    type Error = Error;
    fn try_from(row: messages::Model) -> Result<Self> {
        let messages::Model {
            workspace_id: _,
            connection_id: _,
            conversation_id: _,
            id,
            kind,
            author_kind,
            author_id,
            author_name,
            html,
            plain,
            attachments,
            created_at,
            updated_at,
            redacted_at,
        } = row;
        let kind = kind
            .parse()
            .map_err(|why| Error::contradiction("messages", &id, why))?;
        let author_kind = author_kind
            .parse()
            .map_err(|why| Error::contradiction("messages", &id, why))?;
        Ok(Self {
            id,
            kind,
            author_kind,
            author_id,
            author_name,
            html,
            plain,
            attachments,
            created_at,
            updated_at,
            redacted_at,
        })
    }
}

#[derive(FromQueryResult)]
struct TombstoneRow {
    message_id: String,
}

/// The message id of a tombstone that covers the whole conversation.
const WHOLE: &str = "";

impl<S: Source> Tenant<'_, S> {
    /// An escalated conversation.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn conversation(
        &self,
        connection: ConnectionId,
        id: &str,
    ) -> Result<Option<Conversation>> {
        let key = (self.workspace(), connection.0, id.to_owned());
        let row = conversations::Entity::find_by_id(key)
            .one(self.on())
            .await?;
        row.map(Conversation::try_from).transpose()
    }

    /// The messages of an escalated conversation, oldest first, the opening message before all.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn messages(
        &self,
        connection: ConnectionId,
        conversation: &str,
    ) -> Result<Vec<Message>> {
        let rows = messages::Entity::find()
            .filter(messages::Column::WorkspaceId.eq(self.workspace()))
            .filter(messages::Column::ConnectionId.eq(connection.0))
            .filter(messages::Column::ConversationId.eq(conversation))
            .all(self.on())
            .await?;
        let mut messages = rows
            .into_iter()
            .map(Message::try_from)
            .collect::<Result<Vec<_>>>()?;
        // Ids are digits of growing length: the longer one is the later one.
        messages.sort_by(|a, b| {
            let key = |m: &Message| (m.kind != MessageKind::Source, m.created_at, m.id.len());
            key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
        });
        Ok(messages)
    }

    /// What of a conversation must never be stored again: message ids, and whether it is all of it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn tombstones(
        &self,
        connection: ConnectionId,
        conversation: &str,
    ) -> Result<(bool, Vec<String>)> {
        let sql = "SELECT message_id FROM tombstones \
            WHERE workspace_id = $1 AND connection_id = $2 AND conversation_id = $3";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            conversation.into(),
        ];
        let rows: Vec<TombstoneRow> = sql::all(self.on(), sql, values).await?;
        let whole = rows.iter().any(|row| row.message_id == WHOLE);
        Ok((
            whole,
            rows.into_iter()
                .map(|row| row.message_id)
                .filter(|id| id != WHOLE)
                .collect(),
        ))
    }
}

impl Tenant<'_, Tx> {
    /// Takes the lock of a conversation until the transaction ends, so that what is decided from its tombstones holds.
    /// On SQLite the writer's transaction is that lock.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn lock_conversation(
        &self,
        connection: ConnectionId,
        conversation: &str,
    ) -> Result<()> {
        use sea_orm::{ConnectionTrait, DbBackend};
        if self.on().get_database_backend() == DbBackend::Postgres {
            let key = format!("{}:{connection}:{conversation}", self.id);
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            sql::execute(self.on(), sql, vec![key.into()]).await?;
        }
        Ok(())
    }

    /// Stores an escalated conversation, new or changed.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_conversation(
        &self,
        connection: ConnectionId,
        conversation: &Conversation,
    ) -> Result<()> {
        let Conversation {
            id,
            contact_id,
            contact_name,
            contact_email,
            contact_role,
            company_id,
            company_name,
            details,
            details_note,
            details_at,
            gone_at,
        } = conversation;
        let sql = "INSERT INTO conversations (workspace_id, connection_id, id, contact_id, contact_name, contact_email, \
            contact_role, company_id, company_name, details, details_note, details_at, gone_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
            ON CONFLICT (workspace_id, connection_id, id) DO UPDATE SET contact_id = excluded.contact_id, \
            contact_name = excluded.contact_name, contact_email = excluded.contact_email, \
            contact_role = excluded.contact_role, company_id = excluded.company_id, \
            company_name = excluded.company_name, details = excluded.details, details_note = excluded.details_note, \
            details_at = excluded.details_at, gone_at = excluded.gone_at";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            id.as_str().into(),
            contact_id.clone().into(),
            contact_name.clone().into(),
            contact_email.clone().into(),
            contact_role.clone().into(),
            company_id.clone().into(),
            company_name.clone().into(),
            details.as_str().into(),
            details_note.clone().into(),
            (*details_at).into(),
            (*gone_at).into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(())
    }

    /// Stores a message. A redacted one stays redacted, and of two versions the newer wins.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_message(
        &self,
        connection: ConnectionId,
        conversation: &str,
        message: &Message,
    ) -> Result<bool> {
        let Message {
            id,
            kind,
            author_kind,
            author_id,
            author_name,
            html,
            plain,
            attachments,
            created_at,
            updated_at,
            redacted_at,
        } = message;
        let sql = "INSERT INTO messages (workspace_id, connection_id, conversation_id, id, kind, author_kind, author_id, \
            author_name, html, plain, attachments, created_at, updated_at, redacted_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
            ON CONFLICT (workspace_id, connection_id, conversation_id, id) DO UPDATE SET kind = excluded.kind, \
            author_kind = excluded.author_kind, author_id = coalesce(excluded.author_id, messages.author_id), \
            author_name = coalesce(excluded.author_name, messages.author_name), html = excluded.html, \
            plain = excluded.plain, attachments = excluded.attachments, \
            created_at = coalesce(excluded.created_at, messages.created_at), updated_at = excluded.updated_at, \
            redacted_at = excluded.redacted_at \
            WHERE messages.redacted_at IS NULL AND (messages.updated_at IS NULL OR excluded.redacted_at IS NOT NULL \
            OR excluded.updated_at >= messages.updated_at)";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            conversation.into(),
            id.as_str().into(),
            kind.as_str().into(),
            author_kind.as_str().into(),
            author_id.clone().into(),
            author_name.clone().into(),
            html.clone().into(),
            plain.clone().into(),
            attachments.as_str().into(),
            (*created_at).into(),
            (*updated_at).into(),
            (*redacted_at).into(),
        ];
        let changed = sql::execute(self.on(), sql, values).await? > 0;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(changed)
    }

    /// Notes for good that a message was redacted, or with `None` that the whole conversation was deleted. True when
    /// that is news.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn bury(
        &self,
        connection: ConnectionId,
        conversation: &str,
        message: Option<&str>,
    ) -> Result<bool> {
        let sql = "INSERT INTO tombstones (workspace_id, connection_id, conversation_id, message_id, at) \
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace_id, connection_id, conversation_id, message_id) DO NOTHING";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            conversation.into(),
            message.unwrap_or(WHOLE).into(),
            self.now().into(),
        ];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }

    /// Erases a message's text and attachments from our copy; that it was there, by whom and when, stays.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn redact_message(
        &self,
        connection: ConnectionId,
        conversation: &str,
        message: &str,
    ) -> Result<u64> {
        let sql = "UPDATE messages SET html = NULL, plain = NULL, attachments = '[]', redacted_at = $5 \
            WHERE workspace_id = $1 AND connection_id = $2 AND conversation_id = $3 AND id = $4 AND redacted_at IS NULL";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            conversation.into(),
            message.into(),
            self.now().into(),
        ];
        let redacted = sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(redacted)
    }

    /// Erases everything of a conversation that came from Intercom: thread, contact, company.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn erase_conversation(
        &self,
        connection: ConnectionId,
        conversation: &str,
    ) -> Result<()> {
        let values = || {
            vec![
                self.workspace().into(),
                connection.0.into(),
                conversation.into(),
            ]
        };
        let sql = "DELETE FROM messages WHERE workspace_id = $1 AND connection_id = $2 AND conversation_id = $3";
        sql::execute(self.on(), sql, values()).await?;
        let Some(old) = self.conversation(connection, conversation).await? else {
            return Ok(());
        };
        let gone = Conversation {
            details: DetailsState::Unavailable,
            details_note: Some("the conversation was deleted in Intercom".to_owned()),
            gone_at: Some(self.now()),
            ..Conversation::new(old.id)
        };
        self.put_conversation(connection, &gone).await
    }
}
