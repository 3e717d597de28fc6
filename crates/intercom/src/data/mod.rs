//! The objects of Intercom, normalised: one set of types for REST answers and webhook payloads of every version.
//!
//! Only ids are required. Everything else is optional, because versions, endpoints and topics differ in what
//! they carry. Unknown fields are ignored.

mod admin;
mod body;
mod company;
mod contact;
mod conversation;
mod message;
mod tag;

pub use admin::{Admin, App, Me};
pub use body::{looks_like_html, plain_text};
pub use company::{Company, CompanyRef};
pub use contact::{Contact, ContactRef, ContactRole, Location};
pub use conversation::Conversation;
pub use message::{Attachment, Author, AuthorKind, Message, MessageKind};
pub use tag::{AppliedTag, Tag, TagRef};
