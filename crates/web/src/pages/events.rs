//! `/w/{ws}/events`: tells open pages, as server-sent events, that tickets, or contacts and runs, changed.

use super::prelude::*;
use crate::session::key_of;
use crate::state::Web;
use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use bytes::Bytes;
use earmark_accounts::{Member, SESSION_USER, SessionRecords};
use earmark_db::{ChangeKind, Changes};
use earmark_model::{UserId, WorkspaceId};
use futures::Stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

/// Between two events about tickets at least: many tickets at once are one.
const QUIET: Duration = Duration::from_millis(300);

/// Between two events about contacts and runs: a run that copies changes them all the time.
const QUIET_PEOPLE: Duration = Duration::from_secs(1);

/// Between two signs of life, at each of which the right to listen is looked at again.
const HEARTBEAT: Duration = Duration::from_secs(15);

const EVENT: Bytes = Bytes::from_static(b"event: tickets\ndata: changed\n\n");
const PEOPLE: Bytes = Bytes::from_static(b"event: people\ndata: changed\n\n");
const COMMENT: Bytes = Bytes::from_static(b": still here\n\n");

/// The stream. It begins with a comment, so that the browser knows at once that it is connected.
pub(crate) async fn get(at: At, request: HttpRequest) -> Result<HttpResponse, Failed> {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let key = key_of(&request, at.web().settings());
    let listener = Listener {
        web: at.web().clone(),
        key: key.ok_or_else(|| Failed::internal("a session without a cookie"))?,
        user: at.user.id,
        slug: at.ws().to_owned(),
    };
    let changes = at.web().db().changes();
    let may = async move || listener.may().await;
    Ok(response.streaming(stream(may, at.id(), changes, HEARTBEAT)))
}

/// Whose stream it is.
struct Listener {
    web: Web,
    key: String,
    user: UserId,
    slug: String,
}

impl Listener {
    /// Whether the session lasts and the person is still a member. When the database cannot tell, the stream ends; the
    /// browser connects again.
    async fn may(&self) -> bool {
        let sessions = SessionRecords::new(self.web.db().clone());
        let Ok(Some(state)) = sessions.load(&self.key).await else {
            return false;
        };
        let user = state.get(SESSION_USER);
        if user.and_then(|json| serde_json::from_str(json).ok()) != Some(self.user) {
            return false;
        }
        matches!(
            Member::load(self.web.db(), self.user, &self.slug).await,
            Ok(Some(_))
        )
    }
}

/// What a stream waits on; `may` says whether it may go on.
struct State<M> {
    may: M,
    workspace: WorkspaceId,
    changes: Changes,
    heartbeat: Interval,
    topics: [Topic; 2],
}

/// Something that pages are told of.
struct Topic {
    kind: ChangeKind,
    event: Bytes,
    every: Duration,
    /// Until when changes are gathered.
    quiet_until: Instant,
    pending: bool,
}

impl Topic {
    const fn new(kind: ChangeKind, event: Bytes, every: Duration, now: Instant) -> Self {
        Self {
            kind,
            event,
            every,
            quiet_until: now,
            pending: false,
        }
    }
}

fn stream<M: AsyncFnMut() -> bool>(
    may: M,
    workspace: WorkspaceId,
    changes: Changes,
    every: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let now = Instant::now();
    let mut heartbeat = interval_at(now, every);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let state = State {
        may,
        workspace,
        changes,
        heartbeat,
        topics: [
            Topic::new(ChangeKind::Tickets, EVENT, QUIET, now),
            Topic::new(ChangeKind::People, PEOPLE, QUIET_PEOPLE, now),
        ],
    };
    futures::stream::unfold(state, |mut state| async move {
        let bytes = state.next().await?;
        Some((Ok(bytes), state))
    })
}

impl<M: AsyncFnMut() -> bool> State<M> {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let waiting = self.topics.iter_mut().filter(|topic| topic.pending);
            let due = waiting.min_by_key(|topic| topic.quiet_until);
            let at = due.as_ref().map(|topic| topic.quiet_until);
            tokio::select! {
                // What has changed already is gathered before anything is told.
                biased;
                change = self.changes.next() => {
                    let change = change?;
                    let here = change.workspace == self.workspace;
                    for topic in &mut self.topics {
                        topic.pending |= match change.kind {
                            ChangeKind::Everything => true,
                            kind => here && kind == topic.kind,
                        };
                    }
                }
                () = sleep_until(at.unwrap_or_else(Instant::now)), if at.is_some() => {
                    if let Some(topic) = due {
                        topic.pending = false;
                        topic.quiet_until = Instant::now() + topic.every;
                        return Some(topic.event.clone());
                    }
                }
                _ = self.heartbeat.tick() => return (self.may)().await.then_some(COMMENT),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_testkit::{TestDb, build};
    use futures::StreamExt;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::time::timeout;

    const SOON: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn many_changes_are_one_event_and_other_workspaces_are_silent() {
        let db = TestDb::sqlite().await;
        let own = build::people(&db.db, "Quillwater").await.workspace.id;
        let other = build::people(&db.db, "Harrow Lane").await.workspace.id;
        let day = Duration::from_secs(86_400);
        let stream = stream(async || true, own, db.db.changes(), day);
        let mut stream = std::pin::pin!(stream);
        assert_eq!(stream.next().await, Some(Ok(COMMENT)));
        build::product(&db.db, other, "Mobile").await;
        assert!(timeout(QUIET, stream.next()).await.is_err(), "another's");
        for name in ["One", "Two", "Three"] {
            build::product(&db.db, own, name).await;
        }
        assert_eq!(timeout(SOON, stream.next()).await.unwrap(), Some(Ok(EVENT)));
        assert!(timeout(QUIET * 2, stream.next()).await.is_err(), "once");
        let connection = build::connection(&db.db, own, "qw12ab34").await.id;
        for _ in 0..3 {
            let tx = build::begin(&db.db).await;
            let kind = earmark_model::RunKind::Proof;
            let tenant = tx.workspace(own);
            let run = tenant.create_run(connection, kind, None, None);
            run.await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(
            timeout(SOON, stream.next()).await.unwrap(),
            Some(Ok(PEOPLE))
        );
        assert!(timeout(QUIET * 2, stream.next()).await.is_err(), "once");
    }

    #[tokio::test]
    async fn ends_when_the_right_to_listen_is_gone() {
        let db = TestDb::sqlite().await;
        let own = build::people(&db.db, "Quillwater").await.workspace.id;
        let may = Arc::new(AtomicBool::new(true));
        let check = may.clone();
        let check = async move || check.load(Ordering::SeqCst);
        let stream = stream(check, own, db.db.changes(), Duration::from_millis(5));
        let mut stream = std::pin::pin!(stream);
        assert_eq!(stream.next().await, Some(Ok(COMMENT)));
        assert_eq!(stream.next().await, Some(Ok(COMMENT)));
        may.store(false, Ordering::SeqCst);
        assert_eq!(timeout(SOON, stream.next()).await.unwrap(), None);
    }
}
