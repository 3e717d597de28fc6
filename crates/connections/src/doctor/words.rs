//! Findings, and the words they share.

use chrono::{DateTime, TimeDelta, Utc};
use earmark_model::{Check, CheckVerdict, Finding};

fn finding(
    check: Check,
    verdict: CheckVerdict,
    evidence: impl Into<String>,
    cure: Option<String>,
) -> Finding {
    Finding {
        check,
        verdict,
        evidence: evidence.into(),
        cure,
    }
}

pub(super) fn good(check: Check, evidence: impl Into<String>) -> Finding {
    finding(check, CheckVerdict::Good, evidence, None)
}

pub(super) fn not_checked(check: Check, evidence: impl Into<String>) -> Finding {
    finding(check, CheckVerdict::NotChecked, evidence, None)
}

pub(super) fn unknown(check: Check, evidence: impl Into<String>) -> Finding {
    finding(check, CheckVerdict::Unknown, evidence, None)
}

pub(super) fn warn(check: Check, evidence: impl Into<String>, cure: impl Into<String>) -> Finding {
    finding(check, CheckVerdict::Warn, evidence, Some(cure.into()))
}

pub(super) fn bad(check: Check, evidence: impl Into<String>, cure: impl Into<String>) -> Finding {
    finding(check, CheckVerdict::Bad, evidence, Some(cure.into()))
}

/// A time as a sentence has it.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// A length of time as a sentence has it, in the two largest units.
pub(super) fn long(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        let words = |seconds| long(TimeDelta::seconds(seconds));
        assert_eq!(
            [words(-3), words(59), words(60)],
            ["0 s", "59 s", "1 min 0 s"]
        );
        assert_eq!([words(3_661), words(90_000)], ["1 h 1 min", "1 d 1 h"]);
        let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        assert_eq!(moment(at), "18 November 2026, 11:06 UTC");
    }
}
