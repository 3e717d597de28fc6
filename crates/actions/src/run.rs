//! Running an action: checked first, logged before and after.

use crate::catalog::FETCH_ALL;
use crate::describe::Action;
use crate::input::{Fault, Inputs};
use crate::plan::{Answer, Plan, Reply, Shown, Work};
use crate::watch::watched;
use earmark_connections::{NotReady, Store};
use earmark_db::tenant::{ActionEnd, Actor, NewActionRun, PermissionCheck};
use earmark_db::{Db, Tenant};
use earmark_intercom::{Error, Lane};
use earmark_model::{
    ActionRunId, ActionState, ActionVia, ConnectionId, Job, PermissionState, Right, Role, SecretId,
    WorkspaceId,
};
use earmark_sync::follow_action;
use serde_json::json;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::time::Instant;

/// The longest answer that the log keeps whole, in bytes; of a longer one it keeps the beginning.
pub const ANSWER_KEPT: usize = 256 * 1024;

/// Which connection of which workspace is asked.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The connection.
    pub connection: ConnectionId,
}

/// Who runs an action.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The person, for log and audit.
    pub actor: Actor,
    /// Their role in the workspace, which decides what they may run.
    pub role: Role,
    /// Where they ask.
    pub via: ActionVia,
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The role is too low.
    #[error("you may not {}", .0.in_words())]
    Forbidden(Right),
    /// What was filled in cannot be sent.
    #[error("{}", in_words(.0))]
    Invalid(Vec<Fault>),
    /// The connection cannot ask Intercom.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// Our own database failed.
    #[error(transparent)]
    Database(#[from] earmark_db::Error),
}

fn in_words(faults: &[Fault]) -> String {
    let line = |fault: &Fault| match fault.field {
        "" => fault.message.clone(),
        field => format!("{field}: {}", fault.message),
    };
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What asking for a run came to.
#[derive(Debug)]
pub enum Step {
    /// Nothing was sent: this has to be confirmed, with the digest of what is shown.
    Confirm(Shown),
    /// It ran, or runs on in the background.
    Ran(Ran),
}

/// A run that was logged.
#[derive(Debug)]
pub struct Ran {
    /// The run in the log.
    pub id: ActionRunId,
    /// How it is now: running when a list is fetched in the background.
    pub state: ActionState,
    /// The answer, when there is one.
    pub answer: Option<Answer>,
}

/// Previews and runs actions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Actions {
    pub(crate) db: Db,
    pub(crate) store: Store,
}

/// A plan with what it was made with.
pub(crate) struct Ready {
    pub(crate) plan: Plan,
    pub(crate) secret: SecretId,
    calls: std::sync::Arc<AtomicI64>,
}

impl Actions {
    /// Actions over a database and a connection store.
    #[must_use]
    pub const fn new(db: Db, store: Store) -> Self {
        Self { db, store }
    }

    /// The exact request of an action; nothing is sent.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn preview(
        &self,
        place: Place,
        asker: &Asker,
        action: &Action,
        inputs: &Inputs,
    ) -> Result<Shown, Refusal> {
        permit(asker, action)?;
        let ready = self
            .prepare(place, action, inputs, Lane::Interactive)
            .await?;
        Ok(ready.plan.shown)
    }

    /// Runs an action. One that destroys needs the digest of the very request that was looked at. It goes on to its end
    /// even when nobody waits for it any more.
    ///
    /// # Errors
    /// [`Refusal`]; what Intercom refuses is no error here, but stands in the log.
    pub async fn run(
        &self,
        place: Place,
        asker: &Asker,
        action: &'static Action,
        inputs: &Inputs,
        confirmed: Option<&str>,
    ) -> Result<Step, Refusal> {
        permit(asker, action)?;
        let ready = self
            .prepare(place, action, inputs, Lane::Interactive)
            .await?;
        let shown = &ready.plan.shown;
        let unconfirmed = confirmed != Some(shown.digest().as_str());
        if action.effect == crate::Effect::Destroys && unconfirmed {
            return Ok(Step::Confirm(ready.plan.shown));
        }
        let new = NewActionRun {
            connection: place.connection,
            action: action.id.to_owned(),
            actor: asker.actor.user,
            via: asker.via,
            inputs: inputs.to_log(),
            request: shown.to_log(),
        };
        let id = self.begin(place, asker, &new, &ready.plan.work).await?;
        let this = self.clone();
        let work = tokio::spawn(async move { this.work(place, action, id, ready).await });
        let done = work.await.map_err(|_| earmark_db::Error::Missing)?;
        Ok(Step::Ran(done?))
    }

    /// Reads what was filled in and builds the request.
    pub(crate) async fn prepare(
        &self,
        place: Place,
        action: &Action,
        inputs: &Inputs,
        lane: Lane,
    ) -> Result<Ready, Refusal> {
        let values = action.read(inputs).map_err(Refusal::Invalid)?;
        let ready = self
            .store
            .client(place.workspace, place.connection, lane)
            .await?;
        let (client, calls) = watched(&ready.client);
        let plan = (action.build)(&client, &values).map_err(Refusal::Invalid)?;
        Ok(Ready {
            plan,
            secret: ready.secret,
            calls,
        })
    }

    async fn begin(
        &self,
        place: Place,
        asker: &Asker,
        new: &NewActionRun,
        work: &Work,
    ) -> earmark_db::Result<ActionRunId> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(place.workspace);
        let run = tenant.begin_action_run(new).await?;
        if matches!(work, Work::All(_)) {
            tenant.enqueue(&Job::FetchAll { run }).await?;
        }
        let detail = json!({"action": new.action});
        tenant
            .audit(&asker.actor, "action.run", ("action_run", run), detail)
            .await?;
        tx.commit().await?;
        Ok(run)
    }

    async fn work(
        &self,
        place: Place,
        action: &Action,
        id: ActionRunId,
        ready: Ready,
    ) -> earmark_db::Result<Ran> {
        let Work::Once(call) = ready.plan.work else {
            let state = ActionState::Running;
            return Ok(Ran {
                id,
                state,
                answer: None,
            });
        };
        let start = Instant::now();
        let outcome = call.await;
        let took_ms = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
        let calls = ready.calls.load(Ordering::Relaxed);
        let (state, mut end) = ended(&outcome);
        (end.took_ms, end.calls) = (took_ms, calls);
        let tx = self.db.begin().await?;
        tx.workspace(place.workspace)
            .end_action_run(id, state, &end)
            .await?;
        tx.commit().await?;
        self.learn(place, action, ready.secret, &outcome).await;
        let answer = outcome.ok().map(|reply| reply.answer);
        Ok(Ran { id, state, answer })
    }

    /// What a run shows beside its answer: our copy follows, and so does what is known of the credentials. The run itself is
    /// logged already, so a fault here is only told to the operator; the next catch-up heals the copy.
    async fn learn(
        &self,
        place: Place,
        action: &Action,
        secret: SecretId,
        outcome: &Result<Reply, Error>,
    ) {
        let learnt = async {
            let (workspace, connection) = (place.workspace, place.connection);
            let needed = action.needs.evidence();
            match outcome {
                Err(error) => {
                    let noted = self
                        .store
                        .note_failure(workspace, connection, secret, needed, error);
                    noted.await?;
                }
                Ok(_) => {
                    let used: Vec<_> = needed.into_iter().collect();
                    let noted = self
                        .store
                        .note_success(workspace, connection, secret, &used, &[]);
                    noted.await?;
                }
            }
            let acted = outcome.as_ref().ok();
            let acted = acted.and_then(|reply| reply.acted.as_ref());
            let tx = self.db.begin().await?;
            let tenant = tx.workspace(place.workspace);
            if let Some(acted) = acted {
                follow_action(&tenant, place.connection, acted, tenant.now()).await?;
            }
            if let Some(check) = evidence(action, outcome) {
                tenant
                    .put_permission_check(place.connection, &check)
                    .await?;
            }
            tx.commit().await
        };
        if let Err(error) = learnt.await {
            tracing::error!(connection = %place.connection, action = action.id, %error, "our copy could not follow an action");
        }
    }

    /// Ends a list that is being fetched; what was fetched stays. False when it was over already.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] and [`Refusal::Database`].
    pub async fn stop(
        &self,
        place: Place,
        asker: &Asker,
        id: ActionRunId,
    ) -> Result<bool, Refusal> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(place.workspace);
        let run = tenant.action_run(id).await?;
        let run = run.filter(|run| run.connection == place.connection);
        let run = run.ok_or(earmark_db::Error::Missing)?;
        if let Some(action) = Action::find(&run.action) {
            permit(asker, action)?;
        }
        let is_fetch = Inputs::from_log(&run.inputs).get(FETCH_ALL.name) == "true";
        if run.state != ActionState::Running || !is_fetch {
            return Ok(false);
        }
        let end = ActionEnd {
            took_ms: (tenant.now() - run.at).num_milliseconds(),
            ..ActionEnd::default()
        };
        tenant
            .end_action_run(id, ActionState::Stopped, &end)
            .await?;
        tenant
            .audit(
                &asker.actor,
                "action.stopped",
                ("action_run", id),
                json!({}),
            )
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) fn tenant(&self, workspace: WorkspaceId) -> Tenant<'_, Db> {
        self.db.workspace(workspace)
    }
}

fn permit(asker: &Asker, action: &Action) -> Result<(), Refusal> {
    let right = action.right();
    if asker.role.may(right) {
        Ok(())
    } else {
        Err(Refusal::Forbidden(right))
    }
}

/// What the log keeps of an outcome.
fn ended(outcome: &Result<Reply, Error>) -> (ActionState, ActionEnd) {
    match outcome {
        Ok(reply) => {
            let (answer, bytes) = match &reply.answer {
                Answer::Json(value) => {
                    let text = value.to_string();
                    let bytes = text.len();
                    (Some(shortened(text)), bytes)
                }
                Answer::File { bytes, .. } => (None, bytes.len()),
            };
            let end = ActionEnd {
                status: Some(reply.status.into()),
                request_id: reply.request_id.clone(),
                answer,
                answer_bytes: i64::try_from(bytes).ok(),
                ..ActionEnd::default()
            };
            (ActionState::Done, end)
        }
        Err(error) => (ActionState::Failed, failed(error)),
    }
}

/// What the log keeps of a fault.
pub(crate) fn failed(error: &Error) -> ActionEnd {
    ActionEnd {
        status: error.status().map(i32::from),
        request_id: error.request_id().map(str::to_owned),
        error: Some(storable(error.to_string())),
        advice: Some(error.what_to_do().to_owned()),
        ..ActionEnd::default()
    }
}

fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(ANSWER_KEPT));
    storable(text)
}

/// Without NUL, which PostgreSQL takes in no text.
fn storable(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text
    }
}

/// Writing is confirmed by the first thing that writes: nothing harmless proves that permission.
fn evidence(action: &Action, outcome: &Result<Reply, Error>) -> Option<PermissionCheck> {
    let permission = action.needs.evidence();
    let permission = permission.filter(|one| outcome.is_ok() && !one.is_readable())?;
    Some(PermissionCheck {
        permission,
        state: PermissionState::Granted,
        note: None,
        took_ms: None,
    })
}
