//! Previews of a rule: runs that say what some tags would have made in a product.

use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use crate::tenant::Run;
use earmark_model::{ConnectionId, ProductId, RunId};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

/// A preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The run, whose lines and counts are the answer.
    pub run: Run,
    /// Intercom's ids of the tags it is about.
    pub tags: Vec<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    tag_ids: Option<String>,
}

#[derive(FromQueryResult)]
struct CountRow {
    lines: i64,
}

impl<S: Source> Tenant<'_, S> {
    /// The newest preview of a connection's tags for a product.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn preview(
        &self,
        product: ProductId,
        connection: ConnectionId,
    ) -> Result<Option<Preview>> {
        let which = "product_id = $3";
        self.newest_preview(connection, which, Some(product)).await
    }

    /// The newest preview of all trigger tags of a connection that came to its end.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn dry_run(&self, connection: ConnectionId) -> Result<Option<Preview>> {
        let which = "product_id IS NULL AND kind = 'preview' AND state = 'done'";
        self.newest_preview(connection, which, None).await
    }

    async fn newest_preview(
        &self,
        connection: ConnectionId,
        which: &str,
        product: Option<ProductId>,
    ) -> Result<Option<Preview>> {
        let sql = format!(
            "SELECT id, tag_ids FROM runs WHERE workspace_id = $1 AND connection_id = $2 AND {which} \
            ORDER BY id DESC LIMIT 1"
        );
        let mut values = self.ids(connection, &[]);
        values.extend(product.map(|product| Value::from(product.0)));
        let Some(Row { id, tag_ids }) = sql::one(self.on(), &sql, values).await? else {
            return Ok(None);
        };
        let tags = serde_json::from_str(tag_ids.as_deref().unwrap_or("[]"))
            .map_err(|why| Error::contradiction("runs", id, why))?;
        let run = self.run(RunId(id)).await?;
        Ok(run.map(|run| Preview { run, tags }))
    }

    /// Whether a run has a line of this outcome about this record.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn has_run_line(&self, run: RunId, (outcome, subject): (&str, &str)) -> Result<bool> {
        let sql = "SELECT count(*) AS lines FROM run_lines WHERE workspace_id = $1 AND run_id = $2 AND outcome = $3 \
            AND subject_id = $4";
        let values = vec![
            self.workspace().into(),
            run.0.into(),
            outcome.into(),
            subject.into(),
        ];
        let row: Option<CountRow> = sql::one(self.on(), sql, values).await?;
        Ok(row.is_some_and(|row| row.lines > 0))
    }
}

impl Tenant<'_, Tx> {
    /// Notes what a run previews: tags by Intercom's id, for a product or for all that chose them.
    ///
    /// # Errors
    /// [`Error::Missing`] without the run.
    pub async fn set_preview(
        &self,
        run: RunId,
        product: Option<ProductId>,
        tags: &[String],
    ) -> Result<()> {
        let sql =
            "UPDATE runs SET product_id = $3, tag_ids = $4 WHERE workspace_id = $1 AND id = $2";
        let values = vec![
            self.workspace().into(),
            run.0.into(),
            product.map(|product| product.0).into(),
            serde_json::Value::from(tags).to_string().into(),
        ];
        match sql::execute(self.on(), sql, values).await? {
            0 => Err(Error::Missing),
            _ => Ok(()),
        }
    }
}
