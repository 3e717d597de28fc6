//! Finding the words of erased messages elsewhere in a payload.

use serde_json::Value;

use super::{is_message, keep};
use crate::{json::Object, plain_text};

/// Texts shorter than this are common words and prove nothing.
const SHORTEST: usize = 16;

/// Keys of names that stand by themselves: a message that mentions a tag or a person does not own the name.
const NAMES: [&str; 9] = [
    "external_id",
    "user_id",
    "company_id",
    "name",
    "email",
    "phone",
    "tag",
    "tags",
    "tags_added",
];

/// The texts of the messages that were erased.
#[derive(Default)]
pub(super) struct Traces(Vec<String>);

impl Traces {
    /// Takes the texts of a message before it is emptied.
    pub(super) fn remember(&mut self, message: &Object) {
        for (key, value) in message {
            match key.as_str() {
                "body" | "subject" | "url" => self.remember_text(value),
                "attachments" => {
                    for file in value.as_array().into_iter().flatten() {
                        self.remember_text(&file["url"]);
                        self.remember_text(&file["name"]);
                    }
                }
                _ => {}
            }
        }
    }

    fn remember_text(&mut self, value: &Value) {
        let Some(raw) = value.as_str() else { return };
        for text in [raw.trim().to_owned(), plain_text(raw)] {
            if text.chars().count() >= SHORTEST && !self.0.contains(&text) {
                self.0.push(text);
            }
        }
    }

    /// Empties every text outside messages that repeats an erased text, or is a longer piece of one.
    pub(super) fn wipe(&self, root: &mut Object) {
        if !self.0.is_empty() {
            self.wipe_object("", root);
        }
    }

    fn wipe_object(&self, key: &str, object: &mut Object) {
        // Other messages keep what their authors wrote, quotations included.
        if is_message(key, object) {
            return;
        }
        for (key, value) in object.iter_mut() {
            if !keep::is_harmless(key) && !NAMES.contains(&key.as_str()) {
                self.wipe_value(key, value);
            }
        }
    }

    fn wipe_value(&self, key: &str, value: &mut Value) {
        match value {
            Value::String(text) if self.repeats(text) => text.clear(),
            Value::Object(object) => self.wipe_object(key, object),
            Value::Array(entries) => {
                for entry in entries {
                    self.wipe_value("", entry);
                }
            }
            _ => {}
        }
    }

    fn repeats(&self, text: &str) -> bool {
        let plain = plain_text(text);
        let piece = plain.trim_end_matches(['…', '.']).trim_end();
        let long_piece = piece.chars().count() >= SHORTEST && piece.contains(' ');
        self.0.iter().any(|erased| {
            text.contains(erased.as_str())
                || plain.contains(erased.as_str())
                || (long_piece && erased.contains(piece))
        })
    }
}
