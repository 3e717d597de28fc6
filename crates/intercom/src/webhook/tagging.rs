//! A tag put on a message: which tag, when, by whom, on which message.

use chrono::{DateTime, Utc};

use crate::{
    Author, Conversation, Message, TagRef,
    json::{Fields, Object, Unreadable},
};

/// A tag was put on a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Tagged {
    /// The tags put on: one, or several in the oldest serialisation.
    pub tags: Vec<TagRef>,
    /// When: the item's own time, or the envelope's in the oldest serialisation.
    pub tagged_at: DateTime<Utc>,
    /// Who, where the payload tells.
    pub tagged_by: Option<Author>,
    /// The conversation with the tagged part.
    pub conversation: Conversation,
    /// The tagged message.
    pub anchor: Anchor,
}

/// The message that was tagged.
#[derive(Clone, Debug, PartialEq)]
pub enum Anchor {
    /// The opening message.
    Source(Message),
    /// A part.
    Part(Message),
    /// The payload does not tell which of several parts it was.
    Unknown,
}

impl Anchor {
    /// The tagged message, when known.
    #[must_use]
    pub const fn message(&self) -> Option<&Message> {
        match self {
            Self::Source(message) | Self::Part(message) => Some(message),
            Self::Unknown => None,
        }
    }
}

/// Reads either serialisation: the item is a `conversation_part_tag`, or (before API version 2.5) the
/// conversation itself with `tags_added`.
pub(super) fn read(item: &Object, sent_at: Option<DateTime<Utc>>) -> Result<Tagged, Unreadable> {
    let current = item.text("type").as_deref() == Some("conversation_part_tag");
    let own_time = if current {
        item.date("created_at")
    } else {
        None
    };
    let tagged_at = own_time
        .or(sent_at)
        .ok_or_else(|| Unreadable::new("the tagging has no time"))?;
    let raw = item.object("conversation").unwrap_or(item);
    let conversation = Conversation::read(raw)?;
    let mut tags: Vec<TagRef> = item
        .object("tag")
        .and_then(TagRef::read)
        .into_iter()
        .collect();
    if tags.is_empty() {
        tags = TagRef::read_list(item, "tags_added");
    }
    let Some(first) = tags.first() else {
        return Err(Unreadable::new(
            "the notification names no tag that was added",
        ));
    };
    let tagged_by = conversation
        .tag(&first.id)
        .and_then(|tag| tag.applied_by.clone());
    let anchor = anchor(raw, &conversation, &tags);
    Ok(Tagged {
        tags,
        tagged_at,
        tagged_by,
        conversation,
        anchor,
    })
}

/// A payload holds only the parts concerned, none when the opening message was tagged. Of several parts the
/// one that carries the tag is meant, the latest changed if more than one does.
fn anchor(raw: &Object, conversation: &Conversation, tags: &[TagRef]) -> Anchor {
    let source = || {
        let source = conversation.source.clone();
        source.map_or(Anchor::Unknown, Anchor::Source)
    };
    match conversation.parts.as_slice() {
        [] => source(),
        [only] => Anchor::Part(only.clone()),
        several => {
            let carries = |part: &&Message| tags.iter().any(|tag| part.has_tag(&tag.id));
            match several
                .iter()
                .filter(carries)
                .max_by_key(|part| part.updated_at)
            {
                Some(part) => Anchor::Part(part.clone()),
                None if parts_tell_their_tags(raw) => source(),
                None => Anchor::Unknown,
            }
        }
    }
}

fn parts_tell_their_tags(raw: &Object) -> bool {
    raw.list("conversation_parts", &["conversation_parts", "data"])
        .iter()
        .any(|part| part.contains_key("tags"))
}
