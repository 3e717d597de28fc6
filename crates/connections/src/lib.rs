//! The connection store: sealed credentials, status, permission checks, ready clients, the shared rate budget.
//!
//! Everything that needs a token or a client secret asks here; nothing else opens a sealed value. What Intercom says of
//! the credentials ends up in a connection's status here, too.

mod app;
mod budget;
mod check;
mod clients;
mod connect;
mod doctor;
mod endpoints;
mod environment;
mod error;
mod hook;
mod manage;
mod store;

pub use app::{AppCredentials, client_key};
pub use budget::SharedBudget;
pub use check::CheckHandler;
pub use clients::{NotReady, Ready, with_request};
pub use connect::{Connected, TokenForm};
pub use doctor::{Doctor, DoctorHandler, NightlyDoctor};
pub use endpoints::{Endpoints, LiveSecret, Resolved};
pub use environment::SourcesEnvironment;
pub use error::{ConnectError, ManageError};
pub use hook::{HOOK_PATH, hook_path};
pub use store::Store;

pub use earmark_intercom::{HostMap, Region, conversation_link, webhook};
