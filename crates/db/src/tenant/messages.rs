//! The messages of escalated conversations.

use crate::entities::messages;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{AuthorKind, ConnectionId, MessageKind};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::cmp::Ordering;

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

/// The opening message before all, then by time. Ids are digits of growing length: the longer one is the later one.
#[must_use]
pub fn by_time(a: &Message, b: &Message) -> Ordering {
    let key = |m: &Message| (m.kind != MessageKind::Source, m.created_at, m.id.len());
    key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
}

impl<S: Source> Tenant<'_, S> {
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
        messages.sort_by(by_time);
        Ok(messages)
    }
}

impl Tenant<'_, Tx> {
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
        let one = [(conversation, message)];
        Ok(self.put_messages(connection, &one).await? > 0)
    }

    /// Stores messages with the conversations they belong to, each of them once; gives how many were news.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_messages(
        &self,
        connection: ConnectionId,
        messages: &[(&str, &Message)],
    ) -> Result<u64> {
        if messages.is_empty() {
            return Ok(0);
        }
        let sql = format!(
            "INSERT INTO messages (workspace_id, connection_id, conversation_id, id, kind, author_kind, author_id, \
            author_name, html, plain, attachments, created_at, updated_at, redacted_at) VALUES {} \
            ON CONFLICT (workspace_id, connection_id, conversation_id, id) DO UPDATE SET kind = excluded.kind, \
            author_kind = excluded.author_kind, author_id = coalesce(excluded.author_id, messages.author_id), \
            author_name = coalesce(excluded.author_name, messages.author_name), html = excluded.html, \
            plain = excluded.plain, attachments = excluded.attachments, \
            created_at = coalesce(excluded.created_at, messages.created_at), updated_at = excluded.updated_at, \
            redacted_at = excluded.redacted_at \
            WHERE messages.redacted_at IS NULL AND (messages.updated_at IS NULL OR excluded.redacted_at IS NOT NULL \
            OR excluded.updated_at >= messages.updated_at)",
            sql::places(messages.len(), 14, 1)
        );
        let values = messages.iter().flat_map(|(conversation, message)| {
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
            [
                self.workspace().into(),
                connection.0.into(),
                (*conversation).into(),
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
            ]
        });
        let changed = sql::execute(self.on(), &sql, values.collect()).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(changed)
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
}
