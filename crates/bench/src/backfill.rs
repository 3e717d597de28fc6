//! `just bench backfill`: a first copy of all contacts, beside a loop that follows one cursor.

use crate::stand_in::{StandIn, TOKEN};
use crate::{Failure, machine, report};
use earmark_connections::{HostMap, Region, SourcesEnvironment, Store, TokenForm};
use earmark_db::Db;
use earmark_db::tenant::{Actor, Run};
use earmark_intercom::{Http, Lane, LocalBudget, Policy};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, Job, RunId, RunState, Sources, WorkspaceId};
use earmark_seal::{KeyRing, MasterKey};
use earmark_sync::{RunHandler, set_contacts};
use earmark_testkit::{TestDb, build};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Contacts on a page.
const PAGE: usize = 150;
/// Calls in ten seconds when Intercom allows 10,000 a minute.
const TEN_THOUSAND: usize = 1_666;
/// Between two looks at how far the run has come.
const LOOK: Duration = Duration::from_millis(200);

/// How much to copy, and how fast Intercom lets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Contacts, created over three years, a fifth of them on one day.
    pub(crate) contacts: usize,
    /// Milliseconds of each answer.
    pub(crate) latency: usize,
    /// Calls allowed in ten seconds.
    pub(crate) rate: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            contacts: 200_000,
            latency: 100,
            rate: 166,
        }
    }
}

impl Plan {
    /// The seconds that the pages alone take when every call is used.
    fn bound(&self) -> f64 {
        let pages = u32::try_from(self.contacts.div_ceil(PAGE)).unwrap_or(u32::MAX);
        let rate = u32::try_from(self.rate).unwrap_or(u32::MAX);
        f64::from(pages) * 10.0 / f64::from(rate.max(1))
    }
}

/// What a way of copying took.
struct Measured {
    seconds: f64,
    calls: i64,
}

/// Runs the bench and prints its report: at the rate asked for, or at both that Intercom's documentation names.
pub(crate) async fn run(plan: Plan) -> Result<(), Failure> {
    report::line(&format!(
        "bench backfill: {}; {} contacts on SQLite, {} ms an answer, pages of {PAGE}",
        machine::facts(),
        plan.contacts,
        plan.latency,
    ))?;
    measure(plan).await?;
    if plan.rate == Plan::default().rate {
        measure(Plan {
            rate: TEN_THOUSAND,
            ..plan
        })
        .await?;
    }
    report::line(
        "
of bound    times the seconds that the pages alone take when every call is used; a tenth of the calls is kept for other
            apps, so a backfill that nothing else disturbs is at 1.11 at best
loop takes  times as long as this way
whole run   with companies, lists that Intercom cut, and the members of each segment",
    )
}

/// Copies everything once, then follows one cursor, and prints both.
async fn measure(plan: Plan) -> Result<(), Failure> {
    let intercom = StandIn::start(&plan)?;
    let t = TestDb::sqlite().await.with_system_clock().await;
    let place = connect(&t, &intercom.url).await?;
    let (contacts, whole) = backfill(&place, plan.contacts).await?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = machine::field(&status, "VmHWM").ok_or("/proc has no VmHWM")?;
    // The next window belongs to the loop alone.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let looped = follow_one_cursor(&place).await?;
    let row = |name: &str, measured: &Measured| {
        [
            name.to_owned(),
            format!("{:.1}", measured.seconds),
            measured.calls.to_string(),
            format!("{:.2}", measured.seconds / plan.bound()),
            format!("{:.2}", looped.seconds / measured.seconds),
        ]
    };
    report::line(&format!(
        "\n{} calls in 10 s; bound {:.1} s",
        plan.rate,
        plan.bound()
    ))?;
    report::table(&[
        ["", "seconds", "calls", "of bound", "loop takes"].map(str::to_owned),
        row("all contacts copied", &contacts),
        row("whole run", &whole),
        row("one cursor, nothing stored", &looped),
    ])?;
    report::line(&format!("  peak memory of the engine  {peak}"))
}

/// A workspace connected to the stand-in.
struct Place {
    db: Db,
    store: Store,
    workspace: WorkspaceId,
    connection: ConnectionId,
}

/// A connection store whose Intercom is at `url`, with the budget that one process has.
pub(crate) fn store(db: &Db, url: &str) -> Result<Store, Failure> {
    let environment = Arc::new(SourcesEnvironment(db.sources().clone()));
    let http = Http::new(Policy::default(), environment.clone())?;
    let mut hosts = HostMap::intercom()?;
    for region in Region::ALL {
        hosts.set_api(Some(region), url)?;
    }
    let ring = KeyRing::new(MasterKey::generate(&Sources::system()), []);
    let budget = Arc::new(LocalBudget::new(environment));
    Ok(Store::new(db.clone(), ring, hosts, http, budget))
}

async fn connect(t: &TestDb, url: &str) -> Result<Place, Failure> {
    let (store, people) = (store(&t.db, url)?, build::people(&t.db, "Bench").await);
    let form = TokenForm {
        name: String::new(),
        region: Region::Us,
        token: TOKEN.to_owned(),
        reconnect: None,
    };
    let workspace = people.workspace.id;
    let connected = store
        .connect_with_token(workspace, &Actor::default(), form)
        .await?;
    Ok(Place {
        db: t.db.clone(),
        store,
        workspace,
        connection: connected.connection,
    })
}

/// Switches contacts on and works until the run is at its end; when all contacts were there, and when it was.
async fn backfill(place: &Place, contacts: usize) -> Result<(Measured, Measured), Failure> {
    let start = Instant::now();
    let actor = Actor::default();
    let run = set_contacts(&place.db, place.workspace, &actor, place.connection, true).await?;
    let run = run.ok_or("contacts are on already")?;
    let copied = async {
        loop {
            let seen = current(place, run).await?;
            if usize::try_from(seen.counts.added).is_ok_and(|added| added >= contacts)
                || seen.state.is_over()
            {
                return Ok::<_, Failure>(Measured {
                    seconds: start.elapsed().as_secs_f64(),
                    calls: seen.counts.calls,
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let (copied, done) = tokio::join!(copied, work(place, run));
    done?;
    let done = current(place, run).await?;
    if done.state != RunState::Done {
        return Err(format!("the run is {}: {:?}", done.state, done.note).into());
    }
    Ok((
        copied?,
        Measured {
            seconds: start.elapsed().as_secs_f64(),
            calls: done.counts.calls,
        },
    ))
}

async fn current(place: &Place, run: RunId) -> Result<Run, Failure> {
    let run = place.db.workspace(place.workspace).run(run).await?;
    Ok(run.ok_or("the run is gone")?)
}

/// As a worker would: slice after slice.
async fn work(place: &Place, run: RunId) -> Result<(), Failure> {
    let handler = RunHandler {
        db: place.db.clone(),
        store: place.store.clone(),
    };
    let job = ClaimedJob {
        id: place.db.sources().id(),
        workspace: place.workspace,
        job: Job::Run {
            connection: place.connection,
            tagged: false,
        },
        attempt: 1,
        claim: 1,
    };
    while !current(place, run).await?.state.is_over() {
        match handler.run(&job).await {
            Verdict::Done | Verdict::Ended | Verdict::Yield => {}
            Verdict::Snooze(at) => {
                let wait = at - place.db.sources().now();
                tokio::time::sleep(wait.to_std().unwrap_or_default()).await;
            }
            Verdict::Retry(why) | Verdict::Fail(why) => return Err(why.into()),
        }
    }
    Ok(())
}

/// The common way: the list, page after page, with the same share of the calls; what it reads is thrown away.
async fn follow_one_cursor(place: &Place) -> Result<Measured, Failure> {
    let ready = place
        .store
        .client(place.workspace, place.connection, Lane::Backfill)
        .await?;
    let start = Instant::now();
    let mut pages = ready.client.contacts().ahead(0).pages();
    let mut calls = 0;
    while let Some(page) = pages.next().await {
        page?;
        calls += 1;
    }
    Ok(Measured {
        seconds: start.elapsed().as_secs_f64(),
        calls,
    })
}
