//! Tickets.

use crate::entities::tickets;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, ProductId, StatusId, TicketId, UserId};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Value};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The id.
    pub id: TicketId,
    /// Its number in the workspace.
    pub number: i64,
    /// The product whose inbox it is in.
    pub product: ProductId,
    /// The product whose trigger tag made it.
    pub origin_product: ProductId,
    /// The connection its message came through.
    pub connection: ConnectionId,
    /// Intercom's id of the conversation.
    pub conversation: String,
    /// Intercom's id of the tagged message.
    pub message: String,
    /// The message whose text stands in, when the tagged one has none.
    pub text_from: Option<String>,
    /// Its status.
    pub status: StatusId,
    /// Who works on it.
    pub assignee: Option<UserId>,
    /// Its title; absent when the text it came from is gone.
    pub title: Option<String>,
    /// Whether one of our people wrote the title.
    pub title_by_member: bool,
    /// When the message was tagged.
    pub tagged_at: DateTime<Utc>,
    /// Intercom's id of the teammate who tagged it.
    pub tagged_by: Option<String>,
    /// When the ticket was made.
    pub created_at: DateTime<Utc>,
    /// When its source was redacted or deleted at Intercom.
    pub source_gone_at: Option<DateTime<Utc>>,
    /// Grows with each change by our people.
    pub version: i32,
}

impl From<tickets::Model> for Ticket {
    fn from(row: tickets::Model) -> Self {
        let tickets::Model {
            workspace_id: _,
            id,
            number,
            product_id,
            origin_product_id,
            connection_id,
            conversation_id,
            message_id,
            text_from,
            status_id,
            assignee_id,
            title,
            title_by_member,
            tagged_at,
            tagged_by,
            created_at,
            updated_at: _,
            source_gone_at,
            version,
        } = row;
        Self {
            id: TicketId(id),
            number,
            product: ProductId(product_id),
            origin_product: ProductId(origin_product_id),
            connection: ConnectionId(connection_id),
            conversation: conversation_id,
            message: message_id,
            text_from,
            status: StatusId(status_id),
            assignee: assignee_id.map(UserId),
            title,
            title_by_member,
            tagged_at,
            tagged_by,
            created_at,
            source_gone_at,
            version,
        }
    }
}

/// What a new ticket needs.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// The product whose trigger tag made it.
    pub product: ProductId,
    /// The connection.
    pub connection: ConnectionId,
    /// Intercom's id of the conversation, whose row is stored already.
    pub conversation: String,
    /// Intercom's id of the tagged message.
    pub message: String,
    /// The message whose text stands in, when the tagged one has none.
    pub text_from: Option<String>,
    /// The title from the message's text.
    pub title: Option<String>,
    /// When the message was tagged.
    pub tagged_at: DateTime<Utc>,
    /// Intercom's id of the teammate who tagged it.
    pub tagged_by: Option<String>,
}

/// What one of our people changes on a ticket; `None` leaves a field.
#[derive(Debug, Clone, Default)]
pub struct TicketChange {
    /// A status of the ticket's (new) product.
    pub status: Option<StatusId>,
    /// Who works on it, or nobody.
    pub assignee: Option<Option<UserId>>,
    /// The product to move it to.
    pub product: Option<ProductId>,
    /// A title of one's own.
    pub title: Option<String>,
}

impl<S: Source> Tenant<'_, S> {
    /// A ticket by its number.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ticket(&self, number: i64) -> Result<Option<Ticket>> {
        let row = tickets::Entity::find()
            .filter(tickets::Column::WorkspaceId.eq(self.workspace()))
            .filter(tickets::Column::Number.eq(number))
            .one(self.on())
            .await?;
        Ok(row.map(Ticket::from))
    }

    /// A ticket by its id.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ticket_by_id(&self, id: TicketId) -> Result<Option<Ticket>> {
        let row = tickets::Entity::find_by_id((self.workspace(), id.0))
            .one(self.on())
            .await?;
        Ok(row.map(Ticket::from))
    }

    /// All tickets of a conversation, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn tickets_of_conversation(
        &self,
        connection: ConnectionId,
        conversation: &str,
    ) -> Result<Vec<Ticket>> {
        let rows = tickets::Entity::find()
            .filter(tickets::Column::WorkspaceId.eq(self.workspace()))
            .filter(tickets::Column::ConnectionId.eq(connection.0))
            .filter(tickets::Column::ConversationId.eq(conversation))
            .order_by_asc(tickets::Column::Number)
            .all(self.on())
            .await?;
        Ok(rows.into_iter().map(Ticket::from).collect())
    }
}

impl Tenant<'_, Tx> {
    /// Makes a ticket in the product's first status, with the workspace's next number.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the message has a ticket of this product; [`Error::Missing`] without product.
    pub async fn create_ticket(&self, new: NewTicket) -> Result<Ticket> {
        let made = self.create_tickets(vec![new]).await?;
        made.into_iter().next().ok_or(Error::Missing)
    }

    /// Makes tickets, each in its product's first status, with the workspace's next numbers in their order.
    ///
    /// # Errors
    /// As [`Tenant::create_ticket`].
    pub async fn create_tickets(&self, new: Vec<NewTicket>) -> Result<Vec<Ticket>> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let firsts = self.first_statuses(&new).await?;
        let count = i64::try_from(new.len()).unwrap_or(i64::MAX);
        let sql = "UPDATE workspaces SET last_ticket_number = last_ticket_number + $2 WHERE id = $1 \
            RETURNING last_ticket_number";
        let values = vec![self.workspace().into(), count.into()];
        let last: Vec<i64> = sql::column(self.on(), sql, values).await?;
        let before = last.first().ok_or(Error::Missing)? - count;
        let now = self.now();
        let row = |(number, new): (i64, NewTicket)| {
            let id: TicketId = self.source.sources().id();
            Ok(Ticket {
                id,
                number,
                product: new.product,
                origin_product: new.product,
                connection: new.connection,
                conversation: new.conversation,
                message: new.message,
                text_from: new.text_from,
                status: *firsts.get(&new.product).ok_or(Error::Missing)?,
                assignee: None,
                title: new.title,
                title_by_member: false,
                tagged_at: new.tagged_at,
                tagged_by: new.tagged_by,
                created_at: now,
                source_gone_at: None,
                version: 1,
            })
        };
        let tickets: Vec<Ticket> = (before + 1..).zip(new).map(row).collect::<Result<_>>()?;
        self.insert_tickets(&tickets).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(tickets)
    }

    /// The first status of each product.
    async fn first_statuses(&self, new: &[NewTicket]) -> Result<HashMap<ProductId, StatusId>> {
        #[derive(FromQueryResult)]
        struct Row {
            product_id: Uuid,
            id: Uuid,
        }
        let products: BTreeSet<Uuid> = new.iter().map(|new| new.product.0).collect();
        let sql = format!(
            "SELECT product_id, id FROM statuses WHERE workspace_id = $1 AND product_id IN {} ORDER BY position DESC",
            sql::places(1, products.len(), 2)
        );
        let mut values = vec![self.workspace().into()];
        values.extend(products.into_iter().map(Value::from));
        let rows: Vec<Row> = sql::all(self.on(), &sql, values).await?;
        // Of each product the last one stays, which has the lowest position.
        let of_each = rows
            .into_iter()
            .map(|row| (ProductId(row.product_id), StatusId(row.id)));
        Ok(of_each.collect())
    }

    async fn insert_tickets(&self, tickets: &[Ticket]) -> Result<()> {
        let sql = format!(
            "INSERT INTO tickets (workspace_id, id, number, product_id, origin_product_id, connection_id, conversation_id, \
            message_id, text_from, status_id, title, title_by_member, tagged_at, tagged_by, created_at, updated_at, version) \
            VALUES {}",
            sql::places(tickets.len(), 17, 1)
        );
        let values = tickets.iter().flat_map(|ticket| {
            [
                self.workspace().into(),
                ticket.id.0.into(),
                ticket.number.into(),
                ticket.product.0.into(),
                ticket.origin_product.0.into(),
                ticket.connection.0.into(),
                ticket.conversation.as_str().into(),
                ticket.message.as_str().into(),
                ticket.text_from.clone().into(),
                ticket.status.0.into(),
                ticket.title.clone().into(),
                ticket.title_by_member.into(),
                ticket.tagged_at.into(),
                ticket.tagged_by.clone().into(),
                ticket.created_at.into(),
                ticket.created_at.into(),
                ticket.version.into(),
            ]
        });
        sql::execute(self.on(), &sql, values.collect())
            .await
            .map(drop)
    }

    /// Sets what the tagged message's text gives: a derived title, unless one of our people wrote one, and whose text
    /// stands in.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn set_derived_text(
        &self,
        ticket: TicketId,
        title: Option<&str>,
        text_from: Option<&str>,
    ) -> Result<()> {
        let sql = "UPDATE tickets SET title = CASE WHEN title_by_member THEN title ELSE $3 END, text_from = $4, \
            updated_at = $5 WHERE workspace_id = $1 AND id = $2";
        let values = vec![
            self.workspace().into(),
            ticket.0.into(),
            title.map(ToOwned::to_owned).into(),
            text_from.map(ToOwned::to_owned).into(),
            self.now().into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(())
    }

    /// Notes that a ticket's source is gone: the derived title goes, a member's title stays.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn mark_source_gone(&self, ticket: TicketId) -> Result<()> {
        let sql = "UPDATE tickets SET title = CASE WHEN title_by_member THEN title ELSE NULL END, text_from = NULL, \
            source_gone_at = coalesce(source_gone_at, $3), updated_at = $3 WHERE workspace_id = $1 AND id = $2";
        sql::execute(
            self.on(),
            sql,
            vec![self.workspace().into(), ticket.0.into(), self.now().into()],
        )
        .await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(())
    }

    /// Applies a member's change to the version they saw. A move takes the status of the same key in the new product,
    /// or its first. A title that the change does not name stays as it is now, not as it was seen: it may have been erased
    /// since.
    ///
    /// # Errors
    /// [`Error::Stale`] when somebody was quicker; [`Error::Missing`] when status, person or product are not there.
    pub async fn change_ticket(&self, ticket: &Ticket, change: &TicketChange) -> Result<()> {
        let TicketChange {
            status,
            assignee,
            product,
            title,
        } = change;
        let target = product.unwrap_or(ticket.product);
        let statuses = self.statuses(target).await?;
        let status = match status {
            Some(wanted) if statuses.iter().any(|s| s.id == *wanted) => *wanted,
            Some(_) => return Err(Error::Missing),
            None if target == ticket.product => ticket.status,
            None => {
                let old = self
                    .statuses(ticket.product)
                    .await?
                    .into_iter()
                    .find(|s| s.id == ticket.status);
                let same = statuses
                    .iter()
                    .find(|s| Some(&s.key) == old.as_ref().map(|o| &o.key));
                same.or(statuses.first()).ok_or(Error::Missing)?.id
            }
        };
        let assignee = assignee.unwrap_or(ticket.assignee);
        if let Some(user) = assignee
            && !self.is_member(user).await?
        {
            return Err(Error::Missing);
        }
        let sql = "UPDATE tickets SET product_id = $4, status_id = $5, assignee_id = $6, \
            title = coalesce($7, title), title_by_member = title_by_member OR $8, updated_at = $9, version = version + 1 WHERE workspace_id = $1 AND id = $2 AND version = $3";
        let values = vec![
            self.workspace().into(),
            ticket.id.0.into(),
            ticket.version.into(),
            target.0.into(),
            status.0.into(),
            assignee.map(|user| user.0).into(),
            title.clone().into(),
            title.is_some().into(),
            self.now().into(),
        ];
        if sql::execute(self.on(), sql, values).await? == 0 {
            return Err(Error::Stale);
        }
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(())
    }
}
