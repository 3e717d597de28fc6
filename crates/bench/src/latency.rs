//! `just bench latency`: from a webhook that is sent to its ticket in the inbox.
//!
//! Letterbox and worker run as `earmark serve` runs them, in this process, which also sends the webhooks: by the clock, each
//! at its moment whether or not the one before it was answered. A ticket counts as visible when a reader of the inbox, woken
//! by the change signal like a live page, has its row. The neighbour is another workspace on the same database: it copies
//! its contacts as fast as Intercom's stand-in gives them, and a process of load posts its webhooks as fast as they are
//! accepted. What Intercom would complete of a ticket is left waiting: there is no Intercom behind these conversations.

mod load;
mod place;
mod watch;

use crate::backfill;
use crate::figures::percentile;
use crate::stand_in::StandIn;
use crate::{Failure, machine, report};
use earmark_testkit::TestDb;
use place::{Neighbour, Place};
use std::time::Duration;
use tokio::time::Instant;
use watch::Watch;

/// Webhooks a second, and the Intercom connections they are spread over.
const LOADS: [(usize, usize); 3] = [(10, 1), (100, 1), (1_000, 20)];
/// The same for what is there before the measuring begins.
const PAST: (usize, usize) = (400, 20);
/// Contacts of the neighbour.
const CONTACTS: usize = 40_000;
/// Of 95 in 100 when nothing else goes on, in milliseconds.
const EXPECTED: f64 = 250.0;
/// How long the last tickets are waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a neighbour works before the measuring begins.
const WARM_UP: Duration = Duration::from_secs(2);

/// How much to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Seconds of each figure.
    pub(crate) seconds: usize,
    /// Keep-alive connections of the neighbour.
    pub(crate) clients: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seconds: 15,
            clients: 8,
        }
    }
}

/// What one load came to.
struct Measured {
    /// Milliseconds from sending to seeing, of every ticket.
    latencies: Vec<f64>,
    /// Webhooks that were not accepted, or whose ticket was not seen in time.
    lost: usize,
    /// Webhooks of the neighbour that were accepted, and contacts that it copied, a second.
    beside: Option<(f64, f64)>,
}

/// Runs the bench and prints its report.
pub(crate) async fn run(plan: Plan) -> Result<(), Failure> {
    report::line(&format!(
        "bench latency: {}; {} s a figure; the neighbour posts over {} keep-alive connections and copies contacts",
        machine::facts(),
        plan.seconds,
        plan.clients,
    ))?;
    let sqlite = TestDb::sqlite().await.with_system_clock().await;
    measure(plan, &sqlite, "SQLite, on disk before the answer").await?;
    drop(sqlite);
    let postgres = TestDb::durable_postgres().await.with_system_clock().await;
    let title = format!("PostgreSQL {}, fsync=on", TestDb::postgres_version());
    measure(plan, &postgres, &title).await?;
    report::line(
        "
a second     webhooks sent, by the clock; each makes a ticket
p50 to p99   milliseconds from the moment a webhook was to be sent to its ticket in the inbox
lost         not accepted, or not seen within a minute; they count in no other figure
beside it    the neighbour's webhooks accepted and contacts copied, a second; they share processors and disk;
             Intercom's stand-in, which would be elsewhere, has the lowest priority",
    )
}

async fn measure(plan: Plan, t: &TestDb, title: &str) -> Result<(), Failure> {
    let intercom = StandIn::start(&backfill::Plan {
        contacts: CONTACTS,
        rate: 1_666,
        ..backfill::Plan::default()
    })?;
    let place = Place::open(t, &intercom.url).await?;
    // A database with a past: PostgreSQL plans by what it knows of its tables, of which empty ones tell nothing.
    one_load(plan, &place, PAST, None).await?;
    t.analyse();
    report::line(&format!("\n{title}"))?;
    report::line(
        "  a second                           p50       p95       p99    lost  beside it",
    )?;
    let mut alone = Vec::new();
    for load in LOADS {
        let measured = one_load(plan, &place, load, None).await?;
        row(load.0, "alone", &measured)?;
        alone.push(measured.p95());
    }
    // After those: what the neighbour leaves waiting is worked through long after it has gone.
    let neighbour = Neighbour::wake(&place, plan.clients).await?;
    tokio::time::sleep(WARM_UP).await;
    let mut fair = Vec::new();
    for (load, alone) in LOADS.into_iter().zip(alone) {
        let measured = one_load(plan, &place, load, Some(&neighbour)).await?;
        row(load.0, "with the neighbour", &measured)?;
        fair.push(format!(
            "  {} a second: p95 {alone:.0} ms alone (expected: under {EXPECTED:.0}), {:.2} times that beside the neighbour \
             (expected: under 2)",
            load.0,
            measured.p95() / alone,
        ));
    }
    neighbour.rest(&place).await?;
    place.close().await?;
    fair.iter().try_for_each(|line| report::line(line))
}

impl Measured {
    fn percentile(&self, percent: usize) -> f64 {
        percentile(self.latencies.iter().copied(), percent)
    }

    fn p95(&self) -> f64 {
        self.percentile(95)
    }
}

/// Writes a line of the report, as soon as it is known.
fn row(rate: usize, name: &str, measured: &Measured) -> Result<(), Failure> {
    let beside = measured
        .beside
        .map(|(posted, copied)| format!("{posted:.0} webhooks, {copied:.0} contacts"));
    let text = format!(
        "  {rate:>8}  {name:<18}  {:>8.1}  {:>8.1}  {:>8.1}  {:>6}  {}",
        measured.percentile(50),
        measured.p95(),
        measured.percentile(99),
        measured.lost,
        beside.unwrap_or_default(),
    );
    report::line(text.trim_end())
}

/// Sends webhooks by the clock, with or without the neighbour, and waits until their tickets are seen.
async fn one_load(
    plan: Plan,
    place: &Place,
    (rate, connections): (usize, usize),
    neighbour: Option<&Neighbour>,
) -> Result<Measured, Failure> {
    let watch = Watch::begin(&place.db, place.workspace).await?;
    let progress = async || match neighbour {
        Some(neighbour) => neighbour.progress(place).await.map(Some),
        None => Ok(None),
    };
    let before = progress().await?;
    let count = rate * plan.seconds;
    let doors = place.doors[..connections].to_vec();
    let (address, first) = (place.address(), place.numbers(count));
    let sent =
        tokio::task::spawn_blocking(move || load::steady(address, &doors, rate, first, count));
    let sent = sent.await??;
    let after = progress().await?;
    let seen = watch.wait_for(sent.len(), PATIENCE).await?;
    place.drain(10 * PATIENCE).await?;
    let latency = |(number, at): (&u64, &Instant)| {
        let took = seen.get(number)?.duration_since(*at);
        Some(took.as_secs_f64() * 1_000.0)
    };
    let latencies: Vec<f64> = sent.iter().filter_map(latency).collect();
    let a_second = |now: u64, then: u64| load::rate(now.saturating_sub(then), plan.seconds);
    Ok(Measured {
        lost: count - latencies.len(),
        latencies,
        beside: before
            .zip(after)
            .map(|(before, after)| (a_second(after.0, before.0), a_second(after.1, before.1))),
    })
}
