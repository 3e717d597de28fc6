//! What stays of erased objects.

use serde_json::{Value, json};

use crate::json::Object;

/// Keys whose plain value says nothing of the content: ids, types, times and states.
const HARMLESS: [&str; 23] = [
    "type",
    "id",
    "conversation_id",
    "part_type",
    "created_at",
    "updated_at",
    "notified_at",
    "applied_at",
    "first_sent_at",
    "delivered_as",
    "delivered_at",
    "delivery_attempts",
    "delivery_status",
    "topic",
    "app_id",
    "state",
    "open",
    "total_count",
    "deleted",
    "archived",
    "redacted",
    "from_ai_agent",
    "is_ai_answer",
];

/// Keys that lead to objects whose outline stays.
const CONTAINERS: [&str; 23] = [
    "data",
    "item",
    "conversation",
    "conversation_message",
    "conversation_parts",
    "source",
    "contacts",
    "contact",
    "customers",
    "user",
    "author",
    "assigned_to",
    "tags",
    "tags_added",
    "tag",
    "teammates",
    "admins",
    "company",
    "companies",
    "merged_from",
    "ticket",
    "ticket_part",
    "ticket_parts",
];

/// Containers that are messages themselves or hold them directly.
const MESSAGES: [&str; 4] = [
    "source",
    "conversation_message",
    "conversation_parts",
    "ticket_part",
];

/// Whether a key's plain value says nothing of the content.
pub(super) fn is_harmless(key: &str) -> bool {
    HARMLESS.contains(&key)
}

/// Ids, types, times and states of a whole payload, and nothing else.
pub(super) fn outline(object: &Object) -> Object {
    outline_of(object, false)
}

fn outline_of(object: &Object, message: bool) -> Object {
    let mut kept = Object::new();
    for (key, value) in object {
        let key = key.as_str();
        if HARMLESS.contains(&key) && !value.is_object() && !value.is_array() {
            kept.insert(key.to_owned(), value.clone());
        } else if CONTAINERS.contains(&key) {
            let inside = MESSAGES.contains(&key);
            let value = match value {
                Value::Object(inner) => {
                    // The list object of the parts is no message, its entries are.
                    let message = inside && key != "conversation_parts";
                    Value::Object(outline_of(inner, message))
                }
                Value::Array(entries) => entries
                    .iter()
                    .filter_map(Value::as_object)
                    .map(|entry| Value::Object(outline_of(entry, inside)))
                    .collect(),
                _ => Value::Null,
            };
            kept.insert(key.to_owned(), value);
        }
    }
    if message {
        kept.insert("redacted".to_owned(), Value::Bool(true));
    }
    kept
}

/// An erased message: ids, type, times, tags and the kind of its author.
pub(super) fn empty_message(message: &Object) -> Object {
    let mut kept = Object::new();
    for (key, value) in message {
        let stays = match key.as_str() {
            "body" | "url" => Value::Null,
            "subject" => json!(""),
            "attachments" => json!([]),
            "author" | "assigned_to" => value
                .as_object()
                .map_or(Value::Null, |inner| Value::Object(outline_of(inner, false))),
            "tags" => value.clone(),
            key if HARMLESS.contains(&key) && !value.is_object() && !value.is_array() => {
                value.clone()
            }
            _ => continue,
        };
        kept.insert(key.clone(), stays);
    }
    kept.insert("redacted".to_owned(), Value::Bool(true));
    kept
}

/// Empties what a conversation derives from its messages: title, custom attributes (Intercom writes titles
/// and summaries there), page addresses, links and the automated agent's record.
pub(super) fn empty_derived(conversation: &mut Object) {
    for (key, value) in conversation.iter_mut() {
        match key.as_str() {
            "title" | "subject" | "preview" => *value = json!(""),
            "custom_attributes" | "metadata" => *value = json!({}),
            "first_contact_reply"
            | "linked_objects"
            | "ai_agent"
            | "sales_agent"
            | "links"
            | "conversation_rating"
            | "topics" => {
                *value = value
                    .as_object()
                    .map_or(Value::Null, |inner| Value::Object(outline_of(inner, false)));
            }
            _ => {}
        }
    }
}
