//! When the next run comes by itself.

use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{Connection, Run};
use earmark_model::{ConnectionStatus, RunState};

/// When the next run of a kind comes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Never: nothing is switched on, or the connection is disconnected.
    Never,
    /// Not before a member reconnects.
    AfterReconnecting,
    /// One is under way or waits for its turn.
    UnderWay,
    /// A member holds one; at this time the next takes its place.
    Held(DateTime<Utc>),
    /// At this time, or when it has passed, within a minute.
    At(DateTime<Utc>),
}

impl Next {
    /// `copies` says that conversations are kept: what becomes of those is followed with everything switched off, too.
    /// `every` is the time from one to the next.
    pub(super) fn of(
        connection: &Connection,
        last: Option<&Run>,
        every: TimeDelta,
        copies: bool,
    ) -> Self {
        let on = [connection.contacts_on_at, connection.feedback_on_at];
        // Of those the first comes at once.
        let kept = copies.then_some(connection.created_at - every);
        let Some(on) = on.into_iter().flatten().min().or(kept) else {
            return Self::Never;
        };
        match connection.status {
            ConnectionStatus::Disconnected => return Self::Never,
            ConnectionStatus::NeedsReconnecting | ConnectionStatus::Uninstalled => {
                return Self::AfterReconnecting;
            }
            ConnectionStatus::Connected | ConnectionStatus::Degraded => {}
        }
        match last {
            Some(last) if last.state == RunState::Paused => {
                Self::Held(last.asked_at.max(on) + every)
            }
            Some(last) if !last.state.is_over() => Self::UnderWay,
            last => {
                let asked = last.map_or(on, |last| last.asked_at.max(on));
                Self::At(asked + every)
            }
        }
    }
}
