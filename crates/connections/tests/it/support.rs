//! Shared by the tests: a store whose three regions are sandboxes.

use earmark_connections::{
    ConnectError, Connected, HostMap, Region, SharedBudget, SourcesEnvironment, Store, TokenForm,
};
use earmark_db::Db;
use earmark_db::tenant::{
    Actor, Connection, NewConnection, SecretKind, SecretOwner, StoredSecret, Via,
};
use earmark_intercom::{Http, Policy};
use earmark_model::{ConnectionId, SecretId, WorkspaceId};
use earmark_sandbox::Options;
use earmark_seal::{Context, KeyRing, MasterKey};
use earmark_testkit::build::{self, People};
use earmark_testkit::{TestDb, TestSandbox};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The longest a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// A token that the sandboxes may know; it must show up in no output.
pub(crate) const TOKEN: &str = "dG9rOm5ldmVyLXNob3ctbWU=";
/// A client secret; it must show up in no output.
pub(crate) const SECRET: &str = "5a1f0c3e-never-show-me-either";
pub(crate) const APP: &str = "qw7tide3";

/// A workspace of ours, its store, and the sandboxes of US, EU and AU.
pub(crate) struct Bench {
    pub(crate) t: TestDb,
    pub(crate) people: People,
    pub(crate) key: MasterKey,
    pub(crate) ring: KeyRing,
    pub(crate) store: Store,
    pub(crate) regions: [TestSandbox; 3],
}

impl Bench {
    pub(crate) async fn new(t: TestDb) -> Self {
        let regions = [sandbox(&t).await, sandbox(&t).await, sandbox(&t).await];
        let people = build::people(&t.db, "Quillwater").await;
        let key = MasterKey::generate(&t.sources);
        let ring = KeyRing::new(key.clone(), []);
        let store = store(
            &t,
            &t.db,
            &ring,
            hosts(regions.each_ref().map(TestSandbox::url)),
        );
        Self {
            t,
            people,
            key,
            ring,
            store,
            regions,
        }
    }

    /// With [`TOKEN`] known in the US.
    pub(crate) async fn known(t: TestDb) -> Self {
        let bench = Self::new(t).await;
        bench.seed(Region::Us, &app(TOKEN)).await;
        bench
    }

    /// With a connection made with [`TOKEN`].
    pub(crate) async fn connected(t: TestDb) -> (Self, ConnectionId) {
        let bench = Self::known(t).await;
        let connected = bench.connect(Region::Us, TOKEN).await.unwrap();
        (bench, connected.connection)
    }

    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.people.workspace.id
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor {
            user: Some(self.people.owner.id),
            address: Some("192.0.2.7".to_owned()),
        }
    }

    pub(crate) fn region(&self, region: Region) -> &TestSandbox {
        let at = Region::ALL.iter().position(|one| *one == region);
        &self.regions[at.unwrap()]
    }

    /// Puts an Intercom workspace with one app into a region.
    pub(crate) async fn seed(&self, region: Region, app: &Value) {
        let workspace = intercom_workspace(APP, region, app);
        let seed = json!({"workspaces": [workspace]});
        self.region(region).order("seed", &seed).await;
    }

    pub(crate) async fn connect(
        &self,
        region: Region,
        token: &str,
    ) -> Result<Connected, ConnectError> {
        self.connect_to(self.workspace(), region, token).await
    }

    pub(crate) async fn connect_to(
        &self,
        workspace: WorkspaceId,
        region: Region,
        token: &str,
    ) -> Result<Connected, ConnectError> {
        let form = TokenForm {
            name: String::new(),
            region,
            token: token.to_owned(),
            reconnect: None,
        };
        self.store
            .connect_with_token(workspace, &self.actor(), form)
            .await
    }

    /// A connection as the OAuth flow leaves it, with a token that the sandbox knows.
    pub(crate) async fn granted(
        &self,
        workspace: WorkspaceId,
        via: Via,
        token: &str,
    ) -> ConnectionId {
        let tx = build::begin(&self.t.db).await;
        let new = NewConnection {
            name: "Support".to_owned(),
            via,
            app_id: APP.to_owned(),
            app_name: format!("{APP} Support"),
            region: "US".to_owned(),
            timezone: None,
        };
        let id = tx.workspace(workspace).create_connection(new).await;
        let id = id.unwrap().id;
        tx.commit().await.unwrap();
        let kind = SecretKind::AccessToken;
        self.seal(workspace, id, kind, token).await;
        id
    }

    /// Stores a secret as the store does.
    pub(crate) async fn seal(
        &self,
        workspace: WorkspaceId,
        owner: impl Into<SecretOwner>,
        kind: SecretKind,
        secret: &str,
    ) -> SecretId {
        let (id, owner): (SecretId, SecretOwner) = (self.t.sources.id(), owner.into());
        let place = format!("{owner}/{id}/{kind}");
        let context = Context {
            workspace,
            owner: &place,
        };
        let sealed = self.ring.seal(&self.t.sources, context, secret.as_bytes());
        let parts = (id, kind, sealed.as_str(), "");
        build::secret(&self.t.db, workspace, owner, parts).await;
        id
    }

    pub(crate) async fn connection(&self, id: ConnectionId) -> Connection {
        let tenant = self.t.db.workspace(self.workspace());
        tenant.connection(id).await.unwrap().unwrap()
    }

    pub(crate) async fn secrets(&self, id: ConnectionId, kind: SecretKind) -> Vec<StoredSecret> {
        self.t
            .db
            .workspace(self.workspace())
            .secrets(id, kind)
            .await
            .unwrap()
    }

    /// How often `/me` was asked in each region.
    pub(crate) async fn asked(&self) -> [usize; 3] {
        let mut asked = [0; 3];
        for (count, region) in asked.iter_mut().zip(&self.regions) {
            let requests = region.ask("requests").await;
            let requests = requests["requests"].as_array().unwrap();
            assert!(
                requests.iter().all(|one| one["path"] == "/me"),
                "{requests:?}"
            );
            *count = requests.len();
        }
        asked
    }

    /// Nothing was stored at all.
    pub(crate) async fn assert_empty(&self) {
        let tenant = self.t.db.workspace(self.workspace());
        assert_eq!(tenant.connections().await.unwrap(), []);
        assert_eq!(tenant.audit_lines(10).await.unwrap().len(), 0);
        assert_eq!(self.t.db.across().jobs_in("pending").await.unwrap(), 0);
    }
}

/// An empty sandbox with the test's clock.
pub(crate) async fn sandbox(t: &TestDb) -> TestSandbox {
    let sources = t.sources.clone();
    let options = Options {
        clock: Arc::new(move || sources.now().timestamp()),
        ..Options::default()
    };
    TestSandbox::start(options).await
}

/// A store as another process would have it.
pub(crate) fn store(t: &TestDb, db: &Db, ring: &KeyRing, hosts: HostMap) -> Store {
    let policy = Policy {
        first_backoff: Duration::from_millis(1),
        longest_backoff: Duration::from_millis(2),
        ..Policy::default()
    };
    let http = Http::new(policy, Arc::new(SourcesEnvironment(t.sources.clone()))).unwrap();
    let budget = Arc::new(SharedBudget::new(db.clone()));
    Store::new(db.clone(), ring.clone(), hosts, http, budget)
}

/// The API hosts of US, EU and AU.
pub(crate) fn hosts(urls: [String; 3]) -> HostMap {
    let mut hosts = HostMap::intercom().unwrap();
    for (region, url) in Region::ALL.into_iter().zip(urls) {
        hosts.set_api(Some(region), &url).unwrap();
    }
    hosts
}

/// An address where nobody listens.
pub(crate) fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A private app with every permission.
pub(crate) fn app(token: &str) -> Value {
    json!({"client_id": "app", "name": "Earmark", "token": token, "client_secret": SECRET})
}

/// A private app with these permissions alone.
pub(crate) fn app_with(token: &str, permissions: &[&str]) -> Value {
    let mut app = app(token);
    app["permissions"] = json!(permissions);
    app
}

pub(crate) fn intercom_workspace(app_id: &str, region: Region, app: &Value) -> Value {
    json!({
        "app_id": app_id,
        "name": format!("{app_id} Support"),
        "region": region.as_str(),
        "timezone": "Europe/Dublin",
        "admins": [{"id": "7310044", "name": "Ada Lindqvist", "email": "ada@quillwater.example"}],
        "apps": [app],
    })
}
