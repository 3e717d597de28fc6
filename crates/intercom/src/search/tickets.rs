//! Fields of tickets that can be searched.

use super::{Date, Field, Flag, Id, Kind, Text, Tickets};

/// Intercom's id.
pub const ID: Field<Tickets, Id> = Field::new("id");
/// When it was opened.
pub const CREATED_AT: Field<Tickets, Date> = Field::new("created_at");
/// When it was last changed.
pub const UPDATED_AT: Field<Tickets, Date> = Field::new("updated_at");
/// `request`, `task` or `tracker`: other words than a ticket's own.
pub const CATEGORY: Field<Tickets, Id> = Field::new("category");
/// Its type, by id.
pub const TICKET_TYPE_ID: Field<Tickets, Id> = Field::new("ticket_type_id");
/// Its state, by id.
pub const TICKET_STATE_ID: Field<Tickets, Id> = Field::new("ticket_state_id");
/// Its customers, by id.
pub const CONTACT_IDS: Field<Tickets, Id> = Field::new("contact_ids");
/// Teammates who took part, by id.
pub const TEAMMATE_IDS: Field<Tickets, Id> = Field::new("teammate_ids");
/// The teammate it is assigned to, by id.
pub const ADMIN_ASSIGNEE_ID: Field<Tickets, Id> = Field::new("admin_assignee_id");
/// The team it is assigned to, by id.
pub const TEAM_ASSIGNEE_ID: Field<Tickets, Id> = Field::new("team_assignee_id");
/// Whether it is open.
pub const OPEN: Field<Tickets, Flag> = Field::new("open");
/// Title.
pub const _DEFAULT_TITLE_: Field<Tickets, Text> = Field::new("_default_title_");
/// Description.
pub const _DEFAULT_DESCRIPTION_: Field<Tickets, Text> = Field::new("_default_description_");

/// The fields above, for holding a written search against the rules.
pub(super) const FIELDS: &[(&str, Kind)] = &[
    ("id", Kind::Id),
    ("created_at", Kind::Date),
    ("updated_at", Kind::Date),
    ("category", Kind::Id),
    ("ticket_type_id", Kind::Id),
    ("ticket_state_id", Kind::Id),
    ("contact_ids", Kind::Id),
    ("teammate_ids", Kind::Id),
    ("admin_assignee_id", Kind::Id),
    ("team_assignee_id", Kind::Id),
    ("open", Kind::Flag),
    ("_default_title_", Kind::Text),
    ("_default_description_", Kind::Text),
];
