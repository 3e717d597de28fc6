//! The scroll over companies: one at a time for each app, gone after a minute without a call.

/// How long a scroll waits for its next call, in seconds.
const IDLE: i64 = 60;

/// An open scroll.
pub(crate) struct Scroll {
    pub(crate) param: String,
    /// Id of the last company given out; none before the first page.
    pub(crate) after: Option<String>,
    pub(crate) used_at: i64,
}

impl Scroll {
    pub(crate) fn expired(&self, now: i64) -> bool {
        now - self.used_at > IDLE
    }
}
