//! The rows and states that a connection's page shows.

use super::super::super::prelude::*;
use earmark_db::tenant::{Erasure, PermissionCheck, Refusal, TopicSighting, Via};
use earmark_model::{Permission, PermissionState};

/// A permission with what the last check found.
#[derive(Debug, Clone)]
pub struct PermissionRow {
    /// The permission.
    pub permission: Permission,
    /// What the check found.
    pub state: PermissionState,
    /// In words, where there is more to say.
    pub note: Option<String>,
    /// How long the check took, in milliseconds.
    pub took_ms: Option<i64>,
}

impl From<PermissionCheck> for PermissionRow {
    fn from(check: PermissionCheck) -> Self {
        let PermissionCheck {
            permission,
            state,
            note,
            took_ms,
        } = check;
        Self {
            permission,
            state,
            note,
            took_ms,
        }
    }
}

impl PermissionRow {
    pub(super) const fn tone(&self) -> Tone {
        match self.state {
            PermissionState::Granted => Tone::Ok,
            PermissionState::Missing => Tone::Bad,
            PermissionState::NotTested => Tone::Muted,
            PermissionState::Unknown => Tone::Warn,
        }
    }

    pub(super) const fn icon(&self) -> &'static str {
        match self.state {
            PermissionState::Granted => "check-circle",
            PermissionState::Missing => "x-circle",
            PermissionState::NotTested => "circle",
            PermissionState::Unknown => "alert",
        }
    }

    pub(super) const fn words(&self) -> &'static str {
        match self.state {
            PermissionState::Granted => "Granted",
            PermissionState::Missing => "Missing",
            PermissionState::NotTested => "Not tested",
            PermissionState::Unknown => "Unknown",
        }
    }

    pub(super) fn explanation(&self) -> Option<&str> {
        self.note.as_deref().or(match self.state {
            PermissionState::Missing => {
                Some("Tick it in your app under Authentication, save, then check again.")
            }
            PermissionState::NotTested => Some("Earmark writes nothing to test it."),
            PermissionState::Unknown => Some("Intercom could not be asked."),
            PermissionState::Granted => None,
        })
    }
}

/// When a topic was last received.
#[derive(Debug, Clone)]
pub struct TopicRow {
    /// The topic.
    pub topic: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<TopicSighting> for TopicRow {
    fn from(row: TopicSighting) -> Self {
        let TopicSighting {
            topic,
            last_received_at: at,
        } = row;
        Self { topic, at }
    }
}

/// A webhook request that was refused.
#[derive(Debug, Clone)]
pub struct RefusalRow {
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in words.
    pub cause: String,
    /// Where it came from.
    pub address: Option<String>,
}

impl From<Refusal> for RefusalRow {
    fn from(refusal: Refusal) -> Self {
        let Refusal { at, cause, address } = refusal;
        Self { at, cause, address }
    }
}

/// Through which app a connection was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// A private app, whose access token was pasted.
    Token,
    /// The installation's OAuth app.
    Installation,
    /// An OAuth app of the workspace.
    OwnApp,
}

impl From<&Via> for Through {
    fn from(via: &Via) -> Self {
        match via {
            Via::Token => Self::Token,
            Via::Installation { .. } => Self::Installation,
            Via::OwnApp { .. } => Self::OwnApp,
        }
    }
}

/// What becomes of what was copied through a disconnected connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copied {
    /// It is kept, or there is none.
    Kept {
        /// How many rows there are.
        rows: u64,
    },
    /// It is being erased.
    Erasing {
        /// Rows that are erased.
        done: u64,
        /// Rows that there were.
        total: u64,
        /// What is in the way, in words.
        note: Option<String>,
    },
    /// It was erased.
    Erased {
        /// Rows that were erased.
        rows: u64,
        /// When.
        at: DateTime<Utc>,
    },
}

impl Copied {
    /// From the last erasure, if there was one, and the rows that there are.
    pub(super) fn of(erasure: Option<Erasure>, rows: u64) -> Self {
        match erasure {
            Some(erasure) => match erasure.finished_at {
                None => Self::Erasing {
                    done: erasure.done,
                    total: erasure.total,
                    note: erasure.note,
                },
                Some(at) if rows == 0 => Self::Erased {
                    rows: erasure.total,
                    at,
                },
                Some(_) => Self::Kept { rows },
            },
            None => Self::Kept { rows },
        }
    }
}
