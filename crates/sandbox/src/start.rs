//! Starting and stopping the server.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::options::Options;
use crate::remote::Remote;
use crate::shared::Shared;
use crate::state::{State, file};
use crate::webhooks::deliver;
use crate::{api, control, host, page, seed};

/// How long changes are gathered before the state file is written: a large state takes its time, and webhooks go first.
const GATHER: Duration = Duration::from_secs(1);
/// Largest body of a request; a seed of many contacts is the largest.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// Why the sandbox did not start.
#[derive(Debug, Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("the sandbox cannot listen on {address}: {reason}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
    /// The state file cannot be read or is not a sandbox's state.
    #[error("the sandbox's state file {} cannot be read: {reason}", path.display())]
    StateFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// `Options::seed` is not a seed.
    #[error("the sandbox's seed is not valid: {0}")]
    Seed(String),
    /// The HTTP client for webhooks could not be built.
    #[error("the sandbox's webhook client cannot be built: {0}")]
    Client(String),
    /// The server could not be set up.
    #[error("the sandbox cannot start: {0}")]
    Server(#[from] io::Error),
}

/// A sandbox that runs. Dropping it without `stop` leaves the server running until its runtime ends.
pub struct Running {
    addr: SocketAddr,
    server: ServerHandle,
    tasks: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Running {
    /// The address it listens on, with the real port.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address as a URL without a final slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Gives it orders.
    #[must_use]
    pub fn remote(&self) -> Remote {
        Remote::new(self.url(), self.shared.http.clone())
    }

    /// Stops answering at once, ends its webhooks and writes the state file a last time.
    pub async fn stop(self) {
        self.server.stop(false).await;
        for task in self.tasks {
            task.abort();
            let _ = task.await;
        }
        save(&self.shared).await;
    }
}

/// Starts a sandbox on the runtime of the caller. A rustls provider must be installed in the process by then.
///
/// # Errors
/// When the address is taken, the state file cannot be read, or the seed is not valid.
pub async fn start(options: Options) -> Result<Running, Error> {
    let mut state = match &options.state_file {
        Some(path) => file::load(path)?,
        None => State::default(),
    };
    if state.workspaces.is_empty() {
        state = seed::fresh(&options, (options.clock)()).map_err(Error::Seed)?;
    } else if let Some(wanted) = &options.seed {
        let mut seed = seed::parse(wanted.clone()).map_err(Error::Seed)?;
        seed.leave_out_known(&state);
        seed::apply(&mut state, seed, (options.clock)(), &mut |_, _| {}).map_err(Error::Seed)?;
    }
    let listener = listen(options.listen)?;
    let addr = listener.local_addr()?;
    let http = reqwest::Client::builder()
        .timeout(deliver::TIME_LIMIT)
        // The sandbox itself, which is given orders by it, closes what is idle for five seconds.
        .pool_idle_timeout(Duration::from_secs(2))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Error::Client(error.to_string()))?;
    let (courier, inbox) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared::new(state, options, http, courier));
    let data = web::Data::from(shared.clone());
    let server = HttpServer::new(move || {
        App::new()
            .wrap(from_fn(host::regions))
            .app_data(data.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .app_data(control::json_config(BODY_LIMIT))
            .configure(control::routes)
            .configure(page::routes)
            .default_service(web::to(api::answer))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?
    .run();
    let handle = server.handle();
    let tasks = vec![
        tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the sandbox's server ended");
            }
        }),
        tokio::spawn(deliver::run(shared.clone(), inbox)),
        tokio::spawn(keep_saved(shared.clone())),
    ];
    shared.changed.notify_one();
    Ok(Running {
        addr,
        server: handle,
        tasks,
        shared,
    })
}

fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let taken = |error: io::Error| Error::Listen {
        address,
        reason: match error.kind() {
            io::ErrorKind::AddrInUse => "the port is taken by another program".to_owned(),
            _ => error.to_string(),
        },
    };
    let listener = TcpListener::bind(address).map_err(taken)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Writes the state file after changes; changes during a write share the next one.
async fn keep_saved(shared: Arc<Shared>) {
    if shared.options.state_file.is_none() {
        return;
    }
    loop {
        shared.changed.notified().await;
        tokio::time::sleep(GATHER).await;
        save(&shared).await;
    }
}

/// One writer at a time, each taking the state as it is when its turn comes, so that the newest state ends in the file.
async fn save(shared: &Arc<Shared>) {
    let Some(path) = shared.options.state_file.clone() else {
        return;
    };
    let shared = shared.clone();
    let written = tokio::task::spawn_blocking(move || {
        let _turn = shared.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = serde_json::to_vec(&*shared.lock())?;
        file::save(&path, &bytes)
    })
    .await;
    match written {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the sandbox's state file cannot be written"),
        Err(error) => tracing::error!(%error, "writing the sandbox's state file was cut short"),
    }
}
