//! Sealed secrets of every tenant: the operator's keys seal all of them, so a change of keys goes through all of them.

use super::Across;
use crate::entities::secrets;
use crate::error::Result;
use crate::scope::{Source, Tx};
use crate::sql;
use crate::tenant::StoredSecret;
use earmark_model::{SecretId, WorkspaceId};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

impl<S: Source> Across<'_, S> {
    /// The next sealed secrets of any tenant after one of them, in a fixed order; up to `most`.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn sealed_secrets(
        &self,
        after: Option<(WorkspaceId, SecretId)>,
        most: u64,
    ) -> Result<Vec<(WorkspaceId, StoredSecret)>> {
        let mut query = secrets::Entity::find();
        if let Some((workspace, id)) = after {
            let further = Condition::all()
                .add(secrets::Column::WorkspaceId.eq(workspace.0))
                .add(secrets::Column::Id.gt(id.0));
            let next = secrets::Column::WorkspaceId.gt(workspace.0);
            query = query.filter(Condition::any().add(next).add(further));
        }
        let rows = query
            .order_by_asc(secrets::Column::WorkspaceId)
            .order_by_asc(secrets::Column::Id)
            .limit(most)
            .all(self.on())
            .await?;
        let of =
            |row: secrets::Model| Ok((WorkspaceId(row.workspace_id), StoredSecret::try_from(row)?));
        rows.into_iter().map(of).collect()
    }
}

impl Across<'_, Tx> {
    /// Stores a secret sealed anew, unless it was replaced or wiped since it was read as `before`: false.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn reseal(
        &self,
        workspace: WorkspaceId,
        id: SecretId,
        before: &str,
        after: &str,
    ) -> Result<bool> {
        let sql =
            "UPDATE secrets SET sealed = $4 WHERE workspace_id = $1 AND id = $2 AND sealed = $3";
        let values = vec![workspace.0.into(), id.0.into(), before.into(), after.into()];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }
}
