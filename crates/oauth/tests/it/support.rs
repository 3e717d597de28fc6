//! Shared by the tests: a workspace, its store and flow, and a sandbox in which people authorize.

use earmark_connections::{
    AppCredentials, Connected, HostMap, Region, SharedBudget, SourcesEnvironment, Store,
};
use earmark_db::Db;
use earmark_db::tenant::{Actor, Connection, SecretKind, StoredSecret};
use earmark_intercom::{Http, Policy};
use earmark_model::{ConnectionId, UserId, WorkspaceId};
use earmark_oauth::{Answer, Exchange, Finished, OAuth, Problem, Refused, Settings, Visit, Wish};
use earmark_sandbox::{DEMO_OAUTH_CLIENT_ID, DEMO_OWN_CLIENT_ID, DemoSecrets, Options, demo_seed};
use earmark_seal::{KeyRing, MasterKey, Secret};
use earmark_testkit::build::{self, People};
use earmark_testkit::{TestDb, TestSandbox};
use serde_json::json;
use std::sync::Arc;
use url::Url;

pub(crate) const BROWSER: &str = "a-random-value-of-the-session";
pub(crate) const TOKEN: &str = "dG9rOm9mLXRoZS1wcml2YXRlLWFwcA";
/// Secrets that must show up in no output.
pub(crate) const INSTALLATION_SECRET: &str = "5a1f0c3e-installation-never-shown";
pub(crate) const OWN_SECRET: &str = "7be29d10-own-app-never-shown";
pub(crate) const PUBLIC: &str = "https://earmark.example/";

pub(crate) struct World {
    pub(crate) t: TestDb,
    pub(crate) people: People,
    pub(crate) ring: KeyRing,
    pub(crate) store: Store,
    pub(crate) oauth: OAuth,
    pub(crate) sandbox: TestSandbox,
}

impl World {
    pub(crate) async fn new(t: TestDb) -> Self {
        let sources = t.sources.clone();
        let secrets = DemoSecrets {
            token: TOKEN,
            client_secret: "unused-client-secret",
            oauth_secret: INSTALLATION_SECRET,
            own_secret: OWN_SECRET,
        };
        let sandbox = TestSandbox::start(Options {
            seed: Some(demo_seed(t.sources.now().timestamp(), secrets)),
            clock: Arc::new(move || sources.now().timestamp()),
            ..Options::default()
        })
        .await;
        for app in [DEMO_OAUTH_CLIENT_ID, DEMO_OWN_CLIENT_ID] {
            let order =
                json!({"app": app, "redirect_uris": [format!("{PUBLIC}auth/intercom/callback")]});
            sandbox.order("app", &order).await;
        }
        let people = build::people(&t.db, "Quillwater").await;
        let ring = KeyRing::new(MasterKey::generate(&t.sources), []);
        let (store, oauth) = services(&t, &t.db, &ring, hosts(&sandbox.url()));
        Self {
            t,
            people,
            ring,
            store,
            oauth,
            sandbox,
        }
    }

    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.people.workspace.id
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor {
            user: Some(self.people.owner.id),
            address: None,
        }
    }

    pub(crate) fn wish(&self, reconnect: Option<ConnectionId>) -> Wish {
        Wish {
            workspace: self.workspace(),
            user: self.people.owner.id,
            browser: BROWSER.to_owned(),
            region: Region::Us,
            name: String::new(),
            reconnect,
        }
    }

    pub(crate) async fn begin(&self, reconnect: Option<ConnectionId>) -> Url {
        self.oauth.begin(self.wish(reconnect)).await.unwrap()
    }

    /// What a person does on the Authorize page; gives what they are sent back with.
    pub(crate) async fn decide(&self, page: &Url, app_id: &str, decision: &str) -> Answer {
        let sent = |name| parameter(page, name).unwrap();
        let form = [
            ("client_id", sent("client_id")),
            ("state", sent("state")),
            ("redirect_uri", sent("redirect_uri")),
            ("app_id", app_id.to_owned()),
            ("decision", decision.to_owned()),
        ];
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let request = http.build().unwrap().post(page.clone()).form(&form);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 303);
        let back = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        assert!(
            back.as_str()
                .starts_with("https://earmark.example/auth/intercom/callback?"),
            "{back}"
        );
        Answer {
            state: parameter(&back, "state"),
            code: parameter(&back, "code"),
            error: parameter(&back, "error"),
        }
    }

    pub(crate) async fn authorize(&self, app_id: &str, reconnect: Option<ConnectionId>) -> Answer {
        let page = self.begin(reconnect).await;
        self.decide(&page, app_id, "authorize").await
    }

    pub(crate) fn visit(&self, user: UserId) -> Visit {
        Visit {
            user,
            browser: Some(BROWSER.to_owned()),
            address: None,
        }
    }

    pub(crate) async fn finish(&self, answer: Answer) -> Result<Finished, Refused> {
        let visit = self.visit(self.people.owner.id);
        self.oauth.finish(answer, visit).await
    }

    pub(crate) async fn connect(&self, app_id: &str, reconnect: Option<ConnectionId>) -> Connected {
        let answer = self.authorize(app_id, reconnect).await;
        self.finish(answer).await.unwrap().connected
    }

    /// Why an answer makes no connection.
    pub(crate) async fn problem(&self, answer: Answer) -> Problem {
        self.finish(answer).await.unwrap_err().problem
    }

    pub(crate) async fn connection(&self, id: ConnectionId) -> Connection {
        let tenant = self.t.db.workspace(self.workspace());
        tenant.connection(id).await.unwrap().unwrap()
    }

    pub(crate) async fn secrets(&self, id: ConnectionId, kind: SecretKind) -> Vec<StoredSecret> {
        let tenant = self.t.db.workspace(self.workspace());
        tenant.secrets(id, kind).await.unwrap()
    }

    pub(crate) async fn connections(&self) -> usize {
        let tenant = self.t.db.workspace(self.workspace());
        tenant.connections().await.unwrap().len()
    }

    /// The same flow with other hosts.
    pub(crate) fn at(&self, hosts: HostMap) -> OAuth {
        services(&self.t, &self.t.db, &self.ring, hosts).1
    }
}

pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    let found = url.query_pairs().find(|(known, _)| known == name)?;
    Some(found.1.into_owned())
}

pub(crate) fn hosts(url: &str) -> HostMap {
    let mut hosts = HostMap::intercom().unwrap();
    hosts.set_api(None, url).unwrap();
    hosts.set_web(None, url).unwrap();
    hosts
}

/// Store and flow as a process has them.
pub(crate) fn services(t: &TestDb, db: &Db, ring: &KeyRing, hosts: HostMap) -> (Store, OAuth) {
    let environment = Arc::new(SourcesEnvironment(t.sources.clone()));
    let policy = Policy {
        max_attempts: 1,
        ..Policy::default()
    };
    let http = Http::new(policy, environment).unwrap();
    let exchange = Exchange::new(http.clone(), t.sources.clone());
    let budget = Arc::new(SharedBudget::new(db.clone()));
    let store = Store::new(db.clone(), ring.clone(), hosts, http, budget)
        .with_installation_app(Some(AppCredentials {
            client_id: DEMO_OAUTH_CLIENT_ID.to_owned(),
            secrets: vec![Secret::new(INSTALLATION_SECRET)],
        }))
        .with_refresher(Arc::new(exchange.clone()));
    let settings = Settings {
        key: [7; 64],
        public_url: PUBLIC.parse().unwrap(),
    };
    let oauth = OAuth::new(db.clone(), store.clone(), exchange, &settings);
    (store, oauth)
}
