//! Tickets, their types and states.

use super::{
    ADMIN_ID, COMPANY_ID, CURSOR, FETCH_ALL, NOTE, PER_PAGE_150, QUERY, TAG_ID, actions,
    changes_something, one_of, optional,
};
use crate::describe::{Input, Kind, Pick};
use crate::input::{Fault, Values};
use crate::plan::{call, list, written};
use earmark_intercom::{NewTicket, Reply, TicketFields, Who};
use serde_json::{Map, Value};

const TYPE_ID: Input = Input::new(
    "ticket_type_id",
    "Ticket type ID",
    Kind::Id(Some(Pick::TicketTypes)),
)
.help("The action List ticket types shows them.")
.example("51")
.required();
const TICKET_ID: Input = Input::id("ticket_id", "Ticket ID")
    .help("Intercom's id, never the number that people see.")
    .example("215473908114030")
    .required();
const TITLE: Input = Input::text("title", "Title").example("The currency is wrong");
const DESCRIPTION: Input =
    Input::new("description", "Description", Kind::Long(20_000)).example("Since Monday.");
const ATTRIBUTES: Input = Input::new("attributes", "Ticket attributes", Kind::Json(true))
    .help("What else the type asks for, by its names.")
    .example(r#"{"Severity": "High"}"#);

/// The attributes of a ticket with title and description under Intercom's own names.
fn attributes(values: &Values) -> Map<String, Value> {
    let mut all = values.object("attributes").unwrap_or_default();
    for (name, own) in [
        ("title", "_default_title_"),
        ("description", "_default_description_"),
    ] {
        if let Some(text) = values.text(name) {
            all.insert(own.to_owned(), text.into());
        }
    }
    all
}

fn new_ticket(values: &Values) -> Result<NewTicket, Vec<Fault>> {
    let who = one_of(
        values,
        &["contact_id", "contact_email", "contact_external_id"],
    )?;
    let contact = match who {
        ("contact_id", id) => Who::Id(id),
        ("contact_email", email) => Who::Email(email),
        (_, id) => Who::ExternalId(id),
    };
    Ok(NewTicket {
        ticket_type_id: values.need("ticket_type_id"),
        contact,
        attributes: attributes(values),
        company_id: values.text("company_id"),
        conversation_to_link_id: values.text("conversation_id"),
    })
}

fn changes(values: &Values) -> Result<TicketFields, Vec<Fault>> {
    let attributes = attributes(values);
    let fields = TicketFields {
        ticket_attributes: Some(attributes).filter(|all| !all.is_empty()).into(),
        ticket_state_id: values.text("ticket_state_id").into(),
        company_id: values.text("company_id").into(),
        open: values.flag("open").into(),
        is_shared: values.flag("is_shared").into(),
        admin_id: values.text("admin_id").into(),
        assignee_id: values.text("assignee_id").into(),
        snoozed_until: values.date("snoozed_until").into(),
    };
    changes_something(&fields)?;
    Ok(fields)
}

actions! { Tickets;
    /// Creates a ticket about one contact, named by ID, e-mail address or external ID.
    CREATE = "tickets.create", "Create ticket", Changes, WriteTickets, "tickets.create",
    [
        TYPE_ID, optional(super::CONTACT_ID),
        Input::text("contact_email", "Contact e-mail address").help("In place of the contact ID.")
            .example("ines@example.com"),
        Input::text("contact_external_id", "Contact external ID").help("In place of the contact ID.")
            .example("usr_20418"),
        optional(COMPANY_ID), TITLE, DESCRIPTION, ATTRIBUTES,
        optional(super::CONVERSATION_ID).help("A conversation to link it to."),
    ],
    |client, values| call(client.create_ticket(&new_ticket(values)?));

    /// Shows one ticket.
    GET = "tickets.get", "Retrieve ticket", Reads, ReadTickets, "tickets.get",
    [TICKET_ID],
    |client, values| call(client.ticket(&values.need("ticket_id")));

    /// Lists the types of tickets.
    TYPES = "ticket_types.list", "List ticket types", Reads, ReadTickets, "ticket_types.list",
    [],
    |client, _| call(client.ticket_types());

    /// Shows one type of tickets with what it asks for.
    TYPE = "ticket_types.get", "Get ticket type", Reads, ReadTickets, "ticket_types.get",
    [TYPE_ID],
    |client, values| call(client.ticket_type(&values.need("ticket_type_id")));

    /// Lists the states of tickets.
    STATES = "ticket_states.list", "List ticket states", Reads, ReadTickets, "ticket_states.list",
    [],
    |client, _| call(client.ticket_states());

    /// Changes a ticket; fields left empty stay as they are.
    UPDATE = "tickets.update", "Update ticket", Changes, WriteTickets, "tickets.update",
    [
        TICKET_ID, TITLE, DESCRIPTION, ATTRIBUTES,
        Input::id("ticket_state_id", "State ID").help("The action List ticket states shows them.").example("1"),
        Input::new("open", "Open", Kind::Flag), Input::new("is_shared", "Shared with the customer", Kind::Flag),
        Input::new("snoozed_until", "Snoozed until", Kind::Date).example("2026-12-01T09:00:00Z"),
        optional(COMPANY_ID), optional(ADMIN_ID),
        Input::new("assignee_id", "Assignee ID", Kind::Id(Some(Pick::Admins))).help("A teammate or team; 0 for nobody. Needs the teammate ID above.")
            .example("814860"),
    ],
    |client, values| call(client.update_ticket(&values.need("ticket_id"), &changes(values)?));

    /// Searches tickets by a query of your own.
    SEARCH = "tickets.search", "Search tickets", Reads, ReadTickets, "tickets.search",
    [
        QUERY.required().example(r#"{"field": "open", "operator": "=", "value": true}"#), FETCH_ALL, PER_PAGE_150,
        CURSOR,
    ],
    |client, values| {
        let query = written(&values.json("query").unwrap_or_default())?;
        list(client.search_tickets(query), values)
    };

    /// Answers on a ticket in a teammate's name; the customer sees it.
    REPLY = "tickets.reply", "Reply to ticket", Changes, WriteTickets, "tickets.reply",
    [TICKET_ID, ADMIN_ID, NOTE],
    |client, values| {
        let reply = Reply::from_admin(values.need("admin_id"), values.need("body"));
        call(client.reply_to_ticket(&values.need("ticket_id"), &reply))
    };

    /// Writes a note on a ticket, for teammates only.
    ADD_NOTE = "tickets.note", "Add note to ticket", Changes, WriteTickets, "tickets.reply",
    [TICKET_ID, ADMIN_ID, NOTE],
    |client, values| {
        let note = Reply::note(values.need("admin_id"), values.need("body"));
        call(client.reply_to_ticket(&values.need("ticket_id"), &note))
    };

    /// Puts a tag on a ticket.
    ATTACH_TAG = "tickets.attach_tag", "Attach tag to ticket", Changes, WriteTags, "tickets.attach_tag",
    [TICKET_ID, TAG_ID, ADMIN_ID],
    |client, values| {
        let (ticket, tag) = (values.need("ticket_id"), values.need("tag_id"));
        call(client.tag_ticket(&ticket, &tag, &values.need("admin_id")))
    };

    /// Takes a tag off a ticket.
    DETACH_TAG = "tickets.detach_tag", "Detach tag from ticket", Changes, WriteTags, "tickets.detach_tag",
    [TICKET_ID, TAG_ID, ADMIN_ID],
    |client, values| {
        let (ticket, tag) = (values.need("ticket_id"), values.need("tag_id"));
        call(client.untag_ticket(&ticket, &tag, &values.need("admin_id")))
    };

    /// Deletes a ticket for good.
    DELETE = "tickets.delete", "Delete ticket", Destroys, WriteTickets, "tickets.delete",
    [TICKET_ID],
    |client, values| call(client.delete_ticket(&values.need("ticket_id")));
}
