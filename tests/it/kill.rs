//! The server is killed in the middle of a flood. Whatever it accepted is there after a restart, with exactly one effect.

use crate::support::{Company, Plan, TAG, TAGS, Talk, config, options, sign};
use earmark_db::Db;
use earmark_db::tenant::DeliveryFilter;
use earmark_model::{Outcome, Sources};
use earmark_seal::MasterKey;
use earmark_server::app::App;
use earmark_server::config::{Config, Input};
use earmark_testkit::{TestDb, TestSandbox, both_databases, build, eventually};
use futures::{StreamExt, stream};
use reqwest::Client;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Messages that are tagged, each told twice.
const MESSAGES: usize = 600;
/// After so many answers the server is killed.
const KILL_AFTER: usize = 250;
const AT_ONCE: usize = 32;
const PATIENCE: Duration = Duration::from_secs(120);

/// The server's binary, beside the folder of the tests' own.
fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("this program's path");
    let folder = own.parent().and_then(|deps| deps.parent());
    let path = folder.expect("the build's folder").join("earmark");
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --workspace` first",
        path.display()
    );
    path
}

/// A command of the binary with these settings and nothing else.
pub(crate) fn earmark(words: &[&str], settings: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(binary());
    command.args(words).env_clear();
    for (key, value) in settings {
        let name = format!("EARMARK__{}", key.to_uppercase().replace('.', "__"));
        command.env(name, value);
    }
    command
}

/// A server process; killed at the latest when it is dropped.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(settings: &[(&'static str, String)]) -> Self {
        let mut command = earmark(&["serve"], settings);
        let null = || Stdio::null();
        command.stdin(null()).stdout(null()).stderr(null());
        Self(command.spawn().expect("the server starts"))
    }

    /// SIGKILL: nothing of it gets to say goodbye.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("the server is killed");
        self.0.wait().expect("the server has ended");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Signs up, connects and chooses trigger tags in this process, then lets go of the database.
pub(crate) async fn found(db: &TestDb, settings: &[(&'static str, String)], base: &str) -> Company {
    let mut input = Input::default();
    for (key, value) in settings {
        input = input.with(key, value.clone());
    }
    let config = Config::load(&input).expect("a configuration");
    let app = App::over(db.db.clone(), &config).expect("the app");
    let company = Company::found(&app, base, &Plan::first()).await;
    build::tags(&db.db, company.workspace, company.connection, &TAGS, &[]).await;
    company.choose(&app).await;
    db.db.close().await.expect("the database closes");
    company
}

/// Posts payloads; gives the ids of those that were answered 200, and the payloads that were not.
pub(crate) async fn flood<'a>(
    company: &Company,
    payloads: impl Iterator<Item = &'a Value>,
    answered: &AtomicUsize,
) -> (HashSet<String>, Vec<&'a Value>) {
    let http = Client::new();
    let accepted = Mutex::<HashSet<String>>::default();
    let lost = Mutex::<Vec<&Value>>::default();
    stream::iter(payloads)
        .for_each_concurrent(AT_ONCE, async |payload| {
            let body = payload.to_string().into_bytes();
            let signature = sign(&company.client_secret, &body);
            let request = http
                .post(&company.hook)
                .header("X-Hub-Signature", signature);
            match request.body(body).send().await {
                Ok(answer) if answer.status() == 200 => {
                    let id = payload["id"].as_str().expect("an id").to_owned();
                    accepted.lock().unwrap().insert(id);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                _ => lost.lock().unwrap().push(payload),
            }
        })
        .await;
    (accepted.into_inner().unwrap(), lost.into_inner().unwrap())
}

pub(crate) async fn up(company: &Company) {
    let http = Client::new();
    eventually(PATIENCE, "the server answers", async || {
        let answer = http.head(&company.hook).send().await.ok()?;
        (answer.status() == 200).then_some(())
    })
    .await;
}

pub(crate) async fn drained(db: &TestDb) {
    let probe = Database::connect(&db.url).await.expect("a connection");
    eventually(PATIENCE, "no job is left", async || {
        let sql = "SELECT count(*) AS jobs FROM jobs";
        let statement = Statement::from_string(probe.get_database_backend(), sql);
        let row = probe.query_one_raw(statement).await.ok()??;
        (row.try_get::<i64>("", "jobs").ok()? == 0).then_some(())
    })
    .await;
    probe.close().await.expect("the probe closes");
}

/// One delivery for each accepted notification, one ticket for each message.
pub(crate) async fn assert_one_effect_each(
    db: &Db,
    company: &Company,
    accepted: &HashSet<String>,
    talks: &[Talk],
) {
    let tenant = db.workspace(company.workspace);
    let filter = DeliveryFilter::default();
    let all = tenant
        .deliveries(company.connection, &filter, 100_000)
        .await;
    let mut firsts: HashMap<String, Vec<Outcome>> = HashMap::new();
    for delivery in all.expect("the deliveries") {
        if delivery.repeat_of.is_none() {
            let id = delivery.notification_id.expect("an id");
            firsts.entry(id).or_default().push(delivery.outcome);
        }
    }
    for id in accepted {
        let outcomes = firsts.get(id).map(Vec::as_slice);
        assert_eq!(outcomes, Some([Outcome::Processed].as_slice()), "{id}");
    }
    assert_eq!(firsts.len(), talks.len());
    for talk in talks {
        let found = tenant
            .tickets_of_conversation(company.connection, &talk.id)
            .await;
        assert_eq!(found.expect("the tickets").len(), 1, "{}", talk.id);
    }
}

both_databases! {
    async fn what_was_accepted_before_a_kill_has_exactly_one_effect_after_the_restart(db: TestDb) {
        let db = db.with_system_clock().await;
        let sandbox = TestSandbox::start(options(&db.sources, &Plan::first())).await;
        let base = format!("http://127.0.0.1:{}", free_port());
        let key = MasterKey::generate(&Sources::system()).to_text();
        let mut settings = config(&key, &db, &base, &sandbox.url());
        settings.push(("server.listen", base.trim_start_matches("http://").to_owned()));
        // On PostgreSQL the jobs of a process that died are taken over after this time.
        settings.push(("jobs.lease_seconds", "10".to_owned()));
        let company = found(&db, &settings, &base).await;

        let now = db.sources.now();
        let talks: Vec<Talk> = (0..MESSAGES).map(|n| Talk::open(&format!("Wish {n}."), now.timestamp())).collect();
        let payloads: Vec<Value> = talks.iter().map(|talk| talk.tagged(&talk.opening, TAG, now)).collect();
        let mut server = Server::start(&settings);
        up(&company).await;
        let answered = AtomicUsize::new(0);
        let twice = payloads.chunks(20).flat_map(|some| some.iter().chain(some));
        let ((accepted, lost), ()) = tokio::join!(flood(&company, twice, &answered), async {
            eventually(PATIENCE, "enough was answered", async || {
                (answered.load(Ordering::Relaxed) >= KILL_AFTER).then_some(())
            })
            .await;
            server.kill();
        });
        assert!(accepted.len() >= KILL_AFTER / 2, "{} were accepted", accepted.len());
        assert!(!lost.is_empty(), "the flood was over before the kill");

        let _server = Server::start(&settings);
        up(&company).await;
        // Intercom sends what was not answered once more.
        let (later, lost) = flood(&company, lost.into_iter(), &answered).await;
        assert!(lost.is_empty(), "{} were refused after the restart", lost.len());
        drained(&db).await;
        let all: HashSet<String> = accepted.union(&later).cloned().collect();
        assert_eq!(all.len(), MESSAGES);
        let read = db.another().await;
        assert_one_effect_each(&read, &company, &all, &talks).await;
        read.close().await.unwrap();
        sandbox.stop().await;
    }
}
