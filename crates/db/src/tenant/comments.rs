//! What our own people write on tickets.

use crate::entities::comments;
use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use chrono::{DateTime, Utc};
use earmark_model::{CommentId, TicketId, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
};

/// A comment of our own people; never sent to Intercom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The id.
    pub id: CommentId,
    /// Who wrote it.
    pub author: UserId,
    /// The plain text.
    pub body: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl<S: Source> Tenant<'_, S> {
    /// The comments on a ticket, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn comments(&self, ticket: TicketId) -> Result<Vec<Comment>> {
        let rows = comments::Entity::find()
            .filter(comments::Column::WorkspaceId.eq(self.workspace()))
            .filter(comments::Column::TicketId.eq(ticket.0))
            .order_by_asc(comments::Column::Id)
            .all(self.on())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let comments::Model {
                    workspace_id: _,
                    id,
                    ticket_id: _,
                    author_id,
                    body,
                    created_at,
                } = row;
                Comment {
                    id: CommentId(id),
                    author: UserId(author_id),
                    body,
                    created_at,
                }
            })
            .collect())
    }
}

impl Tenant<'_, Tx> {
    /// Adds a comment.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn add_comment(
        &self,
        ticket: TicketId,
        author: UserId,
        body: &str,
    ) -> Result<CommentId> {
        let id: CommentId = self.source.sources().id();
        let row = comments::ActiveModel {
            workspace_id: Set(self.workspace()),
            id: Set(id.0),
            ticket_id: Set(ticket.0),
            author_id: Set(author.0),
            body: Set(body.to_owned()),
            created_at: Set(self.now()),
        };
        row.insert(self.on()).await?;
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(id)
    }
}
