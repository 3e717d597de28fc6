//! From a verified body to deliveries.

use crate::body::Bodies;
use crate::notes::Notes;
use crate::pace::Pace;
use crate::refusals::Refusals;
use crate::writer::{Batching, Writer};
use chrono::TimeDelta;
use earmark_connections::webhook::{self, Peek};
use earmark_connections::{Audience, Endpoints, Receiver};
use earmark_db::Db;
use earmark_db::across::NewDelivery;
use earmark_model::Outcome;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// How the letterbox works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The largest body, in bytes.
    pub max_body: usize,
    /// When a request is not stored within this, the answer is 503 and Intercom repeats once. A transaction that takes
    /// longer is given up.
    pub answer_within: Duration,
    /// Refused requests that are kept, for each connection and for the installation.
    pub refusals_kept: u32,
    /// How long the endpoint of a disconnected connection goes on answering 200.
    pub closed_endpoint: TimeDelta,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How deliveries share transactions.
    pub batching: Batching,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_body: 2 * 1024 * 1024,
            answer_within: Duration::from_secs(3),
            refusals_kept: 100,
            closed_endpoint: TimeDelta::days(30),
            trusted_proxies: Vec::new(),
            batching: Batching::default(),
        }
    }
}

/// Where a verified request belongs.
#[derive(Debug)]
pub(crate) enum Placed {
    /// With these receivers, at least one.
    At(Vec<NewDelivery>),
    /// With nobody here: no connection to its Intercom workspace was made through the app.
    Nowhere,
    /// With more receivers than there is room for copies of the body.
    NoRoom,
    /// Nobody knows, for this reason.
    Unreadable(&'static str),
}

/// The letterbox. Cheap to clone; one a process.
#[derive(Debug, Clone)]
pub struct Ingest {
    pub(crate) db: Db,
    pub(crate) endpoints: Endpoints,
    pub(crate) writer: Writer,
    pub(crate) refusals: Refusals,
    pub(crate) bodies: Bodies,
    pub(crate) notes: Notes,
    pub(crate) pace: Pace,
    pub(crate) settings: Settings,
}

impl Ingest {
    /// A letterbox over `db`. Must be called within the runtime: it starts its writers.
    #[must_use]
    pub fn new(db: Db, endpoints: Endpoints, settings: Settings) -> Self {
        let writer = Writer::start(db.clone(), settings.batching, settings.answer_within);
        let refusals = Refusals::start(db.clone(), settings.refusals_kept);
        Self {
            endpoints,
            writer,
            refusals,
            bodies: Bodies::default(),
            notes: Notes::start(db.clone()),
            pace: Pace::start(db.clone()),
            settings,
            db,
        }
    }

    /// Writes down what is only noted now and then: how long answers took, which addresses were tested. For the end of a
    /// process; what a killed one had not written is lost.
    pub async fn flush(&self) {
        self.notes.flush().await;
    }

    /// The deliveries that a verified body makes: one for each connection that may receive it, each with a copy of the body,
    /// for which room is taken.
    pub(crate) async fn place(
        &self,
        audience: &Audience,
        body: Vec<u8>,
        room: &mut OwnedSemaphorePermit,
    ) -> earmark_db::Result<Placed> {
        let peeked = webhook::peek(&body).map_err(|error| error.to_string());
        // An app's webhook is placed by its Intercom workspace; a private app has one connection.
        let app_id = match (audience, &peeked) {
            (Audience::Connection { app_id, .. }, _) => app_id.clone(),
            (_, Ok(peek)) => match &peek.app_id {
                Some(app_id) => app_id.clone(),
                None => {
                    return Ok(Placed::Unreadable(
                        "signed, but it names no Intercom workspace (app_id)",
                    ));
                }
            },
            (_, Err(_)) => {
                return Ok(Placed::Unreadable(
                    "signed, but the body is no notification",
                ));
            }
        };
        let receivers = self.endpoints.receivers(audience, &app_id).await?;
        let Some((first, others)) = receivers.split_first() else {
            tracing::debug!("a webhook is about an Intercom workspace that nobody is connected to");
            return Ok(Placed::Nowhere);
        };
        let copies = body.len() * others.len();
        if self.bodies.more(room, copies).is_err() {
            return Ok(Placed::NoRoom);
        }
        let first = self.delivery(*first, &app_id, peeked, body);
        let mut deliveries: Vec<_> = others
            .iter()
            .map(|to| NewDelivery {
                workspace: to.workspace,
                connection: to.connection,
                lane_at: first.received_at + self.pace.gather(*to),
                ..first.clone()
            })
            .collect();
        deliveries.push(first);
        Ok(Placed::At(deliveries))
    }

    /// The delivery that a body makes at a connection to the Intercom workspace `app_id`.
    fn delivery(
        &self,
        to: Receiver,
        app_id: &str,
        peeked: Result<Peek, String>,
        body: Vec<u8>,
    ) -> NewDelivery {
        let (peek, finished) = match peeked {
            Ok(peek) => {
                let finished = finished_at_once(&peek, app_id);
                (peek, finished)
            }
            Err(why) => (
                Peek::default(),
                Some((Outcome::Unreadable, format!("unreadable: {why}"))),
            ),
        };
        let elsewhere = matches!(finished, Some((Outcome::Ignored, _)));
        let subject = peek.subject.as_ref().map(|subject| storable(&subject.id));
        let received_at = self.db.sources().now();
        NewDelivery {
            workspace: to.workspace,
            connection: to.connection,
            dedupe_key: dedupe_key(&peek, &body),
            notification_id: peek.id.as_deref().map(storable),
            topic: peek.topic.as_deref().map(storable),
            subject,
            finished,
            received_at,
            lane_at: received_at + self.pace.gather(to),
            // What belongs to another Intercom workspace is none of this tenant's business.
            body: (!elsewhere).then_some(body),
        }
    }
}

/// The outcome of what no lane has to look at.
fn finished_at_once(peek: &Peek, app_id: &str) -> Option<(Outcome, String)> {
    match (&peek.app_id, &peek.topic) {
        (None, _) => Some((
            Outcome::Unreadable,
            "unreadable: it names no Intercom workspace (app_id)".to_owned(),
        )),
        (Some(other), _) if other != app_id => {
            let other: String = storable(other).chars().take(40).collect();
            Some((
                Outcome::Ignored,
                format!("ignored: it is about the Intercom workspace {other}, not {app_id}"),
            ))
        }
        (_, None) => Some((
            Outcome::Unreadable,
            "unreadable: it names no topic".to_owned(),
        )),
        _ => None,
    }
}

/// Text as both databases store it: without NUL, and of bounded length. Intercom's own ids and topics stay as they are.
fn storable(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(300).collect()
}

/// What makes two requests the same notification: Intercom's id, else what stands in for it, else the very bytes.
fn dedupe_key(peek: &Peek, body: &[u8]) -> String {
    match (&peek.id, peek.fallback_key()) {
        (Some(id), _) => format!("id:{}", storable(id)),
        (None, Some(key)) => format!("key:{}", storable(&key)),
        (None, None) => format!("sha256:{}", hex::encode(Sha256::digest(body))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fall_back_from_id_to_outline_to_bytes() {
        let key = |body: &str| {
            dedupe_key(
                &webhook::peek(body.as_bytes()).unwrap_or_default(),
                body.as_bytes(),
            )
        };
        assert_eq!(
            key(r#"{"id":"notif_1","topic":"ping","app_id":"a","created_at":5}"#),
            "id:notif_1"
        );
        let outline = key(
            r#"{"id":null,"topic":"ping","app_id":"a","created_at":5,"data":{"item":{"type":"ping"}}}"#,
        );
        assert!(outline.starts_with("key:ping|a|"), "{outline}");
        assert!(key("no json").starts_with("sha256:"));
    }

    #[test]
    fn another_intercom_workspace_is_ignored_and_a_nameless_one_unreadable() {
        let peek = |app_id: Option<&str>, topic: Option<&str>| {
            let mut peek = Peek::default();
            peek.app_id = app_id.map(str::to_owned);
            peek.topic = topic.map(str::to_owned);
            peek
        };
        assert_eq!(finished_at_once(&peek(Some("a"), Some("ping")), "a"), None);
        assert_eq!(
            finished_at_once(&peek(Some("b"), Some("ping")), "a").map(|f| f.0),
            Some(Outcome::Ignored)
        );
        assert_eq!(
            finished_at_once(&peek(None, Some("ping")), "a").map(|f| f.0),
            Some(Outcome::Unreadable)
        );
        assert_eq!(
            finished_at_once(&peek(Some("a"), None), "a").map(|f| f.0),
            Some(Outcome::Unreadable)
        );
    }
}
