//! `/tickets`.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::changes;
use super::error::ApiError;
use super::paging::{Sizes, Wish};
use crate::html;
use crate::render::{self, desk};
use crate::search;
use crate::search::find::{Order, find};
use crate::state::app::Permission::{ReadTickets, WriteTickets};
use crate::state::app::Version;
use crate::state::conversation::{Applied, Author};
use crate::state::desk::{NewTicket, STATES, Ticket, TicketChange, TicketState};
use crate::state::table::Key;

const SIZES: Sizes = Sizes {
    default: 20,
    max: 150,
};

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("POST", []) => create(call),
        ("POST", ["search"]) => search(call),
        ("GET", [id]) => one(call, id),
        ("PUT", [id]) => update(call, id),
        ("DELETE", [id]) => delete(call, id),
        ("POST", [id, "reply"]) => reply(call, id),
        ("POST", [id, "tags"]) => tag(call, id),
        ("DELETE", [id, "tags", tag]) => untag(call, id, tag),
        _ => Err(ApiError::not_found()),
    }
}

fn not_found() -> ApiError {
    ApiError::new(404, "ticket_not_found", "Ticket not found")
}

fn known<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Ticket, ApiError> {
    call.workspace.desk.tickets.get(id).ok_or_else(not_found)
}

fn shown(call: &Call<'_>, id: &str) -> Answer {
    Ok(desk::ticket(call.workspace, known(call, id)?, call.shape()))
}

fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadTickets])?;
    shown(call, id)
}

fn create(call: &mut Call<'_>) -> Answer {
    call.need(&[WriteTickets])?;
    let kind = call.required("ticket_type_id")?;
    check_type(call, &kind)?;
    let contact = match call.body["contacts"].as_array().map(Vec::as_slice) {
        Some([one]) => contact(call, one)?,
        Some(_) => return Err(ApiError::invalid("a ticket has one contact")),
        None => return Err(ApiError::missing("contacts")),
    };
    let conversation = call.text("conversation_to_link_id");
    let wanted = NewTicket {
        kind,
        contact,
        attributes: attributes(call, "ticket_attributes")?,
        conversation,
        company: company(call)?,
    };
    let (id, events) = call.workspace.create_ticket(wanted, call.now)?;
    call.events.extend(events);
    shown(call, &id)
}

fn check_type(call: &Call<'_>, id: &str) -> Result<(), ApiError> {
    match call.workspace.ticket_type(id) {
        Some(one) if !one.archived => Ok(()),
        _ => Err(ApiError::new(404, "not_found", "Ticket type not found")),
    }
}

/// By Intercom's id, the customer's id or the e-mail.
fn contact(call: &Call<'_>, named: &Value) -> Result<String, ApiError> {
    let contacts = &call.workspace.contacts;
    let found = match (&named["id"], &named["external_id"], &named["email"]) {
        (Value::String(id), _, _) => contacts.get(id),
        (_, Value::String(own), _) => contacts.with(Key::External, own).map(|(_, one)| one).next(),
        (_, _, Value::String(email)) => contacts.with(Key::Email, email).map(|(_, one)| one).next(),
        _ => return Err(ApiError::missing("contacts.id")),
    };
    Ok(found.ok_or_else(ApiError::user_not_found)?.id.clone())
}

fn company(call: &Call<'_>) -> Result<Option<String>, ApiError> {
    match call.text("company_id") {
        Some(id) if !call.workspace.companies.contains_key(&id) => {
            Err(ApiError::company_not_found())
        }
        other => Ok(other),
    }
}

fn attributes(call: &Call<'_>, field: &str) -> Result<Map<String, Value>, ApiError> {
    match &call.body[field] {
        Value::Null => Ok(Map::new()),
        Value::Object(values) => Ok(values.clone()),
        _ => Err(ApiError::invalid(format!("{field} must be an object"))),
    }
}

/// Turns a conversation into a ticket of a customer type.
pub(super) fn convert(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteTickets])?;
    let conversation = call.workspace.conversations.get(id);
    let contact = conversation
        .ok_or_else(ApiError::not_found)?
        .contact
        .clone();
    let kind = call.required("ticket_type_id")?;
    check_type(call, &kind)?;
    let customer = call.workspace.ticket_type(&kind);
    if customer.is_none_or(|one| one.category != "Customer") {
        return Err(ApiError::invalid(
            "Ticket type is not a customer ticket type",
        ));
    }
    let wanted = NewTicket {
        kind,
        contact,
        attributes: attributes(call, "attributes")?,
        conversation: Some(id.to_owned()),
        company: None,
    };
    let (ticket, events) = call.workspace.create_ticket(wanted, call.now)?;
    call.events.extend(events);
    shown(call, &ticket)
}

fn update(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteTickets])?;
    known(call, id)?;
    let number = |field: &str| call.body[field].as_i64();
    let change = TicketChange {
        attributes: attributes(call, "ticket_attributes")?,
        state: state(call)?,
        open: call.body["open"].as_bool(),
        is_shared: call.body["is_shared"].as_bool(),
        snoozed_until: number("snoozed_until"),
        company: company(call)?,
        assignee: assignee(call)?,
        by: call.text("admin_id"),
    };
    let events = call.workspace.update_ticket(id, change, call.now)?;
    call.events.extend(events);
    shown(call, id)
}

/// A state by id or, before 2.14, by the word of its category.
fn state(call: &Call<'_>) -> Result<Option<TicketState>, ApiError> {
    let (wanted, by_word) = match (call.text("ticket_state_id"), call.text("state")) {
        (Some(id), _) => (id, false),
        (None, Some(word)) if call.version < Version::V2_14 => (word, true),
        _ => return Ok(None),
    };
    let mut states = STATES.iter();
    let found = states.find(|state| if by_word { state.category } else { state.id } == wanted);
    found.copied().map(Some).ok_or_else(|| {
        ApiError::new(
            400,
            "ticket_state_id_invalid",
            "Ticket state id is not valid or is not associated with the ticket type",
        )
    })
}

/// From 2.14 on at the top, before inside `assignment`.
fn assignee(call: &Call<'_>) -> Result<Option<String>, ApiError> {
    let nested = call.body["assignment"]["assignee_id"].as_str();
    let wanted = match call.version < Version::V2_14 {
        true => nested.map(str::to_owned),
        false => call.text("assignee_id"),
    };
    match wanted {
        Some(id)
            if id != "0"
                && call.workspace.admin(&id).is_none()
                && !call.workspace.teams.iter().any(|team| team.id == id) =>
        {
            Err(ApiError::new(
                404,
                "assignee_not_found",
                "Assignee not found",
            ))
        }
        other => Ok(other),
    }
}

fn delete(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteTickets])?;
    call.workspace
        .desk
        .tickets
        .remove(id)
        .ok_or_else(not_found)?;
    Ok(json!({"id": id, "object": "ticket", "deleted": true}))
}

fn search(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadTickets])?;
    let wish = Wish::from_body(call, SIZES)?;
    let workspace = &*call.workspace;
    let order = Order::read::<Ticket>(workspace, &call.body, ("updated_at", true))?;
    let query = search::parse::<Ticket>(workspace, &call.body["query"])?;
    let tickets = &workspace.desk.tickets;
    let slots = find(tickets, &query, &order, &|_| true);
    let page = wish.cut(tickets, &slots, &order);
    let shape = call.shape();
    let found: Vec<Value> = page
        .slots
        .iter()
        .filter_map(|slot| tickets.at(*slot))
        .map(|ticket| desk::ticket(workspace, ticket, shape))
        .collect();
    Ok(json!({
        "type": "ticket.list",
        "tickets": found,
        "total_count": page.total,
        "pages": page.pages,
    }))
}

fn reply(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteTickets])?;
    let kind = known(call, id)?.kind.clone();
    let category = call
        .workspace
        .ticket_type(&kind)
        .map(|one| one.category.clone());
    let message = call.required("message_type")?;
    let author = match (call.required("type")?.as_str(), message.as_str()) {
        ("admin", "comment" | "note" | "quick_reply") => {
            let admin = call.required("admin_id")?;
            let admin = call.workspace.admin(&admin);
            Author::from(
                admin.ok_or_else(|| ApiError::new(404, "admin_not_found", "Admin not found"))?,
            )
        }
        ("user", "comment") => {
            if category.as_deref() == Some("Back-office") {
                return Err(ApiError::new(
                    400,
                    "parameter_mismatch",
                    "User replies are not allowed on Backoffice tickets",
                ));
            }
            let id = changes::contact(call)?;
            let contact = call.workspace.contacts.get(&id);
            Author::from(contact.ok_or_else(ApiError::user_not_found)?)
        }
        _ => return Err(ApiError::invalid("message_type is invalid")),
    };
    let body = match message.as_str() {
        "quick_reply" => None,
        _ => Some(html::from_api(&call.required("body")?)),
    };
    let (part, events) = call
        .workspace
        .write_on_ticket(id, &message, body, author, call.now)?;
    call.events.extend(events);
    let written = known(call, id)?.parts.iter().find(|one| one.id == part);
    written.map(desk::part).ok_or_else(not_found)
}

fn tag(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteTickets])?;
    let (tag, by) = (call.required("id")?, call.required("admin_id")?);
    known(call, id)?;
    if call.workspace.tag(&tag).is_none() {
        return Err(ApiError::new(404, "tag_not_found", "Tag not found"));
    }
    let at = call.now;
    let mut ticket = call
        .workspace
        .desk
        .tickets
        .get_mut(id)
        .ok_or_else(not_found)?;
    let applied = match ticket.tags.iter().find(|one| one.tag == tag) {
        Some(known) => known.clone(),
        None => {
            let applied = Applied { tag, at, by };
            ticket.tags.push(applied.clone());
            ticket.updated_at = at;
            applied
        }
    };
    drop(ticket);
    Ok(render::conversation::applied(call.workspace, &applied))
}

fn untag(call: &mut Call<'_>, id: &str, tag: &str) -> Answer {
    call.need(&[WriteTickets])?;
    call.required("admin_id")?;
    known(call, id)?;
    let at = call.now;
    let mut ticket = call
        .workspace
        .desk
        .tickets
        .get_mut(id)
        .ok_or_else(not_found)?;
    let place = ticket.tags.iter().position(|one| one.tag == tag);
    let place = place.ok_or_else(|| ApiError::new(404, "tag_not_found", "Tag not found"))?;
    let applied = ticket.tags.remove(place);
    ticket.updated_at = at;
    drop(ticket);
    Ok(render::conversation::applied(call.workspace, &applied))
}
