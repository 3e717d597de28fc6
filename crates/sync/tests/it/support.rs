//! A workspace connected to a sandbox, and webhooks caught on their way.

mod driving;

pub(crate) use driving::Breach;

use chrono::TimeDelta;
use earmark_connections::{HostMap, Region, SharedBudget, SourcesEnvironment, Store, TokenForm};
use earmark_db::across::NewDelivery;
use earmark_db::tenant::{Actor, Run, RunLine};
use earmark_db::{Db, Tenant};
use earmark_intercom::{Client, Http, Lane, Policy, webhook};
use earmark_model::{ConnectionId, ProductId, RunId, RunState, WorkspaceId};
use earmark_sandbox::{Generate, Options};
use earmark_seal::{KeyRing, MasterKey};
use earmark_sync::{Ask, ask_run, set_contacts};
use earmark_testkit::build::{self, People};
use earmark_testkit::{FaultProxy, TestDb, TestSandbox};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const APP: &str = "qw7tide3";
const TOKEN: &str = "dG9rOmVuZ2luZS10ZXN0LXRva2Vu";
/// The trigger tag, and one that is none.
pub(crate) const TAG: (&str, &str) = ("830041", "product feedback");
pub(crate) const OTHER_TAG: (&str, &str) = ("830007", "key account");

/// What a test begins with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Plan {
    pub(crate) generate: Generate,
    pub(crate) search_delay: Duration,
}

pub(crate) struct Engine {
    pub(crate) t: TestDb,
    pub(crate) people: People,
    pub(crate) sandbox: TestSandbox,
    pub(crate) store: Store,
    pub(crate) connection: ConnectionId,
    pub(crate) product: ProductId,
    letters: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Before the database, where it can be cut off.
    line: Option<FaultProxy>,
}

impl Engine {
    pub(crate) async fn start(t: TestDb) -> Self {
        Self::with(t, Plan::default()).await
    }

    /// With a database that can be cut off, where there is one to cut.
    pub(crate) async fn breakable(mut t: TestDb) -> Self {
        let mut line = None;
        if t.db.is_shared() {
            let proxy = FaultProxy::start(t.server_addr()).await;
            let through = t.through(proxy.addr()).await;
            let direct = std::mem::replace(&mut t.db, through);
            direct.close().await.unwrap();
            line = Some(proxy);
        }
        Self {
            line,
            ..Self::start(t).await
        }
    }

    pub(crate) async fn with(t: TestDb, plan: Plan) -> Self {
        let sources = t.sources.clone();
        let letters = Arc::new(Mutex::new(Vec::new()));
        let hook = catch_letters(letters.clone()).await;
        let options = Options {
            clock: Arc::new(move || sources.now().timestamp()),
            rate: 1_000_000,
            seed: Some(seed(&hook)),
            generate: plan.generate,
            search_delay: plan.search_delay,
            ..Options::default()
        };
        let sandbox = TestSandbox::start(options).await;
        let people = build::people(&t.db, "Quillwater").await;
        let store = store(&t, &sandbox.url());
        let workspace = people.workspace.id;
        let connection = connect(&store, workspace).await;
        let product = build::product(&t.db, workspace, "Mobile").await.id;
        let engine = Self {
            t,
            people,
            sandbox,
            store,
            connection,
            product,
            letters,
            line: None,
        };
        engine.drain().await;
        engine
    }

    /// Connects again, with the same token.
    pub(crate) async fn connect(&self) {
        let connection = connect(&self.store, self.workspace()).await;
        assert_eq!(connection, self.connection);
    }

    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.people.workspace.id
    }

    pub(crate) fn tenant(&self) -> Tenant<'_, Db> {
        self.t.db.workspace(self.workspace())
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.t.clock.advance(TimeDelta::seconds(seconds));
    }

    pub(crate) async fn order(&self, path: &str, body: Value) -> Value {
        let mut body = body;
        body["app_id"] = json!(APP);
        self.sandbox.order(path, &body).await
    }

    /// A new contact at the sandbox.
    pub(crate) async fn contact(&self, fields: Value) -> String {
        let made = self
            .order("contacts/create", json!({"fields": fields}))
            .await;
        made["contact"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn company(&self, name: &str) -> String {
        let fields = json!({"company_id": name.to_lowercase(), "name": name});
        let made = self.order("companies/put", json!({"fields": fields})).await;
        made["company"].as_str().unwrap().to_owned()
    }

    /// Switches contacts on and lets the backfill come to its end.
    pub(crate) async fn copy_contacts(&self) -> Run {
        let run = self.switch(true).await.unwrap();
        self.drain().await;
        self.run(run).await
    }

    pub(crate) async fn switch(&self, on: bool) -> Option<RunId> {
        let actor = Actor::default();
        set_contacts(&self.t.db, self.workspace(), &actor, self.connection, on)
            .await
            .unwrap()
    }

    /// Switches feedback on, with [`TAG`] as the product's trigger.
    pub(crate) async fn take_feedback(&self) {
        let actor = Actor::default();
        self.store
            .set_feedback(self.workspace(), &actor, self.connection, true)
            .await
            .unwrap();
        let tx = self.t.db.begin().await.unwrap();
        let tenant = tx.workspace(self.workspace());
        tenant
            .choose_trigger_tags(self.product, &[(self.connection, TAG.0.to_owned())])
            .await
            .unwrap();
        tenant
            .set_product_feedback(self.product, true)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Asks for a run and lets it come to its end.
    pub(crate) async fn go(&self, ask: Ask) -> Run {
        let run = self.ask(ask).await;
        self.drain().await;
        self.run(run).await
    }

    pub(crate) async fn ask(&self, ask: Ask) -> RunId {
        let actor = Actor::default();
        ask_run(&self.t.db, self.workspace(), &actor, self.connection, &ask)
            .await
            .unwrap()
    }

    pub(crate) async fn run(&self, id: RunId) -> Run {
        self.tenant().run(id).await.unwrap().unwrap()
    }

    pub(crate) async fn lines(&self, run: &Run) -> Vec<RunLine> {
        self.tenant().run_lines(run.id, 0, 1_000).await.unwrap()
    }

    /// Webhooks that were sent since the last time, in the order they were sent.
    pub(crate) async fn letters(&self) -> Vec<Vec<u8>> {
        let settled = self.sandbox.order("settle", &Value::Null).await;
        assert_eq!(settled["settled"], true);
        std::mem::take(&mut *self.letters.lock().unwrap())
    }

    /// Stores a webhook as the letterbox does.
    pub(crate) async fn receive(&self, body: &[u8]) {
        let peek = webhook::peek(body).unwrap();
        let subject = peek.subject.map(|subject| subject.id);
        let new = NewDelivery {
            workspace: self.workspace(),
            connection: self.connection,
            dedupe_key: format!("id:{}", self.t.sources.token()),
            notification_id: peek.id,
            topic: peek.topic,
            subject,
            finished: None,
            received_at: self.t.sources.now(),
            lane_at: self.t.sources.now(),
            body: Some(body.to_vec()),
        };
        let tx = self.t.db.begin().await.unwrap();
        tx.across().store_deliveries(&[new]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Receives all webhooks that were sent, and works through what follows.
    pub(crate) async fn deliver(&self) {
        for letter in self.letters().await {
            self.receive(&letter).await;
        }
        self.drain().await;
    }

    /// What became of the newest deliveries, newest first.
    pub(crate) async fn notes(&self) -> Vec<String> {
        let log = self
            .tenant()
            .deliveries(self.connection, &Default::default(), 100)
            .await
            .unwrap();
        log.into_iter().filter_map(|one| one.note).collect()
    }

    /// Takes all contacts and companies out of our copy, so that they are new again.
    pub(crate) async fn forget_people(&self) {
        let tx = self.t.db.begin().await.unwrap();
        let tenant = tx.workspace(self.workspace());
        while tenant.erase_people(self.connection, 100_000).await.unwrap() > 0 {}
        tx.commit().await.unwrap();
    }

    pub(crate) async fn client(&self) -> Client {
        let ready = self
            .store
            .client(self.workspace(), self.connection, Lane::Interactive)
            .await;
        ready.unwrap().client
    }
}

pub(crate) fn assert_done(run: &Run) {
    assert_eq!(run.state, RunState::Done, "{run:#?}");
}

async fn connect(store: &Store, workspace: WorkspaceId) -> ConnectionId {
    let form = TokenForm {
        name: String::new(),
        region: Region::Us,
        token: TOKEN.to_owned(),
        reconnect: None,
    };
    let actor = Actor::default();
    let connected = store.connect_with_token(workspace, &actor, form).await;
    connected.unwrap().connection
}

fn store(t: &TestDb, url: &str) -> Store {
    let policy = Policy {
        first_backoff: Duration::from_millis(1),
        longest_backoff: Duration::from_millis(2),
        // Real time; what takes longer is put off, and the manual clock moves.
        background_patience: Duration::from_millis(500),
        ..Policy::default()
    };
    let http = Http::new(policy, Arc::new(SourcesEnvironment(t.sources.clone()))).unwrap();
    let mut hosts = HostMap::intercom().unwrap();
    for region in Region::ALL {
        hosts.set_api(Some(region), url).unwrap();
    }
    let ring = KeyRing::new(MasterKey::generate(&t.sources), []);
    let budget = Arc::new(SharedBudget::new(t.db.clone()));
    Store::new(t.db.clone(), ring, hosts, http, budget)
}

fn seed(hook: &str) -> Value {
    json!({"check": false, "workspaces": [{
        "app_id": APP,
        "name": "Quillwater Support",
        "timezone": "Pacific/Auckland",
        "admins": [{"id": "7310044", "name": "Ada Lindqvist", "email": "ada@quillwater.example"}],
        "tags": [{"id": TAG.0, "name": TAG.1}, {"id": OTHER_TAG.0, "name": OTHER_TAG.1}],
        "attributes": [
            {"name": "tier", "model": "contact", "data_type": "string"},
            {"name": "score", "model": "contact", "data_type": "integer"},
        ],
        "apps": [{
            "client_id": "app", "name": "Earmark", "token": TOKEN, "client_secret": "a-secret-of-the-app",
            "webhook_url": hook,
        }],
    }]})
}

/// Answers 200 to whatever is posted and keeps it.
async fn catch_letters(into: Arc<Mutex<Vec<Vec<u8>>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let into = into.clone();
            tokio::spawn(async move { take_letter(stream, &into).await });
        }
    });
    url
}

async fn take_letter(mut stream: TcpStream, into: &Mutex<Vec<Vec<u8>>>) -> Option<()> {
    let mut read = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        break (end + 4, length.unwrap_or(0));
    };
    while read.len() < head + length {
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
    into.lock()
        .unwrap()
        .push(read[head..head + length].to_vec());
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    stream.write_all(answer).await.ok()
}
