//! Intercom operations as described, checked, logged actions.
//!
//! An [`Action`] is data: its inputs, what it does, which permission and which right it takes. Form, command, validation and
//! tests come from that. [`Actions`] previews and runs them: what is sent can be seen before, what destroys is confirmed,
//! and every run is logged with who, what and the answer.

mod catalog;
mod describe;
mod export;
mod fetch;
mod input;
mod lost;
mod plan;
mod read;
mod run;
mod suggest;
mod watch;

pub use describe::{Action, Effect, Group, Input, Kind, Needs, Pick};
pub use export::Format;
pub use fetch::FetchAllHandler;
pub use input::{Fault, Inputs, Upload};
pub use lost::LostActionRuns;
pub use plan::{Answer, Shown};
pub use run::{ANSWER_KEPT, Actions, Asker, Place, Ran, Refusal, Step};
pub use suggest::Suggestion;
