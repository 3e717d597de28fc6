//! Turning headers, statuses and error bodies into what the caller should do. Done once, here.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, LINK, RETRY_AFTER};

use super::answer::Answer;
use crate::{Error, Observation, UnreachableCause, json::Fields};

/// A fault of the connection. Its own text is dropped: it names the address.
pub(super) fn transport(fault: &reqwest::Error) -> Error {
    let cause = if fault.is_timeout() {
        UnreachableCause::Timeout
    } else if fault.is_connect() {
        UnreachableCause::Connect
    } else if fault.is_builder() {
        UnreachableCause::Other
    } else {
        UnreachableCause::Interrupted
    };
    Error::Unreachable { cause }
}

/// What the rate limit headers say.
pub(super) fn observation(headers: &HeaderMap) -> Observation {
    let count = |name| text(headers, name)?.parse::<u32>().ok();
    Observation {
        limit: count("x-ratelimit-limit"),
        remaining: count("x-ratelimit-remaining"),
        reset_at: text(headers, "x-ratelimit-reset")
            .and_then(|seconds| seconds.parse().ok())
            .and_then(DateTime::from_timestamp_secs),
        refused_until: None,
    }
}

/// A longer wait than this is not believed: it would stop a connection for good.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// When to call again after a 429: `Retry-After`, else the reset of the window, else doubling from one
/// second to sixty with up to a fifth of spread, as Intercom's own clients do.
pub(super) fn refused_until(
    headers: &HeaderMap,
    reset_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    attempt: u32,
    jitter: f64,
) -> DateTime<Utc> {
    retry_after(headers, now)
        .map(|at| at.min(now + LONGEST_WAIT))
        .or_else(|| reset_at.filter(|at| *at > now))
        .unwrap_or_else(|| {
            let seconds = 2_i64.saturating_pow(attempt.saturating_sub(1)).min(60);
            let backoff = std::time::Duration::from_secs(seconds.unsigned_abs());
            now + TimeDelta::from_std(backoff.mul_f64(1.0 + jitter / 5.0))
                .unwrap_or(TimeDelta::seconds(60))
        })
}

fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let value = text(headers, RETRY_AFTER.as_str())?;
    match value.parse::<u32>() {
        Ok(seconds) => now.checked_add_signed(TimeDelta::seconds(i64::from(seconds))),
        Err(_) => DateTime::parse_from_rfc2822(value)
            .ok()
            .map(|date| date.to_utc()),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The first error of Intercom's `error.list`, with the request id of the body.
#[derive(Default)]
struct Detail {
    code: Option<String>,
    message: Option<String>,
    field: Option<String>,
    request_id: Option<String>,
}

impl Detail {
    fn read(body: &[u8], token: &str) -> Self {
        let Ok(object) = crate::json::object_from(body) else {
            return Self::default();
        };
        // Should Intercom ever repeat what was sent, the token still goes nowhere.
        let hide = |text: String| {
            if token.is_empty() {
                text
            } else {
                text.replace(token, "…")
            }
        };
        let request_id = object.text("request_id").map(hide);
        let Some(first) = object.list("errors", &[]).into_iter().next() else {
            return Self {
                request_id,
                ..Self::default()
            };
        };
        Self {
            // Very old endpoints name the code `type`.
            code: first.text("code").or_else(|| first.text("type")).map(hide),
            message: first.text("message").map(hide),
            field: first.text("field").map(hide),
            request_id,
        }
    }
}

/// The answer itself when it is a success, else the error it stands for.
pub(super) fn answer(
    answer: Answer,
    refused: Option<DateTime<Utc>>,
    token: &str,
) -> Result<Answer, Error> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let Detail {
        code,
        message,
        field,
        request_id,
    } = Detail::read(&answer.body, token);
    let request_id = request_id.or(answer.request_id);
    let status = answer.status;
    let unauthorized_scope = code.as_deref() == Some("token_unauthorized");
    Err(match status {
        401 if !unauthorized_scope => Error::Reconnect { code, request_id },
        401..=403 => Error::PermissionMissing {
            status,
            code,
            message,
            request_id,
        },
        404 => Error::NotFound { code, request_id },
        410 => Error::Merged {
            into: merged_into(&answer.headers),
            request_id,
        },
        429 => Error::WaitUntil {
            at: refused.unwrap_or_default(),
            request_id,
        },
        400 if code.as_deref() == Some("scroll_exists") => Error::ScrollBusy { request_id },
        408 | 500.. => Error::ServerTrouble {
            status,
            code,
            request_id,
        },
        _ => Error::Rejected {
            status,
            code,
            message,
            field,
            request_id,
        },
    })
}

/// The contact id of `Link: </contacts/{id}>; rel="canonical"`.
fn merged_into(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find(|link| link.contains("canonical"))
        .and_then(|link| {
            let (_, rest) = link.split_once("/contacts/")?;
            let end = rest.find(['>', '/', '?'])?;
            (end > 0).then(|| rest[..end].to_owned())
        })
}
