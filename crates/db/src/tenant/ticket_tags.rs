//! Tags on tickets: those that a conversation had when its message was tagged, and what was tagged since.

use crate::entities::ticket_tags;
use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::TicketId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

/// A tag on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketTag {
    /// Intercom's id.
    pub tag: String,
    /// The name when it was applied.
    pub name: String,
    /// When it was applied.
    pub tagged_at: DateTime<Utc>,
    /// Intercom's id of the teammate who applied it.
    pub tagged_by: Option<String>,
}

impl From<ticket_tags::Model> for TicketTag {
    fn from(row: ticket_tags::Model) -> Self {
        let ticket_tags::Model {
            workspace_id: _,
            ticket_id: _,
            tag_id,
            name,
            tagged_at,
            tagged_by,
        } = row;
        Self {
            tag: tag_id,
            name,
            tagged_at,
            tagged_by,
        }
    }
}

impl<S: Source> Tenant<'_, S> {
    /// The tags on a ticket, in the order they were applied.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ticket_tags(&self, ticket: TicketId) -> Result<Vec<TicketTag>> {
        let rows = ticket_tags::Entity::find()
            .filter(ticket_tags::Column::WorkspaceId.eq(self.workspace()))
            .filter(ticket_tags::Column::TicketId.eq(ticket.0))
            .order_by_asc(ticket_tags::Column::TaggedAt)
            .order_by_asc(ticket_tags::Column::Name)
            .all(self.on())
            .await?;
        Ok(rows.into_iter().map(TicketTag::from).collect())
    }
}

impl Tenant<'_, Tx> {
    /// Puts a tag on a ticket; true when it is new there. Of several taggings the earliest is kept, for the ticket too, so
    /// that the order in which they arrive does not matter.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn add_ticket_tag(&self, ticket: TicketId, tag: &TicketTag) -> Result<bool> {
        let new = self.put_ticket_tags(&[(ticket, tag)]).await? > 0;
        let TicketTag {
            tag,
            name: _,
            tagged_at,
            tagged_by,
        } = tag;
        let on_tag = "UPDATE ticket_tags SET tagged_at = $4, tagged_by = coalesce($5, tagged_by) \
            WHERE workspace_id = $1 AND ticket_id = $2 AND tag_id = $3 AND tagged_at > $4";
        let on_ticket = "UPDATE tickets SET tagged_at = $3, tagged_by = coalesce($4, tagged_by) \
            WHERE workspace_id = $1 AND id = $2 AND tagged_at > $3";
        let ids = || vec![self.workspace().into(), ticket.0.into()];
        let earlier = || [(*tagged_at).into(), tagged_by.clone().into()];
        if !new {
            let values = [ids(), vec![tag.as_str().into()], earlier().into()].concat();
            sql::execute(self.on(), on_tag, values).await?;
        }
        let values = [ids(), earlier().into()].concat();
        sql::execute(self.on(), on_ticket, values).await?;
        Ok(new)
    }

    /// Puts tags on tickets, no two the same; gives how many are new there. Their times stay as they are.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_ticket_tags(&self, tags: &[(TicketId, &TicketTag)]) -> Result<u64> {
        if tags.is_empty() {
            return Ok(0);
        }
        let sql = format!(
            "INSERT INTO ticket_tags (workspace_id, ticket_id, tag_id, name, tagged_at, tagged_by) VALUES {} \
            ON CONFLICT (workspace_id, ticket_id, tag_id) DO NOTHING",
            sql::places(tags.len(), 6, 1)
        );
        let values = tags.iter().flat_map(|(ticket, tag)| {
            let TicketTag {
                tag,
                name,
                tagged_at,
                tagged_by,
            } = *tag;
            [
                self.workspace().into(),
                ticket.0.into(),
                tag.as_str().into(),
                name.as_str().into(),
                (*tagged_at).into(),
                tagged_by.clone().into(),
            ]
        });
        self.source.changed(self.id, ChangeKind::Tickets);
        sql::execute(self.on(), &sql, values.collect()).await
    }
}
