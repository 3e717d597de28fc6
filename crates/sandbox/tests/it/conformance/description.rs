//! An OpenAPI 3.0 description as JSON schemas.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

/// One version's description.
pub(super) struct Description(Value);

/// An operation with the schema of its success, if it has a body.
pub(super) struct Operation {
    pub(super) name: String,
    schema: Option<Value>,
}

impl Description {
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a description");
        let mut value: Value = serde_saphyr::from_str(&text).expect("YAML");
        nullable(&mut value["components"]["schemas"]);
        Self(value)
    }

    /// The operation a path with `$names$` belongs to; a literal segment beats a parameter.
    pub(super) fn operation(&self, method: &str, path: &str) -> Option<Operation> {
        let path = path.split('?').next().unwrap_or(path);
        let wanted: Vec<&str> = path.trim_matches('/').split('/').collect();
        let paths = self.0["paths"].as_object().expect("paths");
        let (template, methods) = paths
            .iter()
            .filter(|(template, methods)| {
                let parts: Vec<&str> = template.trim_matches('/').split('/').collect();
                methods.get(method.to_lowercase()).is_some()
                    && parts.len() == wanted.len()
                    && parts.iter().zip(&wanted).all(|(one, two)| {
                        one == two || one.starts_with('{') && two.starts_with('$')
                    })
            })
            .min_by_key(|(template, _)| template.matches('{').count())?;
        let name = template
            .split('/')
            .map(|part| if part.starts_with('{') { "{id}" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let responses = methods[method.to_lowercase()]["responses"].as_object();
        let success = responses
            .into_iter()
            .flatten()
            .find(|(status, _)| status.starts_with('2'))
            .map(|(_, response)| &response["content"]["application/json"]["schema"])
            .filter(|schema| schema.is_object());
        Some(Operation {
            name: format!("{method} {name}"),
            schema: success.map(|schema| self.standalone(schema)),
        })
    }

    /// A schema with all it refers to.
    fn standalone(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        nullable(&mut schema);
        let (mut todo, mut names) = (vec![schema.clone()], BTreeSet::new());
        let all = &self.0["components"]["schemas"];
        while let Some(one) = todo.pop() {
            references(&one, &mut |name| {
                if names.insert(name.to_owned()) {
                    todo.push(all[name].clone());
                }
            });
        }
        let schemas: Map<String, Value> = names
            .into_iter()
            .map(|name| (name.clone(), all[&name].clone()))
            .collect();
        json!({"allOf": [schema], "components": {"schemas": schemas}})
    }
}

impl Operation {
    /// What an answer has against the schema.
    pub(super) fn check(&self, answer: &Value) -> Vec<String> {
        let Some(schema) = &self.schema else {
            return Vec::new();
        };
        let validator = jsonschema::draft4::options()
            .should_validate_formats(false)
            .build(schema)
            .expect("a schema");
        let mut problems: Vec<String> = validator
            .iter_errors(answer)
            .map(|error| {
                let place = error.instance_path().to_string();
                let place: String = place
                    .split('/')
                    .map(|part| {
                        if part.parse::<u32>().is_ok() {
                            "*"
                        } else {
                            part
                        }
                    })
                    .collect::<Vec<_>>()
                    .join("/");
                let mut text = error.to_string();
                text.truncate(text.floor_char_boundary(160));
                format!("{place}: {text}")
            })
            .collect();
        problems.sort();
        problems.dedup();
        problems
    }
}

fn references(value: &Value, found: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("$ref", Value::String(path)) => {
                        found(path.trim_start_matches("#/components/schemas/"));
                    }
                    _ => references(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|one| references(one, found)),
        _ => {}
    }
}

/// OpenAPI 3.0 says `nullable` where JSON Schema says that null is a type; examples are no part of a schema.
fn nullable(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for key in ["example", "examples", "description", "title", "xml"] {
                if fields
                    .get(key)
                    .is_some_and(|one| key == "example" || key == "xml" || !one.is_object())
                {
                    fields.remove(key);
                }
            }
            fields.values_mut().for_each(nullable);
            if fields.remove("nullable") == Some(Value::Bool(true)) {
                match fields.get_mut("type") {
                    Some(kind) if kind.is_string() => *kind = json!([kind, "null"]),
                    _ => {
                        let schema = Value::Object(std::mem::take(fields));
                        fields.insert("anyOf".to_owned(), json!([{"type": "null"}, schema]));
                    }
                }
                if let Some(Value::Array(words)) = fields.get_mut("enum") {
                    words.push(Value::Null);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(nullable),
        _ => {}
    }
}
