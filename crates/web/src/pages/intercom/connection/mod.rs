//! `{intercom}/{connection}`: one connection, what it may, what it received and what is left to set up.

mod handlers;
mod rows;
mod samples;

pub(crate) use handlers::{check, contacts, erase, feedback, get, rename, secret};
pub use rows::{Copied, PermissionRow, RefusalRow, Through, TopicRow};

use super::super::prelude::*;
use super::app::SecretRow;
use super::connect::AppChoice;
use super::health::{Known, TAG_TOPIC, topics_of};
use super::{connection_tone, products_of, region_words, trouble};
use crate::pages::people::CopyNotices;
use earmark_connections::webhook::{TOPICS, TopicGroup};
use earmark_db::tenant::Connection;
use earmark_model::{ConnectionStatus, Job, PermissionState, Right};

/// A connection.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/connection.html")]
pub struct ConnectionPage {
    /// The workspace's slug.
    pub ws: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it is.
    pub status: ConnectionStatus,
    /// Since when.
    pub status_since: DateTime<Utc>,
    /// What is wrong, in sentences.
    pub trouble: Option<String>,
    /// What is in the field for another name.
    pub name_draft: String,
    /// The workspace's name, to be typed before something is erased.
    pub workspace: String,
    /// What becomes of what was copied, once it is disconnected.
    pub copied: Copied,
    /// What is left to do, in sentences.
    pub needs: Vec<String>,
    /// The Intercom workspace's name.
    pub app_name: String,
    /// The Intercom workspace's id.
    pub app_id: String,
    /// Intercom's region: `US`, `EU`, `AU`.
    pub region: String,
    /// The token's last four characters, while there is one.
    pub token_last4: Option<String>,
    /// The live client secrets of a private app, newest first; two while one is being rotated.
    pub secrets: Vec<SecretRow>,
    /// The address for Intercom's webhooks.
    pub webhook_url: String,
    /// When it was connected.
    pub created_at: DateTime<Utc>,
    /// When it was disconnected.
    pub disconnected_at: Option<DateTime<Utc>>,
    /// What the token may.
    pub permissions: Vec<PermissionRow>,
    /// When the credentials were last checked.
    pub checked_at: Option<DateTime<Utc>>,
    /// Whether a check waits or runs.
    pub checking: bool,
    /// The topics received so far.
    pub topics: Vec<TopicRow>,
    /// Since when tagged conversations become tickets; `None` while that is off.
    pub feedback_since: Option<DateTime<Utc>>,
    /// Since when contacts and companies are copied; `None` while they are not.
    pub contacts_since: Option<DateTime<Utc>>,
    /// How far the first copy is.
    pub copying: CopyNotices,
    /// The products that have trigger tags of it: slug and name.
    pub products: Vec<(String, String)>,
    /// The latest refused requests, newest first.
    pub refusals: Vec<RefusalRow>,
    /// Through which app it was made.
    pub through: Through,
    /// Whether there is an OAuth app to connect through.
    pub has_app: bool,
    /// Whether the reader may change it.
    pub may: bool,
    /// What is wrong with a form.
    pub errors: FormErrors,
}

impl ConnectionPage {
    async fn load(at: &At, connection: Connection) -> Result<Self, Failed> {
        let (tenant, id) = (at.tenant(), connection.id);
        let known = Known::load(tenant, &connection).await?;
        let needs = known.needs(&connection);
        let copying = CopyNotices::of_one(at, &connection).await?;
        let Known {
            token,
            secrets,
            checks,
            sightings,
            refusals,
        } = known;
        Ok(Self {
            ws: at.ws().to_owned(),
            id: id.to_string(),
            copying,
            needs,
            webhook_url: at
                .web()
                .public(&earmark_connections::hook_path(&connection.endpoint_token)),
            token_last4: token.map(|token| token.last4),
            secrets: secrets.into_iter().map(SecretRow::from).collect(),
            permissions: checks.into_iter().map(PermissionRow::from).collect(),
            checking: tenant
                .is_queued(&Job::CheckConnection { connection: id })
                .await?,
            topics: sightings.into_iter().map(TopicRow::from).collect(),
            refusals: refusals.into_iter().map(RefusalRow::from).collect(),
            products: products_of(at, id).await?,
            trouble: trouble(&connection),
            status: connection.status,
            status_since: connection.status_since,
            name_draft: connection.name.clone(),
            name: connection.name,
            workspace: at.workspace().name.clone(),
            copied: match connection.status {
                ConnectionStatus::Disconnected => {
                    Copied::of(tenant.erasure(id).await?, tenant.mirrored(id).await?)
                }
                _ => Copied::Kept { rows: 0 },
            },
            app_name: connection.app_name,
            app_id: connection.app_id,
            region: connection.region,
            created_at: connection.created_at,
            disconnected_at: connection.disconnected_at,
            checked_at: connection.checked_at,
            feedback_since: connection.feedback_on_at,
            contacts_since: connection.contacts_on_at,
            through: Through::from(&connection.via),
            has_app: AppChoice::of(at).await? != AppChoice::None,
            may: at.may(Right::ManageConnections),
            errors: FormErrors::none(),
        })
    }

    /// The topics in two columns of like length.
    const COLUMNS: [&'static [TopicGroup]; 2] = [
        &[
            TopicGroup::ConversationPart,
            TopicGroup::Conversation,
            TopicGroup::Company,
        ],
        &[TopicGroup::Contact],
    ];

    fn tone(&self) -> Tone {
        connection_tone(self.status, &self.needs).0
    }

    fn status_words(&self) -> &'static str {
        connection_tone(self.status, &self.needs).1
    }

    fn region_name(&self) -> &str {
        region_words(&self.region)
    }

    const fn secret_label(&self) -> &'static str {
        match self.secrets.as_slice() {
            [] => "Client secret",
            _ => "New client secret",
        }
    }

    /// The permissions in one pill. What a refused token was once allowed says nothing.
    fn permissions_pill(&self) -> (Tone, String) {
        let count = |state| {
            self.permissions
                .iter()
                .filter(|row| row.state == state)
                .count()
        };
        let missing = count(PermissionState::Missing);
        let unknown = count(PermissionState::Unknown);
        let granted = count(PermissionState::Granted);
        match (missing, unknown) {
            _ if self.status.needs_member() => (Tone::Bad, "Access token refused".to_owned()),
            _ if self.permissions.is_empty() => (Tone::Muted, "Not checked yet".to_owned()),
            (0, 0) => (
                Tone::Ok,
                format!("{granted} of {} confirmed", self.permissions.len()),
            ),
            (0, _) => (Tone::Warn, format!("{unknown} unknown")),
            _ => (Tone::Bad, format!("{missing} missing")),
        }
    }

    fn is_token(&self) -> bool {
        self.through == Through::Token
    }

    const fn again(&self) -> &'static str {
        match self.status {
            ConnectionStatus::Disconnected => "Connect again",
            _ => "Reconnect",
        }
    }

    /// Whether it can be connected again.
    fn may_reconnect(&self) -> bool {
        self.may && !matches!(self.copied, Copied::Erasing { .. })
    }

    fn confirm_hint(&self) -> String {
        format!("Type {} to confirm.", self.workspace)
    }

    fn is_live(&self) -> bool {
        self.status != ConnectionStatus::Disconnected
    }

    fn received_at(&self, topic: &str) -> Option<&DateTime<Utc>> {
        let found = self.topics.iter().find(|row| row.topic == topic)?;
        Some(&found.at)
    }

    fn seen(&self) -> usize {
        let seen = TOPICS
            .iter()
            .filter(|topic| self.received_at(topic.name).is_some());
        seen.count()
    }
}

impl Page for ConnectionPage {
    const NAME: &'static str = "intercom/connection";

    fn head(&self) -> Head {
        Head {
            title: self.name.clone(),
            place: app(Current::Integrations, intercom_crumbs(&self.ws, &self.name)),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_stands_in_a_column() {
        let groups = ConnectionPage::COLUMNS.concat();
        let shown: Vec<&str> = groups
            .iter()
            .flat_map(|&group| topics_of(group))
            .map(|topic| topic.name)
            .collect();
        assert_eq!(shown.len(), TOPICS.len());
        assert!(shown.contains(&TAG_TOPIC));
    }
}
