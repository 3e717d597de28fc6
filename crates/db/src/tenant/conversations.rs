//! Escalated conversations and their messages.

use crate::entities::conversations;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, DetailsState};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashSet;

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
    /// Intercom's id of the team it was assigned to when it was last read.
    pub team_id: Option<String>,
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
            team_id: None,
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
            team_id,
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
            team_id,
            details,
            details_note,
            details_at,
            gone_at,
        })
    }
}

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

    /// Which of these conversations are known here, those that were erased included.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn known_conversations(
        &self,
        connection: ConnectionId,
        ids: &[&str],
    ) -> Result<HashSet<String>> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let ids = sql::padded(ids);
        let sql = format!(
            "SELECT id FROM conversations WHERE workspace_id = $1 AND connection_id = $2 AND id IN {}",
            sql::places(1, ids.len(), 3)
        );
        let known: Vec<String> = sql::column(self.on(), &sql, self.ids(connection, &ids)).await?;
        Ok(known.into_iter().collect())
    }

    /// Escalated conversations in the order of their keys, after one if given.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn conversations(
        &self,
        after: Option<&(ConnectionId, String)>,
        most: u64,
    ) -> Result<Vec<(ConnectionId, Conversation)>> {
        let mut query = conversations::Entity::find()
            .filter(conversations::Column::WorkspaceId.eq(self.workspace()));
        if let Some((connection, id)) = after {
            let columns = [
                Expr::col(conversations::Column::ConnectionId),
                Expr::col(conversations::Column::Id),
            ];
            let place = [Expr::val(connection.0), Expr::val(id.as_str())];
            query = query.filter(Expr::tuple(columns).gt(Expr::tuple(place)));
        }
        let rows = query
            .order_by_asc(conversations::Column::ConnectionId)
            .order_by_asc(conversations::Column::Id)
            .limit(most)
            .all(self.on())
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok((
                    ConnectionId(row.connection_id),
                    Conversation::try_from(row)?,
                ))
            })
            .collect()
    }

    /// Ids of conversations of a connection whose details are not fetched yet, or could not be, and that are not gone; up
    /// to `most`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn unfinished_conversations(
        &self,
        connection: ConnectionId,
        most: u64,
    ) -> Result<Vec<String>> {
        let rows = conversations::Entity::find()
            .filter(conversations::Column::WorkspaceId.eq(self.workspace()))
            .filter(conversations::Column::ConnectionId.eq(connection.0))
            .filter(conversations::Column::Details.ne(DetailsState::Complete.as_str()))
            .filter(conversations::Column::GoneAt.is_null())
            .limit(most)
            .all(self.on())
            .await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}

impl<S: Source> Tenant<'_, S> {
    /// Ids of a connection's escalated conversations after an id, those deleted at Intercom left out; up to `most`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn escalated_conversations(
        &self,
        connection: ConnectionId,
        after: &str,
        most: u64,
    ) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT id FROM conversations WHERE workspace_id = $1 AND connection_id = $2 AND id > $3 \
            AND gone_at IS NULL ORDER BY id LIMIT {most}"
        );
        sql::column(self.on(), &sql, self.ids(connection, &[after])).await
    }

    /// Contacts whose name or e-mail address stands on an escalated conversation, by id, after one of them.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn named_contacts(
        &self,
        connection: ConnectionId,
        after: &str,
        most: u64,
    ) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT DISTINCT contact_id FROM conversations WHERE workspace_id = $1 AND connection_id = $2 \
            AND contact_id > $3 AND (contact_name IS NOT NULL OR contact_email IS NOT NULL) ORDER BY contact_id LIMIT {most}"
        );
        sql::column(self.on(), &sql, self.ids(connection, &[after])).await
    }
}

impl Tenant<'_, Tx> {
    /// Stores an escalated conversation, new or changed.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_conversation(
        &self,
        connection: ConnectionId,
        conversation: &Conversation,
    ) -> Result<()> {
        self.put_conversations(connection, &[conversation]).await
    }

    /// Stores escalated conversations, new or changed, each of them once.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_conversations(
        &self,
        connection: ConnectionId,
        conversations: &[&Conversation],
    ) -> Result<()> {
        if conversations.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO conversations (workspace_id, connection_id, id, contact_id, contact_name, contact_email, \
            contact_role, company_id, company_name, details, details_note, details_at, gone_at, team_id) VALUES {} \
            ON CONFLICT (workspace_id, connection_id, id) DO UPDATE SET contact_id = excluded.contact_id, \
            contact_name = excluded.contact_name, contact_email = excluded.contact_email, \
            contact_role = excluded.contact_role, company_id = excluded.company_id, \
            company_name = excluded.company_name, details = excluded.details, details_note = excluded.details_note, \
            details_at = excluded.details_at, gone_at = excluded.gone_at, team_id = excluded.team_id",
            sql::places(conversations.len(), 14, 1)
        );
        let values = conversations.iter().flat_map(|conversation| {
            let Conversation {
                id,
                contact_id,
                contact_name,
                contact_email,
                contact_role,
                company_id,
                company_name,
                team_id,
                details,
                details_note,
                details_at,
                gone_at,
            } = *conversation;
            [
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
                team_id.clone().into(),
            ]
        });
        sql::execute(self.on(), &sql, values.collect()).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(())
    }

    /// Erases everything of a conversation that came from Intercom: thread, contact, company. `why` says in words why it
    /// is gone. Gives how many messages went, and whether the conversation was kept until now.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn erase_conversation(
        &self,
        connection: ConnectionId,
        conversation: &str,
        why: &str,
    ) -> Result<(u64, bool)> {
        let sql = "DELETE FROM messages WHERE workspace_id = $1 AND connection_id = $2 AND conversation_id = $3";
        let values = self.ids(connection, &[conversation]);
        let messages = sql::execute(self.on(), sql, values).await?;
        let Some(old) = self.conversation(connection, conversation).await? else {
            return Ok((messages, false));
        };
        let was_kept = old.gone_at.is_none();
        let gone = Conversation {
            details: DetailsState::Unavailable,
            details_note: Some(why.to_owned()),
            gone_at: Some(self.now()),
            ..Conversation::new(old.id)
        };
        self.put_conversation(connection, &gone).await?;
        Ok((messages, was_kept))
    }

    /// Notes why the details of a conversation will not follow; one whose details came stays as it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn note_details_failure(
        &self,
        connection: ConnectionId,
        conversation: &str,
        why: &str,
    ) -> Result<()> {
        let sql = "UPDATE conversations SET details = $4, details_note = $5 \
            WHERE workspace_id = $1 AND connection_id = $2 AND id = $3 AND details = $6";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            conversation.into(),
            DetailsState::Unavailable.as_str().into(),
            why.into(),
            DetailsState::Following.as_str().into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(())
    }

    /// Notes of all conversations whose details wait that they will not follow.
    pub(crate) async fn give_up_details(&self, connection: ConnectionId, why: &str) -> Result<()> {
        let sql = "UPDATE conversations SET details = $3, details_note = $4 \
            WHERE workspace_id = $1 AND connection_id = $2 AND details = $5";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            DetailsState::Unavailable.as_str().into(),
            why.into(),
            DetailsState::Following.as_str().into(),
        ];
        if sql::execute(self.on(), sql, values).await? > 0 {
            self.source.changed(self.id, ChangeKind::Tickets);
        }
        Ok(())
    }

    /// Erases who a contact is from our copy: name, e-mail address, role and company of their conversations, and their
    /// name on messages. The ids stay. Gives the ids of the conversations they took part in.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn erase_contact(
        &self,
        connection: ConnectionId,
        contact: &str,
    ) -> Result<Vec<String>> {
        let values = || vec![self.workspace().into(), connection.0.into(), contact.into()];
        let sql = "SELECT id FROM conversations WHERE workspace_id = $1 AND connection_id = $2 AND contact_id = $3 \
            UNION SELECT conversation_id AS id FROM messages WHERE workspace_id = $1 AND connection_id = $2 \
            AND author_kind = 'customer' AND author_id = $3";
        let taken_part = sql::column(self.on(), sql, values()).await?;
        let sql = "UPDATE conversations SET contact_name = NULL, contact_email = NULL, contact_role = NULL, \
            company_id = NULL, company_name = NULL WHERE workspace_id = $1 AND connection_id = $2 AND contact_id = $3";
        sql::execute(self.on(), sql, values()).await?;
        let sql = "UPDATE messages SET author_name = NULL WHERE workspace_id = $1 AND connection_id = $2 \
            AND author_kind = 'customer' AND author_id = $3";
        sql::execute(self.on(), sql, values()).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(taken_part)
    }

    /// Gives the conversations of these contacts the names and e-mail addresses that our copy of the contacts has.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn name_contacts(&self, connection: ConnectionId, contacts: &[&str]) -> Result<()> {
        if contacts.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "UPDATE conversations SET contact_name = c.name, contact_email = c.email FROM contacts c \
            WHERE conversations.workspace_id = $1 AND conversations.connection_id = $2 \
            AND conversations.contact_id IN {} AND c.workspace_id = $1 AND c.connection_id = $2 \
            AND c.id = conversations.contact_id AND c.merged_into IS NULL \
            AND (conversations.contact_name IS DISTINCT FROM c.name \
            OR conversations.contact_email IS DISTINCT FROM c.email)",
            sql::places(1, contacts.len(), 3)
        );
        if sql::execute(self.on(), &sql, self.ids(connection, contacts)).await? > 0 {
            self.source.changed(self.id, ChangeKind::Tickets);
        }
        Ok(())
    }

    /// Makes the conversations of a contact those of the contact they were merged into. Gives how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn merge_contact(
        &self,
        connection: ConnectionId,
        (from, into): (&str, &str),
        name: Option<&str>,
        email: Option<&str>,
    ) -> Result<u64> {
        let sql = "UPDATE conversations SET contact_id = $4, contact_name = $5, contact_email = $6 \
            WHERE workspace_id = $1 AND connection_id = $2 AND contact_id = $3";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            from.into(),
            into.into(),
            name.map(ToOwned::to_owned).into(),
            email.map(ToOwned::to_owned).into(),
        ];
        let merged = sql::execute(self.on(), sql, values).await?;
        let sql = "UPDATE messages SET author_id = $4 WHERE workspace_id = $1 AND connection_id = $2 \
            AND author_kind = 'customer' AND author_id = $3";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            from.into(),
            into.into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(merged)
    }
}
