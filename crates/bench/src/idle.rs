//! `just bench idle`: what `earmark serve` costs before anybody uses it.

use crate::figures::{median, range};
use crate::{Failure, machine, report};
use earmark_model::Sources;
use earmark_seal::MasterKey;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// The longest that the first answer may take, in milliseconds.
const START_LIMIT: f64 = 500.0;
/// The most memory when idle, in MB.
const MEMORY_LIMIT: f64 = 64.0;
/// Between two tries to get an answer.
const PAUSE: Duration = Duration::from_millis(2);
/// After this a server that does not answer is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a server idles before its memory is read.
const IDLE: Duration = Duration::from_secs(3);

/// How much to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Starts of the server.
    pub(crate) runs: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { runs: 5 }
    }
}

/// One start.
#[derive(Debug, Clone, Copy)]
struct Run {
    start_ms: f64,
    memory_mb: f64,
}

/// Runs the bench and prints its report.
pub(crate) fn run(plan: &Plan) -> Result<(), Failure> {
    let earmark = binary()?;
    report::line(&format!(
        "bench idle: {}; {} starts of `{} serve` on SQLite, each with a new database",
        machine::facts(),
        plan.runs,
        earmark.display(),
    ))?;
    let runs = (0..plan.runs)
        .map(|_| measure(&earmark))
        .collect::<Result<Vec<_>, _>>()?;
    let row = |name: &str, value: fn(&Run) -> f64, limit: f64| {
        let (least, most) = range(runs.iter().map(value));
        [
            name.to_owned(),
            format!("{:.0}", median(runs.iter().map(value))),
            format!("{least:.0} to {most:.0}"),
            format!("under {limit:.0}"),
        ]
    };
    report::table(&[
        ["", "median", "min to max", "limit"].map(str::to_owned),
        row("start to first answer, ms", |run| run.start_ms, START_LIMIT),
        row("resident memory, MB", |run| run.memory_mb, MEMORY_LIMIT),
    ])?;
    report::line(
        "
start    from starting the process to the first 200 on /healthz, the schema's making included
memory   VmRSS of /proc/PID/status after 3 idle seconds, in MB of 1,000,000 bytes",
    )
}

/// The product, as it was built beside this program.
fn binary() -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name("earmark");
    if path.is_file() {
        return Ok(path);
    }
    let release = if cfg!(debug_assertions) {
        ""
    } else {
        " --release"
    };
    Err(format!(
        "there is no {}: run `cargo build{release}` first",
        path.display()
    )
    .into())
}

fn measure(earmark: &Path) -> Result<Run, Failure> {
    let folder = TempDir::with_prefix("earmark-idle-")?;
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut command = command(earmark, folder.path(), address);
    let started = Instant::now();
    let mut server = Server(command.spawn()?);
    while !answers(address) {
        if let Some(status) = server.0.try_wait()? {
            return Err(format!("earmark serve ended: {status}").into());
        }
        if started.elapsed() > PATIENCE {
            return Err("earmark serve did not answer 200 on /healthz".into());
        }
        sleep(PAUSE);
    }
    let start_ms = started.elapsed().as_secs_f64() * 1000.0;
    sleep(IDLE);
    Ok(Run {
        start_ms,
        memory_mb: resident(server.0.id())?,
    })
}

fn command(earmark: &Path, folder: &Path, address: SocketAddr) -> Command {
    let key = MasterKey::generate(&Sources::system()).to_text();
    let database = format!("sqlite://{}", folder.join("earmark.sqlite").display());
    let mut command = Command::new(earmark);
    command
        .arg("serve")
        .current_dir(folder)
        .env_clear()
        .env("EARMARK__KEYS__MASTER", key.as_str())
        .env("EARMARK__DATABASE__URL", database)
        .env("EARMARK__SERVER__LISTEN", address.to_string())
        .env("EARMARK__LOG__FILTER", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// A server that ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether `/healthz` answers 200 now.
fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200 "))
}

/// The resident memory of a process, in MB.
fn resident(pid: u32) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident = machine::field(&status, "VmRSS").ok_or("/proc has no VmRSS")?;
    let kibibytes: f64 = resident.trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1024.0 / 1_000_000.0)
}
