//! What the search builder says, and what it refuses to say.

use chrono::{DateTime, Utc};
use earmark_intercom::{
    ContactFields, ContactRole, Search, SearchError, contacts, conversations,
    search::{Contacts, Conversations, Field, Filter, Group, Number, Text},
    tickets,
};
use serde_json::{Value, json};

fn time() -> DateTime<Utc> {
    DateTime::from_timestamp_secs(1_795_000_000).unwrap()
}

fn query<O: earmark_intercom::search::Searchable>(search: impl Into<Search<O>>) -> Value {
    search.into().to_json()["query"].clone()
}

#[test]
fn each_operator_is_written_as_intercom_has_it() {
    let custom: Field<Contacts, Text> = Field::custom("tier");
    let amount: Field<Contacts, Number> = Field::custom("amount");
    let of_contacts = [
        (contacts::NAME.is_not("a"), "name", "!=", json!("a")),
        (contacts::NAME.lacks("a"), "name", "!~", json!("a")),
        (contacts::NAME.starts_with("a"), "name", "^", json!("a")),
        (
            custom.one_of(&["a", "b"]),
            "custom_attributes.tier",
            "IN",
            json!(["a", "b"]),
        ),
        (
            amount.at_least(3),
            "custom_attributes.amount",
            ">=",
            json!(3),
        ),
        (
            contacts::SESSION_COUNT.none_of(&[1]),
            "session_count",
            "NIN",
            json!([1]),
        ),
        (contacts::TAG_ID.is_not("5"), "tag_id", "!=", json!("5")),
        (
            contacts::CREATED_AT.before_day_of(time()),
            "created_at",
            "<",
            json!(1_795_000_000),
        ),
        (
            contacts::UNSUBSCRIBED_FROM_EMAILS.is(true),
            "unsubscribed_from_emails",
            "=",
            json!(true),
        ),
    ];
    for (filter, field, operator, value) in of_contacts {
        let expected = json!({"field": field, "operator": operator, "value": value});
        assert_eq!(query(filter), expected);
        // What is built passes the rules for what is written.
        assert_eq!(
            query(Search::<Contacts>::from_json(&expected).unwrap()),
            expected
        );
    }
    let expected = json!({"field": "tag_ids", "operator": "NIN", "value": ["5"]});
    assert_eq!(query(conversations::TAG_IDS.none_of(&["5"])), expected);
    let expected = json!({"field": "updated_at", "operator": ">", "value": 1_795_000_000});
    assert_eq!(query(tickets::UPDATED_AT.after(time())), expected);
}

#[test]
fn a_group_has_one_to_fifteen_parts() {
    let filters = |count: usize| -> Vec<Filter<Conversations>> {
        vec![conversations::STATE.is("open"); count]
    };
    assert_eq!(Group::all(filters(0)), Err(SearchError::Empty));
    assert_eq!(Group::any(filters(16)), Err(SearchError::TooMany(16)));
    let group = Group::any(filters(15)).unwrap();
    assert_eq!(query(group.clone())["value"].as_array().unwrap().len(), 15);
    assert_eq!(
        Search::all(vec![group.clone(); 16]),
        Err(SearchError::TooMany(16))
    );
    let search = Search::any(vec![group; 15]).unwrap();
    let written = query(search.clone());
    assert_eq!(
        Search::from_json(&written),
        Ok(search),
        "two levels of fifteen are the most"
    );
}

#[test]
fn a_new_contact_names_one_of_three() {
    let fields = ContactFields::default;
    assert!(
        !ContactFields {
            name: "a".into(),
            ..fields()
        }
        .identifies()
    );
    assert!(
        ContactFields {
            email: "a@x.example".into(),
            ..fields()
        }
        .identifies()
    );
    assert!(
        ContactFields {
            role: ContactRole::Lead.into(),
            ..fields()
        }
        .identifies()
    );
    assert_eq!(serde_json::to_value(fields()).unwrap(), json!({}));
}
