//! Days of a workspace: contact search compares dates by calendar day in the workspace's timezone.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::state::Workspace;

/// The timezone of a workspace.
#[derive(Clone, Copy)]
pub(crate) enum Zone {
    Named(Tz),
    Fixed(FixedOffset),
}

impl Zone {
    /// The named timezone decides; a workspace that names UTC or an unknown one goes by its fixed distance to UTC.
    pub(crate) fn of(workspace: &Workspace) -> Self {
        let named = workspace.timezone.parse::<Tz>().ok();
        let offset = FixedOffset::east_opt(workspace.utc_offset_minutes * 60);
        match (named, offset) {
            (Some(Tz::UTC | Tz::Etc__UTC), Some(offset)) | (None, Some(offset)) => {
                Self::Fixed(offset)
            }
            (Some(named), _) => Self::Named(named),
            (None, None) => Self::Named(Tz::UTC),
        }
    }

    /// The first second of the day a moment lies in, and that of the day after.
    pub(crate) fn day(self, at: i64) -> (i64, i64) {
        match self {
            Self::Named(zone) => day(&zone, at),
            Self::Fixed(zone) => day(&zone, at),
        }
    }
}

fn day<Z: TimeZone>(zone: &Z, at: i64) -> (i64, i64) {
    let moment = DateTime::from_timestamp(at, 0).unwrap_or_default();
    let date = moment.with_timezone(zone).date_naive();
    let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
    (midnight(zone, date), midnight(zone, next))
}

/// When a day begins. Where clocks jump over midnight it begins when they land.
fn midnight<Z: TimeZone>(zone: &Z, date: NaiveDate) -> i64 {
    let mut local = date.and_time(NaiveTime::MIN);
    for _ in 0..8 {
        if let Some(begin) = zone.from_local_datetime(&local).earliest() {
            return begin.timestamp();
        }
        local += TimeDelta::minutes(30);
    }
    local.and_utc().timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    #[test]
    fn the_day_turns_at_midnight_of_the_workspace() {
        // 2026-11-10 04:30 UTC is still the ninth in New York.
        let at = 1_794_285_000;
        let utc = Zone::Named(Tz::UTC).day(at);
        assert_eq!(utc, (1_794_268_800, 1_794_355_200));
        let new_york = Zone::Named(Tz::America__New_York);
        assert_eq!(new_york.day(at).1, 1_794_268_800 + 5 * HOUR);
        let fixed = FixedOffset::west_opt(5 * 3600).expect("an offset");
        assert_eq!(Zone::Fixed(fixed).day(at), new_york.day(at));
    }

    #[test]
    fn a_day_on_which_clocks_change_is_longer_or_shorter() {
        let new_york = Zone::Named(Tz::America__New_York);
        // 2026-11-01 and 2026-03-08, noon UTC.
        let (begin, end) = new_york.day(1_793_534_400);
        assert_eq!(end - begin, 25 * HOUR);
        let (begin, end) = new_york.day(1_772_971_200);
        assert_eq!(end - begin, 23 * HOUR);
        // In Santiago 2026-09-06 has no midnight: clocks jump from 24:00 to 01:00.
        let (begin, end) = Zone::Named(Tz::America__Santiago).day(1_788_710_400);
        assert_eq!(end - begin, 23 * HOUR);
    }
}
