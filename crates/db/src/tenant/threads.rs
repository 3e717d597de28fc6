//! Escalated conversations with their threads and tickets, many at once, for the export.

use crate::entities::{messages, ticket_tags, tickets};
use crate::error::Result;
use crate::scope::{Source, Tenant};
use crate::tenant::messages::by_time;
use crate::tenant::people_views::CopyKey;
use crate::tenant::{Message, Ticket, TicketTag};
use earmark_model::{ConnectionId, TicketId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::HashMap;

/// Conversations by the connection they came through.
fn by_connection(keys: &[CopyKey]) -> HashMap<ConnectionId, Vec<&str>> {
    let mut all: HashMap<ConnectionId, Vec<&str>> = HashMap::new();
    for (connection, id) in keys {
        all.entry(*connection).or_default().push(id);
    }
    all
}

impl<S: Source> Tenant<'_, S> {
    /// The messages of escalated conversations, each thread oldest first, the opening message before all.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn messages_of(&self, keys: &[CopyKey]) -> Result<HashMap<CopyKey, Vec<Message>>> {
        let mut threads: HashMap<CopyKey, Vec<Message>> = HashMap::new();
        for (connection, ids) in by_connection(keys) {
            let rows = messages::Entity::find()
                .filter(messages::Column::WorkspaceId.eq(self.workspace()))
                .filter(messages::Column::ConnectionId.eq(connection.0))
                .filter(messages::Column::ConversationId.is_in(ids))
                .all(self.on())
                .await?;
            for row in rows {
                let key = (connection, row.conversation_id.clone());
                let thread = threads.entry(key).or_default();
                thread.push(Message::try_from(row)?);
            }
        }
        for thread in threads.values_mut() {
            thread.sort_by(by_time);
        }
        Ok(threads)
    }

    /// The tickets of escalated conversations with their tags, each list by number.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn tickets_of_threads(
        &self,
        keys: &[CopyKey],
    ) -> Result<HashMap<CopyKey, Vec<(Ticket, Vec<TicketTag>)>>> {
        let mut found = Vec::new();
        for (connection, ids) in by_connection(keys) {
            let rows = tickets::Entity::find()
                .filter(tickets::Column::WorkspaceId.eq(self.workspace()))
                .filter(tickets::Column::ConnectionId.eq(connection.0))
                .filter(tickets::Column::ConversationId.is_in(ids))
                .order_by_asc(tickets::Column::Number)
                .all(self.on())
                .await?;
            found.extend(rows.into_iter().map(Ticket::from));
        }
        let ids: Vec<TicketId> = found.iter().map(|ticket| ticket.id).collect();
        let mut tags = self.tags_of_tickets(&ids).await?;
        let mut all: HashMap<CopyKey, Vec<_>> = HashMap::new();
        for ticket in found {
            let tags = tags.remove(&ticket.id).unwrap_or_default();
            let key = (ticket.connection, ticket.conversation.clone());
            all.entry(key).or_default().push((ticket, tags));
        }
        Ok(all)
    }

    async fn tags_of_tickets(&self, ids: &[TicketId]) -> Result<HashMap<TicketId, Vec<TicketTag>>> {
        let rows = ticket_tags::Entity::find()
            .filter(ticket_tags::Column::WorkspaceId.eq(self.workspace()))
            .filter(ticket_tags::Column::TicketId.is_in(ids.iter().map(|id| id.0)))
            .order_by_asc(ticket_tags::Column::TaggedAt)
            .order_by_asc(ticket_tags::Column::Name)
            .all(self.on())
            .await?;
        let mut tags: HashMap<TicketId, Vec<TicketTag>> = HashMap::new();
        for row in rows {
            let of = TicketId(row.ticket_id);
            tags.entry(of).or_default().push(TicketTag::from(row));
        }
        Ok(tags)
    }
}
