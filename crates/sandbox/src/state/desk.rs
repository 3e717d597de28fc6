//! Tickets: their types, states, parts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::act::Refusal;
use super::conversation::{Applied, Author};
use super::event::Event;
use super::table::{Key, Row, Table};
use super::{IdKind, Workspace};

/// Types and tickets of a workspace.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Desk {
    pub(crate) types: Vec<TicketType>,
    pub(crate) tickets: Table<Ticket>,
}

/// A ticket type. Its fields are kept as the API shows them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TicketType {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) icon: String,
    /// `Customer`, `Back-office` or `Tracker`.
    pub(crate) category: String,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) attributes: Vec<Value>,
}

/// A state of tickets: the same four in every workspace of the sandbox.
#[derive(Clone, Copy)]
pub(crate) struct TicketState {
    pub(crate) id: &'static str,
    pub(crate) category: &'static str,
    pub(crate) label: &'static str,
}

/// The states there are, the first one for new tickets.
pub(crate) const STATES: [TicketState; 4] = [
    TicketState {
        id: "4517893",
        category: "submitted",
        label: "Submitted",
    },
    TicketState {
        id: "4517894",
        category: "in_progress",
        label: "In progress",
    },
    TicketState {
        id: "4517895",
        category: "waiting_on_customer",
        label: "Waiting on you",
    },
    TicketState {
        id: "4517896",
        category: "resolved",
        label: "Resolved",
    },
];

/// A ticket.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) id: String,
    /// The number people see.
    pub(crate) ticket_id: String,
    pub(crate) kind: String,
    pub(crate) contact: String,
    pub(crate) attributes: Map<String, Value>,
    /// Id of one of [`STATES`].
    pub(crate) state: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) open: bool,
    pub(crate) is_shared: bool,
    pub(crate) snoozed_until: Option<i64>,
    pub(crate) admin: Option<String>,
    pub(crate) team: Option<String>,
    pub(crate) company: Option<String>,
    pub(crate) conversations: Vec<String>,
    pub(crate) parts: Vec<TicketPart>,
    pub(crate) tags: Vec<Applied>,
}

impl Ticket {
    pub(crate) fn state(&self) -> TicketState {
        let known = STATES.iter().find(|state| state.id == self.state);
        *known.unwrap_or(&STATES[0])
    }
}

/// What was said about a ticket or done to it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TicketPart {
    pub(crate) id: String,
    /// `comment`, `note`, `quick_reply`, `ticket_state_updated_by_admin` or `assignment`.
    pub(crate) kind: String,
    pub(crate) body: Option<String>,
    pub(crate) author: Author,
    pub(crate) at: i64,
    /// The states before and after, for a change of state.
    pub(crate) states: Option<(String, String)>,
}

impl Row for Ticket {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }

    fn updated_at(&self) -> i64 {
        self.updated_at
    }

    fn keys(&self, each: &mut dyn FnMut(Key, &str)) {
        each(Key::Contact, &self.contact);
        for applied in &self.tags {
            each(Key::Tag, &applied.tag);
        }
    }
}

/// What a new ticket says.
pub(crate) struct NewTicket {
    pub(crate) kind: String,
    pub(crate) contact: String,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) conversation: Option<String>,
    pub(crate) company: Option<String>,
}

/// What to change of a ticket.
#[derive(Default)]
pub(crate) struct TicketChange {
    pub(crate) attributes: Map<String, Value>,
    pub(crate) state: Option<TicketState>,
    pub(crate) open: Option<bool>,
    pub(crate) is_shared: Option<bool>,
    pub(crate) snoozed_until: Option<i64>,
    pub(crate) company: Option<String>,
    /// An admin or a team by id.
    pub(crate) assignee: Option<String>,
    pub(crate) by: Option<String>,
}

impl Workspace {
    pub(crate) fn ticket_type(&self, id: &str) -> Option<&TicketType> {
        self.desk.types.iter().find(|one| one.id == id)
    }

    /// Makes a ticket type with Intercom's two preset fields.
    pub(crate) fn create_type(
        &mut self,
        name: String,
        category: String,
        now: i64,
    ) -> &mut TicketType {
        let id = self.digits(IdKind::TicketType);
        let attributes = ["_default_title_", "_default_description_"]
            .into_iter()
            .enumerate()
            .map(|(order, name)| {
                let id = self.digits(IdKind::Attribute);
                json!({
                    "type": "ticket_type_attribute", "id": id, "workspace_id": self.app_id,
                    "name": name, "description": "", "data_type": "string",
                    "input_options": {"multiline": order == 1}, "order": order,
                    "required_to_create": false, "required_to_create_for_contacts": false,
                    "visible_on_create": true, "visible_to_contacts": true, "default": true,
                    "archived": false, "created_at": now, "updated_at": now,
                })
            })
            .collect();
        self.desk.types.push(TicketType {
            id,
            name,
            description: String::new(),
            icon: "🎟️".to_owned(),
            category,
            archived: false,
            created_at: now,
            updated_at: now,
            attributes,
        });
        let last = self.desk.types.len() - 1;
        &mut self.desk.types[last]
    }

    /// Opens a ticket.
    pub(crate) fn create_ticket(
        &mut self,
        wanted: NewTicket,
        now: i64,
    ) -> Result<(String, Vec<Event>), Refusal> {
        let author = self
            .admins
            .first()
            .map(Author::from)
            .ok_or(Refusal::Admin)?;
        let id = self.digits(IdKind::Conversation);
        let first = TicketPart {
            id: self.digits(IdKind::Part),
            kind: "ticket_state_updated_by_admin".to_owned(),
            body: None,
            author,
            at: now,
            states: Some((STATES[0].category.to_owned(), STATES[0].category.to_owned())),
        };
        if let Some(linked) = &wanted.conversation {
            let mut conversation = self
                .conversations
                .get_mut(linked)
                .ok_or(Refusal::Conversation)?;
            conversation.tickets.push(id.clone());
        }
        let number = self.count();
        self.desk.tickets.insert(Ticket {
            id: id.clone(),
            ticket_id: number.to_string(),
            kind: wanted.kind,
            contact: wanted.contact,
            attributes: wanted.attributes,
            state: STATES[0].id.to_owned(),
            created_at: now,
            updated_at: now,
            open: true,
            is_shared: true,
            snoozed_until: None,
            admin: None,
            team: None,
            company: wanted.company,
            conversations: Vec::from_iter(wanted.conversation),
            parts: vec![first],
            tags: Vec::new(),
        });
        Ok((id.clone(), vec![told("ticket.created", &id)]))
    }

    /// Changes a ticket and leaves a part for a new state or assignee.
    pub(crate) fn update_ticket(
        &mut self,
        id: &str,
        change: TicketChange,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let by = change.by.as_deref().and_then(|id| self.admin(id));
        let author = by.or(self.admins.first()).map(Author::from);
        let author = author.ok_or(Refusal::Admin)?;
        let team = change
            .assignee
            .as_ref()
            .is_some_and(|id| self.teams.iter().any(|team| team.id == *id));
        let parts = [self.digits(IdKind::Part), self.digits(IdKind::Part)];
        let mut ticket = self.desk.tickets.get_mut(id).ok_or(Refusal::Ticket)?;
        let mut events = Vec::new();
        let [state_part, assign_part] = parts;
        let part = |id, kind: &str, states| TicketPart {
            id,
            kind: kind.to_owned(),
            body: None,
            author: author.clone(),
            at: now,
            states,
        };
        ticket.attributes.extend(change.attributes);
        ticket.open = change.open.unwrap_or(ticket.open);
        ticket.is_shared = change.is_shared.unwrap_or(ticket.is_shared);
        ticket.snoozed_until = change.snoozed_until.or(ticket.snoozed_until);
        ticket.company = change.company.or_else(|| ticket.company.clone());
        if let Some(state) = change.state.filter(|state| state.id != ticket.state) {
            let before = ticket.state().category.to_owned();
            state.id.clone_into(&mut ticket.state);
            let states = Some((before, state.category.to_owned()));
            ticket
                .parts
                .push(part(state_part, "ticket_state_updated_by_admin", states));
            events.push(told("ticket.state.updated", id));
        }
        if let Some(assignee) = change.assignee {
            if team {
                ticket.team = Some(assignee);
            } else {
                ticket.admin = Some(assignee).filter(|id| id != "0");
            }
            ticket.parts.push(part(assign_part, "assignment", None));
            events.push(told("ticket.admin.assigned", id));
        }
        ticket.updated_at = now;
        Ok(events)
    }

    /// Someone writes on a ticket.
    pub(crate) fn write_on_ticket(
        &mut self,
        id: &str,
        kind: &str,
        body: Option<String>,
        author: Author,
        now: i64,
    ) -> Result<(String, Vec<Event>), Refusal> {
        let part = self.digits(IdKind::Part);
        let mut ticket = self.desk.tickets.get_mut(id).ok_or(Refusal::Ticket)?;
        ticket.parts.push(TicketPart {
            id: part.clone(),
            kind: kind.to_owned(),
            body,
            author,
            at: now,
            states: None,
        });
        ticket.updated_at = now;
        let events = match kind {
            "note" => vec![Event::TicketNote {
                ticket: id.to_owned(),
                part: part.clone(),
            }],
            _ => Vec::new(),
        };
        Ok((part, events))
    }
}

fn told(topic: &'static str, ticket: &str) -> Event {
    Event::Ticket {
        topic,
        ticket: ticket.to_owned(),
    }
}
