//! One sample call for each operation, and for each form of an operation, with what it must send.

mod content;
mod conversations;
mod people;

use chrono::{DateTime, Utc};
use earmark_intercom::{Client, Error, Preview};
use futures::future::BoxFuture;
use serde_json::Value;

/// A call, before and while it is made.
pub(crate) type Made = (
    Result<Preview, Error>,
    BoxFuture<'static, Result<(), Error>>,
);

/// A sample call.
pub(crate) struct Case {
    /// The operation's name.
    pub(crate) operation: &'static str,
    /// Method, path and query.
    pub(crate) line: &'static str,
    /// The JSON body; null for none.
    pub(crate) body: Value,
    /// Makes it.
    pub(crate) call: fn(&Client) -> Made,
}

/// `name: line, body => call`.
macro_rules! cases {
    ($($operation:literal: $line:literal, $body:tt => |$client:ident| $call:expr;)*) => {
        vec![$($crate::cases::Case {
            operation: $operation,
            line: $line,
            body: serde_json::json!($body),
            call: |$client| {
                let call = $call;
                (call.preview(), Box::pin(async move { call.await.map(drop) }))
            },
        }),*]
    };
}
pub(crate) use cases;

/// All sample calls.
pub(crate) fn all() -> Vec<Case> {
    let mut all = people::cases();
    all.extend(conversations::cases());
    all.extend(content::cases());
    all
}

/// 2026-11-18 11:06:40 UTC.
pub(crate) fn time() -> DateTime<Utc> {
    DateTime::from_timestamp_secs(1_795_000_000).unwrap()
}

/// An object of attributes.
pub(crate) fn attributes(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}
