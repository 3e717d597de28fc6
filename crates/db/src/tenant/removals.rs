//! What was removed because somebody erased it at Intercom: lines of the audit log that say what, never what it said.

use crate::entities::audit;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use crate::tenant::Actor;
use chrono::{DateTime, Utc};
use earmark_model::{AuditId, ConnectionId};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

/// The action of such a line.
const REMOVED: &str = "privacy.removed";

/// Why something was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalCause {
    /// A contact was deleted.
    ContactDeleted,
    /// A contact was merged into another, whose its links and conversations are now.
    ContactMerged,
    /// A conversation was deleted.
    ConversationDeleted,
    /// A message was redacted.
    MessageRedacted,
}

/// What was removed, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Removed {
    /// Messages that lost their text.
    pub messages: u64,
    /// Conversations that lost the person's name and address, or all of their content; of a merge, those that name the
    /// remaining contact since.
    pub conversations: u64,
    /// Tickets that lost what they showed of it.
    pub tickets: u64,
    /// Stored webhook payloads that were rewritten.
    pub payloads: u64,
    /// Copies of the contact.
    pub copies: u64,
    /// Lines in the reports of runs that lost their reason.
    pub lines: u64,
    /// Runs of actions that lost inputs and answers.
    pub actions: u64,
}

/// A removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The line's id; sorts by time.
    pub id: AuditId,
    /// When.
    pub at: DateTime<Utc>,
    /// Through which connection it came.
    pub connection: ConnectionId,
    /// Why.
    pub cause: RemovalCause,
    /// Intercom's id of the contact or conversation.
    pub subject: String,
    /// Intercom's id of the contact that is left, after a merge.
    pub into: Option<String>,
    /// What.
    pub removed: Removed,
}

#[derive(Serialize, Deserialize)]
struct Detail {
    connection: ConnectionId,
    cause: RemovalCause,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    into: Option<String>,
    #[serde(flatten)]
    removed: Removed,
}

#[derive(FromQueryResult)]
struct RuleRow {
    payload_days: i32,
    payloads_dropped_at: Option<DateTime<Utc>>,
}

impl<S: Source> Tenant<'_, S> {
    /// For how many days payloads are kept, and when old ones were last looked for.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn payload_rule(&self) -> Result<(i32, Option<DateTime<Utc>>)> {
        let sql = "SELECT payload_days, payloads_dropped_at FROM workspaces WHERE id = $1";
        let row: Option<RuleRow> = sql::one(self.on(), sql, vec![self.workspace().into()]).await?;
        let row = row.ok_or(Error::Missing)?;
        Ok((row.payload_days, row.payloads_dropped_at))
    }

    /// The newest removals, before a line if given.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn removals(&self, before: Option<AuditId>, most: u64) -> Result<Vec<Removal>> {
        let mut query = audit::Entity::find()
            .filter(audit::Column::WorkspaceId.eq(self.workspace()))
            .filter(audit::Column::Action.eq(REMOVED));
        if let Some(before) = before {
            query = query.filter(audit::Column::Id.lt(before.0));
        }
        let rows = query
            .order_by_desc(audit::Column::Id)
            .limit(most)
            .all(self.on())
            .await?;
        let removals = rows.into_iter().map(|row| {
            let Detail {
                connection,
                cause,
                into,
                removed,
            } = serde_json::from_str(&row.detail)
                .map_err(|why| Error::contradiction("audit", row.id, why))?;
            Ok(Removal {
                id: AuditId(row.id),
                at: row.at,
                connection,
                cause,
                subject: row.subject_id,
                into,
                removed,
            })
        });
        removals.collect()
    }
}

impl Tenant<'_, Tx> {
    /// Writes down what was removed, and why: numbers and ids, never content. `subject` is Intercom's id, after a merge with
    /// that of the contact that is left. Gives the line; none while an erasure goes on that a member asked for, which has
    /// its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn note_removal(
        &self,
        connection: ConnectionId,
        cause: RemovalCause,
        (subject, into): (&str, Option<&str>),
        removed: Removed,
    ) -> Result<Option<AuditId>> {
        let erasure = self.erasure(connection).await?;
        if erasure.is_some_and(|erasure| erasure.finished_at.is_none()) {
            return Ok(None);
        }
        let kind = match cause {
            RemovalCause::ContactDeleted | RemovalCause::ContactMerged => "contact",
            RemovalCause::ConversationDeleted | RemovalCause::MessageRedacted => "conversation",
        };
        let detail = Detail {
            connection,
            cause,
            into: into.map(ToOwned::to_owned),
            removed,
        };
        let detail = serde_json::to_value(detail).unwrap_or_default();
        self.audit_line(&Actor::default(), REMOVED, (kind, subject), detail)
            .await
            .map(Some)
    }

    /// Adds to a line what was found later: payloads and runs of actions.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn add_removed(&self, line: AuditId, payloads: u64, actions: u64) -> Result<()> {
        if payloads == 0 && actions == 0 {
            return Ok(());
        }
        let own = || vec![self.workspace().into(), line.0.into(), REMOVED.into()];
        let sql = "SELECT detail FROM audit WHERE workspace_id = $1 AND id = $2 AND action = $3";
        let found: Vec<String> = sql::column(self.on(), sql, own()).await?;
        let Some(detail) = found.first() else {
            return Ok(());
        };
        let mut detail: Detail =
            serde_json::from_str(detail).map_err(|why| Error::contradiction("audit", line, why))?;
        detail.removed.payloads += payloads;
        detail.removed.actions += actions;
        let detail = serde_json::to_value(detail).unwrap_or_default();
        let mut values = own();
        values.push(detail.to_string().into());
        let sql =
            "UPDATE audit SET detail = $4 WHERE workspace_id = $1 AND id = $2 AND action = $3";
        sql::execute(self.on(), sql, values).await.map(drop)
    }
}
