//! Operators: which a field knows, and what each one asks.

use std::borrow::Cow;

use serde_json::Value;

use super::Has;
use super::zone::Zone;

/// What a field holds, which decides the operators it knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Text,
    /// Single words of a text.
    Words,
    Number,
    Flag,
    /// A date compared by calendar day: `=`, `>` and `<` alone.
    Day,
    /// A date compared to the second.
    Second,
    Ids,
    /// Ids that know `=` and `!=` alone.
    OnlyIds,
    Segment,
}

/// What a value is asked.
pub(crate) enum Test {
    Text(Text, Vec<String>),
    /// Within one of the spans, both ends included, or outside all of them.
    Within(Vec<(i64, i64)>, bool),
    Number(Compare, Vec<f64>),
    Flag(bool),
    Among(Vec<String>, bool),
    /// Whether there is nothing.
    Nothing(bool),
}

#[derive(Clone, Copy)]
pub(crate) enum Text {
    Among,
    NotAmong,
    Contains,
    ContainsNot,
    Begins,
    Ends,
}

#[derive(Clone, Copy)]
pub(crate) enum Compare {
    Among,
    NotAmong,
    Above,
    Below,
    AtLeast,
    AtMost,
}

impl Test {
    /// `None` when the operator or the value does not fit the field.
    pub(super) fn new(kind: Kind, operator: &str, value: &Value, zone: Zone) -> Option<Self> {
        if value.is_null() {
            let null = matches!(kind, Kind::Text | Kind::Second | Kind::Ids | Kind::OnlyIds);
            return match operator {
                "=" if null => Some(Self::Nothing(true)),
                "!=" if null => Some(Self::Nothing(false)),
                _ => None,
            };
        }
        match kind {
            Kind::Text => text(operator, value),
            Kind::Words => match operator {
                "=" | "~" => Some(Self::Among(vec![word(value)?.to_lowercase()], false)),
                "!=" | "!~" => Some(Self::Among(vec![word(value)?.to_lowercase()], true)),
                _ => None,
            },
            Kind::Number => number(operator, value),
            Kind::Flag => match operator {
                "=" => Some(Self::Flag(value.as_bool()?)),
                "!=" => Some(Self::Flag(!value.as_bool()?)),
                _ => None,
            },
            Kind::Day => {
                let (begin, next) = zone.day(seconds(value)?);
                within(operator, begin, next - 1)
            }
            Kind::Second => second(operator, value),
            Kind::Ids | Kind::OnlyIds => match operator {
                "=" => Some(Self::Among(vec![word(value)?], false)),
                "!=" => Some(Self::Among(vec![word(value)?], true)),
                "IN" if kind == Kind::Ids => Some(Self::Among(list(value)?, false)),
                "NIN" if kind == Kind::Ids => Some(Self::Among(list(value)?, true)),
                _ => None,
            },
            Kind::Segment => None,
        }
    }

    pub(super) fn passes(&self, has: &Has<'_>) -> bool {
        match (self, has) {
            (Self::Nothing(wanted), has) => nothing(has) == *wanted,
            (Self::Text(how, wanted), Has::Text(has)) => asks(*how, wanted, has.as_deref()),
            (Self::Within(spans, not), Has::Time(has)) => {
                has.is_some_and(|at| spans.iter().any(|(from, to)| (*from..=*to).contains(&at)))
                    != *not
            }
            (Self::Number(how, wanted), Has::Number(has)) => compares(*how, wanted, *has),
            (Self::Flag(wanted), Has::Flag(has)) => wanted == has,
            (Self::Among(wanted, not), Has::Ids(ids)) => {
                ids.iter().any(|id| wanted.iter().any(|one| one == id)) != *not
            }
            _ => false,
        }
    }
}

fn nothing(has: &Has<'_>) -> bool {
    match has {
        Has::Text(text) => text.is_none(),
        Has::Time(at) => at.is_none(),
        Has::Number(number) => number.is_none(),
        Has::Flag(_) => false,
        Has::Ids(ids) => ids.is_empty(),
    }
}

fn text(operator: &str, value: &Value) -> Option<Test> {
    let how = match operator {
        "=" | "IN" => Text::Among,
        "!=" | "NIN" => Text::NotAmong,
        "~" => Text::Contains,
        "!~" => Text::ContainsNot,
        "^" => Text::Begins,
        "$" => Text::Ends,
        _ => return None,
    };
    let wanted = match operator {
        "IN" | "NIN" => list(value)?,
        _ => vec![word(value)?],
    };
    let lower = wanted.iter().map(|one| one.to_lowercase()).collect();
    Some(Test::Text(how, lower))
}

fn asks(how: Text, wanted: &[String], has: Option<&str>) -> bool {
    let lower = lower(has.unwrap_or_default());
    let any = |test: fn(&str, &str) -> bool| wanted.iter().any(|one| test(&lower, one));
    match how {
        Text::Among => has.is_some() && any(|has, one| has == one),
        Text::NotAmong => !any(|has, one| has == one),
        Text::Contains => any(|has, one| has.contains(one)),
        Text::ContainsNot => !any(|has, one| has.contains(one)),
        Text::Begins => any(|has, one| has.starts_with(one)),
        Text::Ends => any(|has, one| has.ends_with(one)),
    }
}

fn lower(text: &str) -> Cow<'_, str> {
    let is_lower = text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

fn within(operator: &str, begin: i64, end: i64) -> Option<Test> {
    let span = match operator {
        "=" => (begin, end),
        ">" => (end.saturating_add(1), i64::MAX),
        "<" => (i64::MIN, begin.saturating_sub(1)),
        _ => return None,
    };
    Some(Test::Within(vec![span], false))
}

fn second(operator: &str, value: &Value) -> Option<Test> {
    if let "IN" | "NIN" = operator {
        let each = value.as_array()?.iter();
        let spans = each
            .map(|one| seconds(one).map(|at| (at, at)))
            .collect::<Option<_>>()?;
        return Some(Test::Within(spans, operator == "NIN"));
    }
    let at = seconds(value)?;
    match operator {
        "!=" => Some(Test::Within(vec![(at, at)], true)),
        ">=" => Some(Test::Within(vec![(at, i64::MAX)], false)),
        "<=" => Some(Test::Within(vec![(i64::MIN, at)], false)),
        _ => within(operator, at, at),
    }
}

fn number(operator: &str, value: &Value) -> Option<Test> {
    let how = match operator {
        "=" | "IN" => Compare::Among,
        "!=" | "NIN" => Compare::NotAmong,
        ">" => Compare::Above,
        "<" => Compare::Below,
        ">=" => Compare::AtLeast,
        "<=" => Compare::AtMost,
        _ => return None,
    };
    let wanted = match operator {
        "IN" | "NIN" => value
            .as_array()?
            .iter()
            .map(figure)
            .collect::<Option<_>>()?,
        _ => vec![figure(value)?],
    };
    Some(Test::Number(how, wanted))
}

fn compares(how: Compare, wanted: &[f64], has: Option<f64>) -> bool {
    let among = has.is_some_and(|has| wanted.iter().any(|one| (one - has).abs() < f64::EPSILON));
    let than = |test: fn(f64, f64) -> bool| {
        has.zip(wanted.first())
            .is_some_and(|(has, one)| test(has, *one))
    };
    match how {
        Compare::Among => among,
        Compare::NotAmong => !among,
        Compare::Above => than(|has, one| has > one),
        Compare::Below => than(|has, one| has < one),
        Compare::AtLeast => than(|has, one| has >= one),
        Compare::AtMost => than(|has, one| has <= one),
    }
}

fn figure(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn list(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(word).collect()
}

fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
