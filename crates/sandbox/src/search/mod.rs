//! Intercom's search grammar: filters, groups of them, and what each kind of field allows.

pub(crate) mod contact;
pub(crate) mod conversation;
pub(crate) mod find;
mod operator;
pub(crate) mod ticket;
pub(crate) mod zone;

use std::borrow::Cow;

use serde_json::Value;
use thiserror::Error;

use crate::state::Workspace;
use crate::state::table::{Key, Row, Time};
pub(crate) use operator::Kind;
use operator::Test;

/// Groups may hold groups once.
const LEVELS: usize = 2;
const FILTERS: usize = 15;

/// Why a search is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    #[error("{0} is required")]
    Missing(&'static str),
    #[error("{0}")]
    Invalid(String),
    #[error("The sort order must be ascending or descending")]
    Order,
}

/// What a searched thing has in a field.
pub(crate) enum Has<'a> {
    Text(Option<Cow<'a, str>>),
    Time(Option<i64>),
    Number(Option<f64>),
    Flag(bool),
    Ids(Vec<Cow<'a, str>>),
}

impl<'a> Has<'a> {
    pub(crate) fn text(text: Option<&'a str>) -> Self {
        Self::Text(text.map(Cow::Borrowed))
    }

    pub(crate) fn one(text: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }

    pub(crate) fn ids<'b: 'a>(ids: impl Iterator<Item = &'b str>) -> Self {
        Self::Ids(ids.map(Cow::Borrowed).collect())
    }
}

/// How rows with a value in a field are found without looking at all.
pub(crate) enum Index {
    Time(Time),
    Key(Key),
}

/// Something that can be searched.
pub(crate) trait Searchable: Row + Sized {
    type Field;

    /// The field of a name, and its kind.
    fn field(workspace: &Workspace, name: &str) -> Option<(Self::Field, Kind)>;

    fn value<'a>(&'a self, field: &'a Self::Field) -> Has<'a>;

    fn index(field: &Self::Field) -> Option<Index>;
}

/// A query that makes sense.
pub(crate) enum Query<F> {
    All(Vec<Query<F>>),
    Any(Vec<Query<F>>),
    Is(F, Test),
    /// In one of the segments whose queries these are, or in none.
    Segment(Vec<Query<F>>, bool),
}

/// Reads the `query` of a search body.
pub(crate) fn parse<T: Searchable>(
    workspace: &Workspace,
    query: &Value,
) -> Result<Query<T::Field>, Refused> {
    match query {
        Value::Object(_) => read::<T>(workspace, query, 0),
        _ => Err(Refused::Missing("query")),
    }
}

fn read<T: Searchable>(
    workspace: &Workspace,
    value: &Value,
    level: usize,
) -> Result<Query<T::Field>, Refused> {
    let operator = value["operator"]
        .as_str()
        .ok_or(Refused::Missing("operator"))?;
    if !matches!(operator, "AND" | "OR") {
        return filter::<T>(workspace, operator, value);
    }
    let filters = value["value"]
        .as_array()
        .ok_or_else(|| Refused::Invalid("The value of a group must be a list".to_owned()))?;
    if level == LEVELS {
        return Err(Refused::Invalid(
            "Queries may be nested two levels deep".to_owned(),
        ));
    }
    if filters.is_empty() || filters.len() > FILTERS {
        return Err(Refused::Invalid(
            "A group holds one to 15 filters".to_owned(),
        ));
    }
    let filters = filters
        .iter()
        .map(|filter| read::<T>(workspace, filter, level + 1))
        .collect::<Result<_, _>>()?;
    Ok(match operator {
        "AND" => Query::All(filters),
        _ => Query::Any(filters),
    })
}

fn filter<T: Searchable>(
    workspace: &Workspace,
    operator: &str,
    value: &Value,
) -> Result<Query<T::Field>, Refused> {
    let name = value["field"].as_str().ok_or(Refused::Missing("field"))?;
    let (field, kind) = T::field(workspace, name)
        .ok_or_else(|| Refused::Invalid(format!("{name} is not a searchable field")))?;
    let value = &value["value"];
    let unfit = || {
        Refused::Invalid(format!(
            "{name} cannot be searched with {operator} and this value"
        ))
    };
    if kind == Kind::Segment {
        return segment::<T>(workspace, operator, value).ok_or_else(unfit)?;
    }
    let zone = zone::Zone::of(workspace);
    let test = Test::new(kind, operator, value, zone).ok_or_else(unfit)?;
    Ok(Query::Is(field, test))
}

/// Membership of segments is what their own queries find. A segment's query cannot name a segment.
fn segment<T: Searchable>(
    workspace: &Workspace,
    operator: &str,
    value: &Value,
) -> Option<Result<Query<T::Field>, Refused>> {
    let ids: Vec<&str> = match (operator, value) {
        ("=" | "!=", Value::String(id)) => vec![id],
        ("IN" | "NIN", Value::Array(ids)) => {
            ids.iter().map(Value::as_str).collect::<Option<_>>()?
        }
        _ => return None,
    };
    let not = matches!(operator, "!=" | "NIN");
    let queries = ids
        .iter()
        .filter_map(|id| workspace.segments.iter().find(|one| one.id == *id))
        .map(|one| match one.query["field"].as_str() {
            Some("segment_id") => Err(Refused::Invalid("Segments cannot be nested".to_owned())),
            _ => parse::<T>(workspace, &one.query),
        })
        .collect::<Result<_, _>>();
    Some(queries.map(|queries| Query::Segment(queries, not)))
}

impl<F> Query<F> {
    /// Whether a thing is found.
    pub(crate) fn matches<T: Searchable<Field = F>>(&self, thing: &T) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.matches(thing)),
            Self::Any(any) => any.iter().any(|one| one.matches(thing)),
            Self::Is(field, test) => test.passes(&thing.value(field)),
            Self::Segment(any, not) => any.iter().any(|one| one.matches(thing)) != *not,
        }
    }
}
