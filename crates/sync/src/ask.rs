//! What members ask of the engine: the contacts switch, runs and what becomes of them, and previews of a rule. Each is one
//! transaction with its line in the audit log.

mod retry;
mod tagged;

pub use retry::{Failures, failures, retry_run};
pub use tagged::{escalate, is_dry_run, preview};

pub use crate::runs::MOST_LINES_OF_ALL;
use crate::runs::{Asked, Place, job_of};
use earmark_db::tenant::{Actor, Connection, Run};
use earmark_db::{Db, Tenant, Tx};
use earmark_model::{ConnectionId, ConnectionStatus, Job, RunId, RunKind, RunState, WorkspaceId};
use serde_json::json;
use tagged::all_tagged;

/// Days that a preview of a rule looks back.
pub const PREVIEW_DAYS: i64 = 30;

/// Why a request is not granted.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The connection is gone, disconnected, or another workspace's.
    #[error("This connection is disconnected. Connect it again to copy anything from Intercom.")]
    NoConnection,
    /// Contacts and companies are copied only while the switch is on.
    #[error("Contacts are not copied for this connection. Switch them on first.")]
    SwitchedOff,
    /// Tickets are made only while the feedback switch is on.
    #[error("Feedback is switched off for this connection. Switch it on first.")]
    FeedbackOff,
    /// Nobody saw yet what a run over the present trigger tags would make.
    #[error(
        "Look for conversations tagged earlier first: the trigger tags were not looked at since they changed."
    )]
    NotLookedAt,
    /// There is no such run in this workspace.
    #[error("There is no such run.")]
    NoRun,
    /// What the run had stored was erased, so that going on from its place would leave that out.
    #[error("What this run had copied was erased since. Ask for a new run.")]
    Erased,
    /// The run is not where that could be done.
    #[error("This run is {0}, so that cannot be done.")]
    NotNow(RunState),
    /// A preview or a run over tagged conversations needs a tag.
    #[error("Choose at least one tag.")]
    NoTag,
    /// Nothing of the run can be tried again.
    #[error("Nothing of this run failed that could be tried again.")]
    NothingFailed,
    /// Our own database failed.
    #[error(transparent)]
    Database(#[from] earmark_db::Error),
}

/// What a run is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Copies all contacts and companies again.
    Backfill,
    /// Looks for what changed since the last pass.
    CatchUp,
    /// Compares both sides. `full` looks at every contact however many there are; otherwise more than 20,000 are sampled.
    Proof {
        /// Everything.
        full: bool,
    },
    /// Makes tickets of conversations tagged before the tags counted. Ask for [`Ask::TaggedPreview`] first.
    Tagged,
    /// Says what [`Ask::Tagged`] would make and cost: a line for each conversation, the sum in the report's remarks.
    TaggedPreview,
}

impl Ask {
    const fn kind(&self) -> RunKind {
        match self {
            Self::Backfill => RunKind::Backfill,
            Self::CatchUp => RunKind::CatchUp,
            Self::Proof { .. } => RunKind::Proof,
            Self::Tagged => RunKind::Tagged,
            Self::TaggedPreview => RunKind::Preview,
        }
    }
}

/// The connection, locked against being disconnected or switched by others until the transaction ends.
async fn live(tenant: &Tenant<'_, Tx>, connection: ConnectionId) -> Result<Connection, AskError> {
    tenant.lock().await?;
    let row = tenant.connection(connection).await?;
    row.filter(|row| row.status != ConnectionStatus::Disconnected)
        .ok_or(AskError::NoConnection)
}

/// Whether a proof with this place looks, or is to look, at a sample alone.
fn is_sample(place: &str) -> bool {
    match serde_json::from_str::<Asked>(place) {
        // A place has no such field.
        Ok(asked) if asked.full.is_some() => asked.full == Some(false),
        _ => Place::read(place).is_ok_and(|place| place.sampled.is_some()),
    }
}

/// Whether a run with this place writes, or is to write, a line for every record.
fn lists_every(place: &str) -> bool {
    // A place has this field, too.
    serde_json::from_str::<Asked>(place).is_ok_and(|asked| asked.every)
}

/// The state in which a run that is held goes on: before it began it has no place to go on from.
const fn goes_on_as(run: &Run) -> RunState {
    match run.started_at {
        Some(_) => RunState::Running,
        None => RunState::Waiting,
    }
}

/// Asks for a run unless one of its kind is not over: that one stands for both, and goes on if it was held.
async fn ask_once(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    kind: RunKind,
    asked: &Asked,
    actor: &Actor,
) -> Result<RunId, AskError> {
    let last = tenant.last_run(connection, kind).await?;
    let last = last.filter(|run| !run.state.is_over());
    let waiting = last.as_ref().filter(|run| run.started_at.is_none());
    let asked = asked.with(waiting.and_then(|run| run.position.as_deref()));
    let position = serde_json::to_string(&asked).unwrap_or_default();
    if let Some(run) = last {
        // Of two requests for a proof the larger one counts, as long as it did not begin.
        let is_less = asked.full == Some(true) && run.position.as_deref().is_none_or(is_sample);
        let lists_less = asked.every && !run.position.as_deref().is_some_and(lists_every);
        let is_less = is_less || lists_less;
        if !is_less || tenant.ask_run_anew(run.id, &position).await? {
            if run.state == RunState::Paused {
                tenant.move_run(run.id, goes_on_as(&run), None).await?;
            }
            tenant.enqueue(&job_of(connection, kind)).await?;
            return Ok(run.id);
        }
        if run.state == RunState::Paused {
            let why = "it was paused, and one that looks at more was asked for";
            let ended = tenant.move_run(run.id, RunState::Cancelled, Some(why));
            ended.await?;
        }
    }
    let run = tenant
        .create_run(connection, kind, Some(&position), actor.user)
        .await?;
    tenant.enqueue(&job_of(connection, kind)).await?;
    Ok(run)
}

/// Switches the copying of contacts and companies on, which asks for a backfill, or off, which ends what is under way. What
/// was copied stays. Gives the backfill's run when it was switched on.
///
/// # Errors
/// [`AskError`].
pub async fn set_contacts(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    connection: ConnectionId,
    on: bool,
) -> Result<Option<RunId>, AskError> {
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    let row = live(&tenant, connection).await?;
    if row.contacts_on_at.is_some() == on {
        return Ok(None);
    }
    tenant.set_connection_contacts(connection, on).await?;
    let action = match on {
        true => "connection.contacts_on",
        false => "connection.contacts_off",
    };
    tenant
        .audit(actor, action, ("connection", connection), json!({}))
        .await?;
    let run = if on {
        tenant.enqueue(&Job::RefreshTags { connection }).await?;
        let asked = Asked::default();
        let run = ask_once(&tenant, connection, RunKind::Backfill, &asked, actor).await?;
        Some(run)
    } else {
        let why = "the copying of contacts was switched off";
        tenant.end_runs(connection, RunKind::PASSES, why).await?;
        None
    };
    tx.commit().await?;
    Ok(run)
}

/// Asks for a run. One of the same kind that is not over stands for both, and goes on if it was held.
///
/// # Errors
/// [`AskError`].
pub async fn ask_run(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    connection: ConnectionId,
    ask: &Ask,
) -> Result<RunId, AskError> {
    ask_run_with_lines(db, workspace, actor, connection, ask, false).await
}

/// The same; with `every`, the report of a run over contacts, companies and conversations has a line for every record that
/// was looked at, up to [`MOST_LINES_OF_ALL`], and not for what differed alone.
///
/// # Errors
/// [`AskError`].
pub async fn ask_run_with_lines(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    connection: ConnectionId,
    ask: &Ask,
    every: bool,
) -> Result<RunId, AskError> {
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    let row = live(&tenant, connection).await?;
    let mut asked = Asked {
        every,
        ..Asked::default()
    };
    match ask {
        Ask::Backfill if row.contacts_on_at.is_none() => return Err(AskError::SwitchedOff),
        Ask::Backfill | Ask::CatchUp => {}
        Ask::Proof { full } => asked.full = Some(*full),
        Ask::Tagged | Ask::TaggedPreview => {
            let tags = tenant.trigger_tag_ids(connection).await?;
            return all_tagged(tx, workspace, actor, (&row, ask), tags).await;
        }
    }
    let run = ask_once(&tenant, connection, ask.kind(), &asked, actor).await?;
    let detail = json!({"kind": ask.kind(), "run": run.to_string()});
    tenant
        .audit(actor, "run.asked", ("connection", connection), detail)
        .await?;
    tx.commit().await?;
    Ok(run)
}

/// Holds a run where it is.
///
/// # Errors
/// [`AskError`].
pub async fn pause_run(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    run: RunId,
) -> Result<(), AskError> {
    change(db, workspace, actor, run, (RunState::Paused, "run.paused")).await
}

/// Lets a run that is held, or that failed, go on from where it stopped.
///
/// # Errors
/// [`AskError`].
pub async fn resume_run(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    run: RunId,
) -> Result<(), AskError> {
    change(
        db,
        workspace,
        actor,
        run,
        (RunState::Running, "run.resumed"),
    )
    .await
}

/// Ends a run early. What it stored stays.
///
/// # Errors
/// [`AskError`].
pub async fn cancel_run(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    run: RunId,
) -> Result<(), AskError> {
    change(
        db,
        workspace,
        actor,
        run,
        (RunState::Cancelled, "run.cancelled"),
    )
    .await
}

/// Refuses when what a run had stored was erased since.
async fn not_erased_since(tenant: &Tenant<'_, Tx>, run: &Run) -> Result<(), AskError> {
    let erasure = tenant.erasure(run.connection).await?;
    match erasure.is_some_and(|erasure| erasure.asked_at > run.asked_at) {
        true => Err(AskError::Erased),
        false => Ok(()),
    }
}

async fn change(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    id: RunId,
    (to, action): (RunState, &str),
) -> Result<(), AskError> {
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    let run: Run = tenant.run(id).await?.ok_or(AskError::NoRun)?;
    if to == RunState::Running {
        let row = live(&tenant, run.connection).await?;
        if run.kind == RunKind::Backfill && row.contacts_on_at.is_none() {
            return Err(AskError::SwitchedOff);
        }
        not_erased_since(&tenant, &run).await?;
    }
    let to = match to {
        RunState::Running => goes_on_as(&run),
        _ => to,
    };
    if !tenant.move_run(id, to, None).await? {
        return Err(AskError::NotNow(run.state));
    }
    if !to.is_over() && to != RunState::Paused {
        tenant.enqueue(&job_of(run.connection, run.kind)).await?;
    }
    let detail = json!({"kind": run.kind});
    tenant.audit(actor, action, ("run", id), detail).await?;
    tx.commit().await?;
    Ok(())
}
