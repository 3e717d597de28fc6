//! What conversations can be searched by. Dates go by the second.

use std::borrow::Cow;

use super::contact::{custom, figure};
use super::{Has, Index, Kind, Searchable};
use crate::html;
use crate::render::statistics::Statistics;
use crate::state::Workspace;
use crate::state::attribute::{DataType, Model};
use crate::state::conversation::{AuthorKind, Conversation};
use crate::state::table::{Key, Time};

/// A field of a conversation.
pub(crate) enum Field {
    Id,
    Created,
    Updated,
    Waiting,
    Snoozed,
    Open,
    Read,
    State,
    Title,
    Priority,
    Tags,
    Contacts,
    Teammates,
    Admin,
    Team,
    AiParticipated,
    SourceId,
    SourceType,
    SourceSubject,
    SourceUrl,
    DeliveredAs,
    Words,
    AuthorId,
    AuthorType,
    AuthorName,
    AuthorEmail,
    Time(fn(&Statistics) -> Option<i64>),
    Count(fn(&Statistics) -> Option<i64>),
    Custom(String, Kind),
}

impl Searchable for Conversation {
    type Field = Field;

    fn field(workspace: &Workspace, name: &str) -> Option<(Field, Kind)> {
        if let Some(name) = name.strip_prefix("custom_attributes.") {
            let kind = match workspace.attribute(Model::Conversation, name)?.data_type {
                DataType::String => Kind::Text,
                DataType::Integer | DataType::Float => Kind::Number,
                DataType::Boolean => Kind::Flag,
                DataType::Date => Kind::Second,
            };
            return Some((Field::Custom(name.to_owned(), kind), kind));
        }
        if let Some(name) = name.strip_prefix("statistics.") {
            return statistic(name);
        }
        Some(match name {
            "id" => (Field::Id, Kind::Text),
            "created_at" => (Field::Created, Kind::Second),
            "updated_at" => (Field::Updated, Kind::Second),
            "waiting_since" => (Field::Waiting, Kind::Second),
            "snoozed_until" => (Field::Snoozed, Kind::Second),
            "open" => (Field::Open, Kind::Flag),
            "read" => (Field::Read, Kind::Flag),
            "state" => (Field::State, Kind::Text),
            "title" => (Field::Title, Kind::Text),
            "priority" => (Field::Priority, Kind::Text),
            "tag_ids" => (Field::Tags, Kind::Ids),
            "contact_ids" => (Field::Contacts, Kind::Ids),
            "teammate_ids" => (Field::Teammates, Kind::Ids),
            "admin_assignee_id" => (Field::Admin, Kind::Text),
            "team_assignee_id" => (Field::Team, Kind::Text),
            "ai_agent_participated" => (Field::AiParticipated, Kind::Flag),
            "source.id" => (Field::SourceId, Kind::Text),
            "source.type" => (Field::SourceType, Kind::Text),
            "source.subject" => (Field::SourceSubject, Kind::Text),
            "source.url" => (Field::SourceUrl, Kind::Text),
            "source.delivered_as" => (Field::DeliveredAs, Kind::Text),
            "source.body" => (Field::Words, Kind::Words),
            "source.author.id" => (Field::AuthorId, Kind::Text),
            "source.author.type" => (Field::AuthorType, Kind::Text),
            "source.author.name" => (Field::AuthorName, Kind::Text),
            "source.author.email" => (Field::AuthorEmail, Kind::Text),
            _ => return None,
        })
    }

    fn value<'a>(&'a self, field: &'a Field) -> Has<'a> {
        let source = &self.source;
        match field {
            Field::Id => Has::one(&self.id),
            Field::Created => Has::Time(Some(self.created_at)),
            Field::Updated => Has::Time(Some(self.updated_at)),
            Field::Waiting => Has::Time(self.waiting_since),
            Field::Snoozed => Has::Time(self.snoozed_until),
            Field::Open => Has::Flag(self.open),
            Field::Read => Has::Flag(self.read),
            Field::State => Has::one(self.state()),
            Field::Title => Has::one(&self.title),
            Field::Priority => Has::one("not_priority"),
            Field::Tags => Has::ids(self.tags.iter().map(|applied| applied.tag.as_str())),
            Field::Contacts => Has::ids(self.contacts()),
            Field::Teammates => Has::ids(
                self.parts
                    .iter()
                    .filter(|part| part.author.kind == AuthorKind::Admin)
                    .map(|part| part.author.id.as_str()),
            ),
            Field::Admin => Has::text(self.assignee.as_deref()),
            Field::Team => Has::text(self.team.as_deref()),
            Field::AiParticipated => Has::Flag(self.parts.iter().any(|part| part.author.ai_answer)),
            Field::SourceId => Has::one(&source.id),
            Field::SourceType => Has::one("conversation"),
            Field::SourceSubject => Has::one(&source.subject),
            Field::SourceUrl => Has::text(source.url.as_deref()),
            Field::DeliveredAs => Has::one(source.delivered_as()),
            Field::Words => Has::Ids(words(&source.body)),
            Field::AuthorId => Has::one(&source.author.id),
            Field::AuthorType => Has::one(source.author.kind.word()),
            Field::AuthorName => Has::text(source.author.name.as_deref()),
            Field::AuthorEmail => Has::text(source.author.email.as_deref()),
            Field::Time(get) => Has::Time(get(&Statistics::of(self))),
            Field::Count(get) => Has::Number(get(&Statistics::of(self)).map(figure)),
            Field::Custom(name, kind) => custom(self.custom_attributes.get(name), *kind),
        }
    }

    fn index(field: &Field) -> Option<Index> {
        Some(match field {
            Field::Created => Index::Time(Time::Created),
            Field::Updated => Index::Time(Time::Updated),
            Field::Tags => Index::Key(Key::Tag),
            Field::Contacts => Index::Key(Key::Contact),
            _ => return None,
        })
    }
}

fn statistic(name: &str) -> Option<(Field, Kind)> {
    let time = |get| Some((Field::Time(get), Kind::Second));
    let count = |get| Some((Field::Count(get), Kind::Number));
    match name {
        "first_contact_reply_at" => time(|one| one.first_contact_reply_at),
        "last_contact_reply_at" => time(|one| one.last_contact_reply_at),
        "first_admin_reply_at" => time(|one| one.first_admin_reply_at),
        "last_admin_reply_at" => time(|one| one.last_admin_reply_at),
        "first_assignment_at" => time(|one| one.first_assignment_at),
        "last_assignment_at" => time(|one| one.last_assignment_at),
        "first_close_at" => time(|one| one.first_close_at),
        "last_close_at" => time(|one| one.last_close_at),
        "time_to_assignment" => count(|one| one.time_to_assignment),
        "time_to_admin_reply" => count(|one| one.time_to_admin_reply),
        "time_to_first_close" => count(|one| one.time_to_first_close),
        "time_to_last_close" => count(|one| one.time_to_last_close),
        "count_reopens" => count(|one| Some(one.count_reopens)),
        "count_assignments" => count(|one| Some(one.count_assignments)),
        "count_conversation_parts" => count(|one| Some(one.count_conversation_parts)),
        _ => None,
    }
}

/// Intercom matches single words of the body.
fn words(body: &str) -> Vec<Cow<'_, str>> {
    html::to_text(body)
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| Cow::Owned(word.to_lowercase()))
        .collect()
}
