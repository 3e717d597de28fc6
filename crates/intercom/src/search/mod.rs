//! Searches, written so that what Intercom refuses cannot be said.
//!
//! A [`Search`] is one [`Filter`], a [`Group`] of at most fifteen filters, or a group of at most fifteen groups: Intercom
//! nests no deeper. A filter comes from a [`Field`], which knows the operators of its kind and of what is searched.
//!
//! # The whole-day rule
//! Contact search compares dates by calendar day in the time zone of the Intercom workspace, from 2.10 to 2.16: the time
//! given only names its day. "After" begins with the day that follows, "before" ends where the day begins. To find what
//! changed since a time, take [`contacts::changed_since`] and drop what is known already. New contacts may take minutes
//! to be found at all. ("Search for contacts" in Intercom's API reference.)

pub mod contacts;
pub mod conversations;
mod field;
mod json;
pub mod tickets;

use std::{fmt, marker::PhantomData};

use serde_json::{Map, Value, json};

pub(crate) use field::Kind;
pub use field::{Date, Field, Flag, Id, Number, TagId, Text};

/// Most filters or groups in a group.
pub const MOST_IN_GROUP: usize = 15;

/// What can be searched.
pub trait Searchable: sealed::Sealed + 'static {
    /// The fields that are known, with their kinds. Others, the customer's own attributes among them, are not checked.
    #[doc(hidden)]
    const FIELDS: &'static [(&'static str, Kind)];
    /// Whether dates are compared by whole days.
    #[doc(hidden)]
    const WHOLE_DAYS: bool;
}

mod sealed {
    pub trait Sealed {}
}

/// Searches over contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contacts;
/// Searches over conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversations;
/// Searches over tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tickets;

impl sealed::Sealed for Contacts {}
impl sealed::Sealed for Conversations {}
impl sealed::Sealed for Tickets {}

impl Searchable for Contacts {
    const FIELDS: &'static [(&'static str, Kind)] = contacts::FIELDS;
    const WHOLE_DAYS: bool = true;
}

impl Searchable for Conversations {
    const FIELDS: &'static [(&'static str, Kind)] = conversations::FIELDS;
    const WHOLE_DAYS: bool = false;
}

impl Searchable for Tickets {
    const FIELDS: &'static [(&'static str, Kind)] = tickets::FIELDS;
    const WHOLE_DAYS: bool = false;
}

/// One condition on one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter<O> {
    json: Value,
    of: PhantomData<fn() -> O>,
}

/// One to fifteen filters, all or any of which must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Group<O> {
    json: Value,
    of: PhantomData<fn() -> O>,
}

/// A whole search, with the order of what it finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Search<O> {
    query: Value,
    sort: Option<(String, Order)>,
    of: PhantomData<fn() -> O>,
}

/// Which end of an order comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest or oldest first.
    Ascending,
    /// Largest or newest first.
    Descending,
}

/// Why a search cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// More filters or groups than Intercom takes.
    #[error(
        "a group holds at most {MOST_IN_GROUP} filters or groups, and this one has {0}; split the search"
    )]
    TooMany(usize),
    /// Nothing in a group.
    #[error("a group needs at least one filter")]
    Empty,
    /// A search given as JSON does not have the form of one.
    #[error("the search is not one that Intercom takes: {0}")]
    Form(String),
}

fn group(operator: &str, parts: Vec<Value>) -> Result<Value, SearchError> {
    match parts.len() {
        0 => Err(SearchError::Empty),
        1..=MOST_IN_GROUP => Ok(json!({"operator": operator, "value": parts})),
        many => Err(SearchError::TooMany(many)),
    }
}

impl<O: Searchable> Filter<O> {
    pub(crate) fn new(field: &str, operator: &str, value: Value) -> Self {
        Self {
            json: json!({"field": field, "operator": operator, "value": value}),
            of: PhantomData,
        }
    }
}

impl<O: Searchable> Group<O> {
    /// Where every filter holds.
    ///
    /// # Errors
    /// [`SearchError`] for none, and for more than fifteen.
    pub fn all(filters: impl IntoIterator<Item = Filter<O>>) -> Result<Self, SearchError> {
        Self::new("AND", filters)
    }

    /// Where at least one filter holds.
    ///
    /// # Errors
    /// [`SearchError`] for none, and for more than fifteen.
    pub fn any(filters: impl IntoIterator<Item = Filter<O>>) -> Result<Self, SearchError> {
        Self::new("OR", filters)
    }

    fn new(
        operator: &str,
        filters: impl IntoIterator<Item = Filter<O>>,
    ) -> Result<Self, SearchError> {
        let filters = filters.into_iter().map(|filter| filter.json).collect();
        Ok(Self {
            json: group(operator, filters)?,
            of: PhantomData,
        })
    }
}

impl<O: Searchable> Search<O> {
    fn of(query: Value) -> Self {
        Self {
            query,
            sort: None,
            of: PhantomData,
        }
    }

    /// Where either of two filters holds.
    fn either(filters: [Filter<O>; 2]) -> Self {
        let filters = filters.map(|filter| filter.json);
        Self::of(json!({"operator": "OR", "value": filters}))
    }

    /// Where every group holds.
    ///
    /// # Errors
    /// [`SearchError`] for none, and for more than fifteen.
    pub fn all(groups: impl IntoIterator<Item = Group<O>>) -> Result<Self, SearchError> {
        let groups = groups.into_iter().map(|group| group.json).collect();
        Ok(Self::of(group("AND", groups)?))
    }

    /// Where at least one group holds.
    ///
    /// # Errors
    /// [`SearchError`] for none, and for more than fifteen.
    pub fn any(groups: impl IntoIterator<Item = Group<O>>) -> Result<Self, SearchError> {
        let groups = groups.into_iter().map(|group| group.json).collect();
        Ok(Self::of(group("OR", groups)?))
    }

    /// A search written by a person as JSON: the value of `query`, or a whole body with `query` and `sort`. It is held
    /// against the same rules.
    ///
    /// # Errors
    /// [`SearchError::Form`], which names the place and the rule.
    pub fn from_json(written: &Value) -> Result<Self, SearchError> {
        json::read(written)
    }

    /// The body of the request, without its pagination.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("query".to_owned(), self.query.clone());
        if let Some((field, order)) = &self.sort {
            body.insert(
                "sort".to_owned(),
                json!({"field": field, "order": order.to_string()}),
            );
        }
        body
    }
}

impl Search<Contacts> {
    /// In the order of a field.
    #[must_use]
    pub fn sorted<K>(mut self, by: &Field<Contacts, K>, order: Order) -> Self {
        self.sort = Some((by.name().to_owned(), order));
        self
    }
}

impl Search<Conversations> {
    /// In the order of a field. Intercom describes this for contacts only; its clients use it for conversations with
    /// `id` and `updated_at`.
    #[must_use]
    pub fn sorted<K>(mut self, by: &Field<Conversations, K>, order: Order) -> Self {
        self.sort = Some((by.name().to_owned(), order));
        self
    }
}

impl<O: Searchable> From<Filter<O>> for Search<O> {
    fn from(filter: Filter<O>) -> Self {
        Self::of(filter.json)
    }
}

impl<O: Searchable> From<Group<O>> for Search<O> {
    fn from(group: Group<O>) -> Self {
        Self::of(group.json)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        })
    }
}
