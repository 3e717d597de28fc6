//! What became of a delivery, in words that a support agent can read.

use earmark_model::{DeliveryId, Outcome, TicketId};

/// An outcome with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) outcome: Outcome,
    pub(crate) note: String,
    pub(crate) ticket: Option<TicketId>,
}

impl Applied {
    pub(crate) fn processed(note: impl Into<String>, ticket: Option<TicketId>) -> Self {
        Self {
            outcome: Outcome::Processed,
            note: note.into(),
            ticket,
        }
    }

    pub(crate) fn ignored(why: impl AsRef<str>) -> Self {
        Self {
            outcome: Outcome::Ignored,
            note: format!("ignored: {}", why.as_ref()),
            ticket: None,
        }
    }

    pub(crate) fn unreadable(why: impl std::fmt::Display) -> Self {
        Self {
            outcome: Outcome::Unreadable,
            note: format!("unreadable: {why}"),
            ticket: None,
        }
    }

    /// The cause may hold words of the payload or of the database, so the log alone has it.
    pub(crate) fn failed(delivery: DeliveryId) -> Self {
        Self {
            outcome: Outcome::Failed,
            note: format!(
                "failed: Earmark could not store it; the log has the details under {delivery}"
            ),
            ticket: None,
        }
    }
}
