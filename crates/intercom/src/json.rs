//! Lenient reading of Intercom's JSON: shapes and types vary between versions and between REST and webhooks.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Map, Value};

/// A JSON text that could not be understood, with the reason in words and never with its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// Why, as half a sentence such as "the body is not JSON".
    pub reason: String,
}

impl Unreadable {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

/// An object of the JSON tree.
pub(crate) type Object = Map<String, Value>;

/// Reads bytes into a JSON object.
pub(crate) fn object_from(body: &[u8]) -> Result<Object, Unreadable> {
    let text = text_from(body)?;
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Unreadable::new("the body is not a JSON object")),
        Err(fault) => Err(syntax(&fault)),
    }
}

/// The body as text, when it is UTF-8 and not empty.
pub(crate) fn text_from(body: &[u8]) -> Result<&str, Unreadable> {
    let text =
        std::str::from_utf8(body).map_err(|_| Unreadable::new("the body is not UTF-8 text"))?;
    if text.trim().is_empty() {
        return Err(Unreadable::new("the body is empty"));
    }
    Ok(text)
}

/// A syntax fault with its place and without any of the text.
pub(crate) fn syntax(fault: &serde_json::Error) -> Unreadable {
    Unreadable::new(format!(
        "the body is not valid JSON (line {}, column {})",
        fault.line(),
        fault.column()
    ))
}

/// An id as text: a non-empty string, or a whole number.
pub(crate) fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => non_empty(text),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}

fn non_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A date: Unix seconds as number or numeric text, or ISO 8601. Zero and empty mean none.
pub(crate) fn date_of(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(seconds) => from_seconds(seconds),
            None => from_fraction(number.as_f64()?),
        },
        Value::String(text) => date_from_text(text.trim()),
        _ => None,
    }
}

fn from_seconds(seconds: i64) -> Option<DateTime<Utc>> {
    if seconds == 0 {
        return None;
    }
    DateTime::from_timestamp_secs(seconds)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the conversion saturates and an impossible date is refused after it"
)]
fn from_fraction(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis((seconds * 1000.0) as i64).filter(|_| seconds != 0.0)
}

fn date_from_text(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(seconds) = text.parse::<i64>() {
        return from_seconds(seconds);
    }
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Some(date.to_utc());
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z"] {
        if let Ok(date) = DateTime::parse_from_str(text, format) {
            return Some(date.to_utc());
        }
    }
    let bare = text.strip_suffix(" UTC").unwrap_or(text);
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"] {
        if let Ok(date) = NaiveDateTime::parse_from_str(bare, format) {
            return Some(date.and_utc());
        }
    }
    NaiveDate::parse_from_str(bare, "%Y-%m-%d")
        .ok()
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .map(|date| date.and_utc())
}

/// The fields of an object that are not among `read`, as they came.
pub(crate) fn rest(from: &Object, read: &[&str]) -> Object {
    from.iter()
        .filter(|(key, _)| !read.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Reading of one object's fields, where null, absent and wrongly typed all mean none.
pub(crate) trait Fields {
    fn field(&self, key: &str) -> Option<&Value>;

    fn id(&self, key: &str) -> Option<String> {
        self.field(key).and_then(id_of)
    }

    /// An id where zero means that nobody is meant, as with assignees.
    fn assignee(&self, key: &str) -> Option<String> {
        self.id(key).filter(|id| id != "0")
    }

    /// A text, when it is not blank.
    fn text(&self, key: &str) -> Option<String> {
        self.field(key)?.as_str().and_then(non_empty)
    }

    /// A text exactly as it came, blank included.
    fn raw_text(&self, key: &str) -> Option<String> {
        self.field(key)?.as_str().map(str::to_owned)
    }

    fn date(&self, key: &str) -> Option<DateTime<Utc>> {
        self.field(key).and_then(date_of)
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.field(key)?.as_bool()
    }

    fn count(&self, key: &str) -> Option<u64> {
        match self.field(key)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn number(&self, key: &str) -> Option<f64> {
        match self.field(key)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }

    fn object(&self, key: &str) -> Option<&Object> {
        self.field(key)?.as_object()
    }

    /// The fields of an object, none when there is none.
    fn attributes(&self, key: &str) -> Object {
        self.object(key).cloned().unwrap_or_default()
    }

    /// The ids of a list.
    fn ids(&self, key: &str) -> Vec<String> {
        self.entries(key, &["data"])
            .iter()
            .filter_map(id_of)
            .collect()
    }

    /// The texts of a list, bare or as objects with a `value`.
    fn texts(&self, key: &str) -> Vec<String> {
        let text = |entry: &Value| match entry {
            Value::Object(entry) => entry.text("value"),
            bare => id_of(bare),
        };
        self.entries(key, &["data"])
            .iter()
            .filter_map(text)
            .collect()
    }

    /// The id of an object that is named in full.
    fn named_id(&self, key: &str) -> Option<String> {
        self.object(key)?.id("id")
    }

    /// The name in a translation.
    fn translated(&self, key: &str) -> Option<String> {
        self.object(key)?.text("name")
    }

    fn author(&self, key: &str) -> Option<crate::data::Author> {
        self.object(key).map(crate::data::Author::read)
    }

    /// The entries of a list, given as a bare array or as a list object with the array under one of `keys`.
    fn list(&self, key: &str, keys: &[&str]) -> Vec<&Object> {
        self.entries(key, keys)
            .iter()
            .filter_map(Value::as_object)
            .collect()
    }

    /// As [`Fields::list`], with entries of any kind.
    fn entries(&self, key: &str, keys: &[&str]) -> &[Value] {
        match self.field(key) {
            Some(Value::Array(entries)) => entries,
            Some(Value::Object(list)) => keys
                .iter()
                .find_map(|key| list.get(*key)?.as_array())
                .map_or(&[], Vec::as_slice),
            _ => &[],
        }
    }
}

impl Fields for Object {
    fn field(&self, key: &str) -> Option<&Value> {
        self.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seconds(value: Value) -> Option<i64> {
        date_of(&value).map(|date| date.timestamp())
    }

    #[test]
    fn reads_dates_in_every_form() {
        assert_eq!(seconds(json!(1_790_000_000)), Some(1_790_000_000));
        assert_eq!(seconds(json!("1790000000")), Some(1_790_000_000));
        assert_eq!(seconds(json!(1_790_000_000.75)), Some(1_790_000_000));
        for text in [
            "2026-09-21T14:13:20.000Z",
            "2026-09-21T14:13:20.004+00:00",
            "2026-09-21T16:13:20+02:00",
            "2026-09-21T14:13:20+0000",
            "2026-09-21T14:13:20",
            "2026-09-21 14:13:20 UTC",
        ] {
            assert_eq!(seconds(json!(text)), Some(1_790_000_000), "{text}");
        }
        assert_eq!(seconds(json!("2026-09-21")), Some(1_789_948_800));
        for none in [
            json!(null),
            json!(0),
            json!(""),
            json!("soon"),
            json!(true),
            json!(1e300),
        ] {
            assert_eq!(date_of(&none), None, "{none}");
        }
    }

    #[test]
    fn ids_are_text_whatever_they_came_as() {
        assert_eq!(id_of(&json!("815")), Some("815".to_owned()));
        assert_eq!(
            id_of(&json!(815_000_000_000_001_u64)),
            Some("815000000000001".to_owned())
        );
        assert_eq!(id_of(&json!("")), None);
        assert_eq!(id_of(&json!(1.5)), None);
    }

    #[test]
    fn lists_come_bare_or_wrapped() {
        let object = json!({"a": [{"id": 1}], "b": {"admins": [{"id": 2}, 7]}, "c": null});
        let object = object.as_object().unwrap();
        assert_eq!(object.list("a", &["data"]).len(), 1);
        assert_eq!(object.list("b", &["teammates", "admins"]).len(), 1);
        assert!(object.list("c", &["data"]).is_empty());
        assert!(object.list("d", &["data"]).is_empty());
    }

    #[test]
    fn reasons_name_the_fault_and_never_the_text() {
        for (body, part) in [
            (&b"\xff\xfe"[..], "UTF-8"),
            (b"  ", "empty"),
            (b"secret words", "line 1"),
            (b"[1]", "object"),
        ] {
            let reason = object_from(body).unwrap_err().to_string();
            assert!(reason.contains(part), "{reason}");
            assert!(!reason.contains("secret"));
        }
    }
}
