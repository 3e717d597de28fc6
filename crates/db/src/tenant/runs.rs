//! Runs of the sync engine: state, position, counts, and what became of single records.

use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, RunId, RunKind, RunState, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

/// What a run counted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunCounts {
    /// Records looked at.
    pub done: i64,
    /// Those that were not in our copy.
    pub added: i64,
    /// Those that differed.
    pub changed: i64,
    /// Those that were the same.
    pub unchanged: i64,
    /// Those that were merged into others.
    pub merged: i64,
    /// Those that are gone at Intercom.
    pub deleted: i64,
    /// Those left out, with a reason.
    pub skipped: i64,
    /// Those that failed.
    pub failed: i64,
    /// Calls to Intercom.
    pub calls: i64,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The id; sorts by time.
    pub id: RunId,
    /// The connection.
    pub connection: ConnectionId,
    /// What it does.
    pub kind: RunKind,
    /// How it is.
    pub state: RunState,
    /// Where it goes on, as its own JSON.
    pub position: Option<String>,
    /// Records there are to look at, as far as known.
    pub total: Option<i64>,
    /// What it counted.
    pub counts: RunCounts,
    /// Its report, as its own JSON, once there is one.
    pub report: Option<String>,
    /// Why it waits, stopped or failed, in words.
    pub note: Option<String>,
    /// Who asked for it; `None` for Earmark itself.
    pub asked_by: Option<UserId>,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When it first worked.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Grows with each change of state.
    pub version: i32,
}

#[derive(FromQueryResult)]
struct RunRow {
    id: Uuid,
    connection_id: Uuid,
    kind: String,
    state: String,
    position: Option<String>,
    total: Option<i64>,
    done: i64,
    added: i64,
    changed: i64,
    unchanged: i64,
    merged: i64,
    deleted: i64,
    skipped: i64,
    failed: i64,
    calls: i64,
    report: Option<String>,
    note: Option<String>,
    asked_by: Option<Uuid>,
    asked_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    version: i32,
}

impl TryFrom<RunRow> for Run {
    type Error = Error;
    fn try_from(row: RunRow) -> Result<Self> {
        let RunRow {
            id,
            connection_id,
            kind,
            state,
            position,
            total,
            done,
            added,
            changed,
            unchanged,
            merged,
            deleted,
            skipped,
            failed,
            calls,
            report,
            note,
            asked_by,
            asked_at,
            started_at,
            finished_at,
            version,
        } = row;
        let broken = |why| Error::contradiction("runs", id, why);
        Ok(Self {
            id: RunId(id),
            connection: ConnectionId(connection_id),
            kind: kind.parse().map_err(broken)?,
            state: state.parse().map_err(broken)?,
            position,
            total,
            counts: RunCounts {
                done,
                added,
                changed,
                unchanged,
                merged,
                deleted,
                skipped,
                failed,
                calls,
            },
            report,
            note,
            asked_by: asked_by.map(UserId),
            asked_at,
            started_at,
            finished_at,
            version,
        })
    }
}

const READ: &str = "SELECT id, connection_id, kind, state, position, total, done, added, changed, unchanged, merged, \
    deleted, skipped, failed, calls, report, note, asked_by, asked_at, started_at, finished_at, version FROM runs \
    WHERE workspace_id = $1";

impl<S: Source> Tenant<'_, S> {
    /// The newest runs, of one connection or of all, before a run if given.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn runs(
        &self,
        connection: Option<ConnectionId>,
        before: Option<RunId>,
        most: u64,
    ) -> Result<Vec<Run>> {
        let (mut sql, mut values) = (READ.to_owned(), vec![self.workspace().into()]);
        if let Some(connection) = connection {
            values.push(connection.0.into());
            sql.push_str(&format!(" AND connection_id = ${}", values.len()));
        }
        if let Some(before) = before {
            values.push(before.0.into());
            sql.push_str(&format!(" AND id < ${}", values.len()));
        }
        sql.push_str(&format!(" ORDER BY id DESC LIMIT {most}"));
        let rows: Vec<RunRow> = sql::all(self.on(), &sql, values).await?;
        rows.into_iter().map(Run::try_from).collect()
    }

    /// A run.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn run(&self, id: RunId) -> Result<Option<Run>> {
        let sql = format!("{READ} AND id = $2");
        let values = vec![self.workspace().into(), id.0.into()];
        let row: Option<RunRow> = sql::one(self.on(), &sql, values).await?;
        row.map(Run::try_from).transpose()
    }

    /// The newest run of a kind.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn last_run(&self, connection: ConnectionId, kind: RunKind) -> Result<Option<Run>> {
        let sql = format!("{READ} AND connection_id = $2 AND kind = $3 ORDER BY id DESC LIMIT 1");
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            kind.as_str().into(),
        ];
        let row: Option<RunRow> = sql::one(self.on(), &sql, values).await?;
        row.map(Run::try_from).transpose()
    }

    /// The run of these kinds that has its turn: the oldest that waits or is under way, but a preview first, for somebody
    /// looks at its page. Not one that a member holds.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn next_run(
        &self,
        connection: ConnectionId,
        kinds: &[RunKind],
    ) -> Result<Option<Run>> {
        let sql = format!(
            "{READ} AND connection_id = $2 AND state IN ('waiting', 'running') AND kind IN {} \
            ORDER BY CASE kind WHEN 'preview' THEN 0 ELSE 1 END, id LIMIT 1",
            sql::places(1, kinds.len(), 3)
        );
        let mut values = self.ids(connection, &[]);
        values.extend(kinds.iter().map(|kind| kind.as_str().into()));
        let row: Option<RunRow> = sql::one(self.on(), &sql, values).await?;
        row.map(Run::try_from).transpose()
    }

    /// Whether one of these runs began at a time or after it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn run_began_since(
        &self,
        connection: ConnectionId,
        kinds: &[RunKind],
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = format!(
            "SELECT count(*) FROM runs WHERE workspace_id = $1 AND connection_id = $2 AND started_at >= $3 AND kind IN {}",
            sql::places(1, kinds.len(), 4)
        );
        let mut values = self.ids(connection, &[]);
        values.push(at.into());
        values.extend(kinds.iter().map(|kind| kind.as_str().into()));
        Ok(sql::count(self.on(), &sql, values).await? > 0)
    }

    /// The newest run of these kinds that came to its end.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn last_done_run(
        &self,
        connection: ConnectionId,
        kinds: &[RunKind],
    ) -> Result<Option<Run>> {
        let sql = format!(
            "{READ} AND connection_id = $2 AND state = 'done' AND kind IN {} ORDER BY id DESC LIMIT 1",
            sql::places(1, kinds.len(), 3)
        );
        let mut values = self.ids(connection, &[]);
        values.extend(kinds.iter().map(|kind| kind.as_str().into()));
        let row: Option<RunRow> = sql::one(self.on(), &sql, values).await?;
        row.map(Run::try_from).transpose()
    }
}

impl Tenant<'_, Tx> {
    /// Asks for a run. One of this kind that is not over stands for it: the caller looks with [`Tenant::last_run`] under
    /// the workspace's lock.
    ///
    /// # Errors
    /// [`Error::Missing`] without the connection.
    pub async fn create_run(
        &self,
        connection: ConnectionId,
        kind: RunKind,
        position: Option<&str>,
        asked_by: Option<UserId>,
    ) -> Result<RunId> {
        let id: RunId = self.source.sources().id();
        let sql = "INSERT INTO runs (workspace_id, id, connection_id, kind, state, position, done, added, changed, \
            unchanged, merged, deleted, skipped, failed, calls, asked_by, asked_at, version) \
            VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, 0, 0, 0, 0, $7, $8, 1)";
        let values = vec![
            self.workspace().into(),
            id.0.into(),
            connection.0.into(),
            kind.as_str().into(),
            RunState::Waiting.as_str().into(),
            position.into(),
            asked_by.map(|user| user.0).into(),
            self.now().into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(id)
    }

    /// Moves a run to another state, with the reason in words. False when it may not go there from where it is.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn move_run(&self, id: RunId, to: RunState, note: Option<&str>) -> Result<bool> {
        let run = self.run(id).await?.ok_or(Error::Missing)?;
        if !run.state.may_become(to) {
            return Ok(false);
        }
        let sql = "UPDATE runs SET state = $3, note = $4, version = version + 1, \
            started_at = CASE WHEN $3 = 'running' THEN coalesce(started_at, $5) ELSE started_at END, \
            finished_at = CASE WHEN $3 IN ('done', 'cancelled', 'failed') THEN $5 ELSE NULL END \
            WHERE workspace_id = $1 AND id = $2 AND version = $6";
        let values = vec![
            self.workspace().into(),
            id.0.into(),
            to.as_str().into(),
            note.into(),
            self.now().into(),
            run.version.into(),
        ];
        let moved = sql::execute(self.on(), sql, values).await? > 0;
        self.source.changed(self.id, ChangeKind::People);
        Ok(moved)
    }

    /// Ends the runs of these kinds at a connection that are not over, with the reason in words.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn end_runs(
        &self,
        connection: ConnectionId,
        kinds: &[RunKind],
        why: &str,
    ) -> Result<()> {
        let sql = format!(
            "UPDATE runs SET state = $3, note = $4, finished_at = $5, version = version + 1 WHERE workspace_id = $1 \
            AND connection_id = $2 AND state IN ('waiting', 'running', 'paused') AND kind IN {}",
            sql::places(1, kinds.len(), 6)
        );
        let mut values = self.ids(connection, &[RunState::Cancelled.as_str(), why]);
        values.push(self.now().into());
        values.extend(kinds.iter().map(|kind| kind.as_str().into()));
        sql::execute(self.on(), &sql, values).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(())
    }

    /// Asks a run that did not begin yet for something else. False when it began meanwhile.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ask_run_anew(&self, id: RunId, position: &str) -> Result<bool> {
        let sql = "UPDATE runs SET position = $3 WHERE workspace_id = $1 AND id = $2 AND state IN ('waiting', 'paused') \
            AND started_at IS NULL";
        let values = vec![self.workspace().into(), id.0.into(), position.into()];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }

    /// Stores how far a running run has come: its position, what it counted since the last time, and the total if that
    /// is news. False when it runs no more: then nothing of the step may be kept.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn advance_run(
        &self,
        id: RunId,
        position: &str,
        more: RunCounts,
        total: Option<i64>,
    ) -> Result<bool> {
        let RunCounts {
            done,
            added,
            changed,
            unchanged,
            merged,
            deleted,
            skipped,
            failed,
            calls,
        } = more;
        let sql = "UPDATE runs SET position = $3, done = done + $4, added = added + $5, changed = changed + $6, \
            unchanged = unchanged + $7, merged = merged + $8, deleted = deleted + $9, skipped = skipped + $10, \
            failed = failed + $11, calls = calls + $12, total = coalesce($13, total), note = NULL \
            WHERE workspace_id = $1 AND id = $2 AND state = 'running'";
        let values = vec![
            self.workspace().into(),
            id.0.into(),
            position.into(),
            done.into(),
            added.into(),
            changed.into(),
            unchanged.into(),
            merged.into(),
            deleted.into(),
            skipped.into(),
            failed.into(),
            calls.into(),
            total.into(),
        ];
        let runs = sql::execute(self.on(), sql, values).await? > 0;
        self.source.changed(self.id, ChangeKind::People);
        Ok(runs)
    }

    /// Says in words why a run that is under way waits; its next step takes the words away.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn note_run(&self, id: RunId, note: &str) -> Result<()> {
        let sql = "UPDATE runs SET note = $3 WHERE workspace_id = $1 AND id = $2 AND state IN ('waiting', 'running')";
        let values = vec![self.workspace().into(), id.0.into(), note.into()];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(())
    }

    /// Forgets up to `most` runs that ended before a time, with their lines; a connection's newest of each kind stay. Gives
    /// how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn drop_runs(&self, before: DateTime<Utc>, most: u64) -> Result<u64> {
        let old = format!(
            "SELECT r.id FROM runs r WHERE r.workspace_id = $1 AND r.finished_at < $2 AND EXISTS (SELECT 1 FROM runs n \
            WHERE n.workspace_id = r.workspace_id AND n.connection_id = r.connection_id AND n.kind = r.kind AND n.id > r.id) \
            ORDER BY r.id LIMIT {most}"
        );
        let values = || vec![self.workspace().into(), before.into()];
        let sql = format!("DELETE FROM run_lines WHERE workspace_id = $1 AND run_id IN ({old})");
        sql::execute(self.on(), &sql, values()).await?;
        let sql = format!("DELETE FROM runs WHERE workspace_id = $1 AND id IN ({old})");
        sql::execute(self.on(), &sql, values()).await
    }

    /// Stores a run's report.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn report_run(&self, id: RunId, report: &str) -> Result<()> {
        let sql = "UPDATE runs SET report = $3 WHERE workspace_id = $1 AND id = $2";
        let values = vec![self.workspace().into(), id.0.into(), report.into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }
}
