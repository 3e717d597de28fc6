//! Asking for runs over tagged conversations: a look at what they would make, then the tickets.

use super::{Ask, AskError, PREVIEW_DAYS, live};
use crate::runs::{Asked, TaggedStep, job_of};
use chrono::TimeDelta;
use earmark_db::tenant::{Actor, Connection, Run};
use earmark_db::{Db, Tenant, Tx};
use earmark_model::{ConnectionId, ProductId, RunId, RunKind, WorkspaceId};
use serde_json::json;

/// Asks for a run over all trigger tags of a connection, or for the look before it, which has to be at the same tags.
pub(super) async fn all_tagged(
    tx: Tx,
    workspace: WorkspaceId,
    actor: &Actor,
    (row, ask): (&Connection, &Ask),
    tags: Vec<String>,
) -> Result<RunId, AskError> {
    let tenant = tx.workspace(workspace);
    may_make(row, &tags)?;
    let dry = *ask == Ask::TaggedPreview;
    let seen = tenant.dry_run(row.id).await?;
    if !dry && seen.is_none_or(|seen| seen.tags != tags) {
        return Err(AskError::NotLookedAt);
    }
    let run = begin(&tenant, row.id, actor, tagged(dry, tags.clone())).await?;
    if dry {
        tenant.set_preview(run, None, &tags).await?;
    }
    let detail = json!({"kind": ask.kind(), "run": run.to_string()});
    tenant
        .audit(actor, "run.asked", ("connection", row.id), detail)
        .await?;
    tx.commit().await?;
    Ok(run)
}

/// Whether a run is the one that said what [`Ask::Tagged`] would make if it were asked for now.
///
/// # Errors
/// Those of the database.
pub async fn is_dry_run(
    tenant: Tenant<'_, Db>,
    connection: &Connection,
    run: &Run,
) -> earmark_db::Result<bool> {
    if connection.feedback_on_at.is_none() || run.kind != RunKind::Preview {
        return Ok(false);
    }
    let seen = tenant.dry_run(connection.id).await?;
    let tags = tenant.trigger_tag_ids(connection.id).await?;
    Ok(seen.is_some_and(|seen| seen.run.id == run.id && seen.tags == tags))
}

/// Asks what a product would have got of the last [`PREVIEW_DAYS`] days if these tags of a connection were its trigger
/// tags. The answer is a run of kind `preview`: a line of outcome `would_make` for each conversation, with how many in its
/// counts (`added`), and the sum in its report's remarks.
///
/// # Errors
/// [`AskError`].
pub async fn preview(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    connection: ConnectionId,
    (product, tags): (ProductId, &[String]),
) -> Result<RunId, AskError> {
    if tags.is_empty() {
        return Err(AskError::NoTag);
    }
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    live(&tenant, connection).await?;
    let step = TaggedStep {
        product: Some(product),
        since: Some(tenant.now() - TimeDelta::days(PREVIEW_DAYS)),
        ..tagged(true, tags.to_vec())
    };
    let run = begin(&tenant, connection, actor, step).await?;
    tenant.set_preview(run, Some(product), tags).await?;
    tx.commit().await?;
    Ok(run)
}

/// Asks for the tickets of one conversation: those whose tagging's time cannot be known are made when a member says so.
///
/// # Errors
/// [`AskError`].
pub async fn escalate(
    db: &Db,
    workspace: WorkspaceId,
    actor: &Actor,
    connection: ConnectionId,
    conversation: &str,
) -> Result<RunId, AskError> {
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    let row = live(&tenant, connection).await?;
    let tags = tenant.trigger_tag_ids(connection).await?;
    may_make(&row, &tags)?;
    let step = TaggedStep {
        only: Some(conversation.to_owned()),
        ..tagged(false, tags)
    };
    let run = begin(&tenant, connection, actor, step).await?;
    let detail =
        json!({"kind": RunKind::Tagged, "run": run.to_string(), "conversation": conversation});
    tenant
        .audit(actor, "run.asked", ("connection", connection), detail)
        .await?;
    tx.commit().await?;
    Ok(run)
}

pub(super) fn may_make(row: &Connection, tags: &[String]) -> Result<(), AskError> {
    match (tags, row.feedback_on_at) {
        ([], _) => Err(AskError::NoTag),
        (_, None) => Err(AskError::FeedbackOff),
        (_, Some(_)) => Ok(()),
    }
}

/// Asks for a run, unless the newest of its kind waits to do just the same: that one stands for both.
pub(super) async fn begin(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    actor: &Actor,
    step: TaggedStep,
) -> Result<RunId, AskError> {
    let kind = match step.dry {
        true => RunKind::Preview,
        false => RunKind::Tagged,
    };
    let asked = Asked {
        tagged: Some(step),
        ..Asked::default()
    };
    let position = serde_json::to_string(&asked).unwrap_or_default();
    tenant.enqueue(&job_of(connection, kind)).await?;
    let last = tenant.last_run(connection, kind).await?;
    let same = |run: &Run| !run.state.is_over() && run.position.as_ref() == Some(&position);
    if let Some(run) = last.filter(same) {
        return Ok(run.id);
    }
    let run = tenant.create_run(connection, kind, Some(&position), actor.user);
    Ok(run.await?)
}

const fn tagged(dry: bool, tags: Vec<String>) -> TaggedStep {
    TaggedStep {
        dry,
        tags,
        only: None,
        product: None,
        since: None,
        at: None,
        dealt: Vec::new(),
        tickets: 0,
        conversations: 0,
    }
}
