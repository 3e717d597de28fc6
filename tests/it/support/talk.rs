//! A conversation as Intercom tells of it: in webhooks, and as the sandbox's copy.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// The Intercom workspace of all fixtures.
pub(crate) const APP_ID: &str = "hb7r2mk9";
/// The contact who writes.
pub(crate) const CONTACT: (&str, &str, &str) = (
    "6a01b2c3d4e5f60718293a4b",
    "Tomas Hale",
    "tomas@birchworks.example",
);
/// The teammate who answers and tags.
pub(crate) const ADMIN: (&str, &str, &str) = ("5520117", "Mina Okafor", "mina@help.example");

static NEXT: AtomicU64 = AtomicU64::new(1);

fn next() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A notification id that no other has.
pub(crate) fn notification_id() -> String {
    format!("notif_0d3a4e77-0000-4000-8000-{:012}", next())
}

/// A payload of `tests/fixtures/webhooks`, by its file's name without `.json`.
pub(crate) fn fixture(name: &str) -> Value {
    let path = format!(
        "{}/fixtures/webhooks/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path}: {why}"));
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// Who says something, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Customer,
    Teammate,
    Note,
    Bot,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) id: String,
    pub(crate) who: Who,
    pub(crate) part_type: &'static str,
    pub(crate) text: Option<String>,
    pub(crate) at: i64,
    pub(crate) redacted: bool,
    pub(crate) attachments: Vec<Value>,
}

impl Said {
    pub(crate) fn attach(&mut self, name: &str) {
        self.attachments.push(json!({
            "type": "upload", "name": name, "url": format!("https://files.intercom.example/i/{name}"),
            "content_type": "text/plain", "filesize": 12, "width": null, "height": null,
        }));
    }

    /// The same after its redaction.
    pub(crate) fn redacted(&self) -> Self {
        Self {
            text: Some("<i>This message was deleted</i>".to_owned()),
            redacted: true,
            attachments: Vec::new(),
            ..self.clone()
        }
    }

    fn author(&self) -> Value {
        let (kind, (id, name, email)) = match self.who {
            Who::Customer => ("user", CONTACT),
            Who::Teammate | Who::Note => ("admin", ADMIN),
            Who::Bot => (
                "bot",
                ("5520100", "Fin", "operator+hb7r2mk9@intercom.example"),
            ),
        };
        json!({
            "type": kind, "id": id, "name": name, "email": email,
            "from_ai_agent": self.who == Who::Bot, "is_ai_answer": self.who == Who::Bot && self.part_type == "comment",
        })
    }

    fn body(&self) -> Value {
        self.text
            .as_ref()
            .map_or(Value::Null, |text| json!(format!("<p>{text}</p>")))
    }

    fn part(&self, tags: &[(&str, &str)]) -> Value {
        json!({
            "type": "conversation_part", "id": self.id, "part_type": self.part_type, "body": self.body(),
            "created_at": self.at, "updated_at": self.at, "notified_at": self.at, "assigned_to": null,
            "author": self.author(), "attachments": self.attachments, "external_id": null, "redacted": self.redacted,
            "metadata": {}, "email_message_metadata": null, "state": "open", "tags": tag_list(tags),
            "event_details": {}, "app_package_code": null,
        })
    }

    fn seed(&self) -> Value {
        let by = match self.who {
            Who::Customer => "contact",
            Who::Teammate => "admin",
            Who::Note => "note",
            Who::Bot => "bot",
        };
        json!({ "id": self.id, "by": by, "admin": ADMIN.0, "body": self.body(), "at": self.at })
    }
}

fn tag_list(tags: &[(&str, &str)]) -> Value {
    tags.iter()
        .map(|(id, name)| json!({"type": "tag", "id": id, "name": name}))
        .collect()
}

/// A conversation.
#[derive(Debug, Clone)]
pub(crate) struct Talk {
    pub(crate) id: String,
    pub(crate) opening: Said,
    pub(crate) parts: Vec<Said>,
}

impl Talk {
    /// A conversation that a customer opens with these words, at a time in Unix seconds.
    pub(crate) fn open(text: &str, at: i64) -> Self {
        let number = next();
        let opening = Said {
            id: format!("4471{number:06}"),
            who: Who::Customer,
            part_type: "source",
            text: Some(text.to_owned()),
            at,
            redacted: false,
            attachments: Vec::new(),
        };
        Self {
            id: format!("3186004{number:08}"),
            opening,
            parts: Vec::new(),
        }
    }

    /// Somebody says something a minute after the last message.
    pub(crate) fn say(&mut self, who: Who, text: &str) -> Said {
        let said = Said {
            id: format!("5519{:07}", next()),
            who,
            part_type: if who == Who::Note { "note" } else { "comment" },
            text: (!text.is_empty()).then(|| text.to_owned()),
            at: self.parts.last().unwrap_or(&self.opening).at + 60,
            redacted: false,
            attachments: Vec::new(),
        };
        self.parts.push(said.clone());
        said
    }

    fn is_opening(&self, said: &Said) -> bool {
        self.opening.id == said.id
    }

    fn conversation(&self, said: &Said, tags: &[(&str, &str)]) -> Value {
        let opening = if self.is_opening(said) {
            said
        } else {
            &self.opening
        };
        let parts: Vec<Value> = if self.is_opening(said) {
            Vec::new()
        } else {
            vec![said.part(tags)]
        };
        let applied: Vec<Value> = tags
            .iter()
            .map(|(id, name)| {
                json!({
                    "type": "tag", "id": id, "name": name, "applied_at": said.at,
                    "applied_by": {"type": "admin", "id": ADMIN.0},
                })
            })
            .collect();
        json!({
            "type": "conversation", "id": self.id, "created_at": self.opening.at, "updated_at": said.at,
            "source": {
                "type": "conversation", "id": opening.id, "delivered_as": "customer_initiated", "subject": "",
                "body": opening.body(), "author": opening.author(), "attachments": opening.attachments, "url": null,
                "redacted": opening.redacted,
            },
            "contacts": {"type": "contact.list", "contacts": [
                {"type": "contact", "id": CONTACT.0, "external_id": "bw-77"},
            ]},
            "admin_assignee_id": 5_520_117, "team_assignee_id": null, "open": true, "state": "open", "read": true,
            "tags": {"type": "tag.list", "tags": applied}, "title": self.opening.text,
            "custom_attributes": {"AI Title": self.opening.text},
            "conversation_parts": {
                "type": "conversation_part.list", "conversation_parts": parts, "total_count": parts.len(),
            },
        })
    }

    /// A tag is put on a message.
    pub(crate) fn tagged(&self, said: &Said, tag: (&str, &str), at: DateTime<Utc>) -> Value {
        self.tagged_beside(said, tag, &[tag], at)
    }

    /// A tag is put on a message that carries others, too.
    pub(crate) fn tagged_beside(
        &self,
        said: &Said,
        tag: (&str, &str),
        all: &[(&str, &str)],
        at: DateTime<Utc>,
    ) -> Value {
        let item = json!({
            "type": "conversation_part_tag", "created_at": at.timestamp(), "conversation": self.conversation(said, all),
            "tag": {"type": "tag", "id": tag.0, "name": tag.1},
        });
        envelope("conversation_part.tag.created", item, at.timestamp())
    }

    /// Somebody said something.
    pub(crate) fn told(&self, said: &Said) -> Value {
        let topic = match said.who {
            _ if self.is_opening(said) => "conversation.user.created",
            Who::Customer => "conversation.user.replied",
            Who::Teammate => "conversation.admin.replied",
            Who::Note => "conversation.admin.noted",
            Who::Bot => "conversation.operator.replied",
        };
        envelope(topic, self.conversation(said, &[]), said.at)
    }

    /// A message is redacted.
    pub(crate) fn redacted(&self, said: &Said) -> Value {
        let item = self.conversation(&said.redacted(), &[]);
        envelope("conversation_part.redacted", item, said.at + 600)
    }

    /// The conversation is deleted.
    pub(crate) fn deleted(&self) -> Value {
        let item = json!({"type": "conversation", "conversation_id": self.id});
        envelope("conversation.deleted", item, self.opening.at + 900)
    }

    /// The conversation in a seed of the sandbox.
    pub(crate) fn seed(&self) -> Value {
        let parts: Vec<Value> = self.parts.iter().map(Said::seed).collect();
        json!({
            "id": self.id, "contact": CONTACT.0, "created_at": self.opening.at, "source_id": self.opening.id,
            "body": self.opening.body(), "parts": parts,
        })
    }
}

fn envelope(topic: &str, item: Value, created_at: i64) -> Value {
    json!({
        "type": "notification_event", "app_id": APP_ID, "data": {"type": "notification_event_data", "item": item},
        "links": {}, "id": notification_id(), "topic": topic, "delivery_status": "pending", "delivery_attempts": 1,
        "delivered_at": 0, "first_sent_at": created_at + 1, "created_at": created_at, "self": null,
    })
}
