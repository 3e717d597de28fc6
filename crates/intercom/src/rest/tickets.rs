//! Tickets, their types and states.

use serde_json::json;

use super::tags::whole;
use crate::{
    Call, Client, Job, Listing, Message, NewTicket, Removed, Reply, Search, Tag, Ticket,
    TicketFields, TicketState, TicketType, TicketTypeFields, Unreadable, operation::table as op,
    paging::Style, search::Tickets, write,
};

/// Entries on a page. Intercom names no limit for tickets; clients take this many.
const MOST: u8 = 150;

impl Client {
    /// The tickets that a search finds. Needs Read tickets.
    pub fn search_tickets(&self, search: impl Into<Search<Tickets>>) -> Listing<Ticket> {
        let request = self
            .to(&op::TICKET_SEARCH, &[])
            .json(&search.into().to_json());
        let keys = &["tickets", "data"];
        Listing::new(self, request, Style::Body, MOST, keys, Ticket::read)
    }

    /// One ticket, by its id and never by the number that people see. Needs Read tickets.
    pub fn ticket(&self, id: &str) -> Call<Ticket> {
        self.call(self.to(&op::TICKET_GET, &[id]), Ticket::read)
    }

    /// Makes a ticket. Needs Write tickets.
    pub fn create_ticket(&self, new: &NewTicket) -> Call<Ticket> {
        let request = self.to(&op::TICKET_CREATE, &[]).json(&new.body());
        self.call(request, Ticket::read)
    }

    /// Has a ticket made after the answer; [`Client::job`] tells when. Needs Write tickets.
    pub fn enqueue_ticket(&self, new: &NewTicket) -> Call<Job> {
        let request = self.to(&op::TICKET_ENQUEUE, &[]).json(&new.body());
        self.call(request, Job::read)
    }

    /// Changes a ticket. Asked with version 2.14 or newer. Needs Write tickets.
    pub fn update_ticket(&self, id: &str, fields: &TicketFields) -> Call<Ticket> {
        let request = self.to(&op::TICKET_UPDATE, &[id]).json(fields);
        self.call(request.shaped(write::admin_as_number), Ticket::read)
    }

    /// Deletes a ticket for good. Needs Write tickets.
    pub fn delete_ticket(&self, id: &str) -> Call<Removed> {
        self.call(self.to(&op::TICKET_DELETE, &[id]), Removed::read)
    }

    /// Answers on a ticket, or writes a note. Needs Write tickets.
    pub fn reply_to_ticket(&self, id: &str, reply: &Reply) -> Call<Message> {
        let request = self.to(&op::TICKET_REPLY, &[id]).json(&reply.body());
        self.call(request, |part| {
            Message::read_part(part).ok_or_else(|| Unreadable::new("the reply has no id"))
        })
    }

    /// Puts a tag on a ticket. Needs Write tickets.
    pub fn tag_ticket(&self, id: &str, tag_id: &str, admin_id: &str) -> Call<Tag> {
        let body = json!({"id": tag_id, "admin_id": admin_id});
        let request = self.to(&op::TICKET_TAG_ATTACH, &[id]).json(&body);
        self.call(request, Tag::read)
    }

    /// Takes a tag off a ticket. Intercom wants a body with this DELETE. Needs Write tickets.
    pub fn untag_ticket(&self, id: &str, tag_id: &str, admin_id: &str) -> Call<Tag> {
        let request = self.to(&op::TICKET_TAG_DETACH, &[id, tag_id]);
        let request = request.json(&json!({"admin_id": admin_id}));
        self.call(request, Tag::read)
    }

    /// All types of tickets. Needs Read tickets.
    pub fn ticket_types(&self) -> Call<Vec<TicketType>> {
        let request = self.to(&op::TICKET_TYPE_LIST, &[]);
        let keys = &["data", "ticket_types"];
        let read = TicketType::read;
        whole(&Listing::new(self, request, Style::Whole, 0, keys, read))
    }

    /// One type of tickets. Needs Read tickets.
    pub fn ticket_type(&self, id: &str) -> Call<TicketType> {
        self.call(self.to(&op::TICKET_TYPE_GET, &[id]), TicketType::read)
    }

    /// Makes a type of tickets. Needs Write tickets.
    pub fn create_ticket_type(&self, fields: &TicketTypeFields) -> Call<TicketType> {
        let request = self.to(&op::TICKET_TYPE_CREATE, &[]).json(fields);
        self.call(request, TicketType::read)
    }

    /// Changes a type of tickets. Needs Write tickets.
    pub fn update_ticket_type(&self, id: &str, fields: &TicketTypeFields) -> Call<TicketType> {
        let request = self.to(&op::TICKET_TYPE_UPDATE, &[id]).json(fields);
        self.call(request, TicketType::read)
    }

    /// All states of tickets. Asked with version 2.14 or newer. Needs Read tickets.
    pub fn ticket_states(&self) -> Call<Vec<TicketState>> {
        let request = self.to(&op::TICKET_STATE_LIST, &[]);
        let keys = &["data", "ticket_states"];
        let read = |state: &_| Ok(TicketState::read(state));
        whole(&Listing::new(self, request, Style::Whole, 0, keys, read))
    }

    /// How work stands that Intercom does after its answer.
    pub fn job(&self, id: &str) -> Call<Job> {
        self.call(self.to(&op::JOB_GET, &[id]), Job::read)
    }
}
