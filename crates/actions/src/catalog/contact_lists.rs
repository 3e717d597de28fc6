//! Lists of contacts and of what belongs to one.

use super::{CONTACT_ID, CURSOR, FETCH_ALL, NO_PAGE_NUMBER, PAGE, PER_PAGE_150, QUERY, actions};
use crate::describe::{Input, Kind};
use crate::input::{Fault, Values};
use crate::plan::{call, list, written};
use chrono::DateTime;
use earmark_intercom::search::{Contacts, Group};
use earmark_intercom::{Order, Search, contacts};

const ORDERS: &[(&str, &str)] = &[
    ("ascending", "Oldest first"),
    ("descending", "Newest first"),
];
const ORDER: Input = Input::new("order", "Order", Kind::Choice(ORDERS))
    .help("By when Intercom learned of them. Lists have no order of their own, so an ordered one is asked as a search.")
    .example("descending");
const ROLES: &[(&str, &str)] = &[("user", "User"), ("lead", "Lead")];

/// Everybody, in an order.
fn ordered(values: &Values) -> Option<Search<Contacts>> {
    let order = match values.text("order")?.as_str() {
        "ascending" => Order::Ascending,
        _ => Order::Descending,
    };
    let all = contacts::CREATED_AT.after_day_of(DateTime::UNIX_EPOCH);
    Some(Search::from(all).sorted(&contacts::CREATED_AT, order))
}

fn search(values: &Values) -> Result<Search<Contacts>, Vec<Fault>> {
    let texts = ["role", "name", "email"].map(|name| values.text(name));
    match (values.json("query"), &texts) {
        (Some(query), [None, None, None]) => written(&query),
        (Some(_), _) => {
            let message = "Take either role, name and e-mail address, or a query of your own.";
            Err(vec![Fault::at("query", message)])
        }
        (None, [None, None, None]) => {
            let message = "Fill in role, name or e-mail address, or write a query of your own.";
            Err(vec![Fault::at("name", message)])
        }
        (None, [role, name, email]) => {
            let filters = [
                role.as_deref().map(|role| contacts::ROLE.is(role)),
                name.as_deref().map(|name| contacts::NAME.is(name)),
                email.as_deref().map(|email| contacts::EMAIL.is(email)),
            ];
            let group = Group::all(filters.into_iter().flatten());
            let group = group.map_err(|fault| vec![Fault::at("", fault.to_string())])?;
            Ok(group.into())
        }
    }
}

actions! { Contacts;
    /// Lists contacts, users and leads. Archived and merged ones are never listed.
    LIST = "contacts.list", "List contacts", Reads, ListPeople, "contacts.list",
    [FETCH_ALL, PER_PAGE_150, ORDER, CURSOR, NO_PAGE_NUMBER],
    |client, values| match ordered(values) {
        Some(search) => list(client.search_contacts(search), values),
        None => list(client.contacts(), values),
    };

    /// Searches contacts by role, name and e-mail address, or by a query of your own.
    SEARCH = "contacts.search", "Search contacts", Reads, ListPeople, "contacts.search",
    [
        Input::new("role", "Role", Kind::Choice(ROLES)).example("user"),
        Input::text("name", "Name").help("The whole name.").example("Ines Carvalho"),
        Input::text("email", "E-mail address").help("The whole address.").example("ines@example.com"),
        QUERY, FETCH_ALL, PER_PAGE_150, CURSOR,
    ],
    |client, values| list(client.search_contacts(search(values)?), values);

    /// Lists the companies of a contact.
    COMPANIES = "contacts.list_companies", "List companies of a contact", Reads, OnePerson, "contacts.list_companies",
    [CONTACT_ID, PAGE],
    |client, values| list(client.contact_companies(&values.need("contact_id")), values);

    /// Lists the tags of a contact.
    TAGS = "contacts.list_tags", "List tags of a contact", Reads, ReadTags, "contacts.list_tags",
    [CONTACT_ID],
    |client, values| list(client.contact_tags(&values.need("contact_id")), values);

    /// Lists the notes about a contact.
    NOTES = "contacts.list_notes", "List notes about a contact", Reads, OnePerson, "contacts.list_notes",
    [CONTACT_ID, PAGE],
    |client, values| list(client.contact_notes(&values.need("contact_id")), values);

    /// Lists the segments a contact is in.
    SEGMENTS = "contacts.list_segments", "List segments of a contact", Reads, OnePerson, "contacts.list_segments",
    [CONTACT_ID],
    |client, values| list(client.contact_segments(&values.need("contact_id")), values);

    /// Lists the subscription types that a contact chose for or against.
    SUBSCRIPTIONS = "contacts.list_subscriptions", "List subscriptions of a contact", Reads, OnePerson,
    "contacts.list_subscriptions",
    [CONTACT_ID],
    |client, values| call(client.contact_subscriptions(&values.need("contact_id")).page());
}
