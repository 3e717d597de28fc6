//! Conversations and tickets.

use earmark_intercom::{
    Assignee, ConversationFields, NewConversation, NewTicket, Order, Redaction, Reply, Search,
    TicketFields, TicketTypeFields, Who, conversations, tickets,
};
use serde_json::json;

use super::{Case, attributes, cases, time};

fn new_conversation() -> NewConversation {
    NewConversation {
        contact_id: "5f0a1c2b3d4e5f6071829304".to_owned(),
        contact_type: "user".to_owned(),
        body: "Hello".to_owned(),
        created_at: None,
    }
}

fn new_ticket() -> NewTicket {
    NewTicket {
        ticket_type_id: "12".to_owned(),
        contact: Who::Email("mina@help.example".to_owned()),
        attributes: attributes(json!({"_default_title_": "Broken"})),
        company_id: Some("k1".to_owned()),
        conversation_to_link_id: Some("42".to_owned()),
    }
}

fn tagged() -> Search<earmark_intercom::search::Conversations> {
    Search::from(conversations::TAG_IDS.one_of(&["t1", "t2"]))
        .sorted(&conversations::UPDATED_AT, Order::Ascending)
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = read_cases();
    all.extend(write_cases());
    all.extend(ticket_cases());
    all.extend(ticket_type_cases());
    all
}

fn read_cases() -> Vec<Case> {
    cases! {
        "conversations.list": "GET /conversations?per_page=150", null => |client| client.conversations().page();
        "conversations.search": "POST /conversations/search", {
            "query": {"field": "tag_ids", "operator": "IN", "value": ["t1", "t2"]},
            "sort": {"field": "updated_at", "order": "ascending"},
            "pagination": {"per_page": 150},
        } => |client| client.search_conversations(tagged()).page();
        "conversations.get": "GET /conversations/42", null => |client| client.conversation("42");
        "conversations.list_deleted": "GET /conversations/deleted?per_page=60", null =>
            |client| client.deleted_conversations().page();
    }
}

fn write_cases() -> Vec<Case> {
    cases! {
        "conversations.create": "POST /conversations", {"from": {"type": "user", "id": "5f0a1c2b3d4e5f6071829304"}, "body": "Hello"} =>
            |client| client.create_conversation(&new_conversation());
        "conversations.update": "PUT /conversations/42", {"read": true, "title": "Login"} => |client|
            client.update_conversation("42", &ConversationFields {
                read: true.into(), title: "Login".into(), ..ConversationFields::default()
            });
        "conversations.delete": "DELETE /conversations/42", null => |client| client.delete_conversation("42");
        "conversations.reply": "POST /conversations/42/reply",
            {"message_type": "comment", "type": "admin", "admin_id": "7", "body": "Hi"} =>
            |client| client.reply("42", &Reply::from_admin("7", "Hi"));
        "conversations.reply": "POST /conversations/42/reply", {
            "message_type": "note", "type": "admin", "admin_id": "7", "body": "psst",
            "attachment_urls": ["https://f.example/a.png"], "created_at": 1_795_000_000,
        } => |client| client.reply("42", &Reply::note("7", "psst").written_at(time())
            .with_attachments(["https://f.example/a.png".to_owned()]));
        "conversations.reply": "POST /conversations/42/reply",
            {"message_type": "comment", "type": "user", "intercom_user_id": "c1", "body": "Thanks"} =>
            |client| client.reply("42", &Reply::from_contact(Who::Id("c1".into()), "Thanks"));
        "conversations.manage": "POST /conversations/42/parts",
            {"message_type": "close", "type": "admin", "admin_id": "7", "body": "Bye"} =>
            |client| client.close("42", "7", Some("Bye"));
        "conversations.manage": "POST /conversations/42/parts",
            {"message_type": "snoozed", "admin_id": "7", "snoozed_until": 1_795_000_000} =>
            |client| client.snooze("42", "7", time());
        "conversations.manage": "POST /conversations/42/parts", {"message_type": "open", "admin_id": "7"} =>
            |client| client.reopen("42", "7");
        "conversations.manage": "POST /conversations/42/parts",
            {"message_type": "assignment", "type": "team", "admin_id": "7", "assignee_id": "4"} =>
            |client| client.assign("42", "7", &Assignee::Team("4".into()));
        "conversations.manage": "POST /conversations/42/parts",
            {"message_type": "assignment", "type": "admin", "admin_id": "7", "assignee_id": "0"} =>
            |client| client.assign("42", "7", &Assignee::Nobody);
        "conversations.redact": "POST /conversations/redact",
            {"type": "conversation_part", "conversation_id": "42", "conversation_part_id": "9"} =>
            |client| client.redact("42", &Redaction::Part("9".into()));
        "conversations.redact": "POST /conversations/redact",
            {"type": "source", "conversation_id": "42", "source_id": "8"} =>
            |client| client.redact("42", &Redaction::Opening("8".into()));
        "conversations.convert": "POST /conversations/42/convert", {"ticket_type_id": "12", "attributes": {"a": 1}} =>
            |client| client.convert_to_ticket("42", "12", &attributes(json!({"a": 1})));
        "conversations.attach_contact": "POST /conversations/42/customers",
            {"admin_id": "7", "customer": {"user_id": "x-1"}} =>
            |client| client.add_participant("42", "7", &Who::ExternalId("x-1".into()));
        "conversations.detach_contact": "DELETE /conversations/42/customers/c1", {"admin_id": "7"} =>
            |client| client.remove_participant("42", "7", "c1");
        "conversations.attach_tag": "POST /conversations/42/tags", {"id": "t1", "admin_id": "7"} =>
            |client| client.tag_conversation("42", "t1", "7");
        "conversations.detach_tag": "DELETE /conversations/42/tags/t1", {"admin_id": "7"} =>
            |client| client.untag_conversation("42", "t1", "7");
    }
}

fn ticket_cases() -> Vec<Case> {
    cases! {
        "tickets.create": "POST /tickets", {
            "ticket_type_id": "12", "contacts": [{"email": "mina@help.example"}],
            "ticket_attributes": {"_default_title_": "Broken"}, "company_id": "k1",
            "conversation_to_link_id": "42",
        } => |client| client.create_ticket(&new_ticket());
        "tickets.enqueue": "POST /tickets/enqueue", {
            "ticket_type_id": "12", "contacts": [{"email": "mina@help.example"}],
            "ticket_attributes": {"_default_title_": "Broken"}, "company_id": "k1",
            "conversation_to_link_id": "42",
        } => |client| client.enqueue_ticket(&new_ticket());
        "jobs.get": "GET /jobs/status/j1", null => |client| client.job("j1");
        "tickets.get": "GET /tickets/5", null => |client| client.ticket("5");
        "tickets.update": "PUT /tickets/5",
            {"open": true, "ticket_state_id": "3", "admin_id": 7, "assignee_id": "4"} => |client|
            client.update_ticket("5", &TicketFields {
                open: true.into(), ticket_state_id: "3".into(), admin_id: "7".into(),
                assignee_id: "4".into(), ..TicketFields::default()
            });
        "tickets.delete": "DELETE /tickets/5", null => |client| client.delete_ticket("5");
        "tickets.search": "POST /tickets/search", {
            "query": {"field": "created_at", "operator": ">", "value": 1_795_000_000},
            "pagination": {"per_page": 20},
        } => |client| client.search_tickets(tickets::CREATED_AT.after(time())).per_page(20).page();
        "tickets.reply": "POST /tickets/5/reply",
            {"message_type": "comment", "type": "user", "email": "mina@help.example", "body": "Still"} =>
            |client| client.reply_to_ticket("5", &Reply::from_contact(Who::Email("mina@help.example".into()), "Still"));
        "tickets.attach_tag": "POST /tickets/5/tags", {"id": "t1", "admin_id": "7"} =>
            |client| client.tag_ticket("5", "t1", "7");
        "tickets.detach_tag": "DELETE /tickets/5/tags/t1", {"admin_id": "7"} =>
            |client| client.untag_ticket("5", "t1", "7");
    }
}

fn ticket_type_cases() -> Vec<Case> {
    cases! {
        "ticket_types.list": "GET /ticket_types", null => |client| client.ticket_types();
        "ticket_types.get": "GET /ticket_types/12", null => |client| client.ticket_type("12");
        "ticket_types.create": "POST /ticket_types", {"name": "Bug", "category": "Customer"} => |client|
            client.create_ticket_type(&TicketTypeFields {
                name: "Bug".into(), category: "Customer".into(), ..TicketTypeFields::default()
            });
        "ticket_types.update": "PUT /ticket_types/12", {"icon": "🐞"} => |client|
            client.update_ticket_type("12", &TicketTypeFields { icon: "🐞".into(), ..TicketTypeFields::default() });
        "ticket_states.list": "GET /ticket_states", null => |client| client.ticket_states();
    }
}
