//! What Intercom says of a contact or company beyond the fields that have columns.

use crate::ui;
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// The longest value shown, in characters; the export has the whole.
const VALUE_MAX: usize = 300;

/// The first and last second that a number under a name such as `renewed_at` is read as a date: 1990 to 2100.
const SECONDS: std::ops::Range<i64> = 631_152_000..4_102_444_800;

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// Text, a number, or JSON.
    Text(String),
    /// A date.
    Time(DateTime<Utc>),
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name as Intercom has it.
    pub name: String,
    /// Its value.
    pub value: AttributeValue,
}

/// Attributes under each other.
#[derive(Debug, Template)]
#[template(path = "pages/people/attributes.html")]
pub struct Attributes {
    /// By name.
    pub rows: Vec<Attribute>,
}

ui::components!(Attributes);

/// The content of a copy, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::pages) struct Content {
    /// The customer's own attributes.
    pub(in crate::pages) custom: Vec<Attribute>,
    /// City, region and country, where known.
    pub(in crate::pages) place: Option<String>,
    /// Everything else.
    pub(in crate::pages) more: Vec<Attribute>,
}

impl Content {
    /// Reads the stored JSON. What is no object has no attributes; the export has it as it stands.
    pub(in crate::pages) fn read(json: &str) -> Self {
        let Ok(Value::Object(mut all)) = serde_json::from_str(json) else {
            return Self::default();
        };
        let place = all.get("location").and_then(place);
        if place.is_some() {
            all.remove("location");
        }
        let custom = match all.remove("custom_attributes") {
            Some(Value::Object(custom)) => attributes(custom),
            _ => Vec::new(),
        };
        Self {
            custom,
            place,
            more: attributes(all),
        }
    }
}

/// City, region and country.
fn place(location: &Value) -> Option<String> {
    let parts = ["city", "region", "country"].into_iter();
    let parts: Vec<&str> = parts
        .filter_map(|part| location.get(part)?.as_str())
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The attributes that have a value.
fn attributes(all: Map<String, Value>) -> Vec<Attribute> {
    let shown = all.into_iter().filter_map(|(name, value)| {
        let value = value_of(&name, value)?;
        Some(Attribute { name, value })
    });
    shown.collect()
}

fn value_of(name: &str, value: Value) -> Option<AttributeValue> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => {
            if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
                return Some(AttributeValue::Time(at.to_utc()));
            }
            text
        }
        Value::Number(number) => {
            let seconds = number.as_i64().filter(|at| SECONDS.contains(at));
            // Intercom sends dates as Unix seconds, and names those attributes so.
            if let Some(seconds) = seconds.filter(|_| name.ends_with("_at"))
                && let Some(at) = DateTime::from_timestamp(seconds, 0)
            {
                return Some(AttributeValue::Time(at));
            }
            number.to_string()
        }
        Value::Bool(true) => "Yes".to_owned(),
        Value::Bool(false) => "No".to_owned(),
        Value::Array(list) if list.is_empty() => return None,
        Value::Object(map) if map.is_empty() => return None,
        nested @ (Value::Array(_) | Value::Object(_)) => nested.to_string(),
    };
    let mut shown: String = text.chars().take(VALUE_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Some(AttributeValue::Text(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_places_and_nested_values_are_read() {
        let content = Content::read(
            r#"{"location":{"city":"Lisbon","region":"","country":"Portugal"},
            "custom_attributes":{"renewed_at":1757000000,"seats":12,"trial":false,"plan":null,"list":[1]},
            "signed_up_at":1700000000,"since":"2026-01-08T11:20:00+01:00","os":"","tries_at":7}"#,
        );
        assert_eq!(content.place.as_deref(), Some("Lisbon, Portugal"));
        let text = |name: &str, text: &str| Attribute {
            name: name.to_owned(),
            value: AttributeValue::Text(text.to_owned()),
        };
        let time = |name: &str, seconds| Attribute {
            name: name.to_owned(),
            value: AttributeValue::Time(DateTime::from_timestamp(seconds, 0).unwrap()),
        };
        let mut custom = content.custom;
        custom.sort_by(|a, b| a.name.cmp(&b.name));
        let wanted = [
            text("list", "[1]"),
            time("renewed_at", 1_757_000_000),
            text("seats", "12"),
            text("trial", "No"),
        ];
        assert_eq!(custom, wanted);
        let mut more = content.more;
        more.sort_by(|a, b| a.name.cmp(&b.name));
        let wanted = [
            time("signed_up_at", 1_700_000_000),
            time("since", 1_767_867_600),
            text("tries_at", "7"),
        ];
        assert_eq!(more, wanted);
    }

    #[test]
    fn what_is_no_object_has_no_attributes_and_long_values_are_cut() {
        assert_eq!(Content::read("[1]"), Content::default());
        let long = format!(r#"{{"note":"{}"}}"#, "é".repeat(400));
        let [
            Attribute {
                value: AttributeValue::Text(shown),
                ..
            },
        ] = &Content::read(&long).more[..]
        else {
            panic!("one attribute");
        };
        assert_eq!(shown.chars().count(), VALUE_MAX + 1);
    }
}
