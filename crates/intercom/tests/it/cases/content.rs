//! The help centre, attributes, subscription types and events.

use earmark_intercom::{
    ArticleFields, AttributeFields, AttributeModel, AttributeOption, CollectionFields, NewEvent,
    Who,
};
use serde_json::json;

use super::{Case, attributes, cases, time};

fn article() -> ArticleFields {
    ArticleFields {
        title: "Log in".into(),
        body: "<p>So</p>".into(),
        author_id: "7".into(),
        state: "draft".into(),
        parent_id: "31".into(),
        parent_type: "collection".into(),
        ..ArticleFields::default()
    }
}

fn event() -> NewEvent {
    NewEvent {
        name: "invited-friend".to_owned(),
        at: time(),
        who: Who::Id("c1".to_owned()),
        metadata: attributes(json!({"code": "A"})),
    }
}

fn options() -> AttributeFields {
    let option = |value: &str| AttributeOption {
        value: value.to_owned(),
    };
    AttributeFields {
        options: vec![option("gold"), option("tin")].into(),
        ..AttributeFields::default()
    }
}

pub(super) fn cases() -> Vec<Case> {
    cases! {
        "articles.list": "GET /articles?per_page=50", null => |client| client.articles().page();
        "articles.search": "GET /articles/search?phrase=log+in&state=published", null =>
            |client| client.search_articles("log in", Some("published")).page();
        "articles.get": "GET /articles/9", null => |client| client.article("9");
        "articles.create": "POST /articles", {
            "title": "Log in", "body": "<p>So</p>", "author_id": 7, "state": "draft", "parent_id": 31,
            "parent_type": "collection",
        } => |client| client.create_article(&article());
        "articles.update": "PUT /articles/9", {
            "title": "Log in", "body": "<p>So</p>", "author_id": 7, "state": "draft", "parent_id": "31",
            "parent_type": "collection",
        } => |client| client.update_article("9", &article());
        "articles.delete": "DELETE /articles/9", null => |client| client.delete_article("9");
        "collections.list": "GET /help_center/collections?per_page=50", null => |client| client.collections().page();
        "collections.get": "GET /help_center/collections/31", null => |client| client.collection("31");
        "collections.create": "POST /help_center/collections", {"name": "Start"} => |client|
            client.create_collection(&CollectionFields { name: "Start".into(), ..CollectionFields::default() });
        "collections.update": "PUT /help_center/collections/31", {"description": "First"} => |client|
            client.update_collection("31", &CollectionFields {
                description: "First".into(), ..CollectionFields::default()
            });
        "collections.delete": "DELETE /help_center/collections/31", null => |client| client.delete_collection("31");
        "help_centers.list": "GET /help_center/help_centers", null => |client| client.help_centers();
        "help_centers.get": "GET /help_center/help_centers/3", null => |client| client.help_center("3");
        "data_attributes.list": "GET /data_attributes?model=company", null =>
            |client| client.data_attributes(AttributeModel::Company);
        "data_attributes.create": "POST /data_attributes", {
            "model": "contact", "name": "tier", "data_type": "options",
            "options": [{"value": "gold"}, {"value": "tin"}],
        } => |client| client.create_data_attribute(AttributeModel::Contact, "tier", "options", &options());
        "data_attributes.create": "POST /data_attributes",
            {"model": "contact", "name": "paid", "data_type": "integer"} =>
            |client| client.create_data_attribute(
                AttributeModel::Contact, "paid", "integer", &AttributeFields::default());
        "data_attributes.update": "PUT /data_attributes/8", {"archived": true} => |client|
            client.update_data_attribute("8", &AttributeFields { archived: true.into(), ..AttributeFields::default() });
        "subscription_types.list": "GET /subscription_types", null => |client| client.subscription_types();
        "events.list": "GET /events?type=user&email=mina%40help.example", null =>
            |client| client.events(&Who::Email("mina@help.example".into()));
        "events.create": "POST /events",
            {"event_name": "invited-friend", "created_at": 1_795_000_000, "id": "c1", "metadata": {"code": "A"}} =>
            |client| client.create_event(&event());
    }
}
