//! Outcomes of deliveries.

use crate::text_enum;

text_enum! {
    /// What became of a delivery.
    pub enum Outcome {
        /// Stored; its lane has not come to it yet.
        Waiting = "waiting",
        /// It changed something.
        Processed = "processed",
        /// Understood, and nothing was to be done; the outcome's words say why.
        Ignored = "ignored",
        /// The same notification came before; no second effect.
        Repeat = "repeat",
        /// Applying it failed for good; the words say how.
        Failed = "failed",
        /// Signed, yet not a notification that can be read.
        Unreadable = "unreadable",
    }
}
