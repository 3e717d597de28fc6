//! The objects of Intercom, normalised: one set of types for REST answers and webhook payloads of every version.
//!
//! Only ids are required. Everything else is optional, because versions, endpoints and topics differ in what
//! they carry. Fields that are not known are kept in `other`, values that are not known as they come.

mod admin;
mod body;
mod company;
mod contact;
mod content;
mod conversation;
mod message;
mod people;
mod record;
mod tag;
mod ticket;

pub use admin::{Admin, App, Me};
pub use body::{looks_like_html, plain_text};
pub use company::{Company, CompanyRef};
pub use contact::{Contact, ContactRef, ContactRole, Location};
pub use content::{Article, Collection, DataAttribute, HelpCenter};
pub use conversation::Conversation;
pub use message::{Attachment, Author, AuthorKind, Message, MessageKind};
pub use people::{
    Event, Job, MergedContact, Note, Removed, Segment, SegmentRef, SubscriptionType, Team,
};
pub use tag::{AppliedTag, Tag, TagRef};
pub use ticket::{Ticket, TicketAttribute, TicketState, TicketType};
