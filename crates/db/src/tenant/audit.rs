//! The audit log: who changed what, when, from where. Written in the transaction of the change.

use crate::entities::audit;
use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use earmark_model::{AuditId, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::Value as Json;

/// Who does something, for the audit log.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The person; `None` for Earmark itself.
    pub user: Option<UserId>,
    /// The address their request came from.
    pub address: Option<String>,
}

/// A line of the audit log.
#[derive(Debug, Clone)]
pub struct AuditLine {
    /// Who did it; `None` for Earmark itself.
    pub actor: Option<UserId>,
    /// What was done, like `product.created`.
    pub action: String,
    /// What it was done to, like `product`.
    pub subject_kind: String,
    /// Its id or key.
    pub subject_id: String,
    /// What changed, never a secret.
    pub detail: String,
}

impl<S: Source> Tenant<'_, S> {
    /// The newest lines of the audit log.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn audit_lines(&self, most: u64) -> Result<Vec<AuditLine>> {
        let rows = audit::Entity::find()
            .filter(audit::Column::WorkspaceId.eq(self.workspace()))
            .order_by_desc(audit::Column::Id)
            .limit(most)
            .all(self.on())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let audit::Model {
                    workspace_id: _,
                    id: _,
                    at: _,
                    actor_id,
                    action,
                    subject_kind,
                    subject_id,
                    detail,
                    address: _,
                } = row;
                AuditLine {
                    actor: actor_id.map(UserId),
                    action,
                    subject_kind,
                    subject_id,
                    detail,
                }
            })
            .collect())
    }
}

impl Tenant<'_, Tx> {
    /// Adds a line. `action` reads like `product.created`; `subject` is a kind and an id; `detail` holds no secret.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn audit(
        &self,
        actor: &Actor,
        action: &str,
        subject: (&str, impl ToString),
        detail: Json,
    ) -> Result<()> {
        self.audit_line(actor, action, subject, detail)
            .await
            .map(drop)
    }

    /// The same; gives the line's id.
    pub(crate) async fn audit_line(
        &self,
        actor: &Actor,
        action: &str,
        subject: (&str, impl ToString),
        detail: Json,
    ) -> Result<AuditId> {
        let id: AuditId = self.source.sources().id();
        let row = audit::ActiveModel {
            workspace_id: Set(self.workspace()),
            id: Set(id.0),
            at: Set(self.now()),
            actor_id: Set(actor.user.map(|user| user.0)),
            action: Set(action.to_owned()),
            subject_kind: Set(subject.0.to_owned()),
            subject_id: Set(subject.1.to_string()),
            detail: Set(detail.to_string()),
            address: Set(actor.address.clone()),
        };
        row.insert(self.on()).await?;
        Ok(id)
    }
}
