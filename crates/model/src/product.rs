//! Products: their first statuses, and when a tag counts.

use crate::text_enum;
use chrono::{DateTime, Utc};

text_enum! {
    /// What a status means for the inbox.
    pub enum StatusCategory {
        /// Nobody has looked yet.
        New = "new",
        /// Being worked on.
        Open = "open",
        /// No more work is expected.
        Closed = "closed",
    }
}

/// A status that a new product starts with.
#[derive(Debug, Clone, Copy)]
pub struct StatusSeed {
    /// Stable name, as in URLs.
    pub key: &'static str,
    /// Shown name.
    pub name: &'static str,
    /// What it means.
    pub category: StatusCategory,
}

/// The statuses of a new product, in order; the first is that of new tickets.
pub const DEFAULT_STATUSES: [StatusSeed; 5] = [
    StatusSeed {
        key: "new",
        name: "New",
        category: StatusCategory::New,
    },
    StatusSeed {
        key: "triaged",
        name: "Triaged",
        category: StatusCategory::Open,
    },
    StatusSeed {
        key: "planned",
        name: "Planned",
        category: StatusCategory::Open,
    },
    StatusSeed {
        key: "done",
        name: "Done",
        category: StatusCategory::Closed,
    },
    StatusSeed {
        key: "declined",
        name: "Declined",
        category: StatusCategory::Closed,
    },
];

/// From when taggings count: the latest of tag chosen, product switched on, feedback switched on. `None` when either
/// switch is off. Intercom's times are whole seconds, so ours are cut to them: a tag of the same second counts.
#[must_use]
pub fn counts_since(
    chosen: DateTime<Utc>,
    product_on: Option<DateTime<Utc>>,
    feedback_on: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let latest = chosen.max(product_on?).max(feedback_on?);
    DateTime::from_timestamp(latest.timestamp(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_tag_counts_from_the_latest_of_the_three_in_whole_seconds() {
        let at = |millis| DateTime::UNIX_EPOCH + TimeDelta::milliseconds(millis);
        assert_eq!(
            counts_since(at(1_000), Some(at(2_900)), Some(at(2_000))),
            Some(at(2_000))
        );
        assert_eq!(
            counts_since(at(5_500), Some(at(2_900)), Some(at(2_000))),
            Some(at(5_000))
        );
        assert_eq!(counts_since(at(1_000), None, Some(at(2_000))), None);
        assert_eq!(counts_since(at(1_000), Some(at(2_000)), None), None);
    }
}
