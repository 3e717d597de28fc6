//! Ids, roles, states with legal transitions, job payloads, clock: plain data and pure rules.
//!
//! This crate knows nothing of SQL, HTTP or Intercom's wire formats; every other crate may use it.

mod action;
mod address;
mod answer_time;
mod clock;
mod connection;
mod delivery;
mod doctor;
mod ids;
mod job;
mod product;
mod role;
mod run;
mod slug;
mod text;
mod ticket;

pub use action::{ActionState, ActionVia};
pub use address::client_address;
pub use answer_time::{ANSWER_BOUNDS_MS, AnswerBucket, AnswerTimes};
pub use clock::{Clock, ManualClock, OsRandom, Random, SeededRandom, Sources, SystemClock};
pub use connection::{ConnectionStatus, Feature, Method, Permission, PermissionState, StatusEvent};
pub use delivery::Outcome;
pub use doctor::{Check, CheckGroup, CheckVerdict, Finding, UnknownCheck};
pub use ids::*;
pub use job::{ClaimedJob, Job, JobKind};
pub use product::{DEFAULT_STATUSES, StatusCategory, StatusSeed, counts_since};
pub use role::{Right, Role};
pub use run::{RunKind, RunState};
pub use slug::slugify;
pub use text::UnknownText;
pub use ticket::{AuthorKind, DetailsState, MessageKind, NoTicketKey, TicketKey};
