//! A cheap look at a payload: what the intake needs, in one pass and without building a tree.

use std::{fmt, marker::PhantomData};

use chrono::{DateTime, Utc};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

use super::current_topic;
use crate::json::{self, Unreadable};

/// What kind of object a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// A conversation.
    Conversation,
    /// A contact. For company-contact links, the contact.
    Contact,
    /// A company.
    Company,
    /// Anything else: ticket, article, …
    Other,
}

/// The object a notification is about. Notifications about one subject have to be applied in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Intercom's id.
    pub id: String,
}

/// The outline of a notification. Every field may be missing: the signature proves the sender, not the shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peek {
    /// The Intercom workspace.
    pub app_id: Option<String>,
    /// Intercom's id of the notification; null in a ping.
    pub id: Option<String>,
    /// The topic as it was sent.
    pub topic: Option<String>,
    /// When it happened.
    pub created_at: Option<DateTime<Utc>>,
    /// How often Intercom has tried, from 1.
    pub delivery_attempts: Option<u32>,
    /// `type` of the item.
    pub item_type: Option<String>,
    /// What it is about.
    pub subject: Option<Subject>,
    /// The ids inside the item that tell it from other items of its kind.
    item_key: String,
}

impl Peek {
    /// What tells this notification from others when it has no id: topic, Intercom workspace, ids of the item
    /// (with the added tag and the parts, if any) and time. None when it has an id, or when one of these is
    /// missing; a ping needs no item id.
    #[must_use]
    pub fn fallback_key(&self) -> Option<String> {
        if self.id.is_some() {
            return None;
        }
        let (topic, app_id) = (self.topic.as_deref()?, self.app_id.as_deref()?);
        let created_at = self.created_at?.timestamp();
        if self.item_key.is_empty() && topic != "ping" {
            return None;
        }
        Some(format!("{topic}|{app_id}|{}|{created_at}", self.item_key))
    }
}

/// Looks at a payload without reading all of it.
///
/// # Errors
/// [`Unreadable`] when the body is not UTF-8, not JSON or not an object. The reason never holds its text.
pub fn peek(body: &[u8]) -> Result<Peek, Unreadable> {
    let text = json::text_from(body)?;
    let Lenient(envelope) =
        serde_json::from_str::<Lenient<Envelope>>(text).map_err(|fault| json::syntax(&fault))?;
    let envelope = envelope.ok_or_else(|| Unreadable::new("the body is not a JSON object"))?;
    let item = envelope.data.0.and_then(|data| data.item.0);
    let topic = envelope.topic.text();
    let mut peek = Peek {
        app_id: envelope.app_id.text(),
        id: envelope.id.text(),
        created_at: envelope.created_at.date(),
        delivery_attempts: envelope
            .delivery_attempts
            .text()
            .and_then(|count| count.parse().ok()),
        ..Peek::default()
    };
    if let Some(item) = item {
        peek.item_key = item.key();
        peek.item_type = item.kind.text();
        peek.subject = item.subject(topic.as_deref().map_or("", current_topic));
    }
    peek.topic = topic;
    Ok(peek)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Envelope<'a> {
    #[serde(borrow)]
    app_id: Scalar<'a>,
    id: Scalar<'a>,
    topic: Scalar<'a>,
    created_at: Scalar<'a>,
    delivery_attempts: Scalar<'a>,
    data: Lenient<Data<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    item: Lenient<Item<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item<'a> {
    #[serde(rename = "type", borrow)]
    kind: Scalar<'a>,
    id: Scalar<'a>,
    conversation_id: Scalar<'a>,
    conversation: Lenient<Conversation<'a>>,
    conversation_parts: Lenient<Parts<'a>>,
    contact: Lenient<Named<'a>>,
    user: Lenient<Named<'a>>,
    company: Lenient<Named<'a>>,
    tag: Lenient<Named<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Conversation<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    model: Lenient<Named<'a>>,
    conversation_parts: Lenient<Parts<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Parts<'a> {
    #[serde(borrow)]
    conversation_parts: Scalar<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
}

impl Item<'_> {
    fn key(&self) -> String {
        let mut ids: Vec<String> = [
            self.id.text().or_else(|| self.conversation_id.text()),
            self.conversation.0.as_ref().and_then(Conversation::id),
            id_in(&self.contact),
            id_in(&self.company),
            id_in(&self.tag),
        ]
        .into_iter()
        .flatten()
        .collect();
        ids.extend(part_ids(&self.conversation_parts));
        if let Some(conversation) = &self.conversation.0 {
            ids.extend(part_ids(&conversation.conversation_parts));
        }
        ids.join(",")
    }

    fn subject(&self, topic: &str) -> Option<Subject> {
        let about = |kind, id: Option<String>| Some(Subject { kind, id: id? });
        if topic.starts_with("conversation") {
            let nested = self.conversation.0.as_ref().and_then(Conversation::id);
            let own = || self.conversation_id.text().or_else(|| self.id.text());
            return about(SubjectKind::Conversation, nested.or_else(own));
        }
        if topic.starts_with("contact.") || topic.starts_with("company.contact.") {
            let nested = id_in(&self.contact).or_else(|| id_in(&self.user));
            return about(SubjectKind::Contact, nested.or_else(|| self.id.text()));
        }
        let kind = if topic.starts_with("company.") {
            SubjectKind::Company
        } else {
            SubjectKind::Other
        };
        about(kind, self.id.text())
    }
}

impl Conversation<'_> {
    fn id(&self) -> Option<String> {
        self.id.text().or_else(|| id_in(&self.model))
    }
}

fn id_in(named: &Lenient<Named<'_>>) -> Option<String> {
    named.0.as_ref().and_then(|named| named.id.text())
}

fn part_ids(parts: &Lenient<Parts<'_>>) -> Vec<String> {
    let raw = parts
        .0
        .as_ref()
        .and_then(|parts| parts.conversation_parts.0);
    let list: Vec<Lenient<Named<'_>>> = raw
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default();
    list.iter().filter_map(id_in).collect()
}

/// A value that is of use as text or number only.
#[derive(Deserialize, Default)]
struct Scalar<'a>(#[serde(borrow)] Option<&'a RawValue>);

impl Scalar<'_> {
    /// The text or whole number; anything else counts as missing.
    fn text(&self) -> Option<String> {
        let raw = self.0?.get();
        match raw.as_bytes().first()? {
            b'"' | b'-' | b'0'..=b'9' => json::id_of(&serde_json::from_str(raw).ok()?),
            _ => None,
        }
    }

    fn date(&self) -> Option<DateTime<Utc>> {
        json::date_of(&serde_json::from_str(self.0?.get()).ok()?)
    }
}

/// An object; anything else counts as missing.
struct Lenient<T>(Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData))
    }
}

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for LenientVisitor<T> {
    type Value = Lenient<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|value| Lenient(Some(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient(None))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }
}
