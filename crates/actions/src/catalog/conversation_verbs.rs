//! What a teammate does with a conversation.

use super::{ADMIN_ID, CONVERSATION_ID, NOTE, TAG_ID, actions, one_of, optional};
use crate::describe::{Input, Kind, Pick};
use crate::plan::call;
use earmark_intercom::{Assignee, Redaction, Reply};

const PART_ID: Input = Input::id("part_id", "Part ID")
    .help("A message of the thread.")
    .example("26");
const SOURCE_ID: Input = Input::id("source_id", "Opening message ID")
    .help("In place of the part ID.")
    .example("403918251");

actions! { Conversations;
    /// Answers in a teammate's name; the customer sees it.
    REPLY = "conversations.reply", "Reply", Changes, WriteConversations, "conversations.reply",
    [
        CONVERSATION_ID, ADMIN_ID, NOTE,
        Input::new("attachment_urls", "Attachment URLs", Kind::List(10)).help("Ten at most, one a line.")
            .example("https://example.com/a.png"),
    ],
    |client, values| {
        let reply = Reply::from_admin(values.need("admin_id"), values.need("body"));
        let reply = reply.with_attachments(values.list("attachment_urls"));
        call(client.reply(&values.need("conversation_id"), &reply))
    };

    /// Writes a note, for teammates only.
    ADD_NOTE = "conversations.note", "Add note", Changes, WriteConversations, "conversations.reply",
    [CONVERSATION_ID, ADMIN_ID, NOTE],
    |client, values| {
        let note = Reply::note(values.need("admin_id"), values.need("body"));
        call(client.reply(&values.need("conversation_id"), &note))
    };

    /// Gives a conversation to a teammate, a team or nobody.
    ASSIGN = "conversations.assign", "Assign", Changes, WriteConversations, "conversations.manage",
    [
        CONVERSATION_ID, ADMIN_ID,
        Input::new("assignee_id", "To teammate ID", Kind::Id(Some(Pick::Admins))).help("0 for nobody.").example("814860"),
        Input::id("team_id", "To team ID").help("In place of a teammate.").example("5"),
    ],
    |client, values| {
        let to = match one_of(values, &["assignee_id", "team_id"])? {
            ("team_id", id) => Assignee::Team(id),
            (_, id) if id == "0" => Assignee::Nobody,
            (_, id) => Assignee::Admin(id),
        };
        call(client.assign(&values.need("conversation_id"), &values.need("admin_id"), &to))
    };

    /// Closes a conversation, with a last word to the customer or without.
    CLOSE = "conversations.close", "Close", Changes, WriteConversations, "conversations.manage",
    [CONVERSATION_ID, ADMIN_ID, optional(NOTE)],
    |client, values| {
        let body = values.text("body");
        call(client.close(&values.need("conversation_id"), &values.need("admin_id"), body.as_deref()))
    };

    /// Opens a conversation that is closed or sleeps.
    REOPEN = "conversations.reopen", "Reopen", Changes, WriteConversations, "conversations.manage",
    [CONVERSATION_ID, ADMIN_ID],
    |client, values| call(client.reopen(&values.need("conversation_id"), &values.need("admin_id")));

    /// Lets a conversation sleep until a time.
    SNOOZE = "conversations.snooze", "Snooze", Changes, WriteConversations, "conversations.manage",
    [
        CONVERSATION_ID, ADMIN_ID,
        Input::new("until", "Until", Kind::Date).help("A time to come.").example("2030-12-01T09:00:00Z").required(),
    ],
    |client, values| {
        let until = values.date("until").unwrap_or_default();
        call(client.snooze(&values.need("conversation_id"), &values.need("admin_id"), until))
    };

    /// Puts a tag on a conversation.
    ATTACH_TAG = "conversations.attach_tag", "Attach tag to conversation", Changes, WriteTags, "conversations.attach_tag",
    [CONVERSATION_ID, TAG_ID, ADMIN_ID],
    |client, values| {
        let (id, tag) = (values.need("conversation_id"), values.need("tag_id"));
        call(client.tag_conversation(&id, &tag, &values.need("admin_id")))
    };

    /// Takes a tag off a conversation.
    DETACH_TAG = "conversations.detach_tag", "Detach tag from conversation", Changes, WriteTags,
    "conversations.detach_tag",
    [CONVERSATION_ID, TAG_ID, ADMIN_ID],
    |client, values| {
        let (id, tag) = (values.need("conversation_id"), values.need("tag_id"));
        call(client.untag_conversation(&id, &tag, &values.need("admin_id")))
    };

    /// Removes text and files of a message for good.
    REDACT = "conversations.redact", "Redact message", Destroys, WriteConversations, "conversations.redact",
    [CONVERSATION_ID, PART_ID, SOURCE_ID],
    |client, values| {
        let what = match one_of(values, &["part_id", "source_id"])? {
            ("source_id", id) => Redaction::Opening(id),
            (_, id) => Redaction::Part(id),
        };
        call(client.redact(&values.need("conversation_id"), &what))
    };

    /// Turns a conversation into a ticket.
    CONVERT = "conversations.convert", "Convert to ticket", Changes, WriteTickets, "conversations.convert",
    [
        CONVERSATION_ID,
        Input::id("ticket_type_id", "Ticket type ID").help("The action List ticket types shows them.").example("51")
            .required(),
        Input::new("attributes", "Ticket attributes", Kind::Json(true)).help("What the type asks for, by its names.")
            .example(r#"{"_default_title_": "The currency is wrong"}"#),
    ],
    |client, values| {
        let attributes = values.object("attributes").unwrap_or_default();
        let (id, kind) = (values.need("conversation_id"), values.need("ticket_type_id"));
        call(client.convert_to_ticket(&id, &kind, &attributes))
    };

    /// Deletes a conversation for good.
    DELETE = "conversations.delete", "Delete conversation", Destroys, WriteConversations, "conversations.delete",
    [CONVERSATION_ID],
    |client, values| call(client.delete_conversation(&values.need("conversation_id")));
}
