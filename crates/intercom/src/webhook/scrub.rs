//! Erasing content from stored payloads: of single messages, or of everything.
//!
//! What is erased is rebuilt from a list of keys that may stay, so that a field unknown today cannot keep the
//! text alive.

mod keep;
mod traces;

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::json::{self, Fields, Object};
use traces::Traces;

/// What to erase from a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erase {
    /// Everything but ids, types and times: for a deleted conversation or contact.
    pub whole: bool,
    /// Ids of the messages to erase: parts, or the source of the conversation. What conversations derive from their
    /// messages goes with them, also from a payload that does not hold the message itself.
    pub messages: HashSet<String>,
    /// Ids of the contacts of whom only ids, types and times stay, wherever they stand. What they wrote stays.
    pub contacts: HashSet<String>,
}

/// Erases content from a stored payload and returns the new one, or none when nothing had to change. Erasing
/// again changes nothing more.
///
/// A payload that cannot be read is replaced as a whole when it is to go entirely, or when it mentions one of
/// the messages or contacts.
#[must_use]
pub fn scrub(body: &[u8], erase: &Erase) -> Option<Vec<u8>> {
    let Ok(before) = json::object_from(body) else {
        return scrub_unreadable(body, erase);
    };
    let after = if erase.whole {
        keep::outline(&before)
    } else {
        let mut after = before.clone();
        if !erase.messages.is_empty() {
            erase_messages(&mut after, &erase.messages);
        }
        if !erase.contacts.is_empty() {
            erase_contacts(&mut after, &erase.contacts);
        }
        after
    };
    if after == before {
        return None;
    }
    serde_json::to_vec(&Value::Object(after)).ok()
}

fn scrub_unreadable(body: &[u8], erase: &Erase) -> Option<Vec<u8>> {
    let marker = json!({"redacted": true}).to_string().into_bytes();
    let mut ids = erase.messages.iter().chain(&erase.contacts);
    let gone = erase.whole || ids.any(|id| mentions(body, id));
    (gone && !body.is_empty()).then_some(marker)
}

/// Whether a body, readable or not, holds an id.
#[must_use]
pub fn mentions(body: &[u8], id: &str) -> bool {
    !id.is_empty() && body.windows(id.len()).any(|piece| piece == id.as_bytes())
}

/// Leaves only the outline of the contacts.
fn erase_contacts(object: &mut Object, ids: &HashSet<String>) {
    for (key, value) in object.iter_mut() {
        match value {
            Value::Object(inner) => erase_contact(key, inner, ids),
            Value::Array(entries) => {
                for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                    erase_contact("", entry, ids);
                }
            }
            _ => {}
        }
    }
}

fn erase_contact(key: &str, object: &mut Object, ids: &HashSet<String>) {
    let kind = object.text("type");
    let contact = matches!(key, "contact" | "user")
        || matches!(
            kind.as_deref(),
            Some("contact" | "user" | "lead" | "visitor")
        );
    if contact && object.id("id").is_some_and(|id| ids.contains(&id)) {
        *object = keep::outline(object);
    } else {
        erase_contacts(object, ids);
    }
}

/// Erases the messages wherever they stand, then what is left of their words outside other messages.
fn erase_messages(root: &mut Object, ids: &HashSet<String>) {
    let mut traces = Traces::default();
    erase_in(root, ids, &mut traces);
    traces.wipe(root);
}

fn erase_in(object: &mut Object, ids: &HashSet<String>, traces: &mut Traces) {
    for (key, value) in object.iter_mut() {
        match value {
            Value::Object(inner) if is_message(key, inner) => {
                if inner.id("id").is_some_and(|id| ids.contains(&id)) {
                    traces.remember(inner);
                    *inner = keep::empty_message(inner);
                } else {
                    erase_in(inner, ids, traces);
                }
            }
            Value::Object(inner) => erase_in(inner, ids, traces),
            Value::Array(entries) => {
                for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                    if is_message("", entry) && entry.id("id").is_some_and(|id| ids.contains(&id)) {
                        traces.remember(entry);
                        *entry = keep::empty_message(entry);
                    } else {
                        erase_in(entry, ids, traces);
                    }
                }
            }
            _ => {}
        }
    }
    // Also when the erased message is not here: titles and summaries are made of all messages.
    if is_conversation(object) {
        keep::empty_derived(object);
    }
}

/// Whether an object is a message: by its place, its type or its part type.
fn is_message(key: &str, object: &Object) -> bool {
    matches!(key, "source" | "conversation_message" | "ticket_part")
        || object.contains_key("part_type")
        || matches!(
            object.text("type").as_deref(),
            Some("conversation_part" | "conversation_message" | "ticket_part")
        )
}

/// Whether an object that is no message is a conversation or ticket: by its type, or because it holds messages.
fn is_conversation(object: &Object) -> bool {
    matches!(
        object.text("type").as_deref(),
        Some("conversation" | "ticket")
    ) || [
        "source",
        "conversation_message",
        "conversation_parts",
        "ticket_part",
    ]
    .iter()
    .any(|key| object.contains_key(*key))
}
