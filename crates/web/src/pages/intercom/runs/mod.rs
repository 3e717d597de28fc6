//! `{intercom}/{connection}/runs`: the runs of the sync engine, and what is scheduled next.

mod next;
pub mod run;
mod samples;

pub use next::Next;

use super::super::prelude::*;
use crate::pages::people::{grouped, progress_words};
use actix_web::web::Query;
use chrono::TimeDelta;
use earmark_db::tenant::{Connection, Member, Run, RunCounts};
use earmark_model::{ConnectionStatus, Right, RunKind, RunState};
use earmark_sync::{
    Ask, AskError, CATCH_UP_EVERY, MOST_LINES_OF_ALL, PROOF_EVERY, ask_run_with_lines,
};
use serde::Serialize;

/// Runs on a page.
const PAGE: usize = 30;

/// What the history shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunsQuery {
    /// Only runs before this id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
}

/// A run.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// What it does.
    pub kind: RunKind,
    /// How it is.
    pub state: RunState,
    /// What it counted.
    pub counts: RunCounts,
    /// Records there are to look at, as far as known.
    pub total: Option<i64>,
    /// Why it waits, stopped or failed, in words.
    pub note: Option<String>,
    /// Who asked for it; `None` for Earmark itself.
    pub asked_by: Option<String>,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When it first worked.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What a run does, in words.
pub(super) const fn kind_words(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Backfill => "Copy everything",
        RunKind::CatchUp => "Catch-up",
        RunKind::Proof => "Proof",
        RunKind::Tagged => "Tagged conversations",
        RunKind::Preview => "Preview of tagged conversations",
        RunKind::Retry => "Retry of what failed",
    }
}

impl RunRow {
    fn of(run: Run, members: &[Member]) -> Self {
        let Run {
            id,
            connection: _,
            kind,
            state,
            position: _,
            total,
            counts,
            report: _,
            note,
            asked_by,
            asked_at,
            started_at,
            finished_at,
            version: _,
        } = run;
        let name = |user| {
            let found = members.iter().find(|member| member.user == user);
            found.map_or_else(|| "A former member".to_owned(), |found| found.name.clone())
        };
        Self {
            id: id.to_string(),
            kind,
            state,
            counts,
            total,
            note,
            asked_by: asked_by.map(name),
            asked_at,
            started_at,
            finished_at,
        }
    }

    fn words(&self) -> &'static str {
        kind_words(self.kind)
    }

    const fn state_words(&self) -> &'static str {
        match self.state {
            RunState::Waiting => "Waiting",
            RunState::Running => "Running",
            RunState::Paused => "Paused",
            RunState::Done => "Done",
            RunState::Cancelled => "Cancelled",
            RunState::Failed => "Failed",
        }
    }

    const fn tone(&self) -> Tone {
        match self.state {
            RunState::Waiting | RunState::Running => Tone::Info,
            RunState::Paused => Tone::Warn,
            RunState::Done => Tone::Ok,
            RunState::Cancelled => Tone::Muted,
            RunState::Failed => Tone::Bad,
        }
    }

    fn by(&self) -> &str {
        self.asked_by.as_deref().unwrap_or("Earmark")
    }

    /// How far it is; once it is over, what is left says nothing.
    fn progress(&self) -> String {
        match self.state.is_over() {
            true => self.summary(),
            false => progress_words(self.counts.done, self.total),
        }
    }

    /// What it counted, in a line: what is nought is left out.
    fn summary(&self) -> String {
        let RunCounts {
            done,
            added,
            changed,
            unchanged: _,
            merged,
            deleted,
            skipped,
            failed,
            calls: _,
        } = self.counts;
        let made = match self.kind {
            RunKind::Preview => "would become tickets",
            _ => "new",
        };
        let counts = [
            (added, made),
            (changed, "changed"),
            (merged, "merged"),
            (deleted, "deleted"),
            (skipped, "skipped"),
            (failed, "failed"),
        ];
        let told = counts.into_iter().filter(|(count, _)| *count > 0);
        let told: Vec<_> = told
            .map(|(count, what)| format!("{} {what}", grouped(count)))
            .collect();
        match (done, told.is_empty()) {
            (0, true) => "Nothing looked at".to_owned(),
            (_, true) => format!("{} looked at, no difference", grouped(done)),
            _ => told.join(", "),
        }
    }

    /// From its first work until its end, or until `now`.
    fn took(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let end = self.finished_at.unwrap_or(now);
        Some((end - self.started_at?).max(TimeDelta::zero()))
    }
}

/// A length of time in words, to the minute above one.
pub(super) fn length_words(length: TimeDelta) -> String {
    let (seconds, minutes) = (length.num_seconds(), length.num_minutes());
    match minutes {
        ..1 => format!("{seconds} s"),
        1..60 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// What a member can ask for here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Nothing: the role is too low, or the connection is disconnected.
    Nothing,
    /// Runs; with contacts, those over contacts too.
    Runs {
        /// Whether contacts are copied.
        contacts: bool,
        /// Whether tagged conversations become tickets.
        feedback: bool,
    },
}

/// The history.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/runs.html")]
pub struct RunsPage {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// Newest first.
    pub rows: Vec<RunRow>,
    /// The id below which the next page begins; `None` on the last.
    pub older: Option<String>,
    /// What is shown.
    pub query: RunsQuery,
    /// When the next catch-up comes.
    pub next: Next,
    /// When the next proof comes.
    pub proof: Next,
    /// What can be asked for.
    pub offer: Offer,
    /// The time it is made at.
    pub now: DateTime<Utc>,
}

impl RunsPage {
    async fn load(at: &At, query: RunsQuery) -> Result<Self, Failed> {
        let connection = at.connection().await?;
        let before = query.before.parse().ok();
        let tenant = at.tenant();
        // One more than a page tells whether there is another.
        let (mut runs, members, last, proved, kept) = futures::try_join!(
            tenant.runs(Some(connection.id), before, PAGE as u64 + 1),
            tenant.members(),
            tenant.last_run(connection.id, RunKind::CatchUp),
            tenant.last_run(connection.id, RunKind::Proof),
            tenant.escalated_conversations(connection.id, "", 1),
        )?;
        let more = runs.len() > PAGE;
        runs.truncate(PAGE);
        Ok(Self {
            ws: at.ws().to_owned(),
            older: runs.last().filter(|_| more).map(|run| run.id.to_string()),
            rows: runs
                .into_iter()
                .map(|run| RunRow::of(run, &members))
                .collect(),
            next: Next::of(&connection, last.as_ref(), CATCH_UP_EVERY, !kept.is_empty()),
            proof: Next::of(&connection, proved.as_ref(), PROOF_EVERY, !kept.is_empty()),
            offer: offer(at, &connection),
            connection: connection.id.to_string(),
            name: connection.name,
            now: at.now(),
            query,
        })
    }

    fn to(&self, before: &str) -> String {
        let before = before.to_owned();
        url::with_query(url::runs(&self.ws, &self.connection), &RunsQuery { before })
    }

    /// Lines that a report has at most when every record is to have one, in words.
    fn most_lines(&self) -> String {
        grouped(MOST_LINES_OF_ALL.into())
    }

    /// The newest page and the one after this.
    fn around(&self) -> (Option<String>, Option<String>) {
        let is_newest = self.query.before.is_empty();
        (
            (!is_newest).then(|| self.to("")),
            self.older.as_deref().map(|id| self.to(id)),
        )
    }

    fn is_due(&self, at: &DateTime<Utc>) -> bool {
        *at <= self.now
    }

    /// What the proof does next, where the words about the catch-up do not say it for both.
    fn proof_words(&self) -> Option<String> {
        Some(match &self.proof {
            Next::At(at) if self.is_due(at) => "A proof is due within a minute.".to_owned(),
            Next::At(at) => format!(
                "The next proof is due on {}. It comes every week, and looks whether both sides hold the same.",
                at.format("%-d %B at %H:%M UTC")
            ),
            Next::UnderWay => "A proof is under way or waits for its turn.".to_owned(),
            Next::Held(_) => "A proof is paused.".to_owned(),
            Next::AfterReconnecting | Next::Never => return None,
        })
    }

    fn took(&self, row: &RunRow) -> String {
        row.took(self.now).map_or_else(String::new, length_words)
    }
}

fn offer(at: &At, connection: &Connection) -> Offer {
    let is_live = connection.status != ConnectionStatus::Disconnected;
    match is_live && at.may(Right::ManageConnections) {
        true => Offer::Runs {
            contacts: connection.contacts_on_at.is_some(),
            feedback: connection.feedback_on_at.is_some(),
        },
        false => Offer::Nothing,
    }
}

impl Page for RunsPage {
    const NAME: &'static str = "intercom/runs";

    fn head(&self) -> Head {
        let Self {
            ws,
            connection,
            name,
            ..
        } = self;
        let crumbs = vec![
            Crumb::link("Intercom", url::intercom(ws)),
            Crumb::link(name, url::connection(ws, connection)),
            Crumb::here("Runs"),
        ];
        Head {
            title: "Runs".to_owned(),
            place: app(Current::Integrations, crumbs),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}

/// Shows the history.
pub(crate) async fn get(at: At, query: Query<RunsQuery>) -> Result<HttpResponse, Failed> {
    let page = RunsPage::load(&at, query.into_inner()).await?;
    let here = page.to(&page.query.before);
    at.page(here, &page).await
}

/// What the form for a run sends.
#[derive(Deserialize)]
pub(crate) struct SentAsk {
    #[serde(default)]
    what: String,
    /// Set: a line of the report for every record.
    #[serde(default)]
    every: Option<String>,
}

/// Asks for a run, and leads to it.
pub(crate) async fn ask(at: At, Form(sent): Form<SentAsk>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?.id;
    let what = match sent.what.as_str() {
        "backfill" => Ask::Backfill,
        "proof" => Ask::Proof { full: false },
        "full-proof" => Ask::Proof { full: true },
        "preview" => Ask::TaggedPreview,
        "tagged" => Ask::Tagged,
        _ => Ask::CatchUp,
    };
    let of = connection.to_string();
    let (db, actor, every) = (at.web().db(), at.actor(), sent.every.is_some());
    match ask_run_with_lines(db, at.id(), &actor, connection, &what, every).await {
        Ok(run) => Ok(at.see_other(url::run(at.ws(), &of, &run.to_string()))),
        Err(error) => refused(&at, error, url::runs(at.ws(), &of)),
    }
}

/// Says on the page that `back` leads to why a request was not granted.
pub(super) fn refused(at: &At, error: AskError, back: String) -> Result<HttpResponse, Failed> {
    match error {
        AskError::Database(error) => Err(error.into()),
        AskError::NoRun => Err(Failed::NotFound),
        AskError::NoConnection
        | AskError::SwitchedOff
        | AskError::Erased
        | AskError::FeedbackOff
        | AskError::NotLookedAt
        | AskError::NotNow(_)
        | AskError::NoTag
        | AskError::NothingFailed => {
            at.flash(Tone::Warn, error.to_string())?;
            Ok(at.see_other(back))
        }
    }
}
