//! Where the sandbox does not follow a description, and why.

use std::collections::BTreeSet;

/// A place (versions, end of the instance path) and the reason.
struct Deviation {
    versions: &'static [&'static str],
    /// Part of an operation's name; empty for all.
    operation: &'static str,
    /// What a problem's text begins or goes on with.
    place: &'static str,
    reason: &'static str,
}

const ALL: &[&str] = &["2.10", "2.14", "2.16"];

const DEVIATIONS: &[Deviation] = &[];

/// The deviation that explains a problem.
pub(super) fn excused(version: &str, operation: &str, problem: &str) -> Option<usize> {
    let place = problem.split(": ").next().unwrap_or_default();
    DEVIATIONS.iter().position(|one| {
        one.versions.contains(&version)
            && operation.contains(one.operation)
            && place.ends_with(one.place)
    })
}

/// Prints those that were met.
pub(super) fn print(used: &BTreeSet<usize>) {
    for at in used {
        let one = &DEVIATIONS[*at];
        let operation = if one.operation.is_empty() {
            "everywhere"
        } else {
            one.operation
        };
        println!(
            "deviation: {} in {operation} ({}): {}",
            one.place,
            one.versions.join(", "),
            one.reason
        );
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
