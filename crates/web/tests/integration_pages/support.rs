//! A started app, its Intercom, and browsers that are logged in.

use actix_web::App;
use actix_web::body::BoxBody;
use actix_web::cookie::{Cookie, CookieJar, Key};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service, read_body};
use chrono::TimeDelta;
use earmark_accounts::{Accounts, SESSION_USER, SessionRecords, SessionState};
use earmark_connections::{CheckHandler, SourcesEnvironment, Store};
use earmark_db::across::User;
use earmark_db::tenant::{Connection, Product};
use earmark_db::{Db, Tenant};
use earmark_intercom::{HostMap, Http, LocalBudget, Policy};
use earmark_jobs::{Handlers, Worker};
use earmark_model::{Job, JobKind};
use earmark_oauth::{Exchange, OAuth};
use earmark_sandbox::{DEMO_APP_ID, DemoSecrets, Options, demo_seed};
use earmark_seal::{KeyRing, MasterKey};
use earmark_sync::{EraseHandler, RefreshTagsHandler, RunHandler};
use earmark_testkit::build::{self, People};
use earmark_testkit::{TestDb, TestSandbox};
use earmark_web::{Settings, Web};
use futures::future::LocalBoxFuture;
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The access token of the sandbox's app.
pub(crate) const TOKEN: &str = "dG9rOjc3YjQ4YzFlXzRmMmFfWxyz";
/// The access token of an app that may not read admins.
pub(crate) const WEAK_TOKEN: &str = "dG9rOndlYWtfNGYyYV83N2I0Abcd";
/// The client secret of the sandbox's app.
pub(crate) const SECRET: &str = "5f1d2c3b-4a59-4687-9cba-d1e2f3a4Q7z9";

/// A conversation of the demo.
pub(crate) const TALK: &str = "215473908114001";

const CSRF: &str = "a-token-of-the-session";
const KEY: [u8; 64] = [7; 64];

/// A workspace with its people, the services over it, and Intercom.
pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) people: People,
    pub(crate) sandbox: TestSandbox,
    web: Web,
    worker: Worker,
}

impl World {
    pub(crate) async fn new(db: TestDb) -> Self {
        let sandbox = TestSandbox::start(Options {
            seed: Some(seed()),
            ..Options::default()
        })
        .await;
        let people = build::people(&db.db, "Quillwater").await;
        let url = sandbox.url();
        Self::with(db, people, &url, sandbox)
    }

    /// From now on nothing answers where Intercom was.
    pub(crate) fn without_intercom(self) -> Self {
        let Self {
            db,
            people,
            sandbox,
            ..
        } = self;
        // A port that was free a moment ago.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        Self::with(db, people, &url, sandbox)
    }

    fn with(db: TestDb, people: People, intercom: &str, sandbox: TestSandbox) -> Self {
        let (store, oauth) = services(&db.db, intercom);
        let settings = earmark_accounts::Settings {
            sign_up_open: true,
            session: TimeDelta::days(30),
            login_attempts_per_account: 5,
            login_attempts_per_address: 50,
            login_window: TimeDelta::minutes(15),
        };
        let accounts = Accounts::new(db.db.clone(), settings);
        let settings = Settings {
            public_url: "https://earmark.example/".parse().unwrap(),
            secure_cookies: false,
            cookie_key: KEY,
            trusted_proxies: Vec::new(),
            max_body: 64 * 1024,
        };
        let web = Web::new(accounts, store.clone(), oauth, db.db.clone(), settings);
        let refresh = RefreshTagsHandler {
            db: db.db.clone(),
            store: store.clone(),
        };
        let run = RunHandler {
            db: db.db.clone(),
            store: store.clone(),
        };
        let handlers = Handlers::new()
            .with(JobKind::CheckConnection, CheckHandler(store.clone()))
            .with(JobKind::RefreshTags, refresh)
            .with(JobKind::Run, run)
            .with(JobKind::Erase, EraseHandler(db.db.clone()));
        let settings = earmark_jobs::Settings {
            concurrency: 1,
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(1),
        };
        let worker = Worker::new(db.db.clone(), handlers, settings);
        Self {
            db,
            people,
            sandbox,
            web,
            worker,
        }
    }

    pub(crate) fn tenant(&self) -> Tenant<'_, Db> {
        self.db.db.workspace(self.people.workspace.id)
    }

    /// Somebody tags a conversation's opening message in Intercom; its webhook is lost.
    pub(crate) async fn tag(&self, conversation: &str, tag: &str) {
        let order = json!({ "app_id": DEMO_APP_ID, "conversation": conversation, "tag": tag });
        self.sandbox.order("tag", &order).await;
    }

    /// Runs the queued jobs.
    pub(crate) async fn work(&self) {
        self.worker.run_until_idle().await.unwrap();
    }

    pub(crate) async fn is_queued(&self, job: Job) -> bool {
        self.tenant().is_queued(&job).await.unwrap()
    }

    /// A connection to the sandbox, made on the pages, with its tags fetched.
    pub(crate) async fn connected(&self, browser: &Browser) -> Connection {
        let form = [("token", TOKEN), ("name", "Support"), ("region", "US")];
        let answer = browser
            .post("settings/integrations/intercom/token", &form)
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        self.work().await;
        self.tenant().connections().await.unwrap().pop().unwrap()
    }

    pub(crate) async fn product(&self, name: &str) -> Product {
        build::product(&self.db.db, self.people.workspace.id, name).await
    }

    /// A browser that this person is logged in with.
    pub(crate) async fn browser(&self, user: &User) -> Browser {
        self.browser_at(user, &self.people.workspace.slug).await
    }

    /// The same, looking at another workspace.
    pub(crate) async fn browser_at(&self, user: &User, slug: &str) -> Browser {
        let state = SessionState::from([
            (SESSION_USER.to_owned(), json!(user.id).to_string()),
            ("csrf".to_owned(), json!(CSRF).to_string()),
        ]);
        let sessions = SessionRecords::new(self.db.db.clone());
        let key = sessions.save(&state, TimeDelta::days(1)).await.unwrap();
        let mut jar = CookieJar::new();
        jar.private_mut(&Key::from(&KEY))
            .add(Cookie::new("earmark", key));
        let cookie = jar.get("earmark").unwrap().clone();
        let app = App::new().configure(earmark_web::routes(self.web.clone()));
        let service = Rc::new(init_service(app).await);
        Browser {
            service: Box::new(move |request| {
                let service = service.clone();
                Box::pin(async move {
                    let response = service.call(request.to_request()).await;
                    response.unwrap().map_into_boxed_body()
                })
            }),
            cookie,
            base: format!("/w/{slug}"),
            seen: RefCell::default(),
        }
    }
}

/// The services over a database, with Intercom at `url`.
fn services(db: &Db, url: &str) -> (Store, OAuth) {
    let environment = Arc::new(SourcesEnvironment(db.sources().clone()));
    let policy = Policy {
        max_attempts: 1,
        interactive_patience: Duration::ZERO,
        ..Policy::default()
    };
    let http = Http::new(policy, environment.clone()).unwrap();
    let mut hosts = HostMap::intercom().unwrap();
    hosts.set_api(None, url).unwrap();
    let ring = KeyRing::new(MasterKey::generate(db.sources()), []);
    let exchange = Exchange::new(http.clone(), db.sources().clone());
    let budget = Arc::new(LocalBudget::new(environment));
    let store = Store::new(db.clone(), ring, hosts, http, budget);
    let settings = earmark_oauth::Settings {
        key: KEY,
        public_url: "https://earmark.example/".parse().unwrap(),
    };
    let oauth = OAuth::new(db.clone(), store.clone(), exchange, &settings);
    (store, oauth)
}

/// The demo's Intercom workspace, with a second app that lacks a permission.
pub(crate) fn seed() -> serde_json::Value {
    let secrets = DemoSecrets {
        token: TOKEN,
        client_secret: SECRET,
        oauth_secret: "unused",
        own_secret: "unused",
    };
    let mut seed = demo_seed(1_790_000_000, secrets);
    let apps = seed["workspaces"][0]["apps"].as_array_mut().unwrap();
    apps.push(json!({
        "client_id": "weak", "name": "Without admins", "token": WEAK_TOKEN,
        "client_secret": "unused", "permissions": ["read_conversations"],
    }));
    assert_eq!(seed["workspaces"][0]["app_id"], DEMO_APP_ID);
    seed
}

/// What the app answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) body: String,
}

impl Answer {
    /// The page without what surrounds it.
    fn main(&self) -> &str {
        let start = self.body.find("<main").unwrap_or(0);
        &self.body[start..self.body.find("</main").unwrap_or(self.body.len())]
    }

    /// Asserts that these words are on the page, written by us or inserted.
    #[track_caller]
    pub(crate) fn shows(&self, words: &str) -> &Self {
        if self.body.contains(words) {
            return self;
        }
        self.has(&words.replace('\'', "&#39;"))
    }

    /// Asserts that this markup is on the page.
    #[track_caller]
    pub(crate) fn has(&self, markup: &str) -> &Self {
        let found = self.body.contains(markup);
        assert!(found, "{markup:?} is not on {}", self.main());
        self
    }

    /// Asserts that these words are not on the page.
    #[track_caller]
    pub(crate) fn hides(&self, words: &str) -> &Self {
        assert!(
            !self.body.contains(words),
            "{words:?} is on {}",
            self.main()
        );
        self
    }
}

type Serve = dyn Fn(TestRequest) -> LocalBoxFuture<'static, ServiceResponse<BoxBody>>;

/// A logged-in browser. Paths are those below the workspace's.
pub(crate) struct Browser {
    service: Box<Serve>,
    cookie: Cookie<'static>,
    base: String,
    seen: RefCell<Vec<String>>,
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(TestRequest::get().uri(&format!("{}/{path}", self.base)))
            .await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", CSRF)]).collect();
        self.post_raw(path, &fields).await
    }

    /// Posts without the session's token.
    pub(crate) async fn post_raw(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = TestRequest::default().method(Method::POST);
        let request = request
            .uri(&format!("{}/{path}", self.base))
            .set_form(fields);
        self.ask(request).await
    }

    /// Posts a form in parts: names and texts, and one file.
    pub(crate) async fn post_file(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        (name, file, content): (&str, &str, &str),
    ) -> Answer {
        const EDGE: &str = "an-edge";
        let mut body = String::new();
        for (name, value) in fields.iter().copied().chain([("csrf", CSRF)]) {
            body.push_str(&format!(
                "--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             Content-Type: image/png\r\n\r\n{content}\r\n--{EDGE}--\r\n"
        ));
        let kind = format!("multipart/form-data; boundary={EDGE}");
        let request = TestRequest::default()
            .method(Method::POST)
            .uri(&format!("{}/{path}", self.base))
            .insert_header((CONTENT_TYPE, kind))
            .set_payload(body);
        self.ask(request).await
    }

    /// Goes where an answer sent it.
    pub(crate) async fn follow(&self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        self.ask(TestRequest::get().uri(&answer.location)).await
    }

    /// Posts and goes where the answer sends it.
    pub(crate) async fn post_and_follow(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, fields).await;
        self.follow(&answer).await
    }

    /// Everything that was answered so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.borrow().clone()
    }

    async fn ask(&self, request: TestRequest) -> Answer {
        let request = request.cookie(self.cookie.clone());
        let response = (self.service)(request).await;
        let location = response.headers().get(LOCATION);
        let location = location
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        let status = response.status();
        let body = read_body(response).await;
        let body = String::from_utf8(body.to_vec()).unwrap();
        self.seen.borrow_mut().push(format!("{location}\n{body}"));
        Answer {
            status,
            location,
            body,
        }
    }
}
