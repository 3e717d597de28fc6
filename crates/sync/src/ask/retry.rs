//! Asking for what failed once more: the records that failed, or the run when all of it did.

use super::tagged::{begin, may_make};
use super::{AskError, ask_once, goes_on_as, is_sample, lists_every, live, not_erased_since};
use crate::runs::{Asked, Place, Step, TaggedStep, job_of};
use earmark_db::tenant::{Actor, Connection, Run};
use earmark_db::{Db, Source, Tenant, Tx};
use earmark_model::{RunId, RunKind, RunState, WorkspaceId};
use serde_json::json;

/// What of a run can be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failures {
    /// Nothing: it goes on, or nothing failed that Intercom could be asked for by its id.
    Nothing,
    /// So many contacts, companies and conversations.
    Records(i64),
    /// All of it.
    Whole,
}

/// What of a run can be tried again.
///
/// # Errors
/// Those of the database.
pub async fn failures<S: Source>(tenant: Tenant<'_, S>, run: &Run) -> earmark_db::Result<Failures> {
    match run.state {
        RunState::Failed => return Ok(Failures::Whole),
        RunState::Done | RunState::Cancelled if run.counts.failed > 0 => {}
        _ => return Ok(Failures::Nothing),
    }
    Ok(match tenant.failed_record_count(run.id).await? {
        0 => Failures::Nothing,
        records => Failures::Records(records),
    })
}

/// Asks for what failed in a run once more: for a run over just those records, or for one that does all that the first was
/// to do. One that is asked for twice and not over stands for both.
///
/// # Errors
/// [`AskError`].
pub async fn retry_run(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    id: RunId,
) -> Result<RunId, AskError> {
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    let run = tenant.run(id).await?.ok_or(AskError::NoRun)?;
    let row = live(&tenant, run.connection).await?;
    not_erased_since(&tenant, &run).await?;
    let made = match failures(tenant, &run).await? {
        Failures::Nothing => return Err(AskError::NothingFailed),
        Failures::Records(_) => records(&tenant, actor, (&run, run.id)).await?,
        Failures::Whole => whole(&tenant, actor, (&row, &run)).await?,
    };
    let detail = json!({"kind": run.kind, "run": made.to_string(), "failed": id.to_string()});
    tenant
        .audit(actor, "run.asked", ("connection", row.id), detail)
        .await?;
    tx.commit().await?;
    Ok(made)
}

/// Asks for the records that failed in the run `of`, as a run like `run` treats them.
async fn records(
    tenant: &Tenant<'_, Tx>,
    actor: &Actor,
    (run, of): (&Run, RunId),
) -> Result<RunId, AskError> {
    let (connection, kind) = (run.connection, retry_kind(run.kind));
    let last = tenant.last_run(connection, kind).await?;
    if let Some(last) = last.filter(|last| !last.state.is_over() && retried(last) == Some(of)) {
        if last.state == RunState::Paused {
            tenant.move_run(last.id, goes_on_as(&last), None).await?;
        }
        tenant.enqueue(&job_of(connection, kind)).await?;
        return Ok(last.id);
    }
    let asked = Asked {
        retry: Some(of),
        tags: tags_of(run),
        ..Asked::default()
    };
    let position = serde_json::to_string(&asked).unwrap_or_default();
    let made = tenant
        .create_run(connection, kind, Some(&position), actor.user)
        .await?;
    tenant.enqueue(&job_of(connection, kind)).await?;
    Ok(made)
}

/// The kind of the run that tries the records of another again: only one over tagged conversations makes tickets of what was
/// tagged earlier.
const fn retry_kind(kind: RunKind) -> RunKind {
    match kind.is_tagged() {
        true => RunKind::Tagged,
        false => RunKind::Retry,
    }
}

/// Asks for all that a run was to do.
async fn whole(
    tenant: &Tenant<'_, Tx>,
    actor: &Actor,
    (row, run): (&Connection, &Run),
) -> Result<RunId, AskError> {
    if let Some(of) = retried(run) {
        return records(tenant, actor, (run, of)).await;
    }
    let place = run.position.as_deref();
    match run.kind {
        RunKind::Backfill if row.contacts_on_at.is_none() => Err(AskError::SwitchedOff),
        RunKind::Backfill | RunKind::CatchUp | RunKind::Proof => {
            let asked = Asked {
                every: place.is_some_and(lists_every),
                full: (run.kind == RunKind::Proof).then(|| !place.is_none_or(is_sample)),
                ..Asked::default()
            };
            ask_once(tenant, row.id, run.kind, &asked, actor).await
        }
        RunKind::Tagged | RunKind::Preview => {
            let step = tagged_step(run).ok_or(AskError::NothingFailed)?;
            let (product, tags) = (step.product, step.tags.clone());
            if product.is_none() {
                may_make(row, &tags)?;
            }
            let made = begin(tenant, row.id, actor, step).await?;
            if run.kind == RunKind::Preview {
                tenant.set_preview(made, product, &tags).await?;
            }
            Ok(made)
        }
        RunKind::Retry => Err(AskError::NothingFailed),
    }
}

/// What a run was asked, if it did not begin, and its place, if it did.
fn told(run: &Run) -> (Asked, Option<Place>) {
    let place = run.position.as_deref().unwrap_or_default();
    let asked = serde_json::from_str(place).unwrap_or_default();
    (asked, Place::read(place).ok())
}

/// The run whose failed records a run tries again.
fn retried(run: &Run) -> Option<RunId> {
    let (asked, place) = told(run);
    asked.retry.or(place.and_then(|place| place.retries))
}

/// The tags that a run over tagged conversations was asked for.
fn tags_of(run: &Run) -> Option<Vec<String>> {
    let (asked, place) = told(run);
    let waiting = asked.tagged.map(|step| step.tags).or(asked.tags);
    waiting.or(place.and_then(|place| place.tags))
}

/// What a run over tagged conversations was to do, from its start.
fn tagged_step(run: &Run) -> Option<TaggedStep> {
    let (asked, place) = told(run);
    let steps = place.map(|place| place.steps).unwrap_or_default();
    let under_way = steps.into_iter().find_map(|step| match step {
        Step::Tagged(step) => Some(step),
        _ => None,
    });
    let step = asked.tagged.or(under_way)?;
    Some(TaggedStep {
        at: None,
        dealt: Vec::new(),
        tickets: 0,
        conversations: 0,
        ..step
    })
}
