//! `{intercom}/{connection}/calls`: how the calls that Intercom allows are used, and what waits for one.

use super::super::prelude::*;
use crate::pages::people::grouped;
use earmark_connections::{BudgetUse, NotReady};
use earmark_db::tenant::QueuedJobs;
use earmark_model::{ConnectionStatus, JobKind};

/// Calls of one lane in the present window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneRow {
    /// The lane's name.
    pub name: &'static str,
    /// What belongs to it.
    pub about: &'static str,
    /// Calls it took.
    pub taken: i64,
}

/// Work that waits or is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRow {
    /// What it does.
    pub what: &'static str,
    /// Its lane; `None` when it does not ask Intercom.
    pub lane: Option<&'static str>,
    /// How many wait.
    pub waiting: i64,
    /// How many are under way.
    pub running: i64,
    /// When the first was asked for.
    pub since: DateTime<Utc>,
    /// When the first that waits is due.
    pub due_at: DateTime<Utc>,
}

const PEOPLE: &str = "People";
const WEBHOOKS: &str = "Webhooks";
const COPYING: &str = "Copying";

impl From<QueuedJobs> for WorkRow {
    fn from(jobs: QueuedJobs) -> Self {
        let QueuedJobs {
            kind,
            waiting,
            running,
            since,
            due_at,
        } = jobs;
        let (what, lane) = match kind {
            JobKind::Lane => ("Webhooks to be applied", None),
            JobKind::Erase => ("Erasing what was copied", None),
            JobKind::Scrub => ("Erasing what was deleted from stored payloads", None),
            JobKind::Payloads => ("Dropping old payloads", None),
            JobKind::Details => ("Threads and names of tickets", Some(WEBHOOKS)),
            JobKind::People => ("Contacts that a webhook named", Some(WEBHOOKS)),
            JobKind::ConfirmUninstall => ("Whether the app was uninstalled", Some(WEBHOOKS)),
            JobKind::RefreshTags => ("Tags, teammates and teams", Some(PEOPLE)),
            JobKind::CheckConnection => ("Check of the credentials", Some(PEOPLE)),
            JobKind::FetchAll => ("Lists that an action fetches", Some(PEOPLE)),
            JobKind::Doctor => ("The doctor", Some(PEOPLE)),
            JobKind::Run => ("Runs", Some(COPYING)),
        };
        Self {
            what,
            lane,
            waiting,
            running,
            since,
            due_at,
        }
    }
}

/// The present window of the rate budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowView {
    /// Calls that Intercom allows in it.
    pub limit: i64,
    /// Calls that are left.
    pub left: i64,
    /// Calls by lane.
    pub lanes: Vec<LaneRow>,
    /// Until when Intercom refuses calls, if it does.
    pub refused_until: Option<DateTime<Utc>>,
}

impl From<BudgetUse> for WindowView {
    fn from(used: BudgetUse) -> Self {
        let left = used.left();
        let BudgetUse {
            limit,
            interactive,
            webhook,
            backfill,
            others,
            ends_at: _,
            refused_until,
        } = used;
        let row = |name, about, taken| LaneRow { name, about, taken };
        Self {
            limit,
            left,
            lanes: vec![
                row(PEOPLE, "Somebody waits for it. It goes first.", interactive),
                row(WEBHOOKS, "What a webhook named only by its id.", webhook),
                row(COPYING, "Runs, which take only the spare.", backfill),
                row("Others", "Calls of others through the same app.", others),
            ],
            refused_until,
        }
    }
}

impl WindowView {
    fn percent(&self, calls: &i64) -> i64 {
        (calls * 100 / self.limit.max(1)).clamp(0, 100)
    }

    fn a_minute(&self) -> String {
        grouped(self.limit * 6)
    }
}

/// The rate budget of a connection.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/calls.html")]
pub struct CallsPage {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// The present window; `None` before the first call.
    pub window: Option<WindowView>,
    /// Whether the credentials are gone or cannot be opened.
    pub no_credentials: bool,
    /// What waits or is under way.
    pub work: Vec<WorkRow>,
    /// The time it is made at.
    pub now: DateTime<Utc>,
}

impl CallsPage {
    async fn load(at: &At) -> Result<Self, Failed> {
        let connection = at.connection().await?;
        let used = at.web().store().budget_use(at.id(), &connection).await;
        let (window, unopened) = match used {
            Ok(used) => (used.map(WindowView::from), false),
            Err(NotReady::Database(error)) => return Err(error.into()),
            Err(_) => (None, true),
        };
        let work = at.tenant().queued_jobs(connection.id).await?;
        Ok(Self {
            ws: at.ws().to_owned(),
            connection: connection.id.to_string(),
            no_credentials: unopened || connection.status == ConnectionStatus::Disconnected,
            name: connection.name,
            window,
            work: work.into_iter().map(WorkRow::from).collect(),
            now: at.now(),
        })
    }

    fn here(&self) -> String {
        url::calls(&self.ws, &self.connection)
    }

    /// Why the first does not begin, in words.
    fn waits(&self, row: &WorkRow) -> String {
        match (row.waiting, row.due_at > self.now) {
            (0, _) => "Under way".to_owned(),
            (_, true) => format!("Until {}", row.due_at.format("%H:%M:%S UTC")),
            (_, false) => "For its turn".to_owned(),
        }
    }
}

/// Shows it.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let page = CallsPage::load(&at).await?;
    at.page(page.here(), &page).await
}

impl Page for CallsPage {
    const NAME: &'static str = "intercom/calls";

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
            Crumb::here("Calls"),
        ];
        Head {
            title: "Calls".to_owned(),
            place: app(Current::Integrations, crumbs),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let now = crate::page::sample_now();
        let used = |backfill, refused: bool| BudgetUse {
            limit: 166,
            interactive: 3,
            webhook: 21,
            backfill,
            others: 4,
            ends_at: now,
            refused_until: refused.then_some(now),
        };
        let work = |kind, waiting, running, due: i64| {
            WorkRow::from(QueuedJobs {
                kind,
                waiting,
                running,
                since: sample_ago(190),
                due_at: sample_ago(-due),
            })
        };
        let page = |name: &str, window: Option<BudgetUse>, work| Self {
            ws: "quillwater".to_owned(),
            connection: "c1".to_owned(),
            name: name.to_owned(),
            window: window.map(WindowView::from),
            no_credentials: false,
            work,
            now,
        };
        let busy = || {
            vec![
                work(JobKind::Details, 12, 1, 7),
                work(JobKind::Lane, 2, 0, -3),
                work(JobKind::Run, 0, 1, 0),
            ]
        };
        let mut ended = page("Support EU", None, Vec::new());
        ended.no_credentials = true;
        vec![
            ("busy", page("Support EU", Some(used(92, false)), busy())),
            (
                "refusing",
                page("Support EU", Some(used(138, true)), busy()),
            ),
            ("idle", page("Support EU", Some(used(0, false)), Vec::new())),
            ("first", page("Support EU", None, Vec::new())),
            ("disconnected", ended),
            ("hostile", page(HOSTILE, Some(used(0, false)), busy())),
        ]
    }
}
