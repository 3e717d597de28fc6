//! Fields, and the operators of each kind.

use std::{borrow::Cow, fmt, marker::PhantomData};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Contacts, Conversations, Filter, Searchable, Tickets};

/// A kind of field, for holding a written search against the rules.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Id,
    Number,
    Flag,
    Date,
    TagId,
}

/// Fields with text.
#[derive(Clone, Copy, Debug)]
pub struct Text;
/// Fields with an id or one word of a fixed set.
#[derive(Clone, Copy, Debug)]
pub struct Id;
/// Fields with a whole number.
#[derive(Clone, Copy, Debug)]
pub struct Number;
/// Fields that are true or false.
#[derive(Clone, Copy, Debug)]
pub struct Flag;
/// Fields with a date.
#[derive(Clone, Copy, Debug)]
pub struct Date;
/// The tags of a contact.
#[derive(Clone, Copy, Debug)]
pub struct TagId;

/// A field of `O` of the kind `K`.
pub struct Field<O, K> {
    name: Cow<'static, str>,
    of: PhantomData<fn() -> (O, K)>,
}

impl<O, K> Field<O, K> {
    pub(super) const fn new(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            of: PhantomData,
        }
    }

    /// One of the customer's own attributes, by its name. The kind must be that of the attribute, else Intercom refuses
    /// the search.
    #[must_use]
    pub fn custom(attribute: &str) -> Self {
        Self {
            name: Cow::Owned(format!("custom_attributes.{attribute}")),
            of: PhantomData,
        }
    }

    /// The name Intercom knows it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<O, K> fmt::Debug for Field<O, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Field").field(&self.name).finish()
    }
}

/// Writes methods that are one operator each.
macro_rules! operators {
    ($kind:ty, $value:ty: $($(#[$doc:meta])* $method:ident = $operator:literal,)*) => {
        impl<O: Searchable> Field<O, $kind> {
            $($(#[$doc])*
            #[must_use]
            pub fn $method(&self, value: $value) -> Filter<O> {
                Filter::new(&self.name, $operator, json!(value))
            })*
        }
    };
}

/// Writes the two methods that take several values.
macro_rules! sets {
    ($kind:ty, $value:ty) => {
        impl<O: Searchable> Field<O, $kind> {
            /// Is one of these.
            #[must_use]
            pub fn one_of(&self, values: &[$value]) -> Filter<O> {
                Filter::new(&self.name, "IN", json!(values))
            }

            /// Is none of these.
            #[must_use]
            pub fn none_of(&self, values: &[$value]) -> Filter<O> {
                Filter::new(&self.name, "NIN", json!(values))
            }
        }
    };
}

operators! { Text, &str:
    /// Is this.
    is = "=",
    /// Is not this.
    is_not = "!=",
    /// Contains this.
    contains = "~",
    /// Does not contain this.
    lacks = "!~",
    /// Begins with this.
    starts_with = "^",
    /// Ends with this.
    ends_with = "$",
}
sets!(Text, &str);

operators! { Id, &str:
    /// Is this.
    is = "=",
    /// Is not this.
    is_not = "!=",
}
sets!(Id, &str);

operators! { TagId, &str:
    /// Has this tag.
    is = "=",
    /// Does not have this tag.
    is_not = "!=",
}

operators! { Flag, bool:
    /// Is so.
    is = "=",
}

operators! { Number, i64:
    /// Is this.
    is = "=",
    /// Is not this.
    is_not = "!=",
    /// Is more than this.
    above = ">",
    /// Is less than this.
    below = "<",
}
sets!(Number, i64);

impl Field<Contacts, Number> {
    /// Is this or more. Intercom offers it for contacts only.
    #[must_use]
    pub fn at_least(&self, value: i64) -> Filter<Contacts> {
        Filter::new(&self.name, ">=", json!(value))
    }

    /// Is this or less. Intercom offers it for contacts only.
    #[must_use]
    pub fn at_most(&self, value: i64) -> Filter<Contacts> {
        Filter::new(&self.name, "<=", json!(value))
    }
}

/// Dates of contacts go by the whole-day rule: see [`crate::search`].
impl Field<Contacts, Date> {
    /// On the calendar day of this time.
    #[must_use]
    pub fn on_day_of(&self, time: DateTime<Utc>) -> Filter<Contacts> {
        Filter::new(&self.name, "=", json!(time.timestamp()))
    }

    /// On a later day than that of this time.
    #[must_use]
    pub fn after_day_of(&self, time: DateTime<Utc>) -> Filter<Contacts> {
        Filter::new(&self.name, ">", json!(time.timestamp()))
    }

    /// On an earlier day than that of this time.
    #[must_use]
    pub fn before_day_of(&self, time: DateTime<Utc>) -> Filter<Contacts> {
        Filter::new(&self.name, "<", json!(time.timestamp()))
    }
}

/// Writes the operators of dates that are compared by seconds.
macro_rules! by_seconds {
    ($object:ty) => {
        /// Compared by seconds. Intercom leaves open whether the second itself counts as after or before it, so ask
        /// for one second more than needed.
        impl Field<$object, Date> {
            /// After this time.
            #[must_use]
            pub fn after(&self, time: DateTime<Utc>) -> Filter<$object> {
                Filter::new(&self.name, ">", json!(time.timestamp()))
            }

            /// Before this time.
            #[must_use]
            pub fn before(&self, time: DateTime<Utc>) -> Filter<$object> {
                Filter::new(&self.name, "<", json!(time.timestamp()))
            }
        }
    };
}
by_seconds!(Conversations);
by_seconds!(Tickets);
