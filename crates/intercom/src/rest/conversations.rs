//! Conversations.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    Assignee, Call, Client, Conversation, ConversationFields, Listing, NewConversation, Redaction,
    Removed, Reply, Search, Tag, Ticket, Unreadable, Who,
    json::{Fields, Object},
    operation::table as op,
    paging::Style,
    search::Conversations,
};

/// Most conversations on a page.
const MOST: u8 = 150;

impl Client {
    /// All conversations without their parts, 150 a page at most. Needs Read conversations.
    pub fn conversations(&self) -> Listing<Conversation> {
        let request = self.to(&op::CONVERSATION_LIST, &[]);
        let keys = &["conversations", "data"];
        Listing::new(self, request, Style::Query, MOST, keys, Conversation::read)
    }

    /// The conversations that a search finds, without their parts, 150 a page at most. Needs Read conversations.
    pub fn search_conversations(
        &self,
        search: impl Into<Search<Conversations>>,
    ) -> Listing<Conversation> {
        let search = search.into().to_json();
        let request = self.to(&op::CONVERSATION_SEARCH, &[]).json(&search);
        let keys = &["conversations", "data"];
        Listing::new(self, request, Style::Body, MOST, keys, Conversation::read)
    }

    /// One conversation with its newest 500 parts. Asked with version 2.14 or newer, so that parts carry their tags.
    /// Needs Read conversations.
    pub fn conversation(&self, id: &str) -> Call<Conversation> {
        let request = self.to(&op::CONVERSATION_GET, &[id]);
        self.call(request, Conversation::read)
    }

    /// The ids of conversations that were deleted, 60 a page at most. Asked with version 2.16. Needs Read
    /// conversations.
    pub fn deleted_conversations(&self) -> Listing<Removed> {
        let request = self.to(&op::CONVERSATION_DELETED, &[]);
        let keys = &["conversations", "data"];
        Listing::new(self, request, Style::Number, 60, keys, Removed::read)
    }

    /// Opens a conversation in a contact's name and gives its id. Needs Write conversations.
    pub fn create_conversation(&self, new: &NewConversation) -> Call<String> {
        let request = self.to(&op::CONVERSATION_CREATE, &[]).json(&new.body());
        self.call(request, |message| {
            let id = message.id("conversation_id");
            id.ok_or_else(|| Unreadable::new("the message names no conversation"))
        })
    }

    /// Changes a conversation. Needs Write conversations.
    pub fn update_conversation(&self, id: &str, fields: &ConversationFields) -> Call<Conversation> {
        let request = self.to(&op::CONVERSATION_UPDATE, &[id]).json(fields);
        self.call(request, Conversation::read)
    }

    /// Deletes a conversation for good. Needs Write conversations.
    pub fn delete_conversation(&self, id: &str) -> Call<Removed> {
        self.call(self.to(&op::CONVERSATION_DELETE, &[id]), Removed::read)
    }

    /// Answers in a conversation, or writes a note. Needs Write conversations.
    pub fn reply(&self, id: &str, reply: &Reply) -> Call<Conversation> {
        let request = self.to(&op::CONVERSATION_REPLY, &[id]);
        self.call(request.json(&reply.body()), Conversation::read)
    }

    /// Closes a conversation, with a last word to the customer or without. Needs Write conversations.
    pub fn close(&self, id: &str, admin_id: &str, body: Option<&str>) -> Call<Conversation> {
        let mut part = json!({"message_type": "close", "type": "admin", "admin_id": admin_id});
        if let Some(body) = body {
            part["body"] = json!(body);
        }
        self.manage(id, &part)
    }

    /// Lets a conversation sleep until a time. Needs Write conversations.
    pub fn snooze(&self, id: &str, admin_id: &str, until: DateTime<Utc>) -> Call<Conversation> {
        let until = until.timestamp();
        let part = json!({"message_type": "snoozed", "admin_id": admin_id, "snoozed_until": until});
        self.manage(id, &part)
    }

    /// Opens a conversation that is closed or sleeps. Needs Write conversations.
    pub fn reopen(&self, id: &str, admin_id: &str) -> Call<Conversation> {
        self.manage(id, &json!({"message_type": "open", "admin_id": admin_id}))
    }

    /// Gives a conversation to a teammate, a team or nobody. Needs Write conversations.
    pub fn assign(&self, id: &str, admin_id: &str, to: &Assignee) -> Call<Conversation> {
        let (kind, assignee) = to.named();
        let part = json!({
            "message_type": "assignment",
            "type": kind,
            "admin_id": admin_id,
            "assignee_id": assignee,
        });
        self.manage(id, &part)
    }

    fn manage(&self, id: &str, part: &Value) -> Call<Conversation> {
        let request = self.to(&op::CONVERSATION_MANAGE, &[id]).json(part);
        self.call(request, Conversation::read)
    }

    /// Removes text and files of a message for good. Needs Write conversations.
    pub fn redact(&self, conversation_id: &str, what: &Redaction) -> Call<Conversation> {
        let request = self.to(&op::CONVERSATION_REDACT, &[]);
        let body = what.body(conversation_id);
        self.call(request.json(&body), Conversation::read)
    }

    /// Turns a conversation into a ticket. Needs Write tickets.
    pub fn convert_to_ticket(
        &self,
        id: &str,
        ticket_type_id: &str,
        attributes: &Object,
    ) -> Call<Ticket> {
        let body = json!({"ticket_type_id": ticket_type_id, "attributes": attributes});
        let request = self.to(&op::CONVERSATION_CONVERT, &[id]).json(&body);
        self.call(request, Ticket::read)
    }

    /// Lets another contact take part. Needs Write conversations.
    pub fn add_participant(&self, id: &str, admin_id: &str, who: &Who) -> Call<Conversation> {
        let (key, value) = who.in_reply();
        let body = json!({"admin_id": admin_id, "customer": {key: value}});
        let request = self.to(&op::CONVERSATION_CONTACT_ATTACH, &[id]).json(&body);
        self.call(request, Conversation::read)
    }

    /// Takes a contact out of a group conversation. Needs Write conversations.
    pub fn remove_participant(
        &self,
        id: &str,
        admin_id: &str,
        contact_id: &str,
    ) -> Call<Conversation> {
        let request = self.to(&op::CONVERSATION_CONTACT_DETACH, &[id, contact_id]);
        let request = request.json(&json!({"admin_id": admin_id}));
        self.call(request, Conversation::read)
    }

    /// Puts a tag on a conversation. Needs Write conversations.
    pub fn tag_conversation(&self, id: &str, tag_id: &str, admin_id: &str) -> Call<Tag> {
        let body = json!({"id": tag_id, "admin_id": admin_id});
        let request = self.to(&op::CONVERSATION_TAG_ATTACH, &[id]).json(&body);
        self.call(request, Tag::read)
    }

    /// Takes a tag off a conversation. Intercom wants a body with this DELETE. Needs Write conversations.
    pub fn untag_conversation(&self, id: &str, tag_id: &str, admin_id: &str) -> Call<Tag> {
        let request = self.to(&op::CONVERSATION_TAG_DETACH, &[id, tag_id]);
        let request = request.json(&json!({"admin_id": admin_id}));
        self.call(request, Tag::read)
    }
}
