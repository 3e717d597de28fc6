//! `/w/{ws}/conversations.jsonl`: every escalated conversation, with its messages and tickets, for a warehouse.

use super::contacts::parsed;
use super::download::{Format, Pages, stream};
use super::prelude::*;
use crate::state::Web;
use earmark_db::Db;
use earmark_db::Tenant;
use earmark_db::tenant::{Conversation, Message, Ticket, TicketTag};
use earmark_model::{ConnectionId, TicketKey, WorkspaceId};
use serde_json::{Value, json};

/// Conversations that are read at once.
const ROWS: usize = 50;

/// The conversations of a workspace, page by page.
struct Export {
    web: Web,
    workspace: WorkspaceId,
    prefix: String,
    after: Option<(ConnectionId, String)>,
    over: bool,
}

impl Pages for Export {
    async fn next(&mut self) -> Result<Option<String>, Failed> {
        if self.over {
            return Ok(None);
        }
        let tenant = self.web.db().workspace(self.workspace);
        let found = tenant
            .conversations(self.after.as_ref(), ROWS as u64)
            .await?;
        self.over = found.len() < ROWS;
        self.after = found
            .last()
            .map(|(connection, last)| (*connection, last.id.clone()));
        let mut page = String::new();
        for (connection, conversation) in found {
            let object = self.object(tenant, connection, conversation).await?;
            page.push_str(&object.to_string());
            page.push('\n');
        }
        Ok(Some(page))
    }
}

impl Export {
    async fn object(
        &self,
        tenant: Tenant<'_, Db>,
        connection: ConnectionId,
        conversation: Conversation,
    ) -> Result<Value, Failed> {
        let Conversation {
            id,
            contact_id,
            contact_name,
            contact_email,
            contact_role,
            company_id,
            company_name,
            details,
            details_note: _,
            details_at,
            gone_at,
        } = conversation;
        let messages = tenant.messages(connection, &id).await?;
        let mut tickets = Vec::new();
        for ticket in tenant.tickets_of_conversation(connection, &id).await? {
            let tags = tenant.ticket_tags(ticket.id).await?;
            tickets.push(self.ticket(ticket, tags));
        }
        Ok(json!({
            "type": "conversation",
            "connection": connection,
            "id": id,
            "contact": {
                "id": contact_id,
                "name": contact_name,
                "email": contact_email,
                "role": contact_role,
            },
            "company": { "id": company_id, "name": company_name },
            "details": details.as_str(),
            "copied_at": details_at,
            "deleted_at": gone_at,
            "messages": messages.into_iter().map(message).collect::<Value>(),
            "tickets": tickets,
        }))
    }

    fn ticket(&self, ticket: Ticket, tags: Vec<TicketTag>) -> Value {
        let key = TicketKey {
            prefix: self.prefix.clone(),
            number: ticket.number,
        };
        let tag = |tag: TicketTag| json!({ "id": tag.tag, "name": tag.name, "tagged_at": tag.tagged_at, "tagged_by": tag.tagged_by });
        json!({
            "key": key.to_string(),
            "product": ticket.product,
            "message": ticket.message,
            "title": ticket.title,
            "created_at": ticket.created_at,
            "tags": tags.into_iter().map(tag).collect::<Value>(),
        })
    }
}

fn message(message: Message) -> Value {
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
    json!({
        "id": id,
        "kind": kind.as_str(),
        "author": { "kind": author_kind.as_str(), "id": author_id, "name": author_name },
        "html": html,
        "text": plain,
        "attachments": parsed(attachments),
        "created_at": created_at,
        "updated_at": updated_at,
        "redacted_at": redacted_at,
    })
}

/// The conversations as JSON lines.
pub(crate) async fn jsonl(at: At) -> Result<HttpResponse, Failed> {
    let pages = Export {
        web: at.web().clone(),
        workspace: at.id(),
        prefix: at.workspace().ticket_prefix.clone(),
        after: None,
        over: false,
    };
    stream(&at, "conversations", Format::JsonLines, pages).await
}
