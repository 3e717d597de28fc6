//! Which API versions a payload can come from. Webhooks carry no version: they follow the setting of the app in the
//! Developer Hub, so it can only be told from the shape.

use serde_json::Value;
use std::fmt;

use super::current_topic;
use crate::json::{self, Fields, Object};
use crate::looks_like_html;

/// Versions whose payloads can be told apart, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayloadVersion {
    /// 1.x, with the conversation itself as the item of a tagging.
    V1,
    /// 2.0 to 2.13.
    V2,
    /// 2.14, from which parts carry their tags.
    V2_14,
    /// 2.15, from which bodies are plain text and statistics Unix seconds.
    V2_15,
    /// 2.16 and later, from which priorities have five values.
    V2_16,
}

/// The versions that a payload can come from, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadVersions {
    /// The oldest.
    pub oldest: PayloadVersion,
    /// The newest.
    pub newest: PayloadVersion,
}

use PayloadVersion::{V1, V2, V2_14, V2_15, V2_16};

impl PayloadVersions {
    const ANY: Self = Self {
        oldest: V1,
        newest: V2_16,
    };

    const fn from(oldest: PayloadVersion) -> Self {
        Self {
            oldest,
            newest: V2_16,
        }
    }

    const fn until(newest: PayloadVersion) -> Self {
        Self { oldest: V1, newest }
    }

    /// The versions that both allow; `None` when there is none.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        let both = Self {
            oldest: self.oldest.max(other.oldest),
            newest: self.newest.min(other.newest),
        };
        (both.oldest <= both.newest).then_some(both)
    }

    /// Narrows; a sign that contradicts the stronger ones before it is left out.
    fn narrow(&mut self, sign: Option<Self>) {
        if let Some(both) = sign.and_then(|sign| self.and(sign)) {
            *self = both;
        }
    }
}

impl fmt::Display for PayloadVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = |version| match version {
            V1 => "1.0",
            V2 => "2.0",
            V2_14 => "2.14",
            V2_15 => "2.15",
            V2_16 => "2.16",
        };
        match (self.oldest, self.newest) {
            (V1, V1) => f.write_str("1.x"),
            (V1, V2_16) => f.write_str("any version"),
            (oldest, V2_16) => write!(f, "{} or newer", first(oldest)),
            (V1, V2) => f.write_str("2.13 or older"),
            (V1, newest) => write!(f, "{} or older", first(newest)),
            (V2, V2) => f.write_str("2.0 to 2.13"),
            (oldest, newest) if oldest == newest => f.write_str(first(oldest)),
            (oldest, newest) => write!(f, "{} to {}", first(oldest), first(newest)),
        }
    }
}

/// The versions that a notification can come from, by its topic and shape; `None` when it is none, or tells nothing.
#[must_use]
pub fn implied_versions(body: &[u8]) -> Option<PayloadVersions> {
    let envelope = json::object_from(body).ok()?;
    let topic = envelope.text("topic")?;
    let item = envelope.object("data")?.object("item")?;
    let conversation = item.object("conversation").unwrap_or(item);
    let mut versions = PayloadVersions::ANY;
    for sign in [
        of_topic(&topic),
        of_form(&topic, item, conversation),
        of_statistics(conversation),
        of_priority(conversation),
        of_assignee(conversation),
        of_ai_agent(conversation),
        of_company(conversation),
        of_parts(conversation),
        // Last: a customer may write HTML into a plain text.
        of_bodies(conversation),
    ] {
        versions.narrow(sign);
    }
    (versions != PayloadVersions::ANY).then_some(versions)
}

/// Names from before 2.5 are still sent to apps pinned to 1.x; some names came later.
fn of_topic(topic: &str) -> Option<PayloadVersions> {
    match topic {
        "contact.unarchived" => None,
        "conversation.operator.replied" => Some(PayloadVersions::from(V2_14)),
        "ticket.resolved" | "conversation.company.updated" | "api.request.completed" => {
            Some(PayloadVersions::from(V2_15))
        }
        old if current_topic(old) != old => Some(PayloadVersions::until(V1)),
        _ => None,
    }
}

fn is_conversation(item: &Object) -> bool {
    item.text("type").as_deref() == Some("conversation")
}

fn of_form(topic: &str, item: &Object, conversation: &Object) -> Option<PayloadVersions> {
    if conversation.contains_key("conversation_message")
        || (topic == "conversation_part.tag.created" && item.contains_key("tags_added"))
    {
        return Some(PayloadVersions::until(V1));
    }
    (is_conversation(conversation) && conversation.contains_key("source"))
        .then_some(PayloadVersions::from(V2))
}

/// Dates are ISO 8601 up to 2.14, Unix seconds from 2.15.
fn of_statistics(conversation: &Object) -> Option<PayloadVersions> {
    let statistics = conversation.object("statistics")?;
    statistics
        .iter()
        .filter(|(key, _)| key.ends_with("_at"))
        .find_map(|(_, value)| match value {
            Value::String(_) => Some(PayloadVersions::until(V2_14)),
            Value::Number(_) => Some(PayloadVersions::from(V2_15)),
            _ => None,
        })
}

fn of_priority(conversation: &Object) -> Option<PayloadVersions> {
    match conversation.get("priority")?.as_str()? {
        "priority" | "not_priority" => Some(PayloadVersions::until(V2_15)),
        "none" | "low" | "medium" | "high" | "urgent" => Some(PayloadVersions::from(V2_16)),
        _ => None,
    }
}

/// Nobody is null up to 2.15, the number 0 from 2.16.
fn of_assignee(conversation: &Object) -> Option<PayloadVersions> {
    let nobody = |key| match conversation.get(key)? {
        Value::Null => Some(PayloadVersions::until(V2_15)),
        Value::Number(number) if number.as_i64() == Some(0) => Some(PayloadVersions::from(V2_16)),
        _ => None,
    };
    nobody("team_assignee_id").or_else(|| nobody("admin_assignee_id"))
}

fn of_ai_agent(conversation: &Object) -> Option<PayloadVersions> {
    let state = conversation.object("ai_agent")?.text("resolution_state")?;
    match state.as_str() {
        "routed_to_team" | "abandoned" => Some(PayloadVersions::until(V2_14)),
        "escalated" | "negative_feedback" | "procedure_handoff" => {
            Some(PayloadVersions::from(V2_15))
        }
        _ => None,
    }
}

/// Conversations name their company from 2.15.
fn of_company(conversation: &Object) -> Option<PayloadVersions> {
    (is_conversation(conversation) && conversation.contains_key("company"))
        .then_some(PayloadVersions::from(V2_15))
}

/// From 2.14 parts carry their tags, and authors say whether they are the automated agent.
fn of_parts(conversation: &Object) -> Option<PayloadVersions> {
    let parts = conversation.list("conversation_parts", &["conversation_parts", "data"]);
    parts
        .iter()
        .any(|part| {
            let author = part.object("author");
            part.contains_key("tags")
                || author.is_some_and(|author| author.contains_key("from_ai_agent"))
        })
        .then_some(PayloadVersions::from(V2_14))
}

/// HTML up to 2.14, plain text from 2.15.
fn of_bodies(conversation: &Object) -> Option<PayloadVersions> {
    let parts = conversation.list("conversation_parts", &["conversation_parts", "data"]);
    let body = conversation
        .object("source")
        .into_iter()
        .chain(parts)
        // What Intercom puts in place of a redacted body is HTML in every version.
        .filter(|message| message.flag("redacted") != Some(true))
        .find_map(|message| message.text("body").filter(|body| !body.is_empty()))?;
    Some(if looks_like_html(&body) {
        PayloadVersions::until(V2_14)
    } else {
        PayloadVersions::from(V2_15)
    })
}
