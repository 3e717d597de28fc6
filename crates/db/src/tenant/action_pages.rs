//! Lists that an action fetches whole: their pages as lines of JSON, and the place they go on from.

use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use earmark_model::{ActionRunId, ConnectionId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

#[derive(FromQueryResult)]
struct PageRow {
    run_id: Uuid,
    number: i64,
    lines: String,
}

impl<S: Source> Tenant<'_, S> {
    /// The first page of a run after `number`, as lines of JSON, with its own number.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn action_page_after(
        &self,
        run: ActionRunId,
        number: i64,
    ) -> Result<Option<(i64, String)>> {
        let withheld = self.withheld_of_run(run).await?;
        let sql = "SELECT run_id, number, lines FROM action_pages WHERE workspace_id = $1 AND run_id = $2 \
            AND number > $3 ORDER BY number LIMIT 1";
        let values = vec![self.workspace().into(), run.0.into(), number.into()];
        let row: Option<PageRow> = sql::one(self.on(), sql, values).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let lines = row.lines.lines().filter(|line| !withheld.in_log(line));
        Ok(Some((row.number, lines.collect::<Vec<_>>().join("\n"))))
    }
}

impl Tenant<'_, Tx> {
    /// Keeps a page of a running run and where it goes on; says whether it was running still, else nothing is kept.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn add_action_page(
        &self,
        run: ActionRunId,
        lines: &[String],
        position: Option<&str>,
        total: Option<i64>,
    ) -> Result<bool> {
        let sql = "UPDATE action_runs SET fetched = fetched + $3, position = $4, total = coalesce($5, total), \
            calls = calls + 1 WHERE workspace_id = $1 AND id = $2 AND state = 'running'";
        let values = vec![
            self.workspace().into(),
            run.0.into(),
            i64::try_from(lines.len()).unwrap_or(i64::MAX).into(),
            position.into(),
            total.into(),
        ];
        if sql::execute(self.on(), sql, values).await? == 0 {
            return Ok(false);
        }
        let sql = "INSERT INTO action_pages (workspace_id, run_id, number, lines) SELECT $1, $2, \
            coalesce((SELECT max(number) FROM action_pages WHERE workspace_id = $1 AND run_id = $2), 0) + 1, $3";
        let values = vec![
            self.workspace().into(),
            run.0.into(),
            lines.join("\n").into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        Ok(true)
    }

    /// Begins a running run anew, because its list cannot be gone on with.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn restart_action_run(&self, run: ActionRunId) -> Result<()> {
        let sql = "UPDATE action_runs SET fetched = 0, position = NULL WHERE workspace_id = $1 AND id = $2 \
            AND state = 'running'";
        let own = vec![self.workspace().into(), run.0.into()];
        if sql::execute(self.on(), sql, own.clone()).await? > 0 {
            let sql = "DELETE FROM action_pages WHERE workspace_id = $1 AND run_id = $2";
            sql::execute(self.on(), sql, own).await?;
        }
        Ok(())
    }

    /// Drops the lines that hold `text` from the fetched pages of a connection.
    pub(crate) async fn erase_action_lines(
        &self,
        connection: ConnectionId,
        text: &str,
    ) -> Result<()> {
        let sql = format!(
            "SELECT p.run_id, p.number, p.lines FROM action_pages p JOIN action_runs r \
            ON r.workspace_id = p.workspace_id AND r.id = p.run_id WHERE p.workspace_id = $1 AND r.connection_id = $2 AND {}",
            sql::holds("p.lines", text).replace("{}", "$3")
        );
        let values = self.ids(connection, &[&sql::containing_lower(text)]);
        let rows: Vec<PageRow> = sql::all(self.on(), &sql, values).await?;
        let text = text.to_lowercase();
        for row in rows {
            let kept: Vec<&str> = row
                .lines
                .lines()
                .filter(|line| !line.to_lowercase().contains(&text))
                .collect();
            let sql = "UPDATE action_pages SET lines = $4 WHERE workspace_id = $1 AND run_id = $2 AND number = $3";
            let values = vec![
                self.workspace().into(),
                row.run_id.into(),
                row.number.into(),
                kept.join("\n").into(),
            ];
            sql::execute(self.on(), sql, values).await?;
        }
        Ok(())
    }
}
