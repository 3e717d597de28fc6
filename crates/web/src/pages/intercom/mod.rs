//! `/w/{ws}/settings/integrations/intercom`: the connections to Intercom.

pub mod actions;
pub mod activity;
pub mod app;
pub mod calls;
pub mod connect;
pub mod connection;
pub mod deliveries;
pub mod disconnect;
pub mod doctor;
mod health;
pub(crate) mod oauth;
pub mod runs;
pub mod token;

use super::prelude::*;
use earmark_connections::{Connected, ManageError, Region};
use earmark_db::tenant::Connection;
use earmark_model::{ConnectionId, ConnectionStatus, Method, Right};
use health::Known;

/// The region's name in words; `region` is Intercom's `US`, `EU` or `AU`.
fn region_words(region: &str) -> &str {
    match region {
        "US" => "United States",
        "EU" => "Europe",
        "AU" => "Australia",
        other => other,
    }
}

/// Says what was connected, and what differs from what the member may expect.
pub(super) fn connected_words(connected: &Connected, chosen: Option<Region>) -> String {
    let Connected {
        connection: _,
        app_name,
        region,
        replaced,
        method,
        switched,
    } = connected;
    const STEPS: &str = " Two steps are left: the client secret and the webhook URL.";
    let (how, steps) = match method {
        Method::AccessToken => ("an access token", STEPS),
        Method::OAuth => ("OAuth", ""),
    };
    let mut words = match (replaced, method) {
        (true, _) if *switched => format!(
            "{app_name} is now connected with {how}. Tickets, tags and settings stay as they were.{steps}"
        ),
        (true, Method::AccessToken) => format!(
            "{app_name} was connected already: its access token was replaced, and everything else stays as it was."
        ),
        (true, Method::OAuth) => {
            format!("{app_name} is connected again, and everything else stays as it was.")
        }
        (false, _) => format!("{app_name} is connected.{steps}"),
    };
    if chosen.is_some_and(|chosen| chosen != *region) {
        let region = region_words(region.as_str());
        words.push_str(&format!(
            " It is hosted in another region than the one you chose: {region}."
        ));
    }
    words
}

/// The pill that says how a connection is; `needs` is what is left to do.
pub(crate) const fn connection_tone(
    status: ConnectionStatus,
    needs: &[String],
) -> (Tone, &'static str) {
    match status {
        ConnectionStatus::Connected if needs.is_empty() => (Tone::Ok, "Connected"),
        ConnectionStatus::Connected => (Tone::Warn, "Connected, needs attention"),
        ConnectionStatus::Degraded => (Tone::Warn, "Degraded"),
        ConnectionStatus::NeedsReconnecting => (Tone::Bad, "Needs reconnecting"),
        ConnectionStatus::Uninstalled => (Tone::Bad, "Uninstalled in Intercom"),
        ConnectionStatus::Disconnected => (Tone::Muted, "Disconnected"),
    }
}

/// What is wrong with a connection that does not work as it should: what broke, what that stops and the cure, in
/// sentences. `None` for one that is well or disconnected.
pub(crate) fn trouble(connection: &Connection) -> Option<String> {
    let otherwise = match connection.status {
        ConnectionStatus::Connected | ConnectionStatus::Disconnected => return None,
        ConnectionStatus::Degraded => "Something that is switched on lacks a permission.",
        ConnectionStatus::NeedsReconnecting => {
            "Intercom refuses the credentials. Threads, names and tags cannot be fetched."
        }
        ConnectionStatus::Uninstalled => {
            "The app was uninstalled in Intercom. Nothing arrives any more: no tickets, no replies, no redactions. \
             Reconnect to go on."
        }
    };
    let note = connection.status_note.as_deref();
    Some(note.unwrap_or(otherwise).to_owned())
}

/// The products in use that have trigger tags of a connection, by name: slug and name.
async fn products_of(
    at: &At,
    connection: ConnectionId,
) -> earmark_db::Result<Vec<(String, String)>> {
    let (tenant, mut found) = (at.tenant(), Vec::new());
    for product in tenant.products().await? {
        let tags = tenant.trigger_tags(product.id).await?;
        if product.archived_at.is_none() && tags.iter().any(|tag| tag.connection == connection) {
            found.push((product.slug, product.name));
        }
    }
    Ok(found)
}

/// A connection in the list.
#[derive(Debug, Clone)]
pub struct ConnectionRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The Intercom workspace's name.
    pub app_name: String,
    /// Intercom's region: `US`, `EU`, `AU`.
    pub region: String,
    /// How it is.
    pub status: ConnectionStatus,
    /// What is left to do, or what is wrong, in sentences.
    pub needs: Vec<String>,
    /// When the last webhook arrived.
    pub last_received_at: Option<DateTime<Utc>>,
}

impl ConnectionRow {
    fn of(connection: Connection, known: &Known) -> Self {
        let received = known.sightings.iter().map(|row| row.last_received_at);
        Self {
            needs: trouble(&connection)
                .into_iter()
                .chain(known.needs(&connection))
                .collect(),
            id: connection.id.to_string(),
            name: connection.name,
            app_name: connection.app_name,
            region: connection.region,
            status: connection.status,
            last_received_at: received.max(),
        }
    }

    const fn tone(&self) -> (Tone, &'static str) {
        connection_tone(self.status, self.needs.as_slice())
    }
}

/// The connections of a workspace.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/list.html")]
pub struct IntercomPage {
    /// The workspace's slug.
    pub ws: String,
    /// By name; the disconnected ones last.
    pub rows: Vec<ConnectionRow>,
    /// Whether the reader may connect.
    pub may: bool,
}

impl From<ManageError> for Failed {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::NotASecret | ManageError::Missing | ManageError::Erasing => {
                Self::BadRequest(error.to_string())
            }
            ManageError::Database(error) => error.into(),
        }
    }
}

/// Shows the connections.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let page = IntercomPage::load(&at).await?;
    at.page(url::intercom(at.ws()), &page).await
}

impl IntercomPage {
    async fn load(at: &At) -> earmark_db::Result<Self> {
        let (tenant, mut rows) = (at.tenant(), Vec::new());
        for connection in tenant.connections().await? {
            let known = Known::load(tenant, &connection).await?;
            rows.push(ConnectionRow::of(connection, &known));
        }
        let last = |row: &ConnectionRow| row.status == ConnectionStatus::Disconnected;
        rows.sort_by_cached_key(|row| (last(row), row.name.to_lowercase()));
        Ok(Self {
            ws: at.ws().to_owned(),
            rows,
            may: at.may(Right::ManageConnections),
        })
    }
}

impl Page for IntercomPage {
    const NAME: &'static str = "intercom/list";

    fn head(&self) -> Head {
        Head {
            title: "Intercom".to_owned(),
            place: app(Current::Integrations, vec![Crumb::here("Intercom")]),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |id: &str, name: &str, status| ConnectionRow {
            id: id.to_owned(),
            name: name.to_owned(),
            app_name: "Quillwater Support".to_owned(),
            region: "EU".to_owned(),
            status,
            needs: Vec::new(),
            last_received_at: (status == ConnectionStatus::Connected).then(|| sample_ago(95)),
        };
        let page = |rows, may| Self {
            ws: "quillwater".to_owned(),
            rows,
            may,
        };
        let unfinished = ConnectionRow {
            needs: vec!["The client secret is missing, so every webhook is refused.".to_owned()],
            last_received_at: None,
            ..row("c4", "Support AU", ConnectionStatus::Connected)
        };
        let all = vec![
            row("c1", "Support EU", ConnectionStatus::Connected),
            unfinished,
            row("c2", "Support US", ConnectionStatus::NeedsReconnecting),
            row("c3", "Trial", ConnectionStatus::Disconnected),
        ];
        vec![
            ("list", page(all, true)),
            ("none", page(Vec::new(), true)),
            ("viewer", page(Vec::new(), false)),
            (
                "hostile",
                page(vec![row("c1", HOSTILE, ConnectionStatus::Connected)], true),
            ),
        ]
    }
}
