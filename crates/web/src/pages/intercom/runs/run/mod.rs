//! `{intercom}/{connection}/runs/{pass}`: one run, live while it goes on, with its report and its lines.

pub mod cancel;
pub(crate) mod download;
pub(crate) mod moves;
mod report;

pub use report::{LineRow, Report, Total};

use super::super::super::prelude::*;
use super::{Offer, RunRow, kind_words, length_words, offer};
use crate::pages::people::grouped;
use actix_web::web::Query;
use chrono::TimeDelta;
use earmark_db::tenant::{Connection, Run, RunCounts};
use earmark_model::{RunId, RunKind, RunState};
use earmark_sync::{Failures, failures, is_dry_run, skip_reasons};
use serde::Serialize;

/// Lines on a page.
const LINES: u64 = 100;

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
    /// Why records were skipped, and how many.
    pub skips: Vec<(String, i64)>,
    /// What became of single records.
    pub lines: Vec<LineRow>,
    /// How many lines there are.
    pub line_count: u64,
    /// Which of them are shown.
    pub query: LinesQuery,
    /// What of it can be tried again.
    pub failures: Failures,
    /// What the reader may ask for.
    pub offer: Offer,
    /// Whether the run that it foretells can be asked for now.
    pub leads_on: bool,
    /// The time it is made at.
    pub now: DateTime<Utc>,
}

impl RunPage {
    async fn load(at: &At, query: LinesQuery) -> Result<Self, Failed> {
        let (connection, run) = found(at).await?;
        let tenant = at.tenant();
        let (lines, line_count, members, failures) = futures::try_join!(
            tenant.run_lines(run.id, query.skip, LINES),
            tenant.run_line_count(run.id),
            tenant.members(),
            failures(tenant, &run),
        )?;
        let of = connection.id.to_string();
        let offer = offer(at, &connection);
        let foretells = offer != Offer::Nothing && run.counts.added > 0;
        Ok(Self {
            leads_on: foretells && is_dry_run(tenant, &connection, &run).await?,
            ws: at.ws().to_owned(),
            report: run
                .report
                .as_deref()
                .map(|stored| Report::read(run.kind, stored)),
            lines: lines
                .into_iter()
                .map(|line| LineRow::of(at.ws(), &of, line))
                .collect(),
            line_count: line_count.unsigned_abs(),
            skips: skip_reasons(&run),
            failures,
            query,
            offer,
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

    /// What the button says that asks for what failed once more.
    fn retry(&self) -> Option<String> {
        match self.failures {
            Failures::Nothing => None,
            Failures::Records(1) => Some("Retry the one that failed".to_owned()),
            Failures::Records(most) => Some(format!("Retry the {} that failed", grouped(most))),
            Failures::Whole => Some("Start it again".to_owned()),
        }
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

    /// Why records were skipped, with how many; those of a version that noted no reason come last.
    fn skipped(&self) -> Vec<(String, String)> {
        let told: i64 = self.skips.iter().map(|(_, records)| records).sum();
        let untold = self.row.counts.skipped - told;
        let untold = (untold > 0).then(|| ("no reason was noted".to_owned(), untold));
        let all = self.skips.iter().cloned().chain(untold);
        all.map(|(why, records)| (why, grouped(records))).collect()
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
