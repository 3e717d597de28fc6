//! The log of actions: who ran what, with which inputs, what was asked and answered.

use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use crate::tenant::scrubs::Withheld;
use chrono::{DateTime, Utc};
use earmark_model::{ActionRunId, ActionState, ActionVia, ConnectionId, UserId};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

/// A run that begins.
#[derive(Debug, Clone)]
pub struct NewActionRun {
    /// The connection it asks through.
    pub connection: ConnectionId,
    /// The action's id, such as `contacts.create`.
    pub action: String,
    /// Who runs it.
    pub actor: Option<UserId>,
    /// Where it was asked for.
    pub via: ActionVia,
    /// What was filled in, as a JSON object of texts.
    pub inputs: String,
    /// What is sent, as JSON; never the token.
    pub request: String,
}

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub struct ActionEnd {
    /// HTTP status, when there was an answer.
    pub status: Option<i32>,
    /// Intercom's id of the request.
    pub request_id: Option<String>,
    /// The answer, or its beginning.
    pub answer: Option<String>,
    /// How long the whole answer was, in bytes.
    pub answer_bytes: Option<i64>,
    /// How long it took.
    pub took_ms: i64,
    /// Calls to Intercom it used, beside those counted while it was under way.
    pub calls: i64,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
}

/// A run of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRun {
    /// The id; sorts by time.
    pub id: ActionRunId,
    /// The connection.
    pub connection: ConnectionId,
    /// The action's id.
    pub action: String,
    /// Who ran it.
    pub actor: Option<UserId>,
    /// Where it was asked for.
    pub via: ActionVia,
    /// When.
    pub at: DateTime<Utc>,
    /// How it is.
    pub state: ActionState,
    /// What was filled in, as a JSON object of texts.
    pub inputs: String,
    /// What was sent, as JSON.
    pub request: String,
    /// HTTP status.
    pub status: Option<i32>,
    /// Intercom's id of the request.
    pub request_id: Option<String>,
    /// The answer, or its beginning; a list of runs leaves it out.
    pub answer: Option<String>,
    /// How long the whole answer was, in bytes.
    pub answer_bytes: Option<i64>,
    /// How long it took.
    pub took_ms: Option<i64>,
    /// Calls to Intercom it used.
    pub calls: i64,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// Where a list that is fetched whole goes on, as JSON.
    pub position: Option<String>,
    /// Entries fetched so far.
    pub fetched: i64,
    /// Entries there are, as far as known.
    pub total: Option<i64>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When inputs, request and answer were erased, because they named somebody who was deleted.
    pub erased_at: Option<DateTime<Utc>>,
}

/// Which runs are listed; `None` does not filter.
#[derive(Debug, Clone, Default)]
pub struct ActionRunFilter {
    /// Only this action.
    pub action: Option<String>,
    /// Only in this state.
    pub state: Option<ActionState>,
    /// Only by this person.
    pub actor: Option<UserId>,
    /// Only with these words in what was filled in.
    pub words: Option<String>,
    /// Only before this one.
    pub before: Option<ActionRunId>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    connection_id: Uuid,
    action: String,
    actor_id: Option<Uuid>,
    via: String,
    at: DateTime<Utc>,
    state: String,
    inputs: String,
    request: String,
    status: Option<i32>,
    request_id: Option<String>,
    answer: Option<String>,
    answer_bytes: Option<i64>,
    took_ms: Option<i64>,
    calls: i64,
    error: Option<String>,
    advice: Option<String>,
    position: Option<String>,
    fetched: i64,
    total: Option<i64>,
    finished_at: Option<DateTime<Utc>>,
    erased_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for ActionRun {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let Row {
            id,
            connection_id,
            action,
            actor_id,
            via,
            at,
            state,
            inputs,
            request,
            status,
            request_id,
            answer,
            answer_bytes,
            took_ms,
            calls,
            error,
            advice,
            position,
            fetched,
            total,
            finished_at,
            erased_at,
        } = row;
        let broken = |why| Error::contradiction("action_runs", id, why);
        Ok(Self {
            id: ActionRunId(id),
            connection: ConnectionId(connection_id),
            action,
            actor: actor_id.map(UserId),
            via: via.parse().map_err(broken)?,
            at,
            state: state.parse().map_err(broken)?,
            inputs,
            request,
            status,
            request_id,
            answer,
            answer_bytes,
            took_ms,
            calls,
            error,
            advice,
            position,
            fetched,
            total,
            finished_at,
            erased_at,
        })
    }
}

/// That a run holds a text, whose pattern is `$3`.
fn tells(text: &str) -> String {
    let columns = ["inputs", "request", "answer", "error"];
    let holds = columns.map(|column| sql::holds(column, text));
    format!("({})", holds.join(" OR ").replace("{}", "$3"))
}

impl ActionRun {
    /// As it will be once erasures that are under way reached it.
    fn without(mut self, withheld: &Withheld, now: DateTime<Utc>) -> Self {
        let texts = [
            Some(&self.inputs),
            Some(&self.request),
            self.answer.as_ref(),
        ];
        let texts = texts.into_iter().chain([self.error.as_ref()]).flatten();
        if texts.into_iter().any(|text| withheld.in_log(text)) {
            (self.inputs, self.request) = ("{}".to_owned(), "{}".to_owned());
            (self.answer, self.error) = (None, None);
            self.erased_at = self.erased_at.or(Some(now));
        }
        self
    }
}

#[derive(FromQueryResult)]
struct TextRow {
    text: String,
}

/// Every column but the answer, which may be long.
const COLUMNS: &str = "id, connection_id, action, actor_id, via, at, state, inputs, request, status, request_id, \
    answer_bytes, took_ms, calls, error, advice, position, fetched, total, finished_at, erased_at";

impl<S: Source> Tenant<'_, S> {
    /// A run with its answer.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn action_run(&self, id: ActionRunId) -> Result<Option<ActionRun>> {
        let withheld = self.withheld_of_run(id).await?;
        let sql = format!(
            "SELECT {COLUMNS}, answer FROM action_runs WHERE workspace_id = $1 AND id = $2"
        );
        let row: Option<Row> =
            sql::one(self.on(), &sql, vec![self.workspace().into(), id.0.into()]).await?;
        let run = row.map(ActionRun::try_from).transpose()?;
        Ok(run.map(|run| run.without(&withheld, self.now())))
    }

    /// What is withheld of a run's connection. To be read before what it is held against: an erasure that ends between the
    /// two has rewritten that.
    pub(crate) async fn withheld_of_run(&self, id: ActionRunId) -> Result<Withheld> {
        let sql = "SELECT connection_id FROM action_runs WHERE workspace_id = $1 AND id = $2";
        let own = vec![self.workspace().into(), id.0.into()];
        let connection: Vec<Uuid> = sql::column(self.on(), sql, own).await?;
        match connection.first() {
            Some(connection) => self.withheld(ConnectionId(*connection)).await,
            None => Ok(Withheld::default()),
        }
    }

    /// The runs of a connection, newest first, without their answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn action_runs(
        &self,
        connection: ConnectionId,
        filter: &ActionRunFilter,
        most: u64,
    ) -> Result<Vec<ActionRun>> {
        let ActionRunFilter {
            action,
            state,
            actor,
            words,
            before,
        } = filter;
        let mut sql = format!(
            "SELECT {COLUMNS}, NULL AS answer FROM action_runs WHERE workspace_id = $1 AND connection_id = $2"
        );
        let mut values: Vec<Value> = vec![self.workspace().into(), connection.0.into()];
        let mut and = |condition: &str, value: Value| {
            values.push(value);
            sql.push_str(" AND ");
            sql.push_str(&condition.replace("{}", &format!("${}", values.len())));
        };
        if let Some(action) = action {
            and("action = {}", action.as_str().into());
        }
        if let Some(state) = state {
            and("state = {}", state.as_str().into());
        }
        if let Some(actor) = actor {
            and("actor_id = {}", actor.0.into());
        }
        if let Some(words) = words {
            and(
                &sql::holds("inputs", words),
                sql::containing_lower(words).into(),
            );
        }
        if let Some(before) = before {
            and("id < {}", before.0.into());
        }
        sql.push_str(&format!(" ORDER BY id DESC LIMIT {most}"));
        let withheld = self.withheld(connection).await?;
        let rows: Vec<Row> = sql::all(self.on(), &sql, values).await?;
        let mut runs = Vec::with_capacity(rows.len());
        for row in rows {
            let run = ActionRun::try_from(row)?;
            let was_erased = run.erased_at.is_some();
            let run = run.without(&withheld, self.now());
            // That words were found would tell that they are there.
            if words.is_none() || run.erased_at.is_some() == was_erased {
                runs.push(run);
            }
        }
        Ok(runs)
    }
}

impl<S: Source> Tenant<'_, S> {
    /// What the log of a connection holds that mentions a text: requests that Intercom accepted, answers, and lines of
    /// fetched pages.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn action_texts(&self, connection: ConnectionId, text: &str) -> Result<Vec<String>> {
        let sql = "SELECT request AS text FROM action_runs WHERE workspace_id = $1 AND connection_id = $2 \
            AND state = 'done' AND request LIKE $3 ESCAPE '\\' \
            UNION ALL SELECT answer FROM action_runs WHERE workspace_id = $1 AND connection_id = $2 \
            AND answer LIKE $3 ESCAPE '\\' \
            UNION ALL SELECT p.lines FROM action_pages p JOIN action_runs r \
            ON r.workspace_id = p.workspace_id AND r.id = p.run_id \
            WHERE p.workspace_id = $1 AND r.connection_id = $2 AND p.lines LIKE $3 ESCAPE '\\'";
        let text = sql::containing(text);
        let rows: Vec<TextRow> = sql::all(self.on(), sql, self.ids(connection, &[&text])).await?;
        let texts = rows.iter().flat_map(|row| row.text.lines());
        Ok(texts
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

impl<S: Source> Tenant<'_, S> {
    /// Whether the log of a connection holds one of `texts` where [`Tenant::erase_action_runs`] would erase it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn action_log_holds(&self, connection: ConnectionId, texts: &[&str]) -> Result<bool> {
        for text in texts.iter().filter(|text| !text.trim().is_empty()) {
            let sql = format!(
                "SELECT count(*) FROM (SELECT 1 AS one FROM action_runs WHERE workspace_id = $1 AND connection_id = $2 \
                AND ({} OR EXISTS (SELECT 1 FROM action_pages p WHERE p.workspace_id = $1 \
                AND p.run_id = action_runs.id AND {})) LIMIT 1) found",
                tells(text),
                sql::holds("p.lines", text).replace("{}", "$3"),
            );
            let text = sql::containing_lower(text);
            if sql::count(self.on(), &sql, self.ids(connection, &[&text])).await? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Tenant<'_, Tx> {
    /// Logs that a run begins.
    ///
    /// # Errors
    /// [`Error::Missing`] when the connection is not this tenant's.
    pub async fn begin_action_run(&self, new: &NewActionRun) -> Result<ActionRunId> {
        let NewActionRun {
            connection,
            action,
            actor,
            via,
            inputs,
            request,
        } = new;
        self.connection(*connection).await?.ok_or(Error::Missing)?;
        let id: ActionRunId = self.source.sources().id();
        let sql = "INSERT INTO action_runs (workspace_id, id, connection_id, action, actor_id, via, at, state, inputs, \
            request, calls, fetched) VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', $8, $9, 0, 0)";
        let values = vec![
            self.workspace().into(),
            id.0.into(),
            connection.0.into(),
            action.as_str().into(),
            actor.map(|user| user.0).into(),
            via.as_str().into(),
            self.now().into(),
            inputs.as_str().into(),
            request.as_str().into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        Ok(id)
    }

    /// Logs how a running run ended. Of one whose content was erased meanwhile, no answer is kept.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn end_action_run(
        &self,
        id: ActionRunId,
        state: ActionState,
        end: &ActionEnd,
    ) -> Result<()> {
        let ActionEnd {
            status,
            request_id,
            answer,
            answer_bytes,
            took_ms,
            calls,
            error,
            advice,
        } = end;
        let sql = "UPDATE action_runs SET state = $3, status = $4, request_id = $5, \
            answer = CASE WHEN erased_at IS NULL THEN $6 ELSE NULL END, answer_bytes = $7, took_ms = $8, \
            calls = calls + $9, error = CASE WHEN erased_at IS NULL THEN $10 ELSE NULL END, advice = $11, \
            finished_at = $12 WHERE workspace_id = $1 AND id = $2 AND state = 'running'";
        let values = vec![
            self.workspace().into(),
            id.0.into(),
            state.as_str().into(),
            (*status).into(),
            request_id.as_deref().into(),
            answer.as_deref().into(),
            (*answer_bytes).into(),
            (*took_ms).into(),
            (*calls).into(),
            error.as_deref().into(),
            advice.as_deref().into(),
            self.now().into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        Ok(())
    }

    /// Erases from the log of a connection whatever holds one of `texts`: a contact's id, an e-mail address. That the
    /// run was, by whom and when, stays. Gives the number of runs that were hit.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn erase_action_runs(&self, connection: ConnectionId, texts: &[&str]) -> Result<u64> {
        let mut hit = 0;
        for text in texts.iter().filter(|text| !text.trim().is_empty()) {
            self.erase_action_lines(connection, text).await?;
            let sql = format!(
                "UPDATE action_runs SET inputs = '{{}}', request = '{{}}', answer = NULL, error = NULL, erased_at = $4 \
                WHERE workspace_id = $1 AND connection_id = $2 AND {}",
                tells(text)
            );
            let mut values = self.ids(connection, &[&sql::containing_lower(text)]);
            values.push(self.now().into());
            hit += sql::execute(self.on(), &sql, values).await?;
        }
        Ok(hit)
    }

    /// Drops runs of all connections that began before a time, with what they fetched, up to `most`; gives how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn drop_action_runs(&self, before: DateTime<Utc>, most: u64) -> Result<u64> {
        let old = format!(
            "SELECT id FROM action_runs WHERE workspace_id = $1 AND at < $2 ORDER BY id LIMIT {most}"
        );
        let values: Vec<Value> = vec![self.workspace().into(), before.into()];
        let sql = format!("DELETE FROM action_pages WHERE workspace_id = $1 AND run_id IN ({old})");
        sql::execute(self.on(), &sql, values.clone()).await?;
        let sql = format!("DELETE FROM action_runs WHERE workspace_id = $1 AND id IN ({old})");
        sql::execute(self.on(), &sql, values).await
    }

    /// Erases inputs, requests, answers and fetched pages of all runs of a connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn wipe_action_runs(&self, connection: ConnectionId) -> Result<u64> {
        let sql = "DELETE FROM action_pages WHERE workspace_id = $1 AND run_id IN \
            (SELECT id FROM action_runs WHERE workspace_id = $1 AND connection_id = $2)";
        let own: Vec<Value> = vec![self.workspace().into(), connection.0.into()];
        sql::execute(self.on(), sql, own.clone()).await?;
        let sql = "UPDATE action_runs SET inputs = '{}', request = '{}', answer = NULL, error = NULL, erased_at = $3 \
            WHERE workspace_id = $1 AND connection_id = $2 AND erased_at IS NULL";
        let mut values = own;
        values.push(self.now().into());
        sql::execute(self.on(), sql, values).await
    }
}
