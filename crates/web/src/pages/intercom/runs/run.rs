//! `{intercom}/{connection}/runs/{pass}`: one run, live while it goes on, with its report and its lines.

use super::super::super::prelude::*;
use super::{Offer, RunRow, kind_words, length_words, offer, refused};
use crate::pages::contacts::parsed;
use crate::pages::download::{Format, Pages, stream};
use crate::pages::people::grouped;
use crate::state::Web;
use actix_web::web::Query;
use chrono::TimeDelta;
use earmark_db::tenant::{Connection, Run, RunCounts, RunLine};
use earmark_model::{RunId, RunKind, RunState, WorkspaceId};
use earmark_sync::{cancel_run, pause_run, resume_run};
use serde::Serialize;
use serde_json::{Value, json};

/// Lines on a page.
const LINES: u64 = 100;

/// Lines that are read at once for the download.
const LINES_AT_ONCE: u64 = 1_000;

/// Which lines are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinesQuery {
    /// How many lines stand before.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde gives the field by reference"
)]
const fn is_zero(skip: &u64) -> bool {
    *skip == 0
}

/// A line with where its record is shown.
#[derive(Debug, Clone)]
pub struct LineRow {
    /// What happened, in words.
    pub outcome: String,
    /// What it is, such as `contact`.
    pub kind: String,
    /// Intercom's id.
    pub id: String,
    /// Why, in words.
    pub note: Option<String>,
    /// The page of the record, for contacts and companies.
    pub href: Option<String>,
}

impl LineRow {
    fn of(ws: &str, connection: &str, line: RunLine) -> Self {
        let RunLine {
            outcome,
            subject_kind: kind,
            subject_id: id,
            note,
        } = line;
        let href = match kind.as_str() {
            _ if outcome == "deleted" => None,
            "contact" => Some(url::contact(ws, connection, &id)),
            "company" => Some(url::company(ws, connection, &id)),
            _ => None,
        };
        Self {
            outcome: outcome.replace('_', " "),
            kind,
            id,
            note,
            href,
        }
    }
}

/// What both sides counted, a row a kind of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// What is counted.
    pub what: &'static str,
    /// Intercom's count, where it tells.
    pub intercom: Option<i64>,
    /// Ours.
    pub earmark: Option<i64>,
}

impl Total {
    fn told(&self, count: &Option<i64>) -> String {
        count.map_or_else(|| "Unknown".to_owned(), grouped)
    }
}

/// A run's report, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The counts of both sides.
    pub totals: Vec<Total>,
    /// What could not be looked at, and why.
    pub remarks: Vec<String>,
    /// Lines that were too many to keep.
    pub left_out: i64,
}

impl Report {
    /// Reads the stored report. What it does not tell is left out.
    fn read(stored: &str) -> Self {
        let all: Value = serde_json::from_str(stored).unwrap_or_default();
        let count = |side: &str, what: &str| all[side][what].as_i64();
        let total = |(what, field)| Total {
            what,
            intercom: count("intercom", field),
            earmark: count("earmark", field),
        };
        let totals = [
            ("Contacts", "contacts"),
            ("Users", "users"),
            ("Leads", "leads"),
            ("Companies", "companies"),
        ];
        let told = |total: &Total| total.intercom.is_some() || total.earmark.is_some();
        let remarks = all["remarks"].as_array().into_iter().flatten();
        Self {
            totals: totals.map(total).into_iter().filter(told).collect(),
            remarks: remarks
                .filter_map(|remark| Some(remark.as_str()?.to_owned()))
                .collect(),
            left_out: all["lines_left_out"].as_i64().unwrap_or_default(),
        }
    }
}

/// A run.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/run.html")]
pub struct RunPage {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// The run.
    pub row: RunRow,
    /// Its report, once there is one.
    pub report: Option<Report>,
    /// What became of single records.
    pub lines: Vec<LineRow>,
    /// How many lines there are.
    pub line_count: u64,
    /// Which of them are shown.
    pub query: LinesQuery,
    /// What the reader may ask for.
    pub offer: Offer,
    /// The time it is made at.
    pub now: DateTime<Utc>,
}

impl RunPage {
    async fn load(at: &At, query: LinesQuery) -> Result<Self, Failed> {
        let (connection, run) = found(at).await?;
        let tenant = at.tenant();
        let (lines, line_count, members) = futures::try_join!(
            tenant.run_lines(run.id, query.skip, LINES),
            tenant.run_line_count(run.id),
            tenant.members(),
        )?;
        let of = connection.id.to_string();
        Ok(Self {
            ws: at.ws().to_owned(),
            report: run.report.as_deref().map(Report::read),
            lines: lines
                .into_iter()
                .map(|line| LineRow::of(at.ws(), &of, line))
                .collect(),
            line_count: line_count.unsigned_abs(),
            query,
            offer: offer(at, &connection),
            row: RunRow::of(run, &members),
            connection: of,
            name: connection.name,
            now: at.now(),
        })
    }

    fn here(&self) -> String {
        self.to(self.query.skip)
    }

    fn to(&self, skip: u64) -> String {
        let path = url::run(&self.ws, &self.connection, &self.row.id);
        url::with_query(path, &LinesQuery { skip })
    }

    /// The pages with the lines before and after these.
    fn around(&self) -> (Option<String>, Option<String>) {
        let skip = self.query.skip;
        let next = skip + self.lines.len() as u64;
        let more = next < self.line_count && !self.lines.is_empty();
        (
            (skip > 0).then(|| self.to(skip.saturating_sub(LINES))),
            more.then(|| self.to(next)),
        )
    }

    fn may(&self) -> bool {
        self.offer != Offer::Nothing
    }

    /// Whether it can be held, let go on, ended.
    const fn moves(&self) -> (bool, bool, bool) {
        match self.row.state {
            RunState::Waiting | RunState::Running => (true, false, true),
            RunState::Paused => (false, true, true),
            RunState::Failed => (false, true, false),
            RunState::Done | RunState::Cancelled => (false, false, false),
        }
    }

    fn is_live(&self) -> bool {
        !self.row.state.is_over()
    }

    /// Records a minute on average, once that says something.
    fn rate(&self) -> Option<i64> {
        let seconds = self.row.took(self.now)?.num_seconds();
        let done = self.row.counts.done;
        (seconds >= 5 && done > 0).then(|| done * 60 / seconds)
    }

    /// Speed, and while it runs how much longer it takes at that speed.
    fn pace(&self) -> Option<String> {
        let rate = self.rate().filter(|rate| *rate > 0)?;
        let left = self.row.total.map(|total| total - self.row.counts.done);
        let left = left.filter(|left| *left > 0 && self.row.state == RunState::Running);
        let pace = format!("{} a minute on average", grouped(rate));
        Some(match left {
            Some(left) => format!(
                "{pace}, about {} left",
                length_words(TimeDelta::seconds(left * 60 / rate))
            ),
            None => pace,
        })
    }

    fn took(&self) -> Option<String> {
        self.row.took(self.now).map(length_words)
    }

    /// Every count that is told.
    fn counts(&self) -> Vec<(&'static str, String)> {
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
        } = self.row.counts;
        let made = match self.row.kind {
            RunKind::Preview => "Would become tickets",
            _ => "New",
        };
        let all = [
            ("Looked at", done),
            (made, added),
            ("Changed", changed),
            ("Unchanged", unchanged),
            ("Merged", merged),
            ("Deleted", deleted),
            ("Skipped", skipped),
            ("Failed", failed),
            ("Calls to Intercom", calls),
        ];
        all.map(|(what, count)| (what, grouped(count))).to_vec()
    }

    /// Whether this run is the look before a run over tagged conversations that may be asked for now.
    fn leads_to_tagged(&self) -> bool {
        self.row.kind == RunKind::Preview && self.row.state == RunState::Done && self.may()
    }
}

/// The run that the path names, with its connection.
async fn found(at: &At) -> Result<(Connection, Run), Failed> {
    let connection = at.connection().await?;
    let id: RunId = at.segment("pass").parse().map_err(|_| Failed::NotFound)?;
    let run = at.tenant().run(id).await?;
    let run = run.filter(|run| run.connection == connection.id);
    Ok((connection, run.ok_or(Failed::NotFound)?))
}

impl Page for RunPage {
    const NAME: &'static str = "intercom/run";

    fn head(&self) -> Head {
        let Self {
            ws,
            connection,
            name,
            ..
        } = self;
        let title = kind_words(self.row.kind);
        let crumbs = vec![
            Crumb::link(name, url::connection(ws, connection)),
            Crumb::link("Runs", url::runs(ws, connection)),
            Crumb::here(title),
        ];
        Head {
            title: title.to_owned(),
            place: app(Current::Integrations, crumbs),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        super::samples::run()
    }
}

/// Shows a run.
pub(crate) async fn get(at: At, query: Query<LinesQuery>) -> Result<HttpResponse, Failed> {
    let page = RunPage::load(&at, query.into_inner()).await?;
    at.page(page.here(), &page).await
}

/// A run and its lines, for the download.
struct Download {
    web: Web,
    workspace: WorkspaceId,
    run: RunId,
    head: String,
    skip: u64,
    over: bool,
}

impl Pages for Download {
    fn head(&self) -> String {
        format!("{}\n", self.head)
    }

    async fn next(&mut self) -> Result<Option<String>, Failed> {
        if self.over {
            return Ok(None);
        }
        let tenant = self.web.db().workspace(self.workspace);
        let lines = tenant.run_lines(self.run, self.skip, LINES_AT_ONCE).await?;
        self.over = (lines.len() as u64) < LINES_AT_ONCE;
        self.skip += lines.len() as u64;
        let lines = lines.into_iter().map(|line| {
            let RunLine {
                outcome,
                subject_kind,
                subject_id,
                note,
            } = line;
            let line =
                json!({ "type": subject_kind, "id": subject_id, "outcome": outcome, "note": note });
            format!("{line}\n")
        });
        Ok(Some(lines.collect()))
    }
}

/// The report as JSON lines: the run first, then its lines.
pub(crate) async fn report(at: At) -> Result<HttpResponse, Failed> {
    let (_, run) = found(&at).await?;
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
    } = run.counts;
    let head = json!({
        "type": "run",
        "id": run.id,
        "connection": run.connection,
        "kind": run.kind.as_str(),
        "state": run.state.as_str(),
        "asked_at": run.asked_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "note": run.note,
        "total": run.total,
        "counts": {
            "looked_at": done, "new": added, "changed": changed, "unchanged": unchanged, "merged": merged,
            "deleted": deleted, "skipped": skipped, "failed": failed, "calls": calls,
        },
        "report": run.report.map(parsed),
    });
    let pages = Download {
        web: at.web().clone(),
        workspace: at.id(),
        run: run.id,
        head: head.to_string(),
        skip: 0,
        over: false,
    };
    let name = format!("run-{}", run.kind.as_str().replace('_', "-"));
    stream(&at, &name, Format::JsonLines, pages).await
}

/// Holds the run.
pub(crate) async fn pause(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let (connection, run) = found(&at).await?;
    let moved = pause_run(at.web().db(), at.id(), &at.actor(), run.id).await;
    let words = "The run is paused. It goes on where it stopped when you resume it.";
    done(&at, &connection, &run, moved, words)
}

/// Lets the run go on.
pub(crate) async fn resume(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let (connection, run) = found(&at).await?;
    let moved = resume_run(at.web().db(), at.id(), &at.actor(), run.id).await;
    done(
        &at,
        &connection,
        &run,
        moved,
        "The run goes on where it stopped.",
    )
}

/// Ends the run.
pub(crate) async fn cancel(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let (connection, run) = found(&at).await?;
    let moved = cancel_run(at.web().db(), at.id(), &at.actor(), run.id).await;
    done(
        &at,
        &connection,
        &run,
        moved,
        "The run is cancelled. What it stored stays.",
    )
}

fn done(
    at: &At,
    connection: &Connection,
    run: &Run,
    moved: Result<(), earmark_sync::AskError>,
    words: &str,
) -> Result<HttpResponse, Failed> {
    let back = url::run(at.ws(), &connection.id.to_string(), &run.id.to_string());
    match moved {
        Ok(()) => {
            at.flash(Tone::Ok, words)?;
            Ok(at.see_other(back))
        }
        Err(error) => refused(at, error, back),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_as_far_as_it_tells() {
        let report = Report::read(
            r#"{"intercom":{"contacts":5,"users":null},"earmark":{"contacts":4},"remarks":["x",1],"lines_left_out":3}"#,
        );
        let wanted = Report {
            totals: vec![Total {
                what: "Contacts",
                intercom: Some(5),
                earmark: Some(4),
            }],
            remarks: vec!["x".to_owned()],
            left_out: 3,
        };
        assert_eq!(report, wanted);
        assert_eq!(Report::read("no json"), Report::default());
    }
}
