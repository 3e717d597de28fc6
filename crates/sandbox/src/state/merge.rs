//! Merging contacts, and following a merged one to the contact that is left.

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::act::Refusal;
use super::contact::topic;
use super::event::Event;
use super::groups::Noted;
use super::table::Key;

/// Intercom follows this many merges.
const HOPS: usize = 3;

/// What is left of a contact that was merged into another.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Merged {
    pub(crate) into: String,
    pub(crate) external_id: Option<String>,
    pub(crate) at: i64,
}

impl Workspace {
    /// The contact an id leads to after merges; none when it was not merged or the trail ends at a deleted one.
    pub(crate) fn canonical(&self, id: &str) -> Option<&str> {
        let mut at = self.merged.get(id)?;
        for _ in 1..HOPS {
            match self.merged.get(&at.into) {
                Some(next) => at = next,
                None => break,
            }
        }
        let known = self.contacts.contains_key(&at.into) || self.merged.contains_key(&at.into);
        known.then_some(at.into.as_str())
    }

    /// Merges one contact into another, which takes over what the first had.
    pub(crate) fn merge_contacts(
        &mut self,
        from: &str,
        into: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        if from == into {
            return Err(Refusal::Invalid(
                "A contact cannot be merged into itself".to_owned(),
            ));
        }
        if !self.contacts.contains_key(into) {
            return Err(Refusal::Contact);
        }
        let gone = self.contacts.remove(from).ok_or(Refusal::Contact)?;
        let external_id = gone.external_id.clone();
        let mut contact = self.contacts.get_mut(into).ok_or(Refusal::Contact)?;
        let left = &mut *contact;
        add_missing(&mut left.companies, gone.companies);
        add_missing(&mut left.tags, gone.tags);
        for (name, value) in gone.custom_attributes {
            left.custom_attributes.entry(name).or_insert(value);
        }
        left.name = left.name.take().or(gone.name);
        left.email = left.email.take().or(gone.email);
        left.phone = left.phone.take().or(gone.phone);
        left.owner_id = left.owner_id.or(gone.owner_id);
        left.profile = left.profile.take().or(gone.profile);
        left.last_seen_at = left.last_seen_at.max(gone.last_seen_at);
        left.last_replied_at = left.last_replied_at.max(gone.last_replied_at);
        left.updated_at = now;
        let role = left.role;
        drop(contact);
        self.repoint(from, into);
        let merged = Merged {
            into: into.to_owned(),
            external_id,
            at: now,
        };
        self.merged.insert(from.to_owned(), merged);
        Ok(vec![
            Event::Merged {
                contact: into.to_owned(),
                from: from.to_owned(),
            },
            Event::Contact {
                topic: topic(role, "contact.user.updated", "contact.lead.updated"),
                contact: into.to_owned(),
            },
        ])
    }

    /// Conversations, tickets and notes of a contact become another's.
    fn repoint(&mut self, from: &str, into: &str) {
        let theirs: Vec<String> = self
            .conversations
            .with(Key::Contact, from)
            .map(|(_, one)| one.id.clone())
            .collect();
        for id in theirs {
            let Some(mut one) = self.conversations.get_mut(&id) else {
                continue;
            };
            if one.contact == from {
                into.clone_into(&mut one.contact);
            }
            replace(&mut one.others, from, into);
            let first = one.contact.clone();
            one.others.retain(|other| *other != first);
        }
        let tickets = self.desk.tickets.with(Key::Contact, from);
        let tickets: Vec<String> = tickets.map(|(_, one)| one.id.clone()).collect();
        for id in tickets {
            if let Some(mut ticket) = self.desk.tickets.get_mut(&id) {
                into.clone_into(&mut ticket.contact);
            }
        }
        for note in &mut self.notes {
            if note.on == Noted::Contact(from.to_owned()) {
                note.on = Noted::Contact(into.to_owned());
            }
        }
    }
}

fn add_missing(to: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !to.contains(&one) {
            to.push(one);
        }
    }
}

fn replace(ids: &mut [String], from: &str, into: &str) {
    for id in ids {
        if id == from {
            into.clone_into(id);
        }
    }
}
