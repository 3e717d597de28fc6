//! What became of one contact, as far as webhooks told, and what of a connection's work waits.

use crate::entities::deliveries;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant};
use crate::sql;
use crate::tenant::Delivery;
use crate::tenant::deliveries::without_bodies;
use chrono::{DateTime, Utc};
use earmark_model::{ActionRunId, ConnectionId, Job, JobKind, Outcome};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Value};
use uuid::Uuid;

/// Jobs of one kind that wait or run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedJobs {
    /// What they do.
    pub kind: JobKind,
    /// How many wait: deliveries of lanes, contacts and companies to be asked for, otherwise jobs.
    pub waiting: i64,
    /// How many run.
    pub running: i64,
    /// When the first of them was asked for.
    pub since: DateTime<Utc>,
    /// When the first that waits is due.
    pub due_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct QueuedRow {
    kind: String,
    waiting: i64,
    running: i64,
    since: DateTime<Utc>,
    due_at: DateTime<Utc>,
}

impl<S: Source> Tenant<'_, S> {
    /// The newest deliveries about one contact or conversation that changed something, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn deliveries_about(
        &self,
        connection: ConnectionId,
        subject: &str,
        most: u64,
    ) -> Result<Vec<Delivery>> {
        let rows = without_bodies()
            .filter(deliveries::Column::WorkspaceId.eq(self.workspace()))
            .filter(deliveries::Column::ConnectionId.eq(connection.0))
            .filter(deliveries::Column::Subject.eq(subject))
            .filter(deliveries::Column::Outcome.eq(Outcome::Processed.as_str()))
            .order_by_desc(deliveries::Column::Id)
            .limit(most)
            .all(self.on())
            .await?;
        rows.into_iter().map(Delivery::try_from).collect()
    }

    /// The jobs of a connection that wait or run, by kind.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn queued_jobs(&self, connection: ConnectionId) -> Result<Vec<QueuedJobs>> {
        let own = "workspace_id = $1 AND connection_id = $2";
        // A list that is fetched has its run in its key, not the connection.
        let runs = format!("SELECT id FROM action_runs WHERE {own} AND state = 'running'");
        let runs: Vec<Uuid> = sql::column(self.on(), &runs, self.ids(connection, &[])).await?;
        let fetches = runs.into_iter().map(|run| {
            let run = ActionRunId(run);
            self.key(&Job::FetchAll { run })
        });
        let mut values = self.ids(connection, &[&sql::containing(&connection.to_string())]);
        values.extend(fetches.map(Value::from));
        let fetches = match values.len() - 3 {
            0 => String::new(),
            fetches => format!(" OR key IN {}", sql::places(1, fetches, 4)),
        };
        let sql = format!(
            "SELECT kind, CASE kind \
            WHEN 'lane' THEN (SELECT count(*) FROM deliveries WHERE {own} AND outcome = 'waiting') \
            WHEN 'people' THEN (SELECT count(*) FROM people_waiting WHERE {own}) \
            ELSE count(CASE WHEN state = 'pending' THEN 1 END) END AS waiting, \
            count(CASE WHEN state = 'running' THEN 1 END) AS running, min(created_at) AS since, \
            coalesce(min(CASE WHEN state = 'pending' THEN run_at END), min(run_at)) AS due_at \
            FROM jobs WHERE workspace_id = $1 AND state IN ('pending', 'running') \
            AND (key LIKE $3 ESCAPE '\\'{fetches}) GROUP BY kind ORDER BY kind"
        );
        let rows: Vec<QueuedRow> = sql::all(self.on(), &sql, values).await?;
        let queued = rows.into_iter().map(|row| {
            let QueuedRow {
                kind,
                waiting,
                running,
                since,
                due_at,
            } = row;
            Ok(QueuedJobs {
                kind: kind
                    .parse()
                    .map_err(|why| Error::contradiction("jobs", &kind, why))?,
                waiting,
                running,
                since,
                due_at,
            })
        });
        queued.collect()
    }
}
