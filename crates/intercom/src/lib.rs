//! Typed client of the Intercom API, and the signature and payload of its webhooks.
//!
//! Three parts that share one set of data types: the REST [`Client`] with its rate budget, the normalised
//! objects ([`Conversation`], [`Contact`], …) that both REST answers and webhook payloads are read into, and
//! [`webhook`] with the signature, the payload reader and the scrubber.
//!
//! - A method gives a [`Call`], which is made when it is awaited, and can be looked at before with [`Call::preview`].
//! - A list is a [`Listing`]: one page, or a stream of all with [`Listing::pages`], resumable from a [`Position`].
//! - A search is built with [`search`], which cannot say what Intercom refuses.
//! - [`operations`] lists what can be called; [`Client::raw`] reaches the rest.
//!
//! The crate reads no clock and no randomness of its own: an [`Environment`] is passed in.

mod budget;
mod client;
mod data;
mod environment;
mod error;
mod http;
mod json;
mod operation;
mod paging;
mod raw;
mod region;
mod rest;
pub mod search;
mod token;
mod version;
pub mod webhook;
mod write;

pub use budget::{
    BudgetKey, BudgetSnapshot, Lane, LocalBudget, Observation, RateBudget, Shares, WaitUntil,
};
pub use client::{Call, Client, Exchange, Preview};
pub use data::{
    Admin, App, AppliedTag, Article, Attachment, Author, AuthorKind, Collection, Company,
    CompanyRef, Contact, ContactRef, ContactRole, Conversation, DataAttribute, Event, HelpCenter,
    Job, Location, Me, MergedContact, Message, MessageKind, Note, Removed, Segment, SegmentRef,
    SubscriptionType, Tag, TagRef, Team, Ticket, TicketAttribute, TicketState, TicketType,
    looks_like_html, plain_text,
};
pub use environment::Environment;
pub use error::{Error, UnreachableCause};
pub use http::{Http, HttpError, Policy};
pub use json::Unreadable;
pub use operation::{Operation, Repeat, operations};
pub use paging::{Listing, Page, Pages, Position};
pub use raw::{
    FilePart, MOST_RETRIES, RawAnswer, RawBody, RawContent, RawRequest, RawRetries, ResponseKind,
};
pub use region::{
    HostError, HostMap, Hosts, Region, company_link, contact_link, conversation_link, validate_host,
};
pub use rest::{Probe, ProbeOutcome};
pub use search::{Order, Search, SearchError, contacts, conversations, tickets};
pub use token::Token;
pub use version::{ApiVersion, VersionError};
pub use write::{
    ArticleFields, Assignee, AttributeFields, AttributeModel, AttributeOption, Change,
    CollectionFields, CompanyFields, ContactFields, ConversationFields, NewConversation, NewEvent,
    NewTicket, Redaction, Reply, TicketFields, TicketTypeFields, Who,
};
