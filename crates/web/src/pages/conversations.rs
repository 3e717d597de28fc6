//! `/w/{ws}/conversations.jsonl`: every escalated conversation, with its messages and tickets, for a warehouse.

use super::download::{Format, Pages, stream};
use super::people::parsed;
use super::prelude::*;
use crate::state::Web;
use earmark_db::tenant::{Conversation, CopyKey, Message, Status, Ticket, TicketTag};
use earmark_model::{ConnectionId, ProductId, StatusId, TicketKey, UserId, WorkspaceId};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Conversations that are read at once.
const ROWS: usize = 50;

/// What tickets name by id.
struct Names {
    products: HashMap<ProductId, String>,
    statuses: HashMap<StatusId, Status>,
    members: HashMap<UserId, String>,
}

impl Names {
    async fn load(at: &At) -> Result<Self, Failed> {
        let tenant = at.tenant();
        let (products, members) = futures::try_join!(tenant.products(), tenant.members())?;
        let each = products.iter().map(|product| tenant.statuses(product.id));
        let statuses = futures::future::try_join_all(each).await?;
        let statuses = statuses.into_iter().flatten();
        let (products, members) = (products.into_iter(), members.into_iter());
        Ok(Self {
            products: products.map(|one| (one.id, one.name)).collect(),
            statuses: statuses.map(|one| (one.id, one)).collect(),
            members: members.map(|one| (one.user, one.name)).collect(),
        })
    }
}

/// The conversations of a workspace, page by page.
struct Export {
    web: Web,
    workspace: WorkspaceId,
    prefix: String,
    names: Names,
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
        let keys: Vec<CopyKey> = found
            .iter()
            .map(|(connection, talk)| (*connection, talk.id.clone()))
            .collect();
        let (mut threads, mut tickets) =
            futures::try_join!(tenant.messages_of(&keys), tenant.tickets_of_threads(&keys),)?;
        let mut page = String::new();
        for (key, (connection, conversation)) in keys.iter().zip(found) {
            let thread = threads.remove(key).unwrap_or_default();
            let tickets = tickets.remove(key).unwrap_or_default();
            let object = self.object(connection, conversation, thread, tickets);
            page.push_str(&object.to_string());
            page.push('\n');
        }
        Ok(Some(page))
    }
}

impl Export {
    fn object(
        &self,
        connection: ConnectionId,
        conversation: Conversation,
        thread: Vec<Message>,
        tickets: Vec<(Ticket, Vec<TicketTag>)>,
    ) -> Value {
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
            details_note: _,
            details_at,
            gone_at,
        } = conversation;
        let tickets = tickets.into_iter();
        let tickets: Value = tickets
            .map(|(ticket, tags)| self.ticket(ticket, tags))
            .collect();
        json!({
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
            "team_id": team_id,
            "details": details.as_str(),
            "copied_at": details_at,
            "deleted_at": gone_at,
            "messages": thread.into_iter().map(message).collect::<Value>(),
            "tickets": tickets,
        })
    }

    fn ticket(&self, ticket: Ticket, tags: Vec<TicketTag>) -> Value {
        let key = TicketKey {
            prefix: self.prefix.clone(),
            number: ticket.number,
        };
        let tag = |tag: TicketTag| json!({ "id": tag.tag, "name": tag.name, "tagged_at": tag.tagged_at, "tagged_by": tag.tagged_by });
        let status = self.names.statuses.get(&ticket.status);
        let assignee = ticket.assignee.map(|user| {
            let name = self.names.members.get(&user);
            json!({ "id": user, "name": name })
        });
        json!({
            "key": key.to_string(),
            "product": ticket.product,
            "product_name": self.names.products.get(&ticket.product),
            "status": status.map(|status| json!({
                "key": status.key,
                "name": status.name,
                "category": status.category.as_str(),
            })),
            "assignee": assignee,
            "message": ticket.message,
            "title": ticket.title,
            "tagged_at": ticket.tagged_at,
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
        names: Names::load(&at).await?,
        after: None,
        over: false,
    };
    stream(&at, "conversations", Format::JsonLines, pages).await
}
