//! The actions, one file a group. Each is its description and the call it makes.

mod articles;
mod companies;
mod contact_lists;
mod contacts;
mod conversation_verbs;
mod conversations;
mod raw;
mod raw_acted;
mod tags;
mod tickets;
mod workspace;

use crate::describe::{Action, Input, Kind, Pick};
use crate::input::{Fault, Values};

/// Every action, in the order of the groups.
pub(crate) static ALL: &[&[&Action]] = &[
    contacts::ALL,
    contact_lists::ALL,
    companies::ALL,
    tags::ALL,
    conversations::ALL,
    conversation_verbs::ALL,
    tickets::ALL,
    articles::ALL,
    workspace::ALL,
    raw::ALL,
];

/// Declares the actions of a file: `NAME = id, title, effect, needs, "operation" [inputs] |client, values| plan`, with the
/// help as its comment.
macro_rules! actions {
    ($group:ident; $(
        $(#[doc = $help:literal])+
        $name:ident = $id:literal, $title:literal, $effect:ident, $needs:ident, $operation:literal,
        [$($input:expr),* $(,)?],
        |$client:pat_param, $values:pat_param| $body:expr;
    )+) => {
        $(
            $(#[doc = $help])+
            static $name: crate::describe::Action = crate::describe::Action {
                id: $id,
                title: $title,
                help: concat!($($help),+).trim_ascii_start(),
                group: crate::describe::Group::$group,
                effect: crate::describe::Effect::$effect,
                needs: crate::describe::Needs::$needs,
                operation: $operation,
                inputs: &[$($input),*],
                build: |$client, $values| $body,
            };
        )+
        pub(super) static ALL: &[&crate::describe::Action] = &[$(&$name),+];
    };
}
use actions;

/// Asks for every page of a list.
pub(crate) const FETCH_ALL: Input = Input::new("fetch_all", "Fetch all", Kind::Flag)
    .help("Fetches every page in the background, to be downloaded as CSV or JSON lines.");
const CURSOR: Input = Input::text("starting_after", "Starting-after cursor")
    .help("The cursor that the page before names under pages.next. Empty is the first page.")
    .example("WzE3NzMzMTIwNTcwMDBd");
const NO_PAGE_NUMBER: Input = Input::new("page", "Page", Kind::Absent).help(
    "Intercom replaced page numbers of this list by cursors: fill in the starting-after cursor that the page before names.",
);
const NO_CURSOR: Input = Input::new("starting_after", "Starting-after cursor", Kind::Absent)
    .help("Intercom offers no cursor for this list: fill in a page number.");
const PAGE: Input = Input::new("page", "Page", Kind::Number(1, 1_000_000))
    .help("From 1.")
    .example("1");
const PER_PAGE_150: Input = Input::new("per_page", "Entries a page", Kind::Number(1, 150))
    .help("From 1 to 150, which is the default.")
    .example("50");
const PER_PAGE_50: Input = Input::new("per_page", "Entries a page", Kind::Number(1, 50))
    .help("From 1 to 50, which is the default.")
    .example("15");
const QUERY: Input = Input::new("query", "Query of your own", Kind::Json(true))
    .help("A filter or groups of filters, as Intercom's search takes it; with sort, a whole body.")
    .example(r#"{"field": "email", "operator": "~", "value": "@example.com"}"#);

const CONTACT_ID: Input = Input::id("contact_id", "Contact ID")
    .help("Intercom's id of the contact.")
    .example("5f0a1c2b3d4e5f6071829304")
    .required();
const COMPANY_ID: Input = Input::new("company_id", "Company ID", Kind::Id(Some(Pick::Companies)))
    .help("Intercom's id of the company.")
    .example("6a1b2c3d4e5f607182930415")
    .required();
const TAG_ID: Input = Input::new("tag_id", "Tag ID", Kind::Id(Some(Pick::Tags)))
    .help("Intercom's id of the tag.")
    .example("830041")
    .required();
const ADMIN_ID: Input = Input::new("admin_id", "Teammate ID", Kind::Id(Some(Pick::Admins)))
    .help("The teammate in whose name it is done.")
    .example("814860")
    .required();
const CONVERSATION_ID: Input = Input::id("conversation_id", "Conversation ID")
    .help("Intercom's id of the conversation, as in its address.")
    .example("215473908114027")
    .required();
const NOTE: Input = Input::new("body", "Text", Kind::Long(20_000))
    .help("May be HTML.")
    .example("Called them back.")
    .required();
const ATTRIBUTES: Input = Input::new("custom_attributes", "Custom attributes", Kind::Json(true))
    .help("Those not named stay as they are.")
    .example(r#"{"plan_tier": "gold"}"#);

/// An input that may stay empty although it is required elsewhere.
const fn optional(mut input: Input) -> Input {
    input.required = false;
    input
}

/// The one that was filled in of several inputs that exclude each other.
fn one_of(values: &Values, names: &[&'static str]) -> Result<(&'static str, String), Vec<Fault>> {
    let mut filled = names
        .iter()
        .filter_map(|name| Some((*name, values.text(name)?)));
    let first = filled.next();
    let several = filled.next().is_some();
    first.filter(|_| !several).ok_or_else(|| {
        let field = names.first().copied().unwrap_or_default();
        let message = format!("Fill in exactly one of {}.", names.join(", "));
        vec![Fault::at(field, message)]
    })
}

/// Refuses a change that changes nothing.
fn changes_something(body: &impl serde::Serialize) -> Result<(), Vec<Fault>> {
    let fields = serde_json::to_value(body).unwrap_or_default();
    if fields.as_object().is_some_and(|fields| !fields.is_empty()) {
        return Ok(());
    }
    Err(vec![Fault::at("", "Fill in at least one field to change.")])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::Effect;
    use crate::input::Inputs;
    use earmark_intercom::operations;
    use std::collections::BTreeSet;

    #[test]
    fn every_action_is_described_whole() {
        let mut ids = BTreeSet::new();
        for action in Action::all() {
            let id = action.id;
            assert!(ids.insert(id), "{id} stands twice");
            assert!(id.contains('.') || id == "raw", "{id}");
            assert!(action.help.trim().ends_with('.'), "{id}: {}", action.help);
            let operation = operations().iter().find(|one| one.name == action.operation);
            match operation {
                Some(operation) => {
                    let reads = action.effect == Effect::Reads;
                    assert_eq!(operation.reads(), reads, "{id} and {}", operation.name);
                }
                None => assert_eq!(id, "raw"),
            }
            let names: BTreeSet<_> = action.inputs.iter().map(|input| input.name).collect();
            assert_eq!(names.len(), action.inputs.len(), "{id}");
            for reserved in ["csrf", "intent", "confirmed"] {
                assert!(!names.contains(reserved), "{id}");
            }
        }
        assert!(ids.len() >= 60, "{}", ids.len());
    }

    #[test]
    fn every_example_is_taken_by_its_input() {
        for action in Action::all() {
            for input in action.inputs {
                assert!(
                    !input.required || !input.example.is_empty(),
                    "{} {}",
                    action.id,
                    input.name
                );
                let fields = [(input.name.to_owned(), input.example.to_owned())];
                let faults = action
                    .read(&Inputs::new(fields, []))
                    .err()
                    .unwrap_or_default();
                let own = faults.iter().find(|fault| fault.field == input.name);
                assert_eq!(own, None, "{} {}", action.id, input.name);
            }
        }
    }
}
