//! The configuration: compiled-in defaults, an optional file, the environment; read, checked and typed at start.
//!
//! `config/default.toml` explains every key. All faults are reported at once, each with its key and the cure, and no
//! message quotes a secret.

mod fault;
mod input;
mod keys;
mod oauth;
mod reader;
mod sections;
#[cfg(test)]
mod tests;

pub use fault::{Fault, Faults};
pub use input::Input;

use chrono::TimeDelta;
use earmark_connections::AppCredentials;
use earmark_intercom::HostMap;
use earmark_model::text_enum;
use earmark_seal::KeyRing;
use reader::Reader;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use url::Url;

/// Everything an installation is configured with. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// The web server.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// The encryption keys: the one that seals and the former ones.
    pub keys: KeyRing,
    /// Calls to Intercom.
    pub intercom: Intercom,
    /// The installation's OAuth app, if it has one.
    pub oauth: Option<AppCredentials>,
    /// Webhooks from Intercom.
    pub webhooks: Webhooks,
    /// Background jobs.
    pub jobs: Jobs,
    /// Sign-up and login.
    pub accounts: Accounts,
    /// Logging.
    pub log: Log,
    understood: String,
}

impl Config {
    /// Reads and checks the whole configuration.
    ///
    /// # Errors
    /// All faults that were found, unknown keys among them.
    pub fn load(input: &Input) -> Result<Self, Faults> {
        let mut reader = Reader::new(input)?;
        let config = sections::read(&mut reader);
        let (understood, faults) = reader.finish();
        match config {
            Some(config) if faults.is_empty() => Ok(Self {
                understood,
                ..config
            }),
            _ => Err(Faults(faults)),
        }
    }

    /// What was understood, in the form of a configuration file, secrets masked and defaults marked.
    #[must_use]
    pub fn understood(&self) -> &str {
        &self.understood
    }
}

/// Section `server`.
#[derive(Debug, Clone)]
pub struct Server {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The address of this installation for people and for Intercom: scheme, host and port, with the path `/`.
    pub public_url: Url,
    /// Peers that may say, in `X-Forwarded-For`, who the client is.
    pub trusted_proxies: Vec<IpAddr>,
    /// Bytes a form may have.
    pub max_body_bytes: usize,
    /// Threads that answer requests; `None` means one for each processor.
    pub workers: Option<usize>,
}

impl Server {
    /// Whether cookies are marked `Secure`: when people reach this installation by https.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Section `database`.
#[derive(Debug, Clone)]
pub struct Database {
    /// Where the database is.
    pub url: DatabaseUrl,
    /// Connections of one process at most.
    pub max_connections: u32,
}

/// A database address, which may hold a password: `Debug` and `Display` mask it.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    text: String,
    masked: String,
}

impl DatabaseUrl {
    /// The address with its password, for connecting.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

/// Section `intercom`.
#[derive(Debug, Clone)]
pub struct Intercom {
    /// API and web host of each region.
    pub hosts: HostMap,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for a whole answer.
    pub timeout: Duration,
    /// Bytes an answer may have.
    pub max_body_bytes: usize,
}

/// Section `webhooks`.
#[derive(Debug, Clone)]
pub struct Webhooks {
    /// Bytes a request may have.
    pub max_body_bytes: usize,
    /// Requests that may share one transaction.
    pub max_batch: usize,
    /// After this time a request that is not stored yet is answered 503.
    pub answer_within: Duration,
    /// Refused requests kept for each connection and for the installation.
    pub refusals_kept: u32,
    /// How long the address of a disconnected connection goes on answering 200.
    pub closed_endpoint: TimeDelta,
}

/// Section `jobs`.
#[derive(Debug, Clone)]
pub struct Jobs {
    /// Jobs that run side by side in one process.
    pub workers: usize,
    /// After this time the job of a process that died is taken over.
    pub lease: Duration,
    /// How often to look at the queue when nothing signals work.
    pub poll: Duration,
}

/// Section `accounts`.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// Who may sign up.
    pub sign_up: SignUp,
    /// How long a login lasts.
    pub session: TimeDelta,
    /// Failed logins to one account, within the window, after which it has to wait.
    pub login_attempts_per_account: u32,
    /// Failed logins from one client address, within the window, after which it has to wait.
    pub login_attempts_per_address: u32,
    /// The window in which failed logins are counted.
    pub login_window: TimeDelta,
}

text_enum! {
    /// Who may sign up.
    pub enum SignUp {
        /// Anybody.
        Open = "open",
        /// Nobody.
        Closed = "closed",
    }
}

/// Section `log`.
#[derive(Debug, Clone)]
pub struct Log {
    /// How a line is written.
    pub format: LogFormat,
    /// What is logged: a level, also per module.
    pub filter: String,
}

text_enum! {
    /// How a log line is written.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// For machines: one JSON object a line.
        Json = "json",
    }
}
