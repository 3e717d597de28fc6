//! The connection store: sealed credentials, status, permission checks, ready clients, the shared rate budget.
//!
//! Everything that needs a token or a client secret asks here; nothing else opens a sealed value. What Intercom says of
//! the credentials ends up in a connection's status here, too.

mod app;
mod audience;
mod budget;
mod budget_use;
mod check;
mod clients;
mod connect;
mod disconnect;
mod doctor;
mod endpoints;
mod environment;
mod error;
mod health;
mod hook;
mod manage;
mod own_app;
mod refresh;
mod safe;
mod status;
mod store;
mod uninstall;

pub use app::{AppCredentials, ConnectingApp, client_key};
pub use audience::{Audience, LiveSecret, Receiver, Resolved};
pub use budget::SharedBudget;
pub use budget_use::BudgetUse;
pub use check::CheckHandler;
pub use clients::{NotReady, Ready, with_request};
pub use connect::{Connected, Grant, TokenForm};
pub use disconnect::{Mirrored, Uninstalled};
pub use doctor::{Doctor, DoctorHandler, NightlyDoctor};
pub use endpoints::Endpoints;
pub use environment::SourcesEnvironment;
pub use error::{AppError, ConnectError, ManageError};
pub use health::Health;
pub use hook::{HEALTH_SUFFIX, HOOK_PATH, INSTALLATION_HOOK_PATH, UNINSTALL_SUFFIX, hook_path};
pub use refresh::{Refresher, Tokens};
pub use safe::{Checked, Resealed, Shut};
pub use store::Store;
pub use uninstall::UninstallHandler;

pub use earmark_intercom::{
    HostMap, Region, company_link, contact_link, conversation_link, webhook,
};
pub use earmark_seal::OpenError;
