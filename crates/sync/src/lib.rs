//! Makes our copy equal Intercom's.
//!
//! Deliveries are applied connection by connection ([`LaneHandler`]), each in the transaction of its outcome, which it may
//! share with others, so that the same delivery twice, late or out of order ends in the same state. What a payload lacks is fetched by a second step
//! ([`DetailsHandler`]) that may wait for Intercom without holding a ticket back. What was redacted or deleted at
//! Intercom leaves a tombstone, and everything stored afterwards is held against it.
//!
//! Contacts and companies are copied by webhooks and by runs ([`RunHandler`]): a backfill copies all of them, a catch-up
//! heals what webhooks left out, a proof compares both sides. Of two copies the newer wins. What an action did goes the
//! same way ([`follow_action`]). [`set_contacts`], [`ask_run`] and [`preview`] are what pages ask for.

mod apply;
mod ask;
mod beginning;
mod buried;
mod details;
mod erase;
mod erasure;
mod fetch;
mod forget;
mod lane;
mod outcome;
mod people;
mod rederive;
mod rounds;
mod rules;
mod runs;
mod scrubbing;
mod tagging;
mod taggings;
mod tags;
mod text;
mod thread;

pub use ask::{
    Ask, AskError, Failures, MOST_LINES_OF_ALL, PREVIEW_DAYS, ask_run, ask_run_with_lines,
    cancel_run, escalate, failures, is_dry_run, pause_run, preview, resume_run, retry_run,
    set_contacts,
};
pub use details::DetailsHandler;
pub use erasure::EraseHandler;
pub use lane::LaneHandler;
pub use people::{Acted, CompletePeopleHandler, follow_action};
pub use rounds::{
    CATCH_UP_EVERY, DailyPayloads, HourlyCatchUp, PROOF_EVERY, PayloadsHandler, StrandedRuns,
    WeeklyProof,
};
pub use runs::{RunHandler, TIME_UNKNOWN, skip_reasons};
pub use scrubbing::ScrubHandler;
pub use tags::RefreshTagsHandler;
pub use text::{paragraphs, sanitise};
