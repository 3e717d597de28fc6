//! What the report of a run tells of single records.

use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use earmark_model::{ConnectionId, RunId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

/// What became of one record of a run.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct RunLine {
    /// What happened to it, such as `new`, `deleted`, `skipped` or `failed`.
    pub outcome: String,
    /// What it is, such as `contact`.
    pub subject_kind: String,
    /// Intercom's id.
    pub subject_id: String,
    /// Why, in words.
    pub note: Option<String>,
}

impl<S: Source> Tenant<'_, S> {
    /// How many lines a run has.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn run_line_count(&self, run: RunId) -> Result<i64> {
        let sql = "SELECT count(*) FROM run_lines WHERE workspace_id = $1 AND run_id = $2";
        let values = vec![self.workspace().into(), run.0.into()];
        sql::count(self.on(), sql, values).await
    }

    /// How many contacts, companies and conversations failed in a run.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn failed_record_count(&self, run: RunId) -> Result<i64> {
        let sql = "SELECT count(*) FROM (SELECT DISTINCT subject_kind, subject_id FROM run_lines WHERE workspace_id = $1 \
            AND run_id = $2 AND outcome = 'failed' AND subject_kind IN ('contact', 'company', 'conversation')) failed";
        let values = vec![self.workspace().into(), run.0.into()];
        sql::count(self.on(), sql, values).await
    }

    /// Records of a kind that failed in a run: ids after `after`, up to `most`, in order.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn failed_records(
        &self,
        run: RunId,
        kind: &str,
        after: &str,
        most: u64,
    ) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT DISTINCT subject_id FROM run_lines WHERE workspace_id = $1 AND run_id = $2 AND outcome = 'failed' \
            AND subject_kind = $3 AND subject_id > $4 ORDER BY subject_id LIMIT {most}"
        );
        let values = vec![
            self.workspace().into(),
            run.0.into(),
            kind.into(),
            after.into(),
        ];
        sql::column(self.on(), &sql, values).await
    }

    /// What became of a run's records, in order, up to `most` after the first `skip`.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn run_lines(&self, run: RunId, skip: u64, most: u64) -> Result<Vec<RunLine>> {
        let skip = i64::try_from(skip).unwrap_or(i64::MAX);
        let sql = format!(
            "SELECT outcome, subject_kind, subject_id, note FROM run_lines \
            WHERE workspace_id = $1 AND run_id = $2 ORDER BY id LIMIT {most} OFFSET {skip}"
        );
        let values = vec![self.workspace().into(), run.0.into()];
        sql::all(self.on(), &sql, values).await
    }
}

impl Tenant<'_, Tx> {
    /// Takes back what was written down of a run's records.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn drop_run_lines(&self, run: RunId) -> Result<()> {
        let sql = "DELETE FROM run_lines WHERE workspace_id = $1 AND run_id = $2";
        let values = vec![self.workspace().into(), run.0.into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Writes down what became of one record.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn add_run_line(&self, run: RunId, line: &RunLine) -> Result<()> {
        let RunLine {
            outcome,
            subject_kind,
            subject_id,
            note,
        } = line;
        let id: Uuid = self.source.sources().id();
        let sql = "INSERT INTO run_lines (workspace_id, run_id, id, outcome, subject_kind, subject_id, note) \
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = vec![
            self.workspace().into(),
            run.0.into(),
            id.into(),
            outcome.as_str().into(),
            subject_kind.as_str().into(),
            subject_id.as_str().into(),
            note.clone().into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Erases what run reports say of one record: its notes may hold its name.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn erase_run_lines(&self, connection: ConnectionId, subject: &str) -> Result<u64> {
        let sql = "UPDATE run_lines SET note = 'erased' WHERE workspace_id = $1 AND subject_id = $3 AND note <> 'erased' \
            AND run_id IN (SELECT id FROM runs WHERE workspace_id = $1 AND connection_id = $2)";
        sql::execute(self.on(), sql, self.ids(connection, &[subject])).await
    }
}
