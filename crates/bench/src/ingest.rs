//! `just bench ingest`: what durable webhooks cost, and what sharing transactions saves.
//!
//! Three set-ups serve the same kind of requests from the same process: verifying alone, one INSERT a request, and group
//! commit. The latter two differ in [`Batching`] only. Their rounds alternate over one growing table, because the disk's
//! speed changes by the minute: only ratios within a run mean anything. No worker runs; the lane jobs that wake it are
//! written all the same.

pub(crate) mod bodies;
pub(crate) mod client;
pub(crate) mod doors;
mod measured;
pub(crate) mod setups;

use crate::{Failure, machine, report};
use bodies::Bodies;
use client::Round;
use doors::Doors;
use earmark_db::{Db, Options};
use earmark_ingest::Batching;
use earmark_model::Sources;
use earmark_testkit::TestDb;
use measured::Measured;
use setups::Setups;

/// Transactions at the same time on PostgreSQL when each request has one of its own.
const WRITERS: usize = 16;
/// Beyond the writers: one for the change listener, one for looking up endpoints.
const POOL: u32 = 18;

/// How much to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Requests a round.
    pub(crate) requests: usize,
    /// Counted rounds of each set-up.
    pub(crate) pairs: usize,
    /// Keep-alive connections of the load generator.
    pub(crate) clients: usize,
    /// Intercom connections that receive.
    pub(crate) connections: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            requests: 20_000,
            pairs: 5,
            clients: 128,
            connections: 1,
        }
    }
}

/// Runs the bench and prints its report.
pub(crate) async fn run(plan: Plan) -> Result<(), Failure> {
    report::line(&format!(
        "bench ingest: {}; data in {}\n{} requests a round over {} keep-alive connections from this machine, bodies of {} \
         bytes, HMAC-SHA1,\n{} conversations of {} Intercom connection(s); {} rounds of each set-up in turn, one \
         growing table, a warm-up round of each not counted",
        machine::facts(),
        std::env::temp_dir().display(),
        plan.requests,
        plan.clients,
        bodies::SIZE,
        bodies::CONVERSATIONS * plan.connections,
        plan.connections,
        plan.pairs,
    ))?;
    let sqlite = TestDb::sqlite().await;
    measure(plan, &sqlite, 1).await?.print(
        "SQLite, on disk before the answer",
        "one writer",
        2.5,
    )?;
    drop(sqlite);
    let postgres = TestDb::durable_postgres().await;
    let title = format!(
        "PostgreSQL {}, fsync=on, synchronous_commit=on",
        TestDb::postgres_version()
    );
    measure(plan, &postgres, WRITERS)
        .await?
        .print(&title, &format!("{WRITERS} at a time"), 1.8)?;
    measured::explain()
}

/// Measures the three set-ups on one database; each request alone has `writers` transactions at a time.
async fn measure(plan: Plan, test: &TestDb, writers: usize) -> Result<Measured, Failure> {
    test.db.close().await?;
    let options = Options {
        max_connections: POOL,
        ..Options::new(&test.url)
    };
    let db = Db::connect(&options, Sources::system()).await?;
    let doors = Doors::open(&db, plan.connections).await?;
    let mut bodies = Bodies::new(doors.all.clone())?;
    let each_alone = Batching {
        max_batch: 1,
        writers,
    };
    let setups = Setups::start(&db, &doors.endpoints, each_alone)?;
    let mut measured = Measured::default();
    for turn in 0..=plan.pairs {
        let mut rounds = Vec::new();
        for address in setups.addresses() {
            rounds.push(round(plan, address, &mut bodies).await?);
        }
        if turn > 0 {
            measured.add(rounds)?;
        }
    }
    setups.stop().await;
    db.close().await?;
    Ok(measured)
}

/// One round, prepared and driven off the runtime's threads.
async fn round(
    plan: Plan,
    address: std::net::SocketAddr,
    bodies: &mut Bodies,
) -> Result<Round, Failure> {
    let requests = bodies.requests(plan.requests, address)?;
    tokio::task::spawn_blocking(move || client::drive(address, plan.clients, requests)).await?
}
