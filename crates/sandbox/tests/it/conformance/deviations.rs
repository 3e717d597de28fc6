//! Where the sandbox does not follow a description, and why.

use std::collections::BTreeSet;

/// A place in the answers of any operation and version, and the reason.
struct Deviation {
    /// Part of the path to the value.
    place: &'static str,
    /// How the problem's text goes on.
    saying: &'static str,
    reason: &'static str,
}

const NULL: &str = "null is not of type";

const DEVIATIONS: &[Deviation] = &[
    Deviation {
        place: "/statistics/",
        saying: NULL,
        reason: "captured conversations have null for what has not happened yet",
    },
    Deviation {
        place: "/email: ",
        saying: NULL,
        reason: "leads may have no e-mail; captured contacts and authors have null then",
    },
    Deviation {
        place: "/remote_created_at: ",
        saying: NULL,
        reason: "captured companies have null for what their owner never told",
    },
    Deviation {
        place: "/last_request_at: ",
        saying: NULL,
        reason: "captured companies have null until a user of theirs is seen",
    },
    Deviation {
        place: "/industry: ",
        saying: NULL,
        reason: "captured companies have null for what their owner never told",
    },
    Deviation {
        place: "/website: ",
        saying: NULL,
        reason: "captured companies have null for what their owner never told",
    },
    Deviation {
        place: "/size: ",
        saying: NULL,
        reason: "captured companies have null for what their owner never told",
    },
    Deviation {
        place: "/pages/next: ",
        saying: "is not of types \"null\", \"object\"",
        reason: "the pagination guide gives page-numbered lists a URL; the schema knows cursors alone",
    },
];

/// The deviation that explains a problem.
pub(super) fn excused(problem: &str) -> Option<usize> {
    DEVIATIONS
        .iter()
        .position(|one| problem.contains(one.place) && problem.contains(one.saying))
}

/// Prints those that were met.
pub(super) fn print(used: &BTreeSet<usize>) {
    for at in used {
        let one = &DEVIATIONS[*at];
        println!("deviation at {} {}: {}", one.place, one.saying, one.reason);
    }
}

/// Those that no answer met.
pub(super) fn unused(used: &BTreeSet<usize>) -> Vec<&'static str> {
    DEVIATIONS
        .iter()
        .enumerate()
        .filter(|(at, _)| !used.contains(at))
        .map(|(_, one)| one.place)
        .collect()
}
