//! Holds requests and answers against an OpenAPI 3.0 description.
//!
//! Knows nothing of Intercom: it takes a description, a method, a path, a query and a body, and says in words what is
//! not as described.

use serde_json::{Map, Value, json};

/// A description, made ready for a JSON Schema validator.
pub(crate) struct Description {
    document: Value,
}

/// A request that was sent.
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    /// Without the query.
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(String, String)],
    pub(crate) body: Option<&'a Value>,
}

impl Description {
    /// Reads a description written as YAML.
    pub(crate) fn read(yaml: &str) -> Self {
        let mut document: Value = serde_saphyr::from_str_with_options(yaml, unlimited())
            .unwrap_or_else(|fault| panic!("the description is not YAML: {fault}"));
        let known = document.clone();
        prepare(&mut document, &known);
        Self { document }
    }

    /// What a request has that is not as described; empty when all is.
    pub(crate) fn request(&self, sent: &Sent) -> Vec<String> {
        let Some((item, operation)) = self.operation(sent.method, sent.path) else {
            return vec!["there is no such operation".to_owned()];
        };
        let mut odd = self.parameters(item, operation, sent.query);
        let described = self.resolved(&operation["requestBody"]);
        let schema = described.pointer("/content/application~1json/schema");
        match (schema, sent.body) {
            (Some(schema), Some(body)) => odd.extend(self.validate(schema, body)),
            (None, Some(_)) => odd.push("no body is described".to_owned()),
            (_, None) if described["required"] == true => odd.push("a body is required".to_owned()),
            (_, None) => {}
        }
        odd
    }

    /// What an answer has that is not as described; empty when all is. The path is that of the request.
    pub(crate) fn answer(
        &self,
        method: &str,
        path: &str,
        status: u16,
        body: &Value,
    ) -> Vec<String> {
        let Some((_, operation)) = self.operation(method, path) else {
            return vec!["there is no such operation".to_owned()];
        };
        let responses = &operation["responses"];
        let status = status.to_string();
        let Some(response) = responses.get(&status).or_else(|| responses.get("default")) else {
            return vec![format!("status {status} is not described")];
        };
        match self
            .resolved(response)
            .pointer("/content/application~1json/schema")
        {
            Some(schema) => self.validate(schema, body),
            None => Vec::new(),
        }
    }

    /// The path item and operation that a request meets; named segments before parameters.
    fn operation(&self, method: &str, path: &str) -> Option<(&Value, &Value)> {
        let method = method.to_lowercase();
        let fits = |template: &str| {
            let (mut parts, mut given) = (template.split('/'), path.split('/'));
            loop {
                match (parts.next(), given.next()) {
                    (None, None) => return true,
                    (Some(part), Some(given)) if part.starts_with('{') || part == given => {}
                    _ => return false,
                }
            }
        };
        self.document["paths"]
            .as_object()?
            .iter()
            .filter(|(template, item)| fits(template) && item.get(&method).is_some())
            .min_by_key(|(template, _)| template.matches('{').count())
            .map(|(_, item)| (item, &item[&method]))
    }

    fn parameters(
        &self,
        item: &Value,
        operation: &Value,
        query: &[(String, String)],
    ) -> Vec<String> {
        let listed = [item, operation].map(|part| part["parameters"].as_array());
        let listed: Vec<&Value> = listed
            .into_iter()
            .flatten()
            .flatten()
            .map(|parameter| self.resolved(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .collect();
        let mut odd = Vec::new();
        let mut described = Vec::new();
        for parameter in listed {
            // An object in the query is spread over parameters named as its fields.
            let spread = self.fields(&parameter["schema"]);
            let names = if spread.is_empty() {
                vec![parameter["name"].as_str().unwrap_or_default().to_owned()]
            } else {
                spread
            };
            let given = query.iter().find(|(name, _)| names.contains(name));
            if parameter["required"] == true && given.is_none() {
                odd.push(format!("the query needs {}", names.join(" or ")));
            }
            if let Some((name, value)) = given {
                let value = match parameter["schema"]["type"].as_str() {
                    Some("integer") => value.parse::<i64>().map_or(json!(value), |n| json!(n)),
                    Some("boolean") => value.parse::<bool>().map_or(json!(value), |b| json!(b)),
                    _ => json!(value),
                };
                if !names.iter().any(|name| parameter["name"] != *name.as_str()) {
                    let faults = self.validate(&parameter["schema"], &value);
                    odd.extend(faults.iter().map(|fault| format!("query {name}: {fault}")));
                }
            }
            described.extend(names);
        }
        let unknown = query.iter().filter(|(name, _)| !described.contains(name));
        odd.extend(unknown.map(|(name, _)| format!("the query parameter {name} is not described")));
        odd
    }

    /// The names of an object schema's fields, those of its alternatives included.
    fn fields(&self, schema: &Value) -> Vec<String> {
        let schema = self.resolved(schema);
        let own = schema["properties"]
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .cloned();
        let parts = ["oneOf", "anyOf", "allOf"]
            .into_iter()
            .filter_map(|key| schema[key].as_array());
        own.chain(parts.flatten().flat_map(|part| self.fields(part)))
            .collect()
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(place) => self.document.pointer(&place[1..]).unwrap_or(&Value::Null),
            None => value,
        }
    }

    fn validate(&self, schema: &Value, value: &Value) -> Vec<String> {
        // Everything a reference may lead to must be in the same document.
        let schema = json!({"allOf": [schema], "components": self.document["components"]});
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft4)
            .should_validate_formats(false)
            .build(&schema)
            .unwrap_or_else(|fault| panic!("the schema is not sound: {fault}"));
        validator
            .iter_errors(value)
            .map(|fault| format!("body{}: {fault}", fault.instance_path()))
            .collect()
    }
}

/// The descriptions are trusted files of a known size.
fn unlimited() -> serde_saphyr::Options {
    serde_saphyr::options! { budget: None }
}

/// Turns OpenAPI 3.0 schemas into those of JSON Schema draft 4: `nullable` becomes a type, and a reference that leads
/// nowhere allows anything.
fn prepare(part: &mut Value, known: &Value) {
    match part {
        Value::Array(parts) => parts.iter_mut().for_each(|part| prepare(part, known)),
        Value::Object(object) => {
            for example in ["example", "examples"] {
                // A property may have this name too; its value is a schema then, and has a type.
                if object
                    .get(example)
                    .is_some_and(|value| value.get("type").is_none_or(|t| !t.is_string()))
                {
                    object.remove(example);
                }
            }
            let dangling = |place: &Value| {
                let place = place.as_str().and_then(|place| place.strip_prefix('#'));
                place.is_some_and(|place| known.pointer(place).is_none())
            };
            if object.get("$ref").is_some_and(dangling) {
                object.remove("$ref");
            }
            object.values_mut().for_each(|part| prepare(part, known));
            if object.get("nullable") == Some(&Value::Bool(true)) {
                allow_null(object);
            }
        }
        _ => {}
    }
}

fn allow_null(schema: &mut Map<String, Value>) {
    schema.remove("nullable");
    if let Some(Value::String(kind)) = schema.get("type").cloned() {
        schema.insert("type".to_owned(), json!([kind, "null"]));
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            values.push(Value::Null);
        }
    } else {
        let inner = Value::Object(std::mem::take(schema));
        schema.insert("anyOf".to_owned(), json!([inner, {"type": "null"}]));
    }
}

const SMALL: &str = r##"
paths:
  "/things/{id}":
    put:
      parameters:
      - {name: limit, in: query, required: true, schema: {type: integer}}
      - {name: filter, in: query, required: true, schema: {oneOf: [{properties: {a: {}}}, {properties: {b: {}}}]}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {"$ref": "#/components/schemas/thing"}
      responses:
        "200": {content: {application/json: {schema: {"$ref": "#/components/schemas/thing"}}}}
  "/things/all":
    get: {responses: {"200": {description: ok}}}
components:
  schemas:
    thing:
      type: object
      required: [name]
      properties:
        name: {type: string, nullable: true}
        kind: {nullable: true, allOf: [{"$ref": "#/components/schemas/kind"}]}
        lost: {"$ref": "#/components/schemas/nowhere"}
    kind: {type: string, enum: [a, b]}
"##;

fn put(query: &[(&str, &str)], body: Option<Value>) -> Vec<String> {
    let query: Vec<_> = query
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect();
    Description::read(SMALL).request(&Sent {
        method: "PUT",
        path: "/things/7",
        query: &query,
        body: body.as_ref(),
    })
}

#[test]
fn what_is_as_described_passes() {
    let query = [("limit", "3"), ("b", "x")];
    for body in [
        json!({"name": "n", "kind": "a", "lost": [1]}),
        json!({"name": null, "kind": null, "more": true}),
    ] {
        assert_eq!(put(&query, Some(body)), Vec::<String>::new());
    }
    let description = Description::read(SMALL);
    assert!(
        description
            .answer("PUT", "/things/7", 200, &json!({"name": "n"}))
            .is_empty()
    );
    assert!(
        description
            .answer("GET", "/things/all", 200, &json!(7))
            .is_empty()
    );
}

#[test]
fn what_is_not_as_described_is_told() {
    let query = [("limit", "3"), ("a", "x")];
    let good = || Some(json!({"name": "n"}));
    for (odd, part) in [
        (put(&query[..1], good()), "needs a or b"),
        (put(&[("limit", "x"), ("a", "x")], good()), "query limit"),
        (
            put(&[("limit", "3"), ("a", "x"), ("c", "y")], good()),
            "parameter c",
        ),
        (put(&query, None), "a body is required"),
        (put(&query, Some(json!({"kind": "a"}))), "\"name\""),
        (put(&query, Some(json!({"name": 1}))), "body/name"),
        (
            put(&query, Some(json!({"name": "n", "kind": "z"}))),
            "body/kind",
        ),
    ] {
        assert!(odd.len() == 1 && odd[0].contains(part), "{odd:?}");
    }
    let description = Description::read(SMALL);
    let answer = |method, status| description.answer(method, "/things/7", status, &json!({}));
    assert!(answer("PUT", 200)[0].contains("\"name\""));
    assert!(answer("PUT", 404)[0].contains("not described"));
    assert!(answer("POST", 200)[0].contains("no such operation"));
}
