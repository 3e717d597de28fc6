//! Tickets and articles.

use serde_json::{Map, Value, json};

use super::conversation::applied;
use super::{Shape, people};
use crate::state::Workspace;
use crate::state::app::Version;
use crate::state::desk::{Ticket, TicketPart, TicketState, TicketType};
use crate::state::help::{Article, Collection};

/// A ticket type with its fields.
pub(crate) fn ticket_type(workspace: &Workspace, one: &TicketType, shape: Shape) -> Value {
    let id = one.id.parse::<u64>().unwrap_or_default();
    let attributes: Vec<Value> = one
        .attributes
        .iter()
        .map(|attribute| {
            let mut value = attribute.clone();
            value["ticket_type_id"] = json!(id);
            value
        })
        .collect();
    let mut value = json!({
        "type": "ticket_type",
        "id": one.id,
        "category": one.category,
        "name": one.name,
        "description": one.description,
        "icon": one.icon,
        "workspace_id": workspace.app_id,
        "is_internal": one.category == "Back-office",
        "ticket_type_attributes": {"type": "list", "data": attributes},
        "archived": one.archived,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    });
    if shape.version >= Version::V2_14 {
        let states = crate::state::desk::STATES.map(state);
        value["ticket_states"] = json!({"type": "list", "data": states});
    }
    value
}

/// A ticket state.
pub(crate) fn state(one: TicketState) -> Value {
    json!({
        "type": "ticket_state",
        "id": one.id,
        "category": one.category,
        "internal_label": one.label,
        "external_label": one.label,
    })
}

/// A ticket with its parts.
pub(crate) fn ticket(workspace: &Workspace, one: &Ticket, shape: Shape) -> Value {
    let kind = workspace.ticket_type(&one.kind);
    let number = |id: &Option<String>| match (id, shape.version >= Version::V2_16) {
        (id, true) => json!(
            id.as_ref()
                .and_then(|id| id.parse::<u64>().ok())
                .unwrap_or(0)
        ),
        (id, false) => json!(id.as_deref().unwrap_or("0")),
    };
    let linked: Vec<Value> = one
        .conversations
        .iter()
        .map(|id| json!({"type": "conversation", "id": id, "category": null}))
        .collect();
    let parts: Vec<Value> = one.parts.iter().map(part).collect();
    let mut value = json!({
        "type": "ticket",
        "id": one.id,
        "ticket_id": one.ticket_id,
        "category": kind.map(|kind| kind.category.as_str()),
        "ticket_attributes": one.attributes,
        "ticket_type": kind.map(|kind| ticket_type(workspace, kind, shape)),
        "contacts": {
            "type": "contact.list",
            "contacts": [people::reference(workspace, &one.contact)],
        },
        "admin_assignee_id": number(&one.admin),
        "team_assignee_id": number(&one.team),
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "open": one.open,
        "linked_objects": {
            "type": "list", "data": linked, "total_count": linked.len(), "has_more": false,
        },
        "ticket_parts": {
            "type": "ticket_part.list", "ticket_parts": parts, "total_count": parts.len(),
        },
        "is_shared": one.is_shared,
        "company_id": one.company,
    });
    if let Some(until) = one.snoozed_until {
        value["snoozed_until"] = json!(until);
    }
    let now = one.state();
    if shape.version >= Version::V2_14 {
        value["ticket_state"] = state(now);
    } else {
        value["ticket_state"] = json!(now.category);
        value["ticket_state_internal_label"] = json!(now.label);
        value["ticket_state_external_label"] = json!(now.label);
    }
    if shape.version >= Version::V2_15 {
        let tags: Vec<Value> = one.tags.iter().map(|tag| applied(workspace, tag)).collect();
        value["tags"] = json!({"type": "tag.list", "tags": tags});
    }
    value
}

/// A part of a ticket.
pub(crate) fn part(part: &TicketPart) -> Value {
    let mut author = Map::new();
    author.insert("type".to_owned(), json!(author_type(part)));
    author.insert("id".to_owned(), json!(part.author.id));
    author.insert("name".to_owned(), json!(part.author.name));
    if let Some(email) = &part.author.email {
        author.insert("email".to_owned(), json!(email));
    }
    let mut value = json!({
        "type": "ticket_part",
        "id": part.id,
        "part_type": part.kind,
        "body": part.body,
        "created_at": part.at,
        "updated_at": part.at,
        "author": author,
        "attachments": [],
        "redacted": false,
    });
    if let Some((before, after)) = &part.states {
        value["previous_ticket_state"] = json!(before);
        value["ticket_state"] = json!(after);
    }
    value
}

fn author_type(part: &TicketPart) -> &'static str {
    match part.author.kind.word() {
        "lead" => "user",
        word => word,
    }
}

/// An article. Lists show it without statistics, and from 2.16 on without its parent's id.
pub(crate) fn article(workspace: &Workspace, one: &Article, shape: Shape, listed: bool) -> Value {
    let state = if one.published { "published" } else { "draft" };
    let url = one.published.then(|| {
        format!(
            "https://help.{}.example/articles/{}",
            workspace.app_id, one.id
        )
    });
    let mut value = json!({
        "type": "article",
        "id": one.id,
        "workspace_id": workspace.app_id,
        "title": one.title,
        "description": one.description,
        "body": one.body,
        "author_id": one.author_id,
        "state": state,
        "created_at": shape.article_time(one.created_at),
        "updated_at": shape.article_time(one.updated_at),
        "url": url,
        "parent_ids": Vec::from_iter(one.parent),
        "default_locale": "en",
        "tags": {"type": "tag.list", "tags": []},
    });
    if !listed || shape.version < Version::V2_16 {
        value["parent_id"] = json!(one.parent);
        value["parent_type"] = json!(one.parent.map(|_| "collection"));
    }
    if !listed {
        value["statistics"] = json!({
            "type": "article_statistics", "views": 0, "conversions": 0, "reactions": 0,
            "happy_reaction_percentage": 0, "neutral_reaction_percentage": 0,
            "sad_reaction_percentage": 0,
        });
    }
    value
}

/// A collection.
pub(crate) fn collection(workspace: &Workspace, one: &Collection) -> Value {
    json!({
        "id": one.id,
        "workspace_id": workspace.app_id,
        "name": one.name,
        "description": one.description,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "url": null,
        "icon": "book-bookmark",
        "order": 1,
        "default_locale": "en",
        "parent_id": one.parent,
        "help_center_id": null,
    })
}
