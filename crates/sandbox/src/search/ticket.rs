//! What tickets can be searched by. Dates go by the second.

use std::borrow::Cow;

use super::{Has, Index, Kind, Searchable};
use crate::state::Workspace;
use crate::state::desk::Ticket;
use crate::state::table::{Key, Time};

/// A field of a ticket.
pub(crate) enum Field {
    Id,
    Number,
    Created,
    Updated,
    Title,
    Description,
    Type,
    State,
    Open,
    Shared,
    Contacts,
    Tags,
    Admin,
    Team,
    Snoozed,
    /// Ids of the types of one category, as the workspace had them when the search began.
    Category(Vec<(String, String)>),
    Custom(String),
}

impl Searchable for Ticket {
    type Field = Field;

    fn field(workspace: &Workspace, name: &str) -> Option<(Field, Kind)> {
        if let Some(name) = name.strip_prefix("ticket_attribute.") {
            return Some((Field::Custom(name.to_owned()), Kind::Text));
        }
        Some(match name {
            "id" => (Field::Id, Kind::Text),
            "ticket_id" => (Field::Number, Kind::Text),
            "created_at" => (Field::Created, Kind::Second),
            "updated_at" => (Field::Updated, Kind::Second),
            "_default_title_" | "title" => (Field::Title, Kind::Text),
            "_default_description_" | "description" => (Field::Description, Kind::Text),
            "ticket_type_id" => (Field::Type, Kind::Text),
            "category" => {
                let types = workspace.desk.types.iter();
                let words = types.map(|one| (one.id.clone(), word(&one.category).to_owned()));
                (Field::Category(words.collect()), Kind::Text)
            }
            "state" => (Field::State, Kind::Text),
            "open" => (Field::Open, Kind::Flag),
            "is_shared" => (Field::Shared, Kind::Flag),
            "contact_ids" => (Field::Contacts, Kind::Ids),
            "tag_ids" => (Field::Tags, Kind::Ids),
            "admin_assignee_id" => (Field::Admin, Kind::Text),
            "team_assignee_id" => (Field::Team, Kind::Text),
            "snoozed_until" => (Field::Snoozed, Kind::Second),
            _ => return None,
        })
    }

    fn value<'a>(&'a self, field: &'a Field) -> Has<'a> {
        let text = |name: &str| self.attributes.get(name).and_then(|value| value.as_str());
        match field {
            Field::Id => Has::one(&self.id),
            Field::Number => Has::one(&self.ticket_id),
            Field::Created => Has::Time(Some(self.created_at)),
            Field::Updated => Has::Time(Some(self.updated_at)),
            Field::Title => Has::text(text("_default_title_")),
            Field::Description => Has::text(text("_default_description_")),
            Field::Type => Has::one(&self.kind),
            Field::Category(types) => {
                let mine = types.iter().find(|(id, _)| *id == self.kind);
                Has::Text(mine.map(|(_, word)| Cow::Borrowed(word.as_str())))
            }
            Field::State => Has::one(self.state().category),
            Field::Open => Has::Flag(self.open),
            Field::Shared => Has::Flag(self.is_shared),
            Field::Contacts => Has::ids(std::iter::once(self.contact.as_str())),
            Field::Tags => Has::ids(self.tags.iter().map(|one| one.tag.as_str())),
            Field::Admin => Has::text(self.admin.as_deref()),
            Field::Team => Has::text(self.team.as_deref()),
            Field::Snoozed => Has::Time(self.snoozed_until),
            Field::Custom(name) => Has::text(text(name)),
        }
    }

    fn index(field: &Field) -> Option<Index> {
        Some(match field {
            Field::Created => Index::Time(Time::Created),
            Field::Updated => Index::Time(Time::Updated),
            Field::Contacts => Index::Key(Key::Contact),
            Field::Tags => Index::Key(Key::Tag),
            _ => return None,
        })
    }
}

/// The word for a category that searches use.
fn word(category: &str) -> &'static str {
    match category {
        "Back-office" => "task",
        "Tracker" => "tracker",
        _ => "request",
    }
}
