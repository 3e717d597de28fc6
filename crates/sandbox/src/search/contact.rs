//! What contacts can be searched by. Dates go by the day, and tags know `=` and `!=` alone.

use std::borrow::Cow;

use serde_json::Value;

use super::{Has, Index, Kind, Searchable};
use crate::state::Workspace;
use crate::state::attribute::{DataType, Model};
use crate::state::people::{Contact, Profile};
use crate::state::table::{Key, Time};

/// A field of a contact.
pub(crate) enum Field {
    Id,
    Role,
    Name,
    Email,
    EmailDomain,
    Phone,
    ExternalId,
    Owner,
    Created,
    Updated,
    SignedUp,
    LastSeen,
    LastReplied,
    LastContacted,
    /// A date that no contact of the sandbox has.
    Never,
    Profile(fn(&Profile) -> &Option<String>),
    Unsubscribed,
    /// A flag that no contact of the sandbox carries.
    Unset,
    Tag,
    Company,
    Segment,
    Custom(String, Kind),
}

impl Searchable for Contact {
    type Field = Field;

    fn field(workspace: &Workspace, name: &str) -> Option<(Field, Kind)> {
        if let Some(custom) = name.strip_prefix("custom_attributes.") {
            let kind = match workspace.attribute(Model::Contact, custom)?.data_type {
                DataType::String => Kind::Text,
                DataType::Integer | DataType::Float => Kind::Number,
                DataType::Boolean => Kind::Flag,
                DataType::Date => Kind::Day,
            };
            return Some((Field::Custom(custom.to_owned(), kind), kind));
        }
        Some(match name {
            "id" => (Field::Id, Kind::Text),
            "role" => (Field::Role, Kind::Text),
            "name" => (Field::Name, Kind::Text),
            "email" => (Field::Email, Kind::Text),
            "email_domain" => (Field::EmailDomain, Kind::Text),
            "phone" => (Field::Phone, Kind::Text),
            "external_id" => (Field::ExternalId, Kind::Text),
            "owner_id" => (Field::Owner, Kind::Number),
            "created_at" => (Field::Created, Kind::Day),
            "updated_at" => (Field::Updated, Kind::Day),
            "signed_up_at" => (Field::SignedUp, Kind::Day),
            "last_seen_at" => (Field::LastSeen, Kind::Day),
            "last_replied_at" => (Field::LastReplied, Kind::Day),
            "last_contacted_at" => (Field::LastContacted, Kind::Day),
            "last_email_opened_at"
            | "last_email_clicked_at"
            | "ios_last_seen_at"
            | "android_last_seen_at" => (Field::Never, Kind::Day),
            "avatar" => (Field::Profile(|one| &one.avatar), Kind::Text),
            "browser" => (Field::Profile(|one| &one.browser), Kind::Text),
            "browser_language" | "language_override" => {
                (Field::Profile(|one| &one.language), Kind::Text)
            }
            "os" => (Field::Profile(|one| &one.os), Kind::Text),
            "location.country" => (Field::Profile(|one| &one.country), Kind::Text),
            "location.region" => (Field::Profile(|one| &one.region), Kind::Text),
            "location.city" => (Field::Profile(|one| &one.city), Kind::Text),
            "unsubscribed_from_emails" => (Field::Unsubscribed, Kind::Flag),
            "marked_email_as_spam" | "has_hard_bounced" => (Field::Unset, Kind::Flag),
            "tag_id" => (Field::Tag, Kind::OnlyIds),
            "company_id" => (Field::Company, Kind::Ids),
            "segment_id" => (Field::Segment, Kind::Segment),
            _ => return None,
        })
    }

    fn value<'a>(&'a self, field: &'a Field) -> Has<'a> {
        match field {
            Field::Id => Has::one(&self.id),
            Field::Role => Has::one(self.role.word()),
            Field::Name => Has::text(self.name.as_deref()),
            Field::Email => Has::text(self.email.as_deref()),
            Field::EmailDomain => Has::text(self.email_domain()),
            Field::Phone => Has::text(self.phone.as_deref()),
            Field::ExternalId => Has::text(self.external_id.as_deref()),
            Field::Owner => Has::Number(self.owner_id.map(figure)),
            Field::Created => Has::Time(Some(self.created_at)),
            Field::Updated => Has::Time(Some(self.updated_at)),
            Field::SignedUp => Has::Time(self.signed_up_at),
            Field::LastSeen => Has::Time(self.last_seen_at),
            Field::LastReplied => Has::Time(self.last_replied_at),
            Field::LastContacted => Has::Time(self.last_contacted_at),
            Field::Never => Has::Time(None),
            Field::Profile(get) => {
                Has::text(self.profile.as_ref().and_then(|one| get(one).as_deref()))
            }
            Field::Unsubscribed => Has::Flag(self.unsubscribed_from_emails),
            Field::Unset => Has::Flag(false),
            Field::Tag => Has::ids(self.tags.iter().map(String::as_str)),
            Field::Company => Has::ids(self.companies.iter().map(String::as_str)),
            Field::Segment => Has::Ids(Vec::new()),
            Field::Custom(name, kind) => custom(self.custom_attributes.get(name), *kind),
        }
    }

    fn index(field: &Field) -> Option<Index> {
        Some(match field {
            Field::Created => Index::Time(Time::Created),
            Field::Updated => Index::Time(Time::Updated),
            Field::Email => Index::Key(Key::Email),
            Field::Tag => Index::Key(Key::Tag),
            Field::Company => Index::Key(Key::Company),
            _ => return None,
        })
    }
}

/// A custom attribute as a value to search by.
pub(super) fn custom(value: Option<&Value>, kind: Kind) -> Has<'_> {
    match kind {
        Kind::Number => Has::Number(value.and_then(Value::as_f64)),
        Kind::Flag => Has::Flag(value.and_then(Value::as_bool).unwrap_or(false)),
        Kind::Day | Kind::Second => Has::Time(value.and_then(Value::as_i64)),
        _ => Has::Text(value.and_then(Value::as_str).map(Cow::Borrowed)),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ids of admins have seven digits, far below where a float loses one"
)]
pub(super) fn figure(number: i64) -> f64 {
    number as f64
}
