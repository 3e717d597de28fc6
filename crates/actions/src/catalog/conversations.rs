//! Conversations: reading, opening, changing.

use super::{
    ATTRIBUTES, COMPANY_ID, CONTACT_ID, CONVERSATION_ID, CURSOR, FETCH_ALL, NO_PAGE_NUMBER, NOTE,
    PER_PAGE_150, QUERY, actions, changes_something, optional,
};
use crate::describe::{Input, Kind};
use crate::plan::{call, list, written};
use earmark_intercom::{ConversationFields, NewConversation};

const TYPES: &[(&str, &str)] = &[("contact", "Either"), ("user", "User"), ("lead", "Lead")];

actions! { Conversations;
    /// Lists conversations without their parts.
    LIST = "conversations.list", "List conversations", Reads, ReadConversations, "conversations.list",
    [FETCH_ALL, PER_PAGE_150, CURSOR, NO_PAGE_NUMBER],
    |client, values| list(client.conversations(), values);

    /// Searches conversations by a query of your own.
    SEARCH = "conversations.search", "Search conversations", Reads, ReadConversations, "conversations.search",
    [
        QUERY.required().example(r#"{"field": "state", "operator": "=", "value": "open"}"#), FETCH_ALL, PER_PAGE_150,
        CURSOR,
    ],
    |client, values| {
        let query = written(&values.json("query").unwrap_or_default())?;
        list(client.search_conversations(query), values)
    };

    /// Shows one conversation with its newest 500 parts.
    GET = "conversations.get", "Get conversation", Reads, ReadConversations, "conversations.get",
    [CONVERSATION_ID],
    |client, values| call(client.conversation(&values.need("conversation_id")));

    /// Opens a conversation in a contact's name.
    CREATE = "conversations.create", "Create conversation", Changes, WriteConversations, "conversations.create",
    [
        CONTACT_ID,
        Input::new("contact_type", "Contact is a", Kind::Choice(TYPES)).help("Either, when left empty.")
            .example("user"),
        NOTE,
        Input::new("created_at", "Written at", Kind::Date).help("When that was before now.")
            .example("2026-03-12T10:41:00Z"),
    ],
    |client, values| call(client.create_conversation(&NewConversation {
        contact_id: values.need("contact_id"),
        contact_type: values.text("contact_type").unwrap_or_else(|| "contact".to_owned()),
        body: values.need("body"),
        created_at: values.date("created_at"),
    }));

    /// Changes title, company, attributes or whether it was read; fields left empty stay as they are.
    UPDATE = "conversations.update", "Update conversation", Changes, WriteConversations, "conversations.update",
    [
        CONVERSATION_ID, Input::text("title", "Title").example("Wrong currency"),
        Input::new("read", "Read", Kind::Flag), optional(COMPANY_ID), ATTRIBUTES,
    ],
    |client, values| {
        let fields = ConversationFields {
            read: values.flag("read").into(),
            title: values.text("title").into(),
            company_id: values.text("company_id").into(),
            custom_attributes: values.object("custom_attributes").into(),
        };
        changes_something(&fields)?;
        call(client.update_conversation(&values.need("conversation_id"), &fields))
    };
}
