//! Wires the rooms together: one value that holds the running parts of an installation.

use crate::config::{Config, SignUp};
use crate::tracing_span::RoutePattern;
use actix_web::dev::ServerHandle;
use actix_web::{App as Actix, HttpServer};
use earmark_accounts::Accounts;
use earmark_actions::{Actions, FetchAllHandler, LostActionRuns};
use earmark_connections::{
    CheckHandler, Doctor, DoctorHandler, Endpoints, NightlyDoctor, SharedBudget,
    SourcesEnvironment, Store, UninstallHandler,
};
use earmark_db::{Db, Options};
use earmark_ingest::{Batching, Ingest};
use earmark_intercom::{Http, LocalBudget, Policy, RateBudget};
use earmark_jobs::{Handlers, Rounds, Worker};
use earmark_model::{JobKind, Sources};
use earmark_oauth::{Exchange, OAuth};
use earmark_sync::{
    CompletePeopleHandler, DailyPayloads, DetailsHandler, EraseHandler, HourlyCatchUp, LaneHandler,
    PayloadsHandler, RefreshTagsHandler, RunHandler, ScrubHandler, StrandedRuns, WeeklyProof,
};
use earmark_web::Web;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing_actix_web::TracingLogger;

/// How long requests under way may take to end when the server stops. Live pages never end by themselves.
const SHUTDOWN_SECONDS: u64 = 2;

/// Why an installation did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened or brought up to date.
    #[error("the database cannot be used: {0}")]
    Database(#[from] earmark_db::Error),
    /// The schema is older than this program.
    #[error("the database lacks {0} migration(s): run `earmark migrate` first")]
    NotMigrated(usize),
    /// The HTTP client for Intercom cannot be set up.
    #[error(transparent)]
    Http(#[from] earmark_intercom::HttpError),
    /// The address to listen on is taken, or not ours.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
    /// The server cannot be set up.
    #[error("the server cannot start: {0}")]
    Server(#[from] std::io::Error),
}

/// An installation's running parts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The connection store.
    pub store: Store,
    /// The connect flow by Intercom's Authorize page.
    pub oauth: OAuth,
    /// People and workspaces.
    pub accounts: Accounts,
    /// Looks for what is wrong with connections.
    pub doctor: Doctor,
    /// Runs jobs.
    pub worker: Worker,
    ingest: Ingest,
    web: Web,
    threads: Option<usize>,
}

/// A server that runs.
#[derive(Debug)]
pub struct Serving {
    /// The address it listens on, with the real port.
    pub address: SocketAddr,
    ingest: Ingest,
    stop: CancellationToken,
    handle: ServerHandle,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl App {
    /// Opens the database and builds every part. Must be called within the runtime; the rustls provider must be
    /// installed.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn build(config: &Config, sources: Sources) -> Result<Self, StartError> {
        Self::over(open(config, sources).await?, config)
    }

    /// Builds every part over an open database whose schema is up to date.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn over(db: Db, config: &Config) -> Result<Self, StartError> {
        let (store, exchange) = store(&db, config)?;
        let oauth = OAuth::new(db.clone(), store.clone(), exchange, &oauth(config));
        let accounts = Accounts::new(db.clone(), accounts(config));
        let ingest = Ingest::new(db.clone(), Endpoints::new(store.clone()), intake(config));
        let doctor = Doctor::new(store.clone(), config.server.public_url.clone())?;
        let worker = Worker::new(db.clone(), handlers(&db, &store, &doctor), worker(config))
            .with_rounds(
                Rounds::new()
                    .with(NightlyDoctor)
                    .with(HourlyCatchUp)
                    .with(WeeklyProof)
                    .with(StrandedRuns)
                    .with(LostActionRuns)
                    .with(DailyPayloads),
            );
        let web = Web::new(
            accounts.clone(),
            store.clone(),
            oauth.clone(),
            db.clone(),
            web(config),
        );
        Ok(Self {
            db,
            store,
            oauth,
            accounts,
            doctor,
            worker,
            ingest,
            web,
            threads: config.server.workers,
        })
    }

    /// Previews and runs actions.
    #[must_use]
    pub fn actions(&self) -> Actions {
        Actions::new(self.db.clone(), self.store.clone())
    }

    /// Serves pages and webhooks, and runs jobs, until the server is stopped.
    ///
    /// # Errors
    /// [`StartError::Server`].
    pub fn serve(&self, listener: TcpListener) -> Result<Serving, StartError> {
        let address = listener.local_addr()?;
        let (ingest, web) = (self.ingest.clone(), self.web.clone());
        let mut server = HttpServer::new(move || {
            Actix::new()
                .wrap(TracingLogger::<RoutePattern>::new())
                .configure(earmark_ingest::routes(ingest.clone()))
                .configure(earmark_web::routes(web.clone()))
        })
        .disable_signals()
        .shutdown_timeout(SHUTDOWN_SECONDS);
        if let Some(threads) = self.threads {
            server = server.workers(threads);
        }
        let server = server.listen(listener)?.run();
        let (handle, stop) = (server.handle(), CancellationToken::new());
        let (worker, worker_stop) = (self.worker.clone(), stop.clone());
        let tasks = vec![
            tokio::spawn(async move {
                if let Err(error) = server.await {
                    tracing::error!(%error, "the web server ended");
                }
            }),
            tokio::spawn(async move { worker.run(worker_stop).await }),
        ];
        Ok(Serving {
            address,
            ingest: self.ingest.clone(),
            stop,
            handle,
            tasks,
        })
    }
}

impl Serving {
    /// Stops: no new requests, those under way and running jobs get a short time to end. What the letterbox noted is
    /// written if the database takes it.
    pub async fn stop(self) {
        self.stop.cancel();
        self.handle.stop(true).await;
        for task in self.tasks {
            let _ = task.await;
        }
        self.ingest.flush().await;
    }
}

/// Opens the database, its schema up to date.
///
/// # Errors
/// [`StartError::Database`], [`StartError::NotMigrated`].
pub(crate) async fn open(config: &Config, sources: Sources) -> Result<Db, StartError> {
    let options = Options {
        max_connections: config.database.max_connections,
        ..Options::new(config.database.url.expose())
    };
    let db = Db::connect(&options, sources).await?;
    // One process owns an SQLite file, so it may bring it up to date; on PostgreSQL others may be serving.
    match db.pending_migrations().await? {
        0 => {}
        _ if !db.is_shared() => db.migrate().await?,
        pending => return Err(StartError::NotMigrated(pending)),
    }
    Ok(db)
}

/// The connection store over an open database, and the exchange that renews its tokens.
///
/// # Errors
/// [`StartError::Http`].
pub(crate) fn store(db: &Db, config: &Config) -> Result<(Store, Exchange), StartError> {
    let environment = Arc::new(SourcesEnvironment(db.sources().clone()));
    let budget: Arc<dyn RateBudget> = if db.is_shared() {
        Arc::new(SharedBudget::new(db.clone()))
    } else {
        Arc::new(LocalBudget::new(environment.clone()))
    };
    let http = Http::new(policy(config), environment)?;
    let exchange = Exchange::new(http.clone(), db.sources().clone());
    let (keys, hosts) = (config.keys.clone(), config.intercom.hosts.clone());
    let store = Store::new(db.clone(), keys, hosts, http, budget)
        .with_installation_app(config.oauth.clone())
        .with_refresher(Arc::new(exchange.clone()));
    Ok((store, exchange))
}

/// Takes an address to listen on.
///
/// # Errors
/// [`StartError::Listen`].
pub fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let failed = |error: std::io::Error| StartError::Listen {
        address,
        reason: match error.kind() {
            std::io::ErrorKind::AddrInUse => "the port is taken by another program".to_owned(),
            std::io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => error.to_string(),
        },
    };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

fn policy(config: &Config) -> Policy {
    let intercom = &config.intercom;
    Policy {
        connect_timeout: intercom.connect_timeout,
        attempt_timeout: intercom.timeout,
        read_timeout: intercom.timeout,
        body_limit: intercom.max_body_bytes,
        ..Policy::default()
    }
}

fn accounts(config: &Config) -> earmark_accounts::Settings {
    let accounts = &config.accounts;
    earmark_accounts::Settings {
        sign_up_open: accounts.sign_up == SignUp::Open,
        session: accounts.session,
        login_attempts_per_account: accounts.login_attempts_per_account,
        login_attempts_per_address: accounts.login_attempts_per_address,
        login_window: accounts.login_window,
    }
}

fn intake(config: &Config) -> earmark_ingest::Settings {
    let webhooks = &config.webhooks;
    earmark_ingest::Settings {
        max_body: webhooks.max_body_bytes,
        answer_within: webhooks.answer_within,
        refusals_kept: webhooks.refusals_kept,
        closed_endpoint: webhooks.closed_endpoint,
        trusted_proxies: config.server.trusted_proxies.clone(),
        batching: Batching {
            max_batch: webhooks.max_batch,
            ..Batching::default()
        },
    }
}

fn worker(config: &Config) -> earmark_jobs::Settings {
    earmark_jobs::Settings {
        concurrency: u32::try_from(config.jobs.workers).unwrap_or(u32::MAX),
        lease: config.jobs.lease,
        poll: config.jobs.poll,
        grace: Duration::from_secs(SHUTDOWN_SECONDS),
    }
}

fn oauth(config: &Config) -> earmark_oauth::Settings {
    earmark_oauth::Settings {
        key: config.keys.derive("earmark OAuth state"),
        public_url: config.server.public_url.clone(),
    }
}

fn web(config: &Config) -> earmark_web::Settings {
    earmark_web::Settings {
        public_url: config.server.public_url.clone(),
        secure_cookies: config.server.secure_cookies(),
        cookie_key: config.keys.derive("earmark browser cookie"),
        trusted_proxies: config.server.trusted_proxies.clone(),
        max_body: config.server.max_body_bytes,
    }
}

fn handlers(db: &Db, store: &Store, doctor: &Doctor) -> Handlers {
    Handlers::new()
        .with(JobKind::Lane, LaneHandler(db.clone()))
        .with(
            JobKind::Details,
            DetailsHandler {
                db: db.clone(),
                store: store.clone(),
            },
        )
        .with(
            JobKind::RefreshTags,
            RefreshTagsHandler {
                db: db.clone(),
                store: store.clone(),
            },
        )
        .with(JobKind::CheckConnection, CheckHandler(store.clone()))
        .with(
            JobKind::FetchAll,
            FetchAllHandler(Actions::new(db.clone(), store.clone())),
        )
        .with(JobKind::Doctor, DoctorHandler(doctor.clone()))
        .with(JobKind::ConfirmUninstall, UninstallHandler(store.clone()))
        .with(JobKind::Erase, EraseHandler(db.clone()))
        .with(JobKind::Scrub, ScrubHandler(db.clone()))
        .with(
            JobKind::Run,
            RunHandler {
                db: db.clone(),
                store: store.clone(),
            },
        )
        .with(
            JobKind::People,
            CompletePeopleHandler {
                db: db.clone(),
                store: store.clone(),
            },
        )
        .with(JobKind::Payloads, PayloadsHandler(db.clone()))
}
