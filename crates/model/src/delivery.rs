//! Outcomes of deliveries, and the lanes that keep their order.

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

/// Lanes a connection has. Deliveries about one conversation or contact share a lane and are applied in order.
pub const LANE_SHARDS: u16 = 16;

/// The lane of a subject (a conversation's or contact's id), 0 to [`LANE_SHARDS`] - 1. FNV-1a and a final mix: the same in every
/// process and version, which a stored lane needs.
#[must_use]
pub fn lane_shard(subject: &str) -> u16 {
    let hash = subject
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    u16::try_from(mixed % u64::from(LANE_SHARDS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_stable_and_spread() {
        assert_eq!(lane_shard("215473908114027"), lane_shard("215473908114027"));
        let used: std::collections::BTreeSet<u16> = (0..200)
            .map(|n| lane_shard(&format!("conversation-{n}")))
            .collect();
        assert_eq!(used.len(), usize::from(LANE_SHARDS));
    }
}
