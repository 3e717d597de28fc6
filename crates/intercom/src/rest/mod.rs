//! The endpoints, one file per kind of object. What can go wrong is [`crate::Error`], for each of them.

mod admins;
mod apps;
mod companies;
mod contacts;
mod content;
mod conversations;
mod probe;
mod tags;
mod tickets;

pub use probe::{Probe, ProbeOutcome};

use serde_json::{Value, json};

/// The body of a note.
fn note(body: &str, admin_id: Option<&str>) -> Value {
    match admin_id {
        Some(admin_id) => json!({"body": body, "admin_id": admin_id}),
        None => json!({"body": body}),
    }
}
