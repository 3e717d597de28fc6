//! The rate limit: so many calls per app in each window of ten seconds, as Intercom's rate limit page describes.

use std::collections::HashMap;

/// Length of a window in seconds.
pub(crate) const WINDOW: i64 = 10;

/// Calls counted in the current window, per app.
#[derive(Default)]
pub(crate) struct Limits {
    windows: HashMap<String, (i64, u32)>,
}

/// What the `X-RateLimit-*` headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Unix seconds at which the next window begins.
    pub(crate) reset: i64,
    pub(crate) exceeded: bool,
}

impl Limits {
    /// Counts one call of an app.
    pub(crate) fn count(&mut self, app: &str, limit: u32, now: i64) -> Budget {
        let window = now.div_euclid(WINDOW);
        let entry = self.windows.entry(app.to_owned()).or_insert((window, 0));
        if entry.0 != window {
            *entry = (window, 0);
        }
        let exceeded = entry.1 >= limit;
        if !exceeded {
            entry.1 += 1;
        }
        Budget {
            exceeded,
            remaining: limit.saturating_sub(entry.1),
            ..Budget::untouched(limit, now)
        }
    }

    /// Forgets every count.
    pub(crate) fn clear(&mut self) {
        self.windows.clear();
    }
}

impl Budget {
    /// The budget of a caller nobody knows.
    pub(crate) fn untouched(limit: u32, now: i64) -> Self {
        Self {
            limit,
            remaining: limit,
            reset: (now.div_euclid(WINDOW) + 1) * WINDOW,
            exceeded: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_after_ten_seconds_and_apps_do_not_share() {
        let mut limits = Limits::default();
        assert_eq!(limits.count("a", 2, 1005).remaining, 1);
        let last = limits.count("a", 2, 1009);
        assert_eq!(
            (last.remaining, last.reset, last.exceeded),
            (0, 1010, false)
        );
        assert!(limits.count("a", 2, 1009).exceeded);
        assert!(!limits.count("b", 2, 1009).exceeded);
        assert_eq!(limits.count("a", 2, 1010).remaining, 1);
    }
}
