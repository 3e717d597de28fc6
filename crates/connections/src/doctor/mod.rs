//! The doctor: looks, line by line, for what is wrong with a connection, and says what would cure it.
//!
//! A round costs at most fourteen calls: `/me`, one or two probes a needed permission (six in all), one search for the
//! newest conversations, up to five of them with their parts, and one search for the newest contacts; besides, one request
//! to our own public address. What
//! cannot be asked, because Intercom is down or asks to wait, is unknown: a line is red only for something that was
//! seen.

mod address;
mod credentials;
mod handler;
mod nightly;
mod records;
mod topics;
mod words;

pub use handler::DoctorHandler;
pub use nightly::NightlyDoctor;

use crate::clients::{NotReady, Ready, with_request};
use crate::store::Store;
use chrono::{DateTime, Utc};
use credentials::Credentials;
use earmark_db::tenant::{Connection, PermissionCheck, TopicSighting, Waiting};
use earmark_intercom::webhook::current_topic;
use earmark_intercom::{Client, Error, HttpError, Lane, Me};
use earmark_model::{Check, CheckGroup, ConnectionId, ConnectionStatus, Finding, WorkspaceId};
use std::time::Duration;
use topics::Topics;
use url::Url;
use words::not_checked;

/// Changes of verdicts that are kept of a connection.
const CHANGES_KEPT: u32 = 200;
/// How long our own public address may take to answer.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks for what is wrong with connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Doctor {
    store: Store,
    public_url: Url,
    http: reqwest::Client,
}

/// Why Intercom is not asked.
enum Blocked {
    /// The connection has no credentials any more.
    Disconnected,
    /// The stored token does not open.
    Sealed(String),
    /// Intercom, or the way there.
    Intercom(Error),
    /// The token is another Intercom workspace's: what it may says nothing of this one.
    Elsewhere,
}

/// Intercom, as far as it can be asked.
struct Reach {
    /// A client, while there is a token.
    client: Option<Client>,
    /// What `/me` said; `None` also when the token may not ask it.
    me: Option<Me>,
    /// Why nothing more is asked.
    blocked: Option<Blocked>,
}

impl Reach {
    const fn blocked(blocked: Blocked) -> Self {
        Self {
            client: None,
            me: None,
            blocked: Some(blocked),
        }
    }

    /// A client, when asking makes sense.
    const fn open(&self) -> Result<&Client, &Blocked> {
        match (&self.client, &self.blocked) {
            (Some(client), None) => Ok(client),
            (_, Some(blocked)) => Err(blocked),
            (None, None) => Err(&Blocked::Disconnected),
        }
    }
}

/// A connection that is looked at, with what our own tables say of it.
struct Patient<'a> {
    doctor: &'a Doctor,
    workspace: WorkspaceId,
    row: &'a Connection,
    now: DateTime<Utc>,
    sightings: Vec<TopicSighting>,
    waiting: Vec<Waiting>,
}

impl Doctor {
    /// A doctor for the connections of a store, in an installation that others reach at `public_url`.
    ///
    /// # Errors
    /// When the TLS machinery cannot be set up.
    pub fn new(store: Store, public_url: Url) -> Result<Self, HttpError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("Earmark/", env!("CARGO_PKG_VERSION")))
            .timeout(ADDRESS_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if address::is_loopback(&public_url) {
            // A proxy of the environment must not see calls to this machine.
            builder = builder.no_proxy();
        }
        Ok(Self {
            store,
            public_url,
            http: builder.build()?,
        })
    }

    /// Looks at one line of a connection, or at all of them, and stores what was found. The lines about topics are looked
    /// at together. `None` when there is no such connection.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn examine(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        only: Option<&Check>,
        lane: Lane,
    ) -> earmark_db::Result<Option<Vec<Finding>>> {
        let tenant = self.store.db.workspace(workspace);
        let Some(row) = tenant.connection(connection).await? else {
            return Ok(None);
        };
        let patient = Patient {
            doctor: self,
            workspace,
            row: &row,
            now: tenant.now(),
            sightings: tenant.topic_sightings(connection).await?,
            waiting: tenant.waiting(connection).await?,
        };
        let (mut findings, permissions) = patient.findings(only, lane).await?;
        findings.retain(|finding| is_wanted(only, &finding.check));
        findings.sort_by(|one, other| one.check.cmp(&other.check));
        let tx = self.store.db.begin().await?;
        let tenant = tx.workspace(workspace);
        // Two rounds at once must not tell a change twice.
        tenant.lock().await?;
        for check in &permissions {
            tenant.put_permission_check(connection, check).await?;
        }
        tenant
            .put_findings(connection, &findings, CHANGES_KEPT)
            .await?;
        if only.is_none() {
            tenant.end_doctor_round(connection, &findings).await?;
        }
        tx.commit().await?;
        Ok(Some(findings))
    }
}

/// Whether a line was asked for. Topics belong together: they share the calls, and one may explain another.
fn is_wanted(only: Option<&Check>, check: &Check) -> bool {
    only.is_none_or(|only| {
        only == check || only.group() == CheckGroup::Topics && check.group() == CheckGroup::Topics
    })
}

/// Whether a line can be seen without asking Intercom.
const fn is_ours(check: &Check) -> bool {
    matches!(
        check,
        Check::Writing
            | Check::ApiVersion
            | Check::PublicUrl
            | Check::Signatures
            | Check::AnswerTimes
            | Check::Backlog
    )
}

impl Patient<'_> {
    /// What is found, more than was asked for where that costs nothing, and the permissions that were tried.
    async fn findings(
        &self,
        only: Option<&Check>,
        lane: Lane,
    ) -> earmark_db::Result<(Vec<Finding>, Vec<PermissionCheck>)> {
        let (mut findings, mut permissions) = (Vec::new(), Vec::new());
        findings.push(self.writing().await?);
        findings.push(self.api_version().await?);
        findings.push(self.signatures().await?);
        findings.push(self.answer_times().await?);
        findings.push(self.backlog());
        if is_wanted(only, &Check::PublicUrl) {
            findings.push(self.public_url().await?);
        }
        if only.is_some_and(is_ours) {
            return Ok((findings, permissions));
        }
        let mut reach = self.reach(lane).await?;
        findings.extend(self.credentials(&reach));
        if let Some(me) = &reach.me
            && me.app.id_code != self.row.app_id
        {
            reach.blocked = Some(Blocked::Elsewhere);
        }
        for (permission, features) in Credentials::needed() {
            if is_wanted(only, &Check::Permission(permission)) {
                let (finding, check) = self.permission(&reach, permission, &features).await;
                findings.push(finding);
                permissions.extend(check);
            }
        }
        let asks_changes =
            |check: &Check| check.group() == CheckGroup::Topics || *check == Check::Silence;
        if only.is_none_or(asks_changes) {
            findings.extend(Topics::of(self).findings(&reach).await);
        }
        // Last, so that the answers before have told what is left.
        findings.push(self.rate_budget(&reach).await);
        Ok((findings, permissions))
    }

    /// Asks `/me`, whatever the connection's status says. A refused token is noted.
    async fn reach(&self, lane: Lane) -> earmark_db::Result<Reach> {
        if self.row.status == ConnectionStatus::Disconnected {
            return Ok(Reach::blocked(Blocked::Disconnected));
        }
        let store = &self.doctor.store;
        let Ready { client, secret } = match store.client_of(self.workspace, self.row, lane).await {
            Ok(ready) => ready,
            Err(NotReady::Database(error)) => return Err(error),
            Err(NotReady::Sealed(error)) => {
                return Ok(Reach::blocked(Blocked::Sealed(error.to_string())));
            }
            Err(NotReady::CannotRefresh(error)) => {
                return Ok(Reach::blocked(Blocked::Intercom(error)));
            }
            Err(NotReady::Disconnected | NotReady::NeedsReconnecting) => {
                return Ok(Reach::blocked(Blocked::Disconnected));
            }
        };
        let (mut me, mut blocked) = (None, None);
        match client.me().await {
            Ok(said) => me = Some(said),
            Err(Error::PermissionMissing { code, .. })
                if code.as_deref() != Some("api_plan_restricted") => {}
            Err(error) => {
                store
                    .note_failure(self.workspace, self.row.id, secret, None, &error)
                    .await?;
                blocked = Some(Blocked::Intercom(error));
            }
        }
        Ok(Reach {
            client: Some(client),
            me,
            blocked,
        })
    }

    /// When a topic was last received, also when that delivery still waits.
    fn last_received(&self, topic: &str) -> Option<DateTime<Utc>> {
        self.received()
            .filter(|(name, _)| *name == topic)
            .map(|(_, at)| at)
            .max()
    }

    /// Every topic with the time it was last received.
    fn received(&self) -> impl Iterator<Item = (&str, DateTime<Utc>)> {
        let seen = self
            .sightings
            .iter()
            .map(|row| (row.topic.as_str(), row.last_received_at));
        let waiting = self
            .waiting
            .iter()
            .filter_map(|row| Some((row.topic.as_deref()?, row.newest)));
        seen.chain(waiting)
            .map(|(topic, at)| (current_topic(topic), at))
    }
}

impl Blocked {
    /// Why a line cannot be asked, as a sentence.
    fn why(&self) -> String {
        match self {
            Self::Disconnected => "The connection is disconnected.".to_owned(),
            Self::Sealed(_) => "The stored access token cannot be opened.".to_owned(),
            Self::Intercom(Error::Reconnect { .. }) => {
                "Intercom refuses the access token, so it cannot be asked.".to_owned()
            }
            Self::Intercom(error) => format!("Intercom could not be asked: {}.", said(error)),
            Self::Elsewhere => {
                "The access token belongs to another Intercom workspace, which says nothing of this one."
                    .to_owned()
            }
        }
    }

    /// A line that cannot be asked.
    fn line(&self, check: Check) -> Finding {
        match self {
            Self::Disconnected => not_checked(check, self.why()),
            _ => words::unknown(check, self.why()),
        }
    }
}

/// What a failed call said, without a full stop.
fn said(error: &Error) -> String {
    let text = match error {
        // Intercom explains a plan without the API.
        Error::PermissionMissing {
            message: Some(message),
            ..
        } => message.clone(),
        other => with_request(other),
    };
    text.trim_end_matches('.').to_owned()
}
