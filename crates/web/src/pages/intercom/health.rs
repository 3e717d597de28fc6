//! What is known of a connection besides its own row, and what stands between it and its work.

use earmark_connections::webhook::{TOPICS, Topic};
use earmark_db::tenant::{
    Connection, PermissionCheck, Refusal, SecretKind, StoredSecret, TopicSighting, Via,
};
use earmark_db::{Db, Result, Tenant};
use earmark_model::PermissionState;

/// The topic without which no ticket is made.
pub(super) const TAG_TOPIC: &str = "conversation_part.tag.created";

/// How many refused requests a page shows.
const REFUSALS: u64 = 20;

/// What a connection's page reads besides its row.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) token: Option<StoredSecret>,
    /// The client secrets that verify, newest first.
    pub(super) secrets: Vec<StoredSecret>,
    pub(super) checks: Vec<PermissionCheck>,
    pub(super) sightings: Vec<TopicSighting>,
    pub(super) refusals: Vec<Refusal>,
}

impl Known {
    pub(super) async fn load(tenant: Tenant<'_, Db>, connection: &Connection) -> Result<Self> {
        let secrets = async |kind| tenant.secrets(connection.id, kind).await;
        Ok(Self {
            token: secrets(SecretKind::AccessToken).await?.into_iter().next(),
            secrets: secrets(SecretKind::ClientSecret).await?,
            checks: tenant.permission_checks(connection.id).await?,
            sightings: tenant.topic_sightings(connection.id).await?,
            refusals: tenant.refusals(connection.id, REFUSALS).await?,
        })
    }

    /// What is left to do before a connection that Intercom accepts does its work, each a sentence with the cure. Empty
    /// when all is well. What the status itself says is not repeated.
    pub(super) fn needs(&self, connection: &Connection) -> Vec<String> {
        if !connection.status.works() {
            return Vec::new();
        }
        if !connection.status.is_well() {
            return self.webhooks_need().into_iter().collect();
        }
        let needs = [
            match connection.via {
                Via::Token => self.webhooks_need(),
                Via::Installation { .. } | Via::OwnApp { .. } => self.silence(),
            },
            self.feedback_needs(connection),
            self.permissions_need(),
            tags_need(connection),
        ];
        needs.into_iter().flatten().collect()
    }

    fn webhooks_need(&self) -> Option<String> {
        if self.secrets.is_empty() {
            return Some(
                "The client secret is missing, so every webhook is refused. Paste it into the connection.".to_owned(),
            );
        }
        if self.secrets.iter().any(|one| one.verified_at.is_some()) {
            return None;
        }
        Some(match self.refusals.first() {
            Some(Refusal { cause, .. }) => format!(
                "No webhook has been proved with this client secret yet; the latest request was refused: {cause}. Check \
                 the client secret against Basic information in your app."
            ),
            None => "No webhook has arrived yet. Give Intercom the endpoint URL and the topics, then tag a message."
                .to_owned(),
        })
    }

    /// The webhooks of an OAuth app are set up with the app.
    fn silence(&self) -> Option<String> {
        let silent = self.sightings.is_empty();
        silent.then(|| {
            "No webhook has arrived yet. Tag a message in Intercom to test it; if nothing comes, check the app's webhooks."
                .to_owned()
        })
    }

    fn feedback_needs(&self, connection: &Connection) -> Option<String> {
        let seen = self.sightings.iter().any(|row| row.topic == TAG_TOPIC);
        (connection.feedback_on_at.is_some() && !seen).then(|| {
            format!(
                "Feedback is on, but the topic {TAG_TOPIC} was never received. Subscribe to it in your app, then tag a \
                 message to test it."
            )
        })
    }

    fn permissions_need(&self) -> Option<String> {
        let missing = |check: &&PermissionCheck| check.state == PermissionState::Missing;
        let missing = self.checks.iter().filter(missing);
        let names: Vec<&str> = missing.map(|check| check.permission.as_str()).collect();
        (!names.is_empty()).then(|| {
            format!(
                "The access token lacks permissions: {}. Tick them in your app under Authentication, save, then check \
                 again.",
                names.join(", ")
            )
        })
    }
}

fn tags_need(connection: &Connection) -> Option<String> {
    let note = connection.tags_note.as_ref()?;
    Some(format!(
        "The tags could not be fetched: {}.",
        note.trim_end_matches('.')
    ))
}

/// The topics to subscribe to that stand under one heading of Intercom's list.
pub(super) fn topics_of(
    group: earmark_connections::webhook::TopicGroup,
) -> impl Iterator<Item = &'static Topic> {
    TOPICS.iter().filter(move |topic| topic.group == group)
}
