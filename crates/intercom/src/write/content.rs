//! Articles, collections and attributes.

use serde::Serialize;

use super::{Change, as_numbers, change::changes};
use crate::{ApiVersion, json::Object};

changes! {
    /// The fields of an article. A new one needs title and author, and is a draft unless said otherwise.
    ArticleFields:
    /// Title.
    title: String,
    /// What it is about.
    description: String,
    /// The body, as HTML.
    body: String,
    /// Id of the teammate who wrote it.
    author_id: String,
    /// `published` or `draft`.
    state: String,
    /// The collection it is in.
    parent_id: String,
    /// What its parent is: `collection`.
    parent_type: String,
    @dates
}

changes! {
    /// The fields of a collection. A new one needs a name.
    CollectionFields:
    /// Name.
    name: String,
    /// What it is about.
    description: String,
    /// The collection it is in.
    parent_id: String,
    @dates
}

/// What an attribute belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeModel {
    /// Contacts.
    Contact,
    /// Companies.
    Company,
}

impl AttributeModel {
    /// The name Intercom uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
        }
    }
}

changes! {
    /// The fields of an attribute of one's own that can change later.
    AttributeFields:
    /// What it means.
    description: String,
    /// The values of a list, in place of those before.
    options: Vec<AttributeOption>,
    /// Whether the Messenger may change it.
    messenger_writable: bool,
    /// Whether it is out of use.
    archived: bool,
    @dates
}

/// A value that a list allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeOption {
    /// The value.
    pub value: String,
}

/// The author is a number in every version.
pub(crate) fn author_as_number(body: &mut Object, _: ApiVersion) {
    as_numbers(body, &["author_id"]);
}

/// A new article's parent is a number too; that of a changed one is a text.
pub(crate) fn numbers_in_article(body: &mut Object, _: ApiVersion) {
    as_numbers(body, &["author_id", "parent_id"]);
}
