//! Makes our copy equal Intercom's.
//!
//! Deliveries are applied lane by lane ([`LaneHandler`]), each in one transaction with its outcome, so that the same
//! delivery twice, late or out of order ends in the same state. What a payload lacks is fetched by a second step
//! ([`DetailsHandler`]) that may wait for Intercom without holding a ticket back. What was redacted or deleted at
//! Intercom leaves a tombstone, and everything stored afterwards is held against it.

mod apply;
mod buried;
mod details;
mod erase;
mod erasure;
mod fetch;
mod lane;
mod outcome;
mod rederive;
mod tagging;
mod tags;
mod text;
mod thread;

pub use details::DetailsHandler;
pub use erase::erase_contact;
pub use erasure::EraseHandler;
pub use lane::LaneHandler;
pub use tags::RefreshTagsHandler;
pub use text::{paragraphs, sanitise};
