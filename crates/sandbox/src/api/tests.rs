use actix_web::web::Bytes;
use serde_json::{Value, json};

use super::call::{Call, Caller, Incoming};
use super::error::ApiError;
use crate::host::Host;
use crate::state::State;
use crate::state::app::{App, Permission};
use crate::{DEMO_APP_ID, DemoSecrets, demo_seed, seed};

const NOW: i64 = 1_794_300_000;
const SECRETS: DemoSecrets<'_> = DemoSecrets {
    token: "token",
    client_secret: "secret",
    oauth_secret: "oauth-secret",
    own_secret: "own-secret",
};

fn demo() -> (State, App) {
    let mut state = State::default();
    let seed = seed::parse(demo_seed(NOW, SECRETS)).expect("the demo is a seed");
    seed::apply(&mut state, seed, NOW, &mut |_, _| {}).expect("the demo fits");
    let app = state.apps[0].clone();
    (state, app)
}

fn incoming(method: &str, path: &str, body: &Value) -> Incoming {
    Incoming {
        method: method.to_owned(),
        path: path.to_owned(),
        query_text: String::new(),
        query: std::collections::HashMap::new(),
        accept: Some("application/json".to_owned()),
        token: None,
        version: None,
        host: Host::default(),
        address: "sandbox".to_owned(),
        body: Bytes::from(body.to_string()),
        request_id: String::new(),
    }
}

fn ask(
    app: &App,
    state: &mut State,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value, ApiError> {
    let caller = caller(app);
    Call::run(state, &caller, &incoming(method, path, body), NOW, 0).map(|done| done.value)
}

fn caller(app: &App) -> Caller {
    Caller {
        app: app.clone(),
        app_id: DEMO_APP_ID.to_owned(),
        admin: None,
    }
}

/// Each endpoint and the scope an error names when the app has none.
const NEEDS: [(&str, &str, &str); 46] = [
    ("POST", "/contacts", "write_users_and_companies"),
    ("PUT", "/contacts/1", "write_users_and_companies"),
    ("DELETE", "/contacts/1", "write_users_and_companies"),
    ("POST", "/contacts/1/archive", "write_users_and_companies"),
    ("POST", "/contacts/merge", "write_users_and_companies"),
    ("GET", "/contacts/1/tags", "read_tags"),
    ("POST", "/contacts/1/tags", "write_tags"),
    ("GET", "/contacts/1/notes", "read_one_user_and_one_company"),
    ("POST", "/contacts/1/notes", "write_users_and_companies"),
    ("GET", "/segments", "read_list_users_and_companies"),
    ("GET", "/companies/scroll", "read_list_users_and_companies"),
    ("POST", "/companies", "write_users_and_companies"),
    ("DELETE", "/companies/1", "write_users_and_companies"),
    ("POST", "/tags", "write_tags"),
    ("DELETE", "/tags/1", "write_tags"),
    ("POST", "/conversations", "write_conversations"),
    ("POST", "/conversations/1/parts", "write_conversations"),
    ("POST", "/conversations/1/convert", "write_tickets"),
    ("POST", "/tickets", "write_tickets"),
    ("GET", "/tickets/1", "read_tickets"),
    ("POST", "/tickets/search", "read_tickets"),
    ("POST", "/data_attributes", "write_data_attributes"),
    ("POST", "/events", "write_events"),
    ("GET", "/events", "read_events"),
    ("GET", "/articles", "read_articles_scope"),
    ("POST", "/articles", "read_write_articles_scope"),
    ("GET", "/me", "read_single_admin"),
    ("GET", "/admins", "read_admins"),
    ("GET", "/admins/1", "read_admins"),
    ("GET", "/tags", "read_tags"),
    ("GET", "/tags/1", "read_tags"),
    ("GET", "/contacts", "read_list_users_and_companies"),
    ("POST", "/contacts/search", "read_list_users_and_companies"),
    ("GET", "/contacts/1", "read_one_user_and_one_company"),
    (
        "GET",
        "/contacts/1/companies",
        "read_one_user_and_one_company",
    ),
    ("GET", "/companies", "read_list_users_and_companies"),
    ("POST", "/companies/list", "read_list_users_and_companies"),
    ("GET", "/companies/1", "read_one_user_and_one_company"),
    ("GET", "/ticket_types", "read_tickets"),
    ("GET", "/conversations", "read_conversations"),
    ("GET", "/conversations/1", "read_conversations"),
    ("POST", "/conversations/search", "read_conversations"),
    ("POST", "/conversations/1/tags", "write_conversations"),
    ("POST", "/conversations/1/reply", "write_conversations"),
    ("POST", "/conversations/redact", "write_conversations"),
    ("DELETE", "/conversations/1", "write_conversations"),
];

#[test]
fn every_endpoint_names_the_scope_it_misses() {
    let (mut state, mut app) = demo();
    app.permissions.clear();
    for (method, path, scope) in NEEDS {
        let error = ask(&app, &mut state, method, path, &json!({})).expect_err(path);
        assert_eq!(
            (error.status, error.code()),
            (401, "token_unauthorized"),
            "{path}"
        );
        assert!(
            error.body("")["errors"][0]["message"]
                .as_str()
                .expect("text")
                .contains(scope)
        );
    }
    app.permissions = Permission::ALL.to_vec();
    for (method, path, _) in NEEDS {
        if let Err(error) = ask(&app, &mut state, method, path, &json!({})) {
            assert_ne!(error.status, 401, "{path}");
        }
    }
}

fn found(query: &Value) -> Result<usize, u16> {
    let (mut state, app) = demo();
    ask(
        &app,
        &mut state,
        "POST",
        "/contacts/search",
        &json!({"query": query}),
    )
    .map(|value| value["data"].as_array().map_or(0, Vec::len))
    .map_err(|error| error.status)
}

#[test]
fn contacts_are_found_by_fields_and_groups() {
    let email = json!({"field": "email", "operator": "=", "value": "INES@osprey-freight.example"});
    let lead = json!({"field": "role", "operator": "=", "value": "lead"});
    assert_eq!(found(&email), Ok(1));
    assert_eq!(found(&lead), Ok(1));
    assert_eq!(
        found(&json!({"operator": "OR", "value": [email, lead]})),
        Ok(2)
    );
    assert_eq!(
        found(&json!({"operator": "AND", "value": [email, lead]})),
        Ok(0)
    );
    assert_eq!(
        found(&json!({"field": "shoe_size", "operator": "=", "value": 43})),
        Err(400)
    );
}

#[test]
fn dates_of_contacts_are_whole_days_and_know_three_operators() {
    let created = |operator: &str, value: Value| {
        found(&json!({"field": "created_at", "operator": operator, "value": value}))
    };
    // The lead came 9000 seconds before.
    assert_eq!(created("=", json!(NOW)), Ok(1));
    assert_eq!(created(">", json!(NOW - 86_400)), Ok(1));
    assert_eq!(created(">", json!((NOW - 9_001).to_string())), Ok(0));
    assert_eq!(created("<", json!(NOW)), Ok(5));
    assert_eq!(created(">=", json!(NOW)), Err(400));
    assert_eq!(created("!=", json!(NOW)), Err(400));
}

#[test]
fn groups_have_limits() {
    let filter = json!({"field": "role", "operator": "=", "value": "user"});
    let group = |inner: &Value| json!({"operator": "AND", "value": [inner]});
    assert_eq!(found(&group(&group(&filter))), Ok(5));
    assert_eq!(found(&group(&group(&group(&filter)))), Err(400));
    let many = vec![filter; 16];
    assert_eq!(found(&json!({"operator": "AND", "value": many})), Err(400));
}

#[test]
fn companies_are_looked_up_and_listed() {
    let (mut state, app) = demo();
    let mut call = incoming("GET", "/companies", &Value::Null);
    call.query
        .insert("company_id".to_owned(), "lumen-dental".to_owned());
    let one = Call::run(&mut state, &caller(&app), &call, NOW, 0)
        .expect("found")
        .value;
    assert_eq!(one["type"], "company");
    call.query
        .insert("company_id".to_owned(), "nobody".to_owned());
    let error = Call::run(&mut state, &caller(&app), &call, NOW, 0)
        .err()
        .expect("unknown");
    assert_eq!((error.status, error.code()), (404, "company_not_found"));

    let mut list = incoming("POST", "/companies/list", &Value::Null);
    list.query.insert("per_page".to_owned(), "3".to_owned());
    let first = Call::run(&mut state, &caller(&app), &list, NOW, 0)
        .expect("a page")
        .value;
    assert_eq!(first["data"].as_array().map(Vec::len), Some(3));
    assert!(
        first["pages"]["next"]
            .as_str()
            .expect("a URL")
            .ends_with("page=2")
    );
    list.query.insert("page".to_owned(), "3".to_owned());
    let past = Call::run(&mut state, &caller(&app), &list, NOW, 0)
        .expect("a page")
        .value;
    assert_eq!(past["data"], json!([]));
    assert_eq!(past["pages"]["next"], Value::Null);
}
