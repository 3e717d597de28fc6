//! A search that a person wrote as JSON, held against the same rules as a built one.

use serde_json::{Map, Value};

use super::{Kind, MOST_IN_GROUP, Order, Search, SearchError, Searchable};
use crate::json::Fields;

const OPERATORS: [&str; 12] = [
    "=", "!=", "IN", "NIN", ">", "<", ">=", "<=", "~", "!~", "^", "$",
];

pub(super) fn read<O: Searchable>(written: &Value) -> Result<Search<O>, SearchError> {
    let object = written
        .as_object()
        .ok_or_else(|| wrong("it must be a JSON object"))?;
    let body = object.contains_key("query");
    if body
        && let Some(odd) = object
            .keys()
            .find(|key| !matches!(key.as_str(), "query" | "sort"))
    {
        return Err(wrong(format!(
            "beside query and sort there is no place for {odd}"
        )));
    }
    let query = if body { &object["query"] } else { written };
    check::<O>(query, "query", 0)?;
    let mut search = Search::of(query.clone());
    search.sort = object.get("sort").filter(|_| body).map(sort).transpose()?;
    Ok(search)
}

fn wrong(reason: impl Into<String>) -> SearchError {
    SearchError::Form(reason.into())
}

fn sort(written: &Value) -> Result<(String, Order), SearchError> {
    let named = written.as_object().and_then(|sort| sort.text("field"));
    let field = named.ok_or_else(|| wrong("sort needs a field"))?;
    match written.get("order").and_then(Value::as_str) {
        Some("ascending") => Ok((field, Order::Ascending)),
        Some("descending") | None => Ok((field, Order::Descending)),
        Some(_) => Err(wrong("the order of sort is ascending or descending")),
    }
}

fn check<O: Searchable>(part: &Value, at: &str, depth: u8) -> Result<(), SearchError> {
    let part = part
        .as_object()
        .ok_or_else(|| wrong(format!("{at} must be a filter or a group")))?;
    let operator = part.text("operator");
    match (operator.as_deref(), part.get("value")) {
        (Some("AND" | "OR"), Some(Value::Array(parts))) => {
            if depth == 2 {
                return Err(wrong(format!(
                    "{at} is nested too deeply; two levels are allowed"
                )));
            }
            if !(1..=MOST_IN_GROUP).contains(&parts.len()) {
                return Err(wrong(format!(
                    "{at} has {} parts; 1 to {MOST_IN_GROUP} are allowed",
                    parts.len()
                )));
            }
            let groups = parts.iter().filter(|part| part.get("field").is_none());
            if !matches!(groups.count(), 0) && parts.iter().any(|part| part.get("field").is_some())
            {
                return Err(wrong(format!(
                    "{at} mixes filters and groups; put the filters into a group"
                )));
            }
            (0..).zip(parts).try_for_each(|(place, part): (usize, _)| {
                check::<O>(part, &format!("{at}.value[{place}]"), depth + 1)
            })
        }
        (Some("AND" | "OR"), _) => Err(wrong(format!("{at} needs a list as its value"))),
        (Some(operator), Some(value)) => filter::<O>(part, operator, value, at),
        _ => Err(wrong(format!("{at} needs field, operator and value"))),
    }
}

fn filter<O: Searchable>(
    part: &Map<String, Value>,
    operator: &str,
    value: &Value,
    at: &str,
) -> Result<(), SearchError> {
    let field = part
        .text("field")
        .ok_or_else(|| wrong(format!("{at} needs a field")))?;
    if !OPERATORS.contains(&operator) {
        let all = OPERATORS.join(" ");
        return Err(wrong(format!(
            "{at} has an unknown operator; there are {all}"
        )));
    }
    if matches!(operator, "IN" | "NIN") != value.is_array() {
        return Err(wrong(format!(
            "{at}: IN and NIN take a list, the other operators one value"
        )));
    }
    let known = O::FIELDS.iter().find(|(name, _)| *name == field);
    let allowed: &[&str] = match known {
        Some((_, Kind::TagId)) => &["=", "!="],
        Some((_, Kind::Flag)) => &["=", "!="],
        Some((_, Kind::Date)) if O::WHOLE_DAYS => &["=", ">", "<"],
        Some((_, Kind::Text)) => &["=", "!=", "IN", "NIN", "~", "!~", "^", "$"],
        Some((_, Kind::Id)) => &["=", "!=", "IN", "NIN", "~", "!~", "^", "$"],
        Some((_, Kind::Number | Kind::Date)) | None => return Ok(()),
    };
    if allowed.contains(&operator) {
        return Ok(());
    }
    let allowed = allowed.join(" ");
    Err(wrong(format!(
        "{at}: {field} takes the operators {allowed}"
    )))
}

#[cfg(test)]
mod tests {
    use super::super::{Contacts, Conversations};
    use super::*;
    use serde_json::json;

    fn filter(field: &str, operator: &str, value: &Value) -> Value {
        json!({"field": field, "operator": operator, "value": value})
    }

    #[test]
    fn written_searches_pass_when_intercom_takes_them() {
        let email = filter("email", "~", &json!("@x.test"));
        let group =
            json!({"operator": "OR", "value": [email, filter("role", "=", &json!("user"))]});
        let nested = json!({"operator": "AND", "value": [group, group]});
        for good in [&email, &group, &nested] {
            let search = read::<Contacts>(good).unwrap();
            assert_eq!(&search.to_json()["query"], good);
        }
        let body = json!({"query": email, "sort": {"field": "name", "order": "ascending"}});
        assert_eq!(
            Value::Object(read::<Contacts>(&body).unwrap().to_json()),
            body
        );
    }

    #[test]
    fn what_intercom_refuses_is_refused_with_its_place() {
        let email = filter("email", "=", &json!("a"));
        let group = |parts: &[Value]| json!({"operator": "AND", "value": parts});
        let deep = group(&[group(&[group(std::slice::from_ref(&email))])]);
        let cases = [
            (deep, "nested too deeply"),
            (group(&vec![email.clone(); 16]), "has 16 parts"),
            (group(&[]), "has 0 parts"),
            (group(&[email.clone(), group(&[email])]), "mixes"),
            (filter("created_at", ">=", &json!(1)), "created_at takes"),
            (filter("tag_id", "IN", &json!(["1"])), "tag_id takes"),
            (filter("name", "LIKE", &json!("x")), "unknown operator"),
            (filter("name", "IN", &json!("x")), "take a list"),
            (json!({"field": "name"}), "needs field, operator and value"),
            (json!([]), "JSON object"),
            (json!({"query": {}, "page": 2}), "no place for page"),
        ];
        for (written, reason) in cases {
            let fault = read::<Contacts>(&written).unwrap_err().to_string();
            assert!(fault.contains(reason), "{fault}");
        }
        assert!(read::<Conversations>(&filter("created_at", ">=", &json!(1))).is_ok());
        assert!(read::<Conversations>(&filter("tag_ids", "IN", &json!(["1"]))).is_ok());
    }
}
