//! Teammates, teams, attributes, subscription types, events.

use super::{actions, one_of};
use crate::describe::{Input, Kind};
use crate::input::{Fault, Values};
use crate::plan::call;
use chrono::{DateTime, Utc};
use earmark_intercom::{AttributeFields, AttributeModel, AttributeOption, NewEvent, Who};

const MODELS: &[(&str, &str)] = &[("contact", "Contacts"), ("company", "Companies")];
const MODEL: Input = Input::new("model", "Of", Kind::Choice(MODELS))
    .example("contact")
    .required();
const TYPES: &[(&str, &str)] = &[
    ("string", "Text"),
    ("integer", "Whole number"),
    ("float", "Number"),
    ("boolean", "Yes or no"),
    ("datetime", "Date with time"),
    ("date", "Date"),
    ("options", "List"),
];
const DESCRIPTION: Input = Input::text("description", "Description").example("What they pay for");
const OPTIONS: Input = Input::new("options", "Values", Kind::List(250))
    .help("Of a list, one a line.")
    .example("gold, silver");
const ID: Input = Input::id("contact_id", "Contact ID").example("5f0a1c2b3d4e5f6071829304");
const EXTERNAL: Input = Input::text("external_id", "Contact external ID")
    .help("In place of the contact ID.")
    .example("usr_20418");
const EMAIL: Input = Input::text("email", "Contact e-mail address")
    .help("In place of the contact ID.")
    .example("ines@example.com");

fn model(values: &Values) -> AttributeModel {
    match values.need("model").as_str() {
        "company" => AttributeModel::Company,
        _ => AttributeModel::Contact,
    }
}

fn attribute(values: &Values) -> AttributeFields {
    let options = values
        .list("options")
        .into_iter()
        .map(|value| AttributeOption { value });
    let options: Vec<_> = options.collect();
    AttributeFields {
        description: values.text("description").into(),
        options: Some(options).filter(|list| !list.is_empty()).into(),
        messenger_writable: values.flag("messenger_writable").into(),
        archived: values.flag("archived").into(),
    }
}

fn who(values: &Values) -> Result<Who, Vec<Fault>> {
    Ok(
        match one_of(values, &["contact_id", "external_id", "email"])? {
            ("contact_id", id) => Who::Id(id),
            ("email", email) => Who::Email(email),
            (_, id) => Who::ExternalId(id),
        },
    )
}

fn event(values: &Values) -> Result<NewEvent, Vec<Fault>> {
    let at: Option<DateTime<Utc>> = values.date("created_at");
    Ok(NewEvent {
        name: values.need("event_name"),
        at: at.unwrap_or_default(),
        who: who(values)?,
        metadata: values.object("metadata").unwrap_or_default(),
    })
}

actions! { Workspace;
    /// Lists the teammates.
    ADMINS = "admins.list", "List teammates", Reads, ReadAdmins, "admins.list",
    [],
    |client, _| call(client.admins());

    /// Lists the teams.
    TEAMS = "teams.list", "List teams", Reads, ReadAdmins, "teams.list",
    [],
    |client, _| call(client.teams());

    /// Lists the attributes of contacts or companies.
    ATTRIBUTES = "data_attributes.list", "List attributes", Reads, ListPeople, "data_attributes.list",
    [MODEL],
    |client, values| call(client.data_attributes(model(values)));

    /// Creates an attribute of your own. Its type never changes.
    CREATE_ATTRIBUTE = "data_attributes.create", "Create attribute", Changes, WriteAttributes, "data_attributes.create",
    [
        MODEL, Input::text("name", "Name").example("plan_tier").required(),
        Input::new("data_type", "Type", Kind::Choice(TYPES)).example("string").required(), DESCRIPTION, OPTIONS,
        Input::new("messenger_writable", "The Messenger may change it", Kind::Flag),
    ],
    |client, values| {
        let (name, kind) = (values.need("name"), values.need("data_type"));
        call(client.create_data_attribute(model(values), &name, &kind, &attribute(values)))
    };

    /// Changes an attribute of your own; fields left empty stay as they are.
    UPDATE_ATTRIBUTE = "data_attributes.update", "Update attribute", Changes, WriteAttributes, "data_attributes.update",
    [
        Input::id("attribute_id", "Attribute ID").example("12").required(), DESCRIPTION, OPTIONS,
        Input::new("messenger_writable", "The Messenger may change it", Kind::Flag),
        Input::new("archived", "Out of use", Kind::Flag),
    ],
    |client, values| {
        let fields = attribute(values);
        super::changes_something(&fields)?;
        call(client.update_data_attribute(&values.need("attribute_id"), &fields))
    };

    /// Lists the subscription types.
    SUBSCRIPTIONS = "subscription_types.list", "List subscription types", Reads, ListPeople, "subscription_types.list",
    [],
    |client, _| call(client.subscription_types());

    /// Lists the latest events of a contact, of the last 90 days.
    EVENTS = "events.list", "List events", Reads, ReadEvents, "events.list",
    [ID, EXTERNAL, EMAIL],
    |client, values| call(client.events(&who(values)?));

    /// Records an event of a contact. Intercom takes one that is sent twice as two.
    CREATE_EVENT = "events.create", "Create event", Changes, WriteEvents, "events.create",
    [
        Input::text("event_name", "Event").help("Best a verb and noun in the past tense.").example("invited-friend")
            .required(),
        Input::new("created_at", "When", Kind::Date).example("2026-03-12T10:41:00Z").required(), ID, EXTERNAL, EMAIL,
        Input::new("metadata", "Metadata", Kind::Json(true)).help("Up to ten values.").example(r#"{"seats": 3}"#),
    ],
    |client, values| call(client.create_event(&event(values)?));
}
