//! What a teammate does to a conversation besides replying.

use super::act::Refusal;
use super::conversation::{Assignee, Author, Part, PartKind};
use super::event::Event;
use super::{IdKind, Workspace};

/// What is done.
pub(crate) enum Order {
    Close,
    Open,
    /// Until that second.
    Snooze(i64),
    /// To nobody when none is given.
    Assign(Option<Assignee>),
}

impl Order {
    fn kind(&self) -> PartKind {
        match self {
            Self::Close => PartKind::Close,
            Self::Open => PartKind::Open,
            Self::Snooze(_) => PartKind::Snoozed,
            Self::Assign(_) => PartKind::Assignment,
        }
    }

    fn topic(&self) -> &'static str {
        match self {
            Self::Close => "conversation.admin.closed",
            Self::Open => "conversation.admin.opened",
            Self::Snooze(_) => "conversation.admin.snoozed",
            Self::Assign(_) => "conversation.admin.assigned",
        }
    }
}

impl Workspace {
    /// Does it, and leaves a part that says so.
    pub(crate) fn manage(
        &mut self,
        conversation: &str,
        admin: &str,
        order: Order,
        body: Option<String>,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let author = self.admin(admin).map(Author::from).ok_or(Refusal::Admin)?;
        let id = self.digits(IdKind::Part);
        let mut found = self
            .conversations
            .get_mut(conversation)
            .ok_or(Refusal::Conversation)?;
        let mut part = Part {
            id: id.clone(),
            kind: order.kind(),
            body,
            author,
            created_at: now,
            updated_at: now,
            attachments: Vec::new(),
            redacted: false,
            tags: Vec::new(),
            assigned_to: None,
        };
        let topic = order.topic();
        match order {
            Order::Close => {
                found.open = false;
                found.snoozed_until = None;
                found.waiting_since = None;
            }
            Order::Open => {
                found.open = true;
                found.snoozed_until = None;
            }
            Order::Snooze(until) => {
                found.open = true;
                found.snoozed_until = Some(until);
            }
            Order::Assign(to) => {
                match &to {
                    None => {
                        found.assignee = None;
                        found.team = None;
                    }
                    Some(Assignee::Admin(id)) => found.assignee = Some(id.clone()),
                    Some(Assignee::Team(id)) => found.team = Some(id.clone()),
                }
                part.assigned_to = to;
            }
        }
        found.parts.push(part);
        found.updated_at = now;
        Ok(vec![Event::Conversation {
            topic,
            conversation: conversation.to_owned(),
            part: Some(id),
        }])
    }

    /// Brings a contact into a conversation.
    pub(crate) fn join(
        &mut self,
        conversation: &str,
        contact: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        if !self.contacts.contains_key(contact) {
            return Err(Refusal::Contact);
        }
        let mut found = self
            .conversations
            .get_mut(conversation)
            .ok_or(Refusal::Conversation)?;
        if found.contacts().any(|one| one == contact) {
            return Ok(Vec::new());
        }
        found.others.push(contact.to_owned());
        found.updated_at = now;
        Ok(participant(
            "conversation.contact.attached",
            conversation,
            contact,
        ))
    }

    /// Takes a contact out of a conversation; the next one takes the first place.
    pub(crate) fn leave(
        &mut self,
        conversation: &str,
        contact: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let mut found = self
            .conversations
            .get_mut(conversation)
            .ok_or(Refusal::Conversation)?;
        if found.contact == contact && !found.others.is_empty() {
            found.contact = found.others.remove(0);
        } else {
            found.others.retain(|one| one != contact);
        }
        found.updated_at = now;
        Ok(participant(
            "conversation.contact.detached",
            conversation,
            contact,
        ))
    }
}

fn participant(topic: &'static str, conversation: &str, contact: &str) -> Vec<Event> {
    vec![Event::Participant {
        topic,
        conversation: conversation.to_owned(),
        contact: contact.to_owned(),
    }]
}
