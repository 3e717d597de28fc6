//! Intercom's JSON of the things in a workspace, for the API and for webhooks, in each version's shape.

pub(crate) mod conversation;
pub(crate) mod desk;
pub(crate) mod event;
pub(crate) mod legacy;
mod message;
pub(crate) mod people;
pub(crate) mod statistics;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use crate::html;
use crate::state::app::Version;
use crate::state::groups::{Segment, SubscriptionType, Team};
use crate::state::people::{Admin, Tag};

/// Which serialisation is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) version: Version,
    webhook: bool,
    plain_text: bool,
}

impl Shape {
    /// An API answer; `plain_text` is what `display_as=plaintext` asks for.
    pub(crate) fn api(version: Version, plain_text: bool) -> Self {
        Self {
            version,
            webhook: false,
            plain_text,
        }
    }

    /// A webhook: message bodies are plain text from 2.15 on.
    pub(crate) fn webhook(version: Version) -> Self {
        Self {
            version,
            webhook: true,
            plain_text: version >= Version::V2_15,
        }
    }

    fn body(self, html: &str) -> String {
        if self.plain_text {
            html::to_text(html)
        } else {
            html.to_owned()
        }
    }

    /// Contacts and companies: ISO 8601 in webhooks, Unix seconds in the API.
    fn time(self, at: Option<i64>) -> Value {
        match at {
            Some(at) if self.webhook => json!(iso_offset(at)),
            at => json!(at),
        }
    }

    /// Articles: ISO 8601 in webhooks, Unix seconds in the API.
    fn article_time(self, at: i64) -> Value {
        if self.webhook {
            json!(iso_zulu(at))
        } else {
            json!(at)
        }
    }

    /// Dates in conversation statistics: ISO 8601 in webhooks up to 2.14, Unix seconds otherwise.
    fn statistic(self, at: Option<i64>) -> Value {
        match at {
            Some(at) if self.webhook && self.version < Version::V2_15 => json!(iso_zulu(at)),
            at => json!(at),
        }
    }
}

pub(crate) fn iso_zulu(at: i64) -> String {
    DateTime::from_timestamp(at, 0)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn iso_offset(at: i64) -> String {
    DateTime::from_timestamp(at, 0)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// A tag as lists and single answers show it.
pub(crate) fn tag(tag: &Tag) -> Value {
    json!({"type": "tag", "id": tag.id, "name": tag.name})
}

/// An admin as `GET /admins` lists it.
pub(crate) fn admin(admin: &Admin) -> Value {
    json!({
        "type": "admin",
        "id": admin.id,
        "name": admin.name,
        "email": admin.email,
        "away_mode_enabled": false,
        "away_mode_reassign": false,
        "has_inbox_seat": true,
        "team_ids": [],
    })
}

/// A segment; `count` is shown where it was asked for.
pub(crate) fn segment(segment: &Segment, count: Option<usize>) -> Value {
    let mut value = json!({
        "type": "segment",
        "id": segment.id,
        "name": segment.name,
        "created_at": segment.created_at,
        "updated_at": segment.updated_at,
        "person_type": "contact",
    });
    if let Some(count) = count {
        value["count"] = json!(count);
    }
    value
}

/// A team; ids of its admins are numbers here.
pub(crate) fn team(team: &Team) -> Value {
    let admins: Vec<u64> = team
        .admins
        .iter()
        .filter_map(|id| id.parse().ok())
        .collect();
    json!({"type": "team", "id": team.id, "name": team.name, "admin_ids": admins})
}

/// A subscription type.
pub(crate) fn subscription(one: &SubscriptionType) -> Value {
    let translation = json!({"name": one.name, "description": one.description, "locale": "en"});
    json!({
        "type": "subscription",
        "id": one.id,
        "state": "live",
        "consent_type": if one.opt_in { "opt_in" } else { "opt_out" },
        "default_translation": translation,
        "translations": [translation],
        "content_types": ["email"],
    })
}
