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
    /// A conversation was deleted.
    ConversationDeleted,
    /// A message was redacted.
    MessageRedacted,
}

/// What was removed, in numbers: what there was of it when the word came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Removed {
    /// Messages that lost their text.
    pub messages: u64,
    /// Conversations that lost the person's name and address, or all of their content.
    pub conversations: u64,
    /// Tickets that lost what they showed of it.
    pub tickets: u64,
    /// Stored webhook payloads that were rewritten.
    pub payloads: u64,
    /// Copies of the contact.
    pub copies: u64,
    /// Lines in the reports of runs that lost their reason.
    pub lines: u64,
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
    /// What.
    pub removed: Removed,
}

#[derive(Serialize, Deserialize)]
struct Detail {
    connection: ConnectionId,
    cause: RemovalCause,
    #[serde(flatten)]
    removed: Removed,
}

#[derive(FromQueryResult)]
struct HeldRow {
    messages: i64,
    conversations: i64,
    tickets: i64,
    payloads: i64,
    copies: i64,
    lines: i64,
}

impl From<HeldRow> for Removed {
    fn from(row: HeldRow) -> Self {
        let HeldRow {
            messages,
            conversations,
            tickets,
            payloads,
            copies,
            lines,
        } = row;
        Self {
            messages: messages.unsigned_abs(),
            conversations: conversations.unsigned_abs(),
            tickets: tickets.unsigned_abs(),
            payloads: payloads.unsigned_abs(),
            copies: copies.unsigned_abs(),
            lines: lines.unsigned_abs(),
        }
    }
}

const PAYLOADS: &str = "deliveries WHERE workspace_id = $1 AND connection_id = $2 AND subject = $3 AND body IS NOT NULL";
const THREAD: &str = "WHERE workspace_id = $1 AND connection_id = $2 AND conversation_id = $3";

/// The statement that counts what is held of `$3`, in workspace `$1` through connection `$2`; `$4` is the message.
fn held(cause: RemovalCause) -> String {
    let nothing = || "workspaces WHERE 1 = 0".to_owned();
    let talks = |column: &str| {
        format!(
            "conversations WHERE workspace_id = $1 AND connection_id = $2 AND {column} = $3 AND gone_at IS NULL"
        )
    };
    let [messages, conversations, tickets, copies, lines] = match cause {
        RemovalCause::ContactDeleted => [
            nothing(),
            talks("contact_id"),
            nothing(),
            "contacts WHERE workspace_id = $1 AND connection_id = $2 AND id = $3".to_owned(),
            "run_lines WHERE workspace_id = $1 AND subject_id = $3 AND note IS NOT NULL AND run_id IN \
            (SELECT id FROM runs WHERE workspace_id = $1 AND connection_id = $2)"
                .to_owned(),
        ],
        RemovalCause::ConversationDeleted => [
            format!("messages {THREAD}"),
            talks("id"),
            format!("tickets {THREAD}"),
            nothing(),
            nothing(),
        ],
        RemovalCause::MessageRedacted => [
            format!("messages {THREAD} AND id = $4"),
            nothing(),
            format!("tickets {THREAD} AND message_id = $4"),
            nothing(),
            nothing(),
        ],
    };
    let counts = [
        ("messages", messages.as_str()),
        ("conversations", &conversations),
        ("tickets", &tickets),
        ("payloads", PAYLOADS),
        ("copies", &copies),
        ("lines", &lines),
    ];
    let counts = counts.map(|(name, from)| format!("(SELECT count(*) FROM {from}) AS {name}"));
    format!("SELECT {}", counts.join(", "))
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
                removed,
            } = serde_json::from_str(&row.detail)
                .map_err(|why| Error::contradiction("audit", row.id, why))?;
            Ok(Removal {
                id: AuditId(row.id),
                at: row.at,
                connection,
                cause,
                subject: row.subject_id,
                removed,
            })
        });
        removals.collect()
    }
}

impl Tenant<'_, Tx> {
    /// Writes down what is about to be removed because of a tombstone that is new. An erasure that a member asked for has
    /// its own line.
    pub(crate) async fn note_burial(
        &self,
        connection: ConnectionId,
        (is_contact, subject, message): (bool, &str, &str),
    ) -> Result<()> {
        let erasure = self.erasure(connection).await?;
        if erasure.is_some_and(|erasure| erasure.finished_at.is_none()) {
            return Ok(());
        }
        let cause = match (is_contact, message) {
            (true, _) => RemovalCause::ContactDeleted,
            (false, "") => RemovalCause::ConversationDeleted,
            (false, _) => RemovalCause::MessageRedacted,
        };
        let mut values = self.ids(connection, &[subject]);
        if cause == RemovalCause::MessageRedacted {
            values.push(message.into());
        }
        let found: Option<HeldRow> = sql::one(self.on(), &held(cause), values).await?;
        let removed = found.map_or_else(Removed::default, Removed::from);
        self.note_removal(connection, cause, subject, removed).await
    }

    /// Writes down what was removed, and why: numbers and ids, never content.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn note_removal(
        &self,
        connection: ConnectionId,
        cause: RemovalCause,
        subject: &str,
        removed: Removed,
    ) -> Result<()> {
        let kind = match cause {
            RemovalCause::ContactDeleted => "contact",
            RemovalCause::ConversationDeleted | RemovalCause::MessageRedacted => "conversation",
        };
        let detail = Detail {
            connection,
            cause,
            removed,
        };
        let detail = serde_json::to_value(detail).unwrap_or_default();
        self.audit(&Actor::default(), REMOVED, (kind, subject), detail)
            .await
    }
}
