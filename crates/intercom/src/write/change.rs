//! A field of a change.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

/// What a change does to one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Leaves it as it is.
    #[default]
    Keep,
    /// Empties it.
    Clear,
    /// Sets it.
    Set(T),
}

impl<T> Change<T> {
    pub(super) const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T> From<T> for Change<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl From<&str> for Change<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}

impl<T> From<Option<T>> for Change<T> {
    /// None leaves the field as it is.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Keep, Self::Set)
    }
}

impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

/// A date as Unix seconds, which is what REST takes.
pub(super) fn seconds<S: Serializer>(
    change: &Change<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match change {
        Change::Keep | Change::Clear => serializer.serialize_none(),
        Change::Set(date) => serializer.serialize_i64(date.timestamp()),
    }
}

/// Declares a body whose fields are changes.
macro_rules! changes {
    (
        $(#[$doc:meta])* $name:ident:
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        @dates $($(#[$date_doc:meta])* $date:ident,)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        pub struct $name {
            $($(#[$field_doc])*
            #[serde(skip_serializing_if = "Change::is_keep")]
            pub $field: Change<$type>,)*
            $($(#[$date_doc])*
            #[serde(
                skip_serializing_if = "Change::is_keep",
                serialize_with = "crate::write::change::seconds"
            )]
            pub $date: Change<chrono::DateTime<chrono::Utc>>,)*
        }
    };
}

pub(super) use changes;
