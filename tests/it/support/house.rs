//! A whole installation on real ports: database, sandbox, a breakable line to it, app with its worker.

use super::company::{Company, Plan};
use super::talk::{ADMIN, APP_ID, CONTACT, Talk};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{Connection, Delivery};
use earmark_model::Sources;
use earmark_sandbox::Options;
use earmark_seal::{KeyRing, MasterKey};
use earmark_server::app::{App, Serving, listen};
use earmark_server::config::{Config, Input};
use earmark_testkit::{FaultProxy, TestDb, TestSandbox, eventually};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Response};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use sha1::Sha1;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Where the manual clock of a house stands at first: some hours before what the fixtures tell of.
const START: i64 = 1_794_980_000;
/// Client id and client secret of the installation's OAuth app.
pub(crate) const INSTALLATION: (&str, &str) = (
    "c0ffee77-marked-installation-id",
    "5ec2e7aa-marked-installation-secret",
);
/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(90);

/// An installation that runs.
pub(crate) struct House {
    pub(crate) db: TestDb,
    pub(crate) app: App,
    pub(crate) sandbox: TestSandbox,
    /// Between the app and the sandbox's API.
    pub(crate) intercom: FaultProxy,
    pub(crate) base: String,
    /// The workspace most tests are about, connected to the sandbox.
    pub(crate) company: Company,
    pub(crate) http: Client,
    /// Opens and seals as the app does.
    pub(crate) ring: KeyRing,
    serving: Serving,
    probe: DatabaseConnection,
    manual: bool,
}

impl House {
    /// An installation whose clock stands until it is moved; each webhook moves it by a millisecond.
    pub(crate) async fn start(db: TestDb) -> Self {
        Self::start_with(db, &[]).await
    }

    /// The same with more in its configuration; an empty value takes a key out of it.
    pub(crate) async fn start_with(db: TestDb, more: &[(&'static str, &str)]) -> Self {
        let start = DateTime::from_timestamp(START, 0).expect("a time");
        db.clock.set(start);
        Self::build(db, true, more).await
    }

    /// An installation with the machine's clock.
    pub(crate) async fn start_with_system_clock(db: TestDb) -> Self {
        Self::build(db.with_system_clock().await, false, &[]).await
    }

    async fn build(db: TestDb, manual: bool, more: &[(&'static str, &str)]) -> Self {
        let plan = Plan::first();
        let sandbox = TestSandbox::start(options(&db.sources, &plan)).await;
        let intercom = FaultProxy::start(sandbox.addr()).await;
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let base = format!("http://{address}");
        let mut input = input(&db, &base, intercom.addr(), &sandbox);
        for (name, value) in more {
            input.overrides.retain(|(known, _)| known != name);
            if !value.is_empty() {
                input = input.with(name, (*value).to_owned());
            }
        }
        let config = Config::load(&input).expect("a configuration");
        let app = App::over(db.db.clone(), &config).expect("the app");
        let serving = app.serve(listener).expect("the app serves");
        let company = Company::found(&app, &base, &plan).await;
        let probe = Database::connect(&db.url).await.expect("a connection");
        let house = Self {
            http: Client::new(),
            ring: config.keys.clone(),
            db,
            app,
            sandbox,
            intercom,
            base,
            company,
            serving,
            probe,
            manual,
        };
        house.settle().await;
        house.company.choose(&house.app).await;
        house
    }

    /// Stops the app. The sandbox ends with the test's runtime.
    pub(crate) async fn stop(self) {
        drop(self.http);
        self.sandbox.stop().await;
        self.serving.stop().await;
        let _ = self.probe.close().await;
        let _ = self.app.db.close().await;
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.db.sources.now()
    }

    /// Lets time pass on the manual clock.
    pub(crate) fn pass(&self, seconds: i64) {
        assert!(self.manual, "this house has the machine's clock");
        self.db.clock.advance(TimeDelta::seconds(seconds));
    }

    /// From now on the sandbox sends its webhooks to the first workspace.
    pub(crate) async fn subscribe(&self) {
        let order = json!({ "app": "earmark", "url": self.company.hook });
        self.sandbox.order("webhook", &order).await;
    }

    /// Makes conversations known to the sandbox, without webhooks.
    pub(crate) async fn seed(&self, talks: &[&Talk]) {
        let talks: Vec<Value> = talks.iter().map(|talk| talk.seed()).collect();
        let order = json!({ "workspaces": [{ "app_id": APP_ID, "conversations": talks }] });
        self.sandbox.order("seed", &order).await;
    }

    /// Makes another Intercom workspace known to the sandbox.
    pub(crate) async fn seed_workspace(&self, plan: &Plan) {
        self.sandbox.order("seed", &seed(plan)).await;
    }

    /// Another workspace of this installation, connected to an Intercom workspace of its own.
    pub(crate) async fn another_company(&self) -> Company {
        let plan = Plan::second();
        self.seed_workspace(&plan).await;
        let company = Company::found(&self.app, &self.base, &plan).await;
        self.settle().await;
        company.choose(&self.app).await;
        company
    }

    /// A second connection of the first workspace, whose client secret nobody has pasted yet.
    pub(crate) async fn without_secret(&self, plan: &Plan) -> Connection {
        self.seed_workspace(plan).await;
        let connection = super::company::prove(&self.app, &self.company.member, plan).await;
        self.settle().await;
        connection
    }

    /// Orders an act of the sandbox on a conversation.
    pub(crate) async fn act(&self, what: &str, talk: &Talk, more: Value) -> Value {
        let mut order = json!({ "app_id": APP_ID, "conversation": talk.id });
        for (key, value) in more.as_object().expect("an object") {
            order[key] = value.clone();
        }
        self.sandbox.order(what, &order).await
    }

    /// Posts a payload, signed with the first workspace's client secret, and expects 200.
    pub(crate) async fn send(&self, payload: &Value) {
        if self.manual {
            self.db.clock.advance(TimeDelta::milliseconds(1));
        }
        let body = serde_json::to_vec(payload).expect("JSON");
        let company = &self.company;
        let answer = post(&self.http, &company.hook, &company.client_secret, body).await;
        assert_eq!(answer.status(), 200, "{payload}");
    }

    /// Posts a payload, waits until everything it set off is done, and gives the delivery it became.
    pub(crate) async fn deliver(&self, payload: &Value) -> Delivery {
        self.send(payload).await;
        self.settle().await;
        let all = self.company.deliveries(self).await;
        let id = payload["id"].as_str();
        let same = |delivery: &&Delivery| delivery.notification_id.as_deref() == id;
        all.iter().find(same).expect("a delivery").clone()
    }

    /// Waits until the sandbox has sent its webhooks, no delivery waits and no job runs or is due; none may have failed
    /// for good.
    pub(crate) async fn settle(&self) {
        let settled = self.sandbox.order("settle", &Value::Null).await;
        assert_eq!(settled["settled"], true, "the sandbox's webhooks");
        eventually(PATIENCE, "no job runs or is due", async || {
            let busy = "(SELECT count(*) FROM jobs WHERE state = 'running' OR (state = 'pending' AND run_at <= $1)) \
                + (SELECT count(*) FROM deliveries WHERE outcome = 'waiting')";
            (self.count(busy).await == 0).then_some(())
        })
        .await;
        let failed = "(SELECT count(*) FROM jobs WHERE state = 'failed' AND run_at <= $1)";
        assert_eq!(self.count(failed).await, 0, "jobs failed for good");
    }

    /// A number; `$1` is the time.
    async fn count(&self, expression: &str) -> i64 {
        let backend = self.probe.get_database_backend();
        let sql = format!("SELECT {expression} AS number");
        let statement = Statement::from_sql_and_values(backend, sql, [self.now().into()]);
        let row = self.probe.query_one_raw(statement).await.expect("a query");
        row.expect("a row").try_get("", "number").expect("a number")
    }
}

/// `X-Hub-Signature` of a body.
pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

/// Posts a signed body.
pub(crate) async fn post(http: &Client, hook: &str, secret: &str, body: Vec<u8>) -> Response {
    let request = http
        .post(hook)
        .header("Content-Type", "application/json")
        .header("X-Hub-Signature", sign(secret, &body));
    request.body(body).send().await.expect("an answer")
}

/// The configuration of a house, for the app in this process or for one of its own.
pub(crate) fn config(key: &str, db: &TestDb, base: &str, api: &str) -> Vec<(&'static str, String)> {
    vec![
        ("server.public_url", base.to_owned()),
        ("server.workers", "2".to_owned()),
        ("database.url", db.url.clone()),
        ("keys.master", key.to_owned()),
        ("intercom.api_url", api.to_owned()),
        ("intercom.web_url", api.to_owned()),
        ("jobs.poll_seconds", "1".to_owned()),
        ("oauth.client_id", INSTALLATION.0.to_owned()),
        ("oauth.client_secret", INSTALLATION.1.to_owned()),
        ("webhooks.refusals_kept", "5".to_owned()),
        ("webhooks.max_body_bytes", "65536".to_owned()),
    ]
}

fn input(db: &TestDb, base: &str, api: SocketAddr, sandbox: &TestSandbox) -> Input {
    let key = MasterKey::generate(&Sources::system()).to_text();
    let mut input = Input::default();
    for (name, value) in config(&key, db, base, &format!("http://{api}")) {
        let value = match name {
            "intercom.web_url" => sandbox.url(),
            _ => value,
        };
        input = input.with(name, value);
    }
    input
}

/// A sandbox with one Intercom workspace.
pub(crate) fn options(sources: &Sources, plan: &Plan) -> Options {
    let clock = sources.clone();
    Options {
        rate: 1_000_000,
        retry_after: Duration::from_millis(200),
        seed: Some(seed(plan)),
        clock: Arc::new(move || clock.now().timestamp()),
        ..Options::default()
    }
}

/// An Intercom workspace with two teammates, the tags of the fixtures, a company, a contact and a private app.
fn seed(plan: &Plan) -> Value {
    json!({ "workspaces": [{
        "app_id": plan.app_id,
        "name": "Birch Help",
        "region": "US",
        "timezone": "Europe/Dublin",
        "admins": [
            { "id": ADMIN.0, "name": ADMIN.1, "email": ADMIN.2 },
            { "id": "5520188", "name": "Jonas Weber", "email": "jonas@help.example" },
        ],
        "tags": super::company::TAGS
            .iter()
            .map(|(id, name)| json!({ "id": id, "name": name }))
            .collect::<Vec<_>>(),
        "companies": [{ "id": "6a0fd1e2c3b4a59687706152", "company_id": "birch", "name": "Birchworks" }],
        "contacts": [{
            "id": CONTACT.0, "external_id": "bw-77", "role": "user", "name": CONTACT.1, "email": CONTACT.2,
            "companies": ["6a0fd1e2c3b4a59687706152"],
        }],
        "apps": [{
            "client_id": plan.client_id, "name": plan.client_id, "token": plan.token, "client_secret": plan.client_secret,
        }],
    }]})
}
