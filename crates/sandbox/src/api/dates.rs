//! Days of a workspace: contact search compares dates by calendar day in the workspace's timezone.

const DAY: i64 = 86_400;

/// How a contact's date relates to the day a search names: before, on or after it.
pub(super) fn compare_days(at: i64, wanted: i64, utc_offset_minutes: i32) -> std::cmp::Ordering {
    let day = |at: i64| (at + i64::from(utc_offset_minutes) * 60).div_euclid(DAY);
    day(at).cmp(&day(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    #[test]
    fn the_day_turns_at_midnight_of_the_workspace() {
        // 2026-11-10 04:30 UTC is still the ninth in New York.
        let at = 1_794_285_000;
        let noon_of_the_tenth = 1_794_312_000;
        assert_eq!(compare_days(at, noon_of_the_tenth, 0), Ordering::Equal);
        assert_eq!(compare_days(at, noon_of_the_tenth, -300), Ordering::Less);
        assert_eq!(
            compare_days(at + 1800, noon_of_the_tenth, -300),
            Ordering::Equal
        );
    }
}
