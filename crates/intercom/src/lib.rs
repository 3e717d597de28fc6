//! Typed client of the Intercom API, and the signature and payload of its webhooks.
//!
//! Three parts that share one set of data types: the REST [`Client`] with its rate budget, the normalised
//! objects ([`Conversation`], [`Contact`], …) that both REST answers and webhook payloads are read into, and
//! [`webhook`] with the signature, the payload reader and the scrubber.
//!
//! The crate reads no clock and no randomness of its own: an [`Environment`] is passed in.

mod budget;
mod client;
mod data;
mod environment;
mod error;
mod http;
mod json;
mod region;
mod rest;
mod token;
pub mod webhook;

pub use budget::{
    BudgetKey, BudgetSnapshot, Lane, LocalBudget, Observation, RateBudget, Shares, WaitUntil,
};
pub use client::{API_VERSION, Client};
pub use data::{
    Admin, App, AppliedTag, Attachment, Author, AuthorKind, Company, CompanyRef, Contact,
    ContactRef, ContactRole, Conversation, Location, Me, Message, MessageKind, Tag, TagRef,
    looks_like_html, plain_text,
};
pub use environment::Environment;
pub use error::{Error, UnreachableCause};
pub use http::{Http, HttpError, Policy};
pub use json::Unreadable;
pub use region::{HostError, HostMap, Hosts, Region, conversation_link, validate_host};
pub use rest::{Next, Page, Probe, ProbeOutcome};
pub use token::Token;
