//! Search queries: filters and groups of them.

use std::cmp::Ordering;

use serde_json::Value;

use super::dates::compare_days;
use super::error::ApiError;

/// Groups may hold groups once.
const LEVELS: usize = 2;
const FILTERS: usize = 15;

/// What a searched thing has in a field.
pub(super) enum Field {
    Text(Option<String>),
    /// Compared to the second.
    Second(Option<i64>),
    /// Compared by day, with the workspace's distance to UTC in minutes.
    Day(Option<i64>, i32),
    Flag(bool),
    /// Ids of tags and the like. `only_equal` fields know `=` and `!=` alone.
    Ids {
        ids: Vec<String>,
        only_equal: bool,
    },
}

/// A checked query.
#[derive(Debug)]
pub(super) enum Query {
    Filter {
        field: String,
        operator: String,
        value: Value,
    },
    All(Vec<Query>),
    Any(Vec<Query>),
}

impl Query {
    /// Reads the `query` of a search body.
    pub(super) fn parse(body: &Value) -> Result<Self, ApiError> {
        match &body["query"] {
            Value::Object(_) => Self::read(&body["query"], 0),
            _ => Err(ApiError::missing("query")),
        }
    }

    fn read(value: &Value, level: usize) -> Result<Self, ApiError> {
        let operator = value["operator"]
            .as_str()
            .ok_or_else(|| ApiError::missing("operator"))?;
        if !matches!(operator, "AND" | "OR") {
            let field = value["field"]
                .as_str()
                .ok_or_else(|| ApiError::missing("field"))?;
            return Ok(Self::Filter {
                field: field.to_owned(),
                operator: operator.to_owned(),
                value: value["value"].clone(),
            });
        }
        let filters = value["value"]
            .as_array()
            .ok_or_else(|| ApiError::invalid("The value of a group must be a list"))?;
        if level == LEVELS {
            return Err(ApiError::invalid("Queries may be nested two levels deep"));
        }
        if filters.len() > FILTERS {
            return Err(ApiError::invalid("A group may hold 15 filters"));
        }
        let filters = filters
            .iter()
            .map(|filter| Self::read(filter, level + 1))
            .collect::<Result<_, _>>()?;
        Ok(match operator {
            "AND" => Self::All(filters),
            _ => Self::Any(filters),
        })
    }

    /// Whether a thing is found. `field` gives what it has under a name, `None` for an unknown name.
    pub(super) fn matches(&self, field: &dyn Fn(&str) -> Option<Field>) -> Result<bool, ApiError> {
        match self {
            Self::Filter {
                field: name,
                operator,
                value,
            } => {
                let has = field(name).ok_or_else(|| {
                    ApiError::invalid(format!("{name} is not a searchable field"))
                })?;
                test(&has, operator, value).ok_or_else(|| {
                    ApiError::invalid(format!("{name} cannot be searched like that"))
                })
            }
            Self::All(filters) => {
                let mut all = true;
                for filter in filters {
                    all &= filter.matches(field)?;
                }
                Ok(all)
            }
            Self::Any(filters) => {
                let mut any = false;
                for filter in filters {
                    any |= filter.matches(field)?;
                }
                Ok(any)
            }
        }
    }
}

/// `None` when the operator or the value does not fit the field.
fn test(has: &Field, operator: &str, value: &Value) -> Option<bool> {
    match has {
        Field::Text(has) => text(has.as_deref(), operator, value),
        Field::Second(has) => second(*has, operator, value),
        Field::Day(has, offset) => {
            let wanted = seconds(value)?;
            let order = has.map(|at| compare_days(at, wanted, *offset));
            match operator {
                "=" => Some(order == Some(Ordering::Equal)),
                ">" => Some(order == Some(Ordering::Greater)),
                "<" => Some(order == Some(Ordering::Less)),
                _ => None,
            }
        }
        Field::Flag(has) => match operator {
            "=" => Some(*has == value.as_bool()?),
            "!=" => Some(*has != value.as_bool()?),
            _ => None,
        },
        Field::Ids { ids, only_equal } => among(ids, *only_equal, operator, value),
    }
}

fn text(has: Option<&str>, operator: &str, value: &Value) -> Option<bool> {
    if let "IN" | "NIN" = operator {
        let wanted = list(value)?;
        let found = has.is_some_and(|has| wanted.iter().any(|one| one == has));
        return Some(found == (operator == "IN"));
    }
    let Some(wanted) = word(value) else {
        return match operator {
            "=" if value.is_null() => Some(has.is_none()),
            "!=" if value.is_null() => Some(has.is_some()),
            _ => None,
        };
    };
    let lower = has.unwrap_or("").to_lowercase();
    let wanted = wanted.to_lowercase();
    Some(match operator {
        "=" => has.is_some() && lower == wanted,
        "!=" => lower != wanted,
        "~" => lower.contains(&wanted),
        "!~" => !lower.contains(&wanted),
        "^" => lower.starts_with(&wanted),
        "$" => lower.ends_with(&wanted),
        _ => return None,
    })
}

fn second(has: Option<i64>, operator: &str, value: &Value) -> Option<bool> {
    let wanted = seconds(value)?;
    Some(match operator {
        "=" => has == Some(wanted),
        "!=" => has != Some(wanted),
        ">" => has? > wanted,
        "<" => has? < wanted,
        ">=" => has? >= wanted,
        "<=" => has? <= wanted,
        _ => return None,
    })
}

fn among(ids: &[String], only_equal: bool, operator: &str, value: &Value) -> Option<bool> {
    let any = |wanted: &[String]| ids.iter().any(|id| wanted.contains(id));
    match operator {
        "=" if value.is_null() => Some(ids.is_empty()),
        "!=" if value.is_null() => Some(!ids.is_empty()),
        "=" => Some(any(&[word(value)?])),
        "!=" => Some(!any(&[word(value)?])),
        "IN" if !only_equal => Some(any(&list(value)?)),
        "NIN" if !only_equal => Some(!any(&list(value)?)),
        _ => None,
    }
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
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The `sort` of a search body: its field and whether it descends.
pub(super) fn sort(body: &Value, default: (&str, bool)) -> Result<(String, bool), ApiError> {
    let sort = &body["sort"];
    let field = sort["field"].as_str().unwrap_or(default.0).to_owned();
    let down = match sort["order"].as_str() {
        None => default.1,
        Some("ascending") => false,
        Some("descending") => true,
        Some(_) => {
            return Err(ApiError::new(
                400,
                "invalid_sort_order",
                "The sort order must be ascending or descending",
            ));
        }
    };
    Ok((field, down))
}
