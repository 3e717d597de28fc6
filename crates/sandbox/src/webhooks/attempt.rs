//! One webhook on its way, one attempt at delivering it, and what follows from the answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long a throttled webhook is kept before it is dropped: two hours.
const THROTTLED_FOR: i64 = 7200;

/// A notification for one app.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    /// Stays the same in a retry.
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) app_id: String,
    pub(crate) topic: String,
    pub(crate) created_at: i64,
    /// 1 for the first attempt.
    pub(crate) attempt: u32,
    pub(crate) body: Value,
}

/// What came of one attempt.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) id: String,
    pub(crate) app: String,
    pub(crate) app_id: String,
    pub(crate) topic: String,
    pub(crate) at: i64,
    pub(crate) attempt: u32,
    /// The HTTP status; none when there was no answer.
    pub(crate) status: Option<u16>,
    /// Why there was no answer.
    pub(crate) error: Option<String>,
    /// How long the answer took, in milliseconds.
    pub(crate) ms: u64,
    /// What Intercom does next.
    pub(crate) next: Next,
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Next {
    Delivered,
    Retry,
    Throttled,
    Disabled,
    Lost,
}

/// Intercom's rules: one retry for timeouts and errors; 410 disables; 429 delays for up to two hours.
pub(crate) fn after(
    status: Option<u16>,
    outgoing: &Outgoing,
    now: i64,
    retry_after: Duration,
) -> (Next, Duration) {
    match status {
        Some(200..=299) => (Next::Delivered, Duration::ZERO),
        Some(410) => (Next::Disabled, Duration::ZERO),
        Some(429) if now - outgoing.created_at < THROTTLED_FOR => {
            let doubled = 1 << (outgoing.attempt.saturating_sub(1)).min(7);
            (Next::Throttled, retry_after * doubled)
        }
        Some(429) => (Next::Lost, Duration::ZERO),
        _ if outgoing.attempt < 2 => (Next::Retry, retry_after),
        _ => (Next::Lost, Duration::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(attempt: u32) -> Outgoing {
        Outgoing {
            id: "notif_1".to_owned(),
            client_id: "app".to_owned(),
            app_id: "wk".to_owned(),
            topic: "ping".to_owned(),
            created_at: 1000,
            attempt,
            body: Value::Null,
        }
    }

    fn next(status: Option<u16>, attempt: u32, now: i64) -> (Next, Duration) {
        after(status, &outgoing(attempt), now, Duration::from_secs(60))
    }

    #[test]
    fn an_error_is_retried_once() {
        let minute = Duration::from_secs(60);
        assert_eq!(next(Some(500), 1, 1000), (Next::Retry, minute));
        assert_eq!(next(None, 1, 1000), (Next::Retry, minute));
        assert_eq!(next(Some(404), 1, 1000), (Next::Retry, minute));
        assert_eq!(next(Some(301), 2, 1060).0, Next::Lost);
        assert_eq!(next(None, 2, 1060).0, Next::Lost);
    }

    #[test]
    fn gone_disables_and_throttling_waits_up_to_two_hours() {
        assert_eq!(next(Some(410), 1, 1000).0, Next::Disabled);
        assert_eq!(
            next(Some(429), 3, 1000),
            (Next::Throttled, Duration::from_secs(240))
        );
        assert_eq!(next(Some(429), 9, 8200).0, Next::Lost);
    }
}
