//! Contacts and companies: from what Intercom says of them to our copy.

mod acted;
mod complete;
mod convert;
mod gone;
mod live;
mod store;

pub use acted::{Acted, follow_action};
pub use complete::CompletePeopleHandler;
pub(crate) use gone::{Fate, Met, SEARCHABLE_AFTER, fate_of, heard_at, meet_fate, merge_told};
pub(crate) use live::apply;
pub(crate) use store::{Change, Seen, put_companies, put_contacts};
