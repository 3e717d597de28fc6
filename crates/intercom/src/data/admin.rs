//! Teammates of the Intercom workspace, and the workspace itself.

use chrono::{DateTime, Utc};

use crate::{
    json::{Fields, Object, Unreadable},
    region::Region,
};

/// A teammate of the Intercom workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Intercom's id.
    pub id: String,
    /// Display name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Whether they have a seat in the inbox.
    pub has_inbox_seat: Option<bool>,
    /// Ids of the teams they belong to.
    pub team_ids: Vec<String>,
    /// Whether they are away.
    pub away: Option<bool>,
    /// Address of their picture.
    pub avatar: Option<String>,
    /// Every field that has none here, as it came.
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl Admin {
    pub(crate) fn read(from: &Object) -> Result<Self, Unreadable> {
        Ok(Self {
            id: from
                .id("id")
                .ok_or_else(|| Unreadable::new("the admin has no id"))?,
            name: from.text("name"),
            email: from.text("email"),
            job_title: from.text("job_title"),
            has_inbox_seat: from.flag("has_inbox_seat"),
            team_ids: from
                .entries("team_ids", &[])
                .iter()
                .filter_map(crate::json::id_of)
                .collect(),
            away: from.flag("away_mode_enabled"),
            avatar: super::contact::avatar(from),
            other: crate::json::rest(
                from,
                &[
                    "type",
                    "id",
                    "name",
                    "email",
                    "job_title",
                    "has_inbox_seat",
                    "team_ids",
                    "away_mode_enabled",
                    "avatar",
                    "app",
                ],
            ),
        })
    }
}

/// Who a token belongs to, and in which Intercom workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The admin who made or granted the token.
    pub admin: Admin,
    /// Whether Intercom has verified the admin's e-mail address.
    pub email_verified: Option<bool>,
    /// The Intercom workspace.
    pub app: App,
}

impl Me {
    pub(crate) fn read(from: &Object) -> Result<Self, Unreadable> {
        let app = from
            .object("app")
            .ok_or_else(|| Unreadable::new("the answer names no Intercom workspace"))?;
        Ok(Self {
            admin: Admin::read(from)?,
            email_verified: from.flag("email_verified"),
            app: App::read(app)?,
        })
    }
}

/// An Intercom workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id: the `app_id` of webhooks and links.
    pub id_code: String,
    /// Its name.
    pub name: Option<String>,
    /// Where it keeps its data; none when Intercom names no region this version knows.
    pub region: Option<Region>,
    /// Its time zone as Intercom writes it, such as `Europe/Dublin`.
    pub timezone: Option<String>,
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
}

impl App {
    fn read(from: &Object) -> Result<Self, Unreadable> {
        Ok(Self {
            id_code: from
                .id("id_code")
                .ok_or_else(|| Unreadable::new("the Intercom workspace has no id"))?,
            name: from.text("name"),
            region: from.text("region").and_then(|name| name.parse().ok()),
            timezone: from.text("timezone"),
            created_at: from.date("created_at"),
        })
    }
}
