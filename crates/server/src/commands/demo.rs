//! `earmark demo`: the app, the sandbox that stands in for Intercom, and a workspace that was set up by going through the
//! real code: sign-up, a pasted token, webhooks over HTTP.

mod folder;
mod once;
mod seed;

use crate::app::{App, Serving, StartError, listen};
use crate::cli::DemoArgs;
use crate::commands::{block_on, complain, say, serve};
use crate::config::{Config, Faults, Input};
use crate::logging;
use earmark_connections::hook_path;
use earmark_db::{Db, Options};
use earmark_model::Sources;
use earmark_sandbox::{DEMO_OAUTH_CLIENT_ID, Generate, Running};
use folder::Folder;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Calls that the demo's Intercom allows in ten seconds: 1,000 a minute, the older of the two figures in its
/// documentation.
const RATE: u32 = 166;
/// How long it takes to answer.
const LATENCY: Duration = Duration::from_millis(200);
/// Contacts for each company of the demo.
const CONTACTS_OF_A_COMPANY: u32 = 40;

/// Why the demo did not work.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    /// An address that other machines can reach, without leave.
    #[error(
        "{0} can be reached by other machines, and the demo's login is printed in plain sight. Listen on 127.0.0.1, or \
         pass --public if that is what you want."
    )]
    Public(SocketAddr),
    /// An address of the sandbox at which the app does not reach it.
    #[error(
        "The app reaches the sandbox by loopback only, so --sandbox-listen {0} does not work. Listen on 0.0.0.0:{port} \
         for every interface, or on 127.0.0.1:{port}.",
        port = .0.port()
    )]
    SandboxElsewhere(SocketAddr),
    /// The data folder cannot be used.
    #[error("the data folder {folder}: {reason}")]
    Folder {
        /// The folder or the file in it.
        folder: String,
        /// What the system said.
        reason: String,
    },
    /// The configuration made for the demo was refused.
    #[error(transparent)]
    Config(#[from] Faults),
    /// The app did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The sandbox did not start.
    #[error(transparent)]
    Sandbox(#[from] earmark_sandbox::Error),
    /// The sandbox did not do what it was told.
    #[error(transparent)]
    Order(#[from] earmark_sandbox::OrderError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] earmark_db::Error),
    /// A step of the seed failed.
    #[error("{step}: {reason}")]
    Step {
        /// What was being done.
        step: &'static str,
        /// Why it failed.
        reason: String,
    },
}

impl DemoError {
    fn step(step: &'static str) -> impl Fn(String) -> Self {
        move |reason| Self::Step { step, reason }
    }
}

/// Everything that runs during a demo.
struct Demo {
    app: App,
    serving: Serving,
    sandbox: Running,
    folder: Folder,
}

/// Runs the command.
pub(crate) fn run(args: DemoArgs) -> ExitCode {
    match block_on(demo(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("The demo failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn demo(args: DemoArgs) -> Result<(), DemoError> {
    for address in [args.listen, args.sandbox_listen] {
        if !address.ip().is_loopback() && !args.public {
            return Err(DemoError::Public(address));
        }
    }
    // The app speaks plain http with the sandbox, which it does with this machine alone.
    let sandbox = args.sandbox_listen;
    if !sandbox.ip().is_loopback() && !sandbox.ip().is_unspecified() {
        return Err(DemoError::SandboxElsewhere(sandbox));
    }
    let demo = start(&args).await?;
    let worked = if args.once {
        once::run(&demo).await
    } else {
        present(&demo).await
    };
    demo.stop().await;
    worked
}

async fn start(args: &DemoArgs) -> Result<Demo, DemoError> {
    let sources = Sources::system();
    let folder = Folder::open(&args.data_dir, &sources)?;
    if folder.made_key {
        say(&format!(
            "Made an encryption key, which seals tokens and client secrets: {}",
            folder.key_file().display()
        ));
    }
    let listener = listen(args.listen)?;
    let address = listener.local_addr().map_err(StartError::Server)?;
    let sandbox = start_sandbox(args, &folder, address, &sources).await?;
    let config = config(args, &folder, address, &sandbox)?;
    let _ = logging::init(&config.log);
    match start_app(&config, &folder, &sandbox, listener, sources).await {
        Ok((app, serving)) => Ok(Demo {
            app,
            serving,
            sandbox,
            folder,
        }),
        Err(error) => {
            sandbox.stop().await;
            Err(error)
        }
    }
}

async fn start_app(
    config: &Config,
    folder: &Folder,
    sandbox: &Running,
    listener: TcpListener,
    sources: Sources,
) -> Result<(App, Serving), DemoError> {
    let options = Options::new(config.database.url.expose());
    let db = Db::connect(&options, sources).await?;
    // The demo owns its database, whatever it is.
    db.migrate().await?;
    let app = App::over(db, config)?;
    let serving = app.serve(listener)?;
    if let Err(error) = seed::run(&app, folder, sandbox, config).await {
        serving.stop().await;
        return Err(error);
    }
    Ok((app, serving))
}

async fn start_sandbox(
    args: &DemoArgs,
    folder: &Folder,
    app: SocketAddr,
    sources: &Sources,
) -> Result<Running, DemoError> {
    let now = sources.now().timestamp();
    let running = earmark_sandbox::start(earmark_sandbox::Options {
        listen: args.sandbox_listen,
        state_file: Some(folder.sandbox_state()),
        rate: RATE,
        latency: LATENCY,
        generate: Generate {
            contacts: args.contacts,
            companies: args.contacts / CONTACTS_OF_A_COMPANY,
            conversations: 0,
        },
        inbox_url: Some(format!("http://{}", reachable(app))),
        seed: Some(earmark_sandbox::demo_seed(
            now,
            earmark_sandbox::DemoSecrets {
                token: &folder.secrets.token,
                client_secret: &folder.secrets.client_secret,
                oauth_secret: &folder.secrets.oauth_secret,
                own_secret: &folder.secrets.own_secret,
            },
        )),
        ..earmark_sandbox::Options::default()
    });
    Ok(running.await?)
}

/// The demo's configuration: what the folder and the arguments say, and nothing of the environment that would contradict.
fn config(
    args: &DemoArgs,
    folder: &Folder,
    app: SocketAddr,
    sandbox: &Running,
) -> Result<Config, DemoError> {
    let url = args
        .database_url
        .clone()
        .unwrap_or_else(|| sqlite_url(&folder.database()));
    let mut input = Input::from_process(None);
    input
        .environment
        .retain(|name, _| !name.starts_with("EARMARK__") || name.starts_with("EARMARK__LOG__"));
    let intercom = format!("http://{}", reachable(sandbox.addr()));
    let mut input = input
        .with("server.listen", app.to_string())
        .with("server.public_url", format!("http://{}", reachable(app)))
        .with("database.url", url)
        .with("keys.master_file", folder.key_file().display().to_string())
        .with("oauth.client_id", DEMO_OAUTH_CLIENT_ID)
        .with("oauth.client_secret", folder.secrets.oauth_secret.clone());
    for (region, api, web) in [
        ("us", "intercom.us.api_url", "intercom.us.web_url"),
        ("eu", "intercom.eu.api_url", "intercom.eu.web_url"),
        ("au", "intercom.au.api_url", "intercom.au.web_url"),
    ] {
        let host = format!("{intercom}/{region}");
        input = input.with(api, host.clone()).with(web, host);
    }
    Ok(Config::load(&input)?)
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// An address that a browser can open: one that means "every interface" is reached on this machine by loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// Says where everything is, and waits for the end.
async fn present(demo: &Demo) -> Result<(), DemoError> {
    let Demo {
        app,
        serving,
        sandbox,
        folder,
    } = demo;
    let (member, _) = seed::workspace_of(demo).await?;
    let connection = seed::demo_connection(&app.db, member.workspace().id).await?;
    let token = connection
        .map(|connection| connection.endpoint_token)
        .unwrap_or_default();
    say("");
    say(&format!("Earmark   http://{}", reachable(serving.address)));
    say(&format!(
        "Sandbox   http://{}   (stands in for Intercom)",
        reachable(sandbox.addr())
    ));
    say(&format!(
        "Log in    {} / {}",
        folder.secrets.email, folder.secrets.password
    ));
    say(&format!(
        "Webhooks  http://{}{}",
        reachable(serving.address),
        hook_path(&token)
    ));
    say("");
    say(
        "Open a conversation in the sandbox and put the tag feature-request, bug or product-feedback on a message:",
    );
    say("it stands in Earmark's inbox within a second.");
    say(&format!(
        "Data is kept in {}. Ctrl-C ends the demo.",
        folder.path().display()
    ));
    serve::wait_for_end().await;
    say("Stopping. Everything is kept for the next start.");
    Ok(())
}

impl Demo {
    async fn stop(self) {
        self.serving.stop().await;
        self.sandbox.stop().await;
        // Connections are closed in any case when the process ends.
        let _ = self.app.db.close().await;
    }
}
