//! What just bench NAME runs: each figure beside its baseline, in one run.

mod arguments;
mod backfill;
mod client;
mod figures;
mod idle;
mod ingest;
mod latency;
mod machine;
mod report;
mod stand_in;

use arguments::{Bench, HELP};
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

/// Whatever kept a bench from its figures.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let ran = match arguments::read(std::env::args().skip(1)) {
        Ok(Bench::Help) => report::line(HELP),
        Ok(Bench::Ingest(plan)) => block_on(ingest::run(plan)),
        Ok(Bench::Backfill(plan)) => block_on(backfill::run(plan)),
        Ok(Bench::Client(plan)) => block_on(client::run(plan)),
        Ok(Bench::StandIn(plan)) => block_on(stand_in::answer(plan)),
        Ok(Bench::Latency(plan)) => block_on(latency::run(plan)),
        Ok(Bench::Idle(plan)) => idle::run(&plan),
        Err(why) => Err(format!("{why}\n\n{HELP}").into()),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr().lock(), "{why}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a bench on a runtime like that of `earmark serve`.
fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    // A provider that is installed already is the one we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    actix_web::rt::System::with_tokio_rt(|| runtime).block_on(work)
}
