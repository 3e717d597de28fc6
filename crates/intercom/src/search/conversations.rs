//! Fields of conversations that can be searched.

use super::{Conversations, Date, Field, Flag, Id, Kind, Number, Text};

/// Intercom's id.
pub const ID: Field<Conversations, Id> = Field::new("id");
/// When it was opened.
pub const CREATED_AT: Field<Conversations, Date> = Field::new("created_at");
/// When it was last changed.
pub const UPDATED_AT: Field<Conversations, Date> = Field::new("updated_at");
/// `open`, `closed` or `snoozed`.
pub const STATE: Field<Conversations, Id> = Field::new("state");
/// Whether it is open.
pub const OPEN: Field<Conversations, Flag> = Field::new("open");
/// Whether a teammate has read it.
pub const READ: Field<Conversations, Flag> = Field::new("read");
/// Its tags, by id.
pub const TAG_IDS: Field<Conversations, Id> = Field::new("tag_ids");
/// Its customers, by id.
pub const CONTACT_IDS: Field<Conversations, Id> = Field::new("contact_ids");
/// Teammates who took part, by id.
pub const TEAMMATE_IDS: Field<Conversations, Id> = Field::new("teammate_ids");
/// The teammate it is assigned to, by id.
pub const ADMIN_ASSIGNEE_ID: Field<Conversations, Id> = Field::new("admin_assignee_id");
/// The team it is assigned to, by id.
pub const TEAM_ASSIGNEE_ID: Field<Conversations, Id> = Field::new("team_assignee_id");
/// How it came: `conversation`, `email`, …
pub const SOURCE_TYPE: Field<Conversations, Id> = Field::new("source.type");
/// Id of the opening message.
pub const SOURCE_ID: Field<Conversations, Id> = Field::new("source.id");
/// Subject of the opening message.
pub const SOURCE_SUBJECT: Field<Conversations, Text> = Field::new("source.subject");
/// Body of the opening message, matched by single words.
pub const SOURCE_BODY: Field<Conversations, Text> = Field::new("source.body");
/// Who opened it, by id.
pub const SOURCE_AUTHOR_ID: Field<Conversations, Id> = Field::new("source.author.id");
/// E-mail address of who opened it.
pub const SOURCE_AUTHOR_EMAIL: Field<Conversations, Text> = Field::new("source.author.email");
/// Name of who opened it.
pub const SOURCE_AUTHOR_NAME: Field<Conversations, Text> = Field::new("source.author.name");
/// When the customer last wrote.
pub const STATISTICS_LAST_CONTACT_REPLY_AT: Field<Conversations, Date> =
    Field::new("statistics.last_contact_reply_at");
/// When a teammate last wrote.
pub const STATISTICS_LAST_ADMIN_REPLY_AT: Field<Conversations, Date> =
    Field::new("statistics.last_admin_reply_at");
/// How many parts it has.
pub const STATISTICS_COUNT_CONVERSATION_PARTS: Field<Conversations, Number> =
    Field::new("statistics.count_conversation_parts");
/// Whether Intercom's automated agent took part.
pub const AI_AGENT_PARTICIPATED: Field<Conversations, Flag> = Field::new("ai_agent_participated");

/// The fields above, for holding a written search against the rules.
pub(super) const FIELDS: &[(&str, Kind)] = &[
    ("id", Kind::Id),
    ("created_at", Kind::Date),
    ("updated_at", Kind::Date),
    ("state", Kind::Id),
    ("open", Kind::Flag),
    ("read", Kind::Flag),
    ("tag_ids", Kind::Id),
    ("contact_ids", Kind::Id),
    ("teammate_ids", Kind::Id),
    ("admin_assignee_id", Kind::Id),
    ("team_assignee_id", Kind::Id),
    ("source.type", Kind::Id),
    ("source.id", Kind::Id),
    ("source.subject", Kind::Text),
    ("source.body", Kind::Text),
    ("source.author.id", Kind::Id),
    ("source.author.email", Kind::Text),
    ("source.author.name", Kind::Text),
    ("statistics.last_contact_reply_at", Kind::Date),
    ("statistics.last_admin_reply_at", Kind::Date),
    ("statistics.count_conversation_parts", Kind::Number),
    ("ai_agent_participated", Kind::Flag),
];
