//! Tags, as defined, as named and as applied.

use chrono::{DateTime, Utc};

use super::message::Author;
use crate::json::{Fields, Object, Unreadable};

/// A tag of the Intercom workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Intercom's id; tags are matched by it, since names can change.
    pub id: String,
    /// Its name; case does not distinguish two tags.
    pub name: String,
}

impl Tag {
    pub(crate) fn read(from: &Object) -> Result<Self, Unreadable> {
        let missing = || Unreadable::new("the tag has no id");
        Ok(Self {
            id: from.id("id").ok_or_else(missing)?,
            name: from.text("name").unwrap_or_default(),
        })
    }
}

/// A tag named by another object. Contacts name their tags by id only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRef {
    /// Intercom's id.
    pub id: String,
    /// Its name, where the object carries it.
    pub name: Option<String>,
}

impl TagRef {
    pub(crate) fn read(from: &Object) -> Option<Self> {
        Some(Self {
            id: from.id("id")?,
            name: from.text("name"),
        })
    }

    pub(crate) fn read_list(from: &Object, key: &str) -> Vec<Self> {
        from.list(key, &["tags", "data"])
            .into_iter()
            .filter_map(Self::read)
            .collect()
    }
}

/// A tag on a conversation. A conversation lists each tag once, so the time may be that of another tagging
/// than the one at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedTag {
    /// Intercom's id.
    pub id: String,
    /// Its name, where the object carries it.
    pub name: Option<String>,
    /// When it was applied; absent in the oldest serialisation.
    pub applied_at: Option<DateTime<Utc>>,
    /// Who applied it: an admin or a contact, usually without a name.
    pub applied_by: Option<Author>,
}

impl AppliedTag {
    pub(crate) fn read(from: &Object) -> Option<Self> {
        Some(Self {
            id: from.id("id")?,
            name: from.text("name"),
            applied_at: from.date("applied_at"),
            applied_by: from.object("applied_by").map(Author::read),
        })
    }
}
