//! Payloads of the durable queue. A payload holds ids only: whatever it needs is read when it runs.

use crate::{ActionRunId, Check, ConnectionId, JobId, WorkspaceId, text_enum};
use serde::{Deserialize, Serialize};

text_enum! {
    /// The kind of a job; picks its handler.
    pub enum JobKind {
        /// Applies the waiting deliveries of one connection.
        Lane = "lane",
        /// Fetches what a ticket's payload lacked: thread, names, company.
        Details = "details",
        /// Fetches the tags and teammates of a connection.
        RefreshTags = "refresh_tags",
        /// Proves a connection's credentials and read permissions again.
        CheckConnection = "check_connection",
        /// Fetches every page of a list that an action asked for.
        FetchAll = "fetch_all",
        /// Looks for what is wrong with a connection, line by line.
        Doctor = "doctor",
        /// Asks Intercom whether a connection's app was uninstalled, as somebody said.
        ConfirmUninstall = "confirm_uninstall",
        /// Erases what was copied through a disconnected connection.
        Erase = "erase",
        /// Erases from kept payloads and the log of actions what was erased at Intercom.
        Scrub = "scrub",
        /// Goes on with a connection's runs.
        Run = "run",
        /// Asks Intercom for contacts and companies of which a payload told the id alone.
        People = "people",
        /// Drops payloads that a workspace has kept long enough.
        Payloads = "payloads",
    }
}

impl JobKind {
    /// Whether such a job asks Intercom, and may therefore take as long as Intercom does.
    #[must_use]
    pub const fn calls_intercom(self) -> bool {
        match self {
            Self::Lane | Self::Erase | Self::Scrub | Self::Payloads => false,
            Self::Details
            | Self::RefreshTags
            | Self::CheckConnection
            | Self::FetchAll
            | Self::Doctor
            | Self::ConfirmUninstall
            | Self::Run
            | Self::People => true,
        }
    }
}

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// See [`JobKind::Lane`].
    Lane {
        /// The connection that received the deliveries.
        connection: ConnectionId,
    },
    /// See [`JobKind::Details`].
    Details {
        /// The connection.
        connection: ConnectionId,
        /// Intercom's id of the conversation.
        conversation: String,
    },
    /// See [`JobKind::RefreshTags`].
    RefreshTags {
        /// The connection.
        connection: ConnectionId,
    },
    /// See [`JobKind::CheckConnection`].
    CheckConnection {
        /// The connection.
        connection: ConnectionId,
    },
    /// See [`JobKind::FetchAll`].
    FetchAll {
        /// The run of the action.
        run: ActionRunId,
    },
    /// See [`JobKind::Doctor`].
    Doctor {
        /// The connection.
        connection: ConnectionId,
        /// The one line to look at again; all of them without it.
        only: Option<Check>,
        /// Whether nobody waits for it: the nightly round, which takes only spare calls.
        nightly: bool,
    },
    /// See [`JobKind::ConfirmUninstall`].
    ConfirmUninstall {
        /// The connection.
        connection: ConnectionId,
    },
    /// See [`JobKind::Erase`].
    Erase {
        /// The connection.
        connection: ConnectionId,
    },
    /// See [`JobKind::Scrub`].
    Scrub {
        /// The connection.
        connection: ConnectionId,
    },
    /// See [`JobKind::Run`].
    Run {
        /// The connection.
        connection: ConnectionId,
        /// Whether for its runs over tagged conversations, else for the others.
        tagged: bool,
    },
    /// See [`JobKind::People`].
    People {
        /// The connection.
        connection: ConnectionId,
    },
    /// See [`JobKind::Payloads`].
    Payloads,
}

impl Job {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Lane { .. } => JobKind::Lane,
            Self::Details { .. } => JobKind::Details,
            Self::RefreshTags { .. } => JobKind::RefreshTags,
            Self::CheckConnection { .. } => JobKind::CheckConnection,
            Self::FetchAll { .. } => JobKind::FetchAll,
            Self::Doctor { .. } => JobKind::Doctor,
            Self::ConfirmUninstall { .. } => JobKind::ConfirmUninstall,
            Self::Erase { .. } => JobKind::Erase,
            Self::Scrub { .. } => JobKind::Scrub,
            Self::Run { .. } => JobKind::Run,
            Self::People { .. } => JobKind::People,
            Self::Payloads => JobKind::Payloads,
        }
    }

    /// At most one job of a key is pending and one running: asking twice asks once.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Lane { connection } => format!("lane:{connection}"),
            Self::Details {
                connection,
                conversation,
            } => format!("details:{connection}:{conversation}"),
            Self::RefreshTags { connection } => format!("refresh_tags:{connection}"),
            Self::CheckConnection { connection } => format!("check_connection:{connection}"),
            Self::FetchAll { run } => format!("fetch_all:{run}"),
            // A request for one line must not stand for another's.
            Self::Doctor {
                connection, only, ..
            } => match only {
                Some(check) => format!("doctor:{connection}:{check}"),
                None => format!("doctor:{connection}"),
            },
            Self::ConfirmUninstall { connection } => format!("confirm_uninstall:{connection}"),
            Self::Erase { connection } => format!("erase:{connection}"),
            Self::Scrub { connection } => format!("scrub:{connection}"),
            Self::Run { connection, tagged } => match tagged {
                true => format!("run:{connection}:tagged"),
                false => format!("run:{connection}"),
            },
            Self::People { connection } => format!("people:{connection}"),
            Self::Payloads => "payloads".to_owned(),
        }
    }

    /// How often it is tried before it counts as failed. Work that waits for Intercom is tried for about a day.
    #[must_use]
    pub const fn max_attempts(&self) -> u32 {
        match self {
            Self::Lane { .. }
            | Self::Details { .. }
            | Self::FetchAll { .. }
            | Self::Erase { .. }
            | Self::Scrub { .. }
            | Self::Run { .. }
            | Self::People { .. } => 100,
            Self::RefreshTags { .. }
            | Self::CheckConnection { .. }
            | Self::Doctor { .. }
            | Self::ConfirmUninstall { .. }
            | Self::Payloads => 5,
        }
    }
}

/// A job that a worker has claimed.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// Its row.
    pub id: JobId,
    /// The workspace it works for.
    pub workspace: WorkspaceId,
    /// What to do.
    pub job: Job,
    /// Which attempt this is since it last got on, from 1.
    pub attempt: u32,
    /// Tells this claim from earlier ones.
    pub claim: i32,
}
