//! Connecting by Intercom's Authorize page: begin, callback, exchange, and the next token of those that expire.
//!
//! The person is sent to Intercom with a state that only this installation can have made and only this browser can bring
//! back, once. What comes back is exchanged and handed to the connection store, which proves, seals and keeps it. Neither
//! code nor state, token or secret is logged, and no text of an error holds one.

mod exchange;
mod flow;
mod problem;
mod state;

pub use exchange::Exchange;
pub use flow::{Answer, Finished, OAuth, Settings, Visit, Wish};
pub use problem::{BeginError, Problem, Refused};

/// The path to which Intercom's Authorize page leads back.
pub const CALLBACK_PATH: &str = "/auth/intercom/callback";
