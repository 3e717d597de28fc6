//! How a window's calls are divided between the lanes.

use chrono::TimeDelta;

use super::{Lane, WINDOW};

/// How a window's limit is divided, in percent of the limit.
///
/// What is kept for the lanes that go first shrinks evenly to nothing until the window's end. So they always find as much
/// as their even share of what is left of the window, and what they did not ask for is not lost to the last lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Left to others: private apps of one Intercom workspace share its total.
    pub headroom: u32,
    /// Kept for people when webhook work asks, at the window's start.
    pub interactive_reserve: u32,
    /// Kept for webhook work, besides the former, when backfill asks, at the window's start.
    pub webhook_reserve: u32,
    /// Calls (not percent) in a window while the limit is not known.
    pub before_known: u32,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            headroom: 10,
            interactive_reserve: 10,
            webhook_reserve: 10,
            before_known: 20,
        }
    }
}

impl Shares {
    /// How many calls of a window may be used up when `lane` takes another one, while `left` of the window is still to
    /// come. At least one, so that a small limit starves no lane.
    #[must_use]
    pub fn ceiling(&self, limit: u32, lane: Lane, left: TimeDelta) -> u32 {
        let left = left.clamp(TimeDelta::zero(), WINDOW).num_milliseconds();
        let usable = self.usable(limit) * WINDOW_MS - self.reserve(limit, lane) * left;
        u32::try_from(usable / (100 * WINDOW_MS))
            .unwrap_or(0)
            .max(1)
    }

    /// How long before the window's end `lane` may take one call more than `used`; none when that is not in this window.
    #[must_use]
    pub fn opens(&self, limit: u32, lane: Lane, used: u32) -> Option<TimeDelta> {
        let over = self.usable(limit) - 100 * (i64::from(used) + 1);
        let reserve = self.reserve(limit, lane);
        let opens = over >= 0 && reserve > 0;
        opens.then(|| TimeDelta::milliseconds(over * WINDOW_MS / reserve).min(WINDOW))
    }

    /// What may be used in all, in hundredths of a call.
    fn usable(&self, limit: u32) -> i64 {
        i64::from(limit) * i64::from(100_u32.saturating_sub(self.headroom))
    }

    /// What is kept for those before `lane` at the window's start, in hundredths of a call.
    fn reserve(&self, limit: u32, lane: Lane) -> i64 {
        let kept = match lane {
            Lane::Interactive => 0,
            Lane::Webhook => self.interactive_reserve,
            Lane::Backfill => self.interactive_reserve + self.webhook_reserve,
        };
        i64::from(limit) * i64::from(kept)
    }
}

const WINDOW_MS: i64 = WINDOW.num_milliseconds();

#[cfg(test)]
mod tests {
    use super::*;

    const LANES: [Lane; 3] = [Lane::Interactive, Lane::Webhook, Lane::Backfill];

    #[test]
    fn a_small_limit_starves_no_lane() {
        for lane in LANES {
            assert_eq!(Shares::default().ceiling(1, lane, WINDOW), 1);
        }
    }

    #[test]
    fn a_call_opens_at_the_moment_at_which_the_ceiling_reaches_it() {
        let shares = Shares::default();
        for limit in [1, 2, 7, 83, 166, 1_666, 100_000] {
            for lane in LANES {
                for used in (1..=limit).step_by(1 + limit as usize / 500) {
                    let Some(left) = shares.opens(limit, lane, used) else {
                        assert!(
                            shares.ceiling(limit, lane, TimeDelta::zero()) <= used
                                || lane == Lane::Interactive
                        );
                        continue;
                    };
                    assert!(
                        shares.ceiling(limit, lane, left) > used,
                        "{limit} {lane:?} {used}"
                    );
                    let before = left + TimeDelta::milliseconds(1);
                    assert!(
                        before > WINDOW || shares.ceiling(limit, lane, before) <= used,
                        "{limit} {lane:?} {used}"
                    );
                }
            }
        }
    }
}
