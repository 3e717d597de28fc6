//! A server with the pages, and a browser that keeps cookies.

use actix_web::cookie::{Cookie, CookieJar, Key};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer};
use chrono::TimeDelta;
use earmark_accounts::{Accounts, SESSION_USER, SessionRecords, SessionState, Settings};
use earmark_connections::{SourcesEnvironment, Store};
use earmark_intercom::{HostMap, Http, LocalBudget, Policy};
use earmark_model::UserId;
use earmark_oauth::{Exchange, OAuth};
use earmark_seal::{KeyRing, MasterKey};
use earmark_testkit::TestDb;
use earmark_web::Web;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

pub(crate) const PASSWORD: &str = "four words in a row";
const COOKIE_KEY: [u8; 64] = [7; 64];

/// The pages on a port of their own.
pub(crate) struct Server {
    pub(crate) db: TestDb,
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Server {
    pub(crate) async fn start(db: TestDb) -> Self {
        Self::with(db, true).await
    }

    pub(crate) async fn with(db: TestDb, secure_cookies: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let accounts = Accounts::new(
            db.db.clone(),
            Settings {
                sign_up_open: true,
                session: TimeDelta::days(30),
                login_attempts_per_account: 3,
                login_attempts_per_address: 20,
                login_window: TimeDelta::minutes(15),
            },
        );
        let environment = Arc::new(SourcesEnvironment(db.sources.clone()));
        let http = Http::new(Policy::default(), environment.clone()).unwrap();
        let store = Store::new(
            db.db.clone(),
            KeyRing::new(MasterKey::generate(&db.sources), []),
            HostMap::intercom().unwrap(),
            http.clone(),
            Arc::new(LocalBudget::new(environment)),
        );
        let oauth = OAuth::new(
            db.db.clone(),
            store.clone(),
            Exchange::new(http, db.sources.clone()),
            &earmark_oauth::Settings {
                key: COOKIE_KEY,
                public_url: "https://earmark.example/".parse().unwrap(),
            },
        );
        let settings = earmark_web::Settings {
            public_url: "https://earmark.example/".parse().unwrap(),
            secure_cookies,
            cookie_key: COOKIE_KEY,
            trusted_proxies: Vec::new(),
            max_body: 64 * 1024,
        };
        let web = Web::new(accounts, store, oauth, db.db.clone(), settings);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server =
            HttpServer::new(move || App::new().configure(earmark_web::routes(web.clone())))
                .workers(1)
                .disable_signals()
                .shutdown_timeout(1)
                .listen(listener)
                .unwrap()
                .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            db,
            address,
            handle,
        }
    }

    /// A browser without cookies.
    pub(crate) fn browser(&self) -> Browser {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Browser {
            client,
            base: format!("http://{}", self.address),
            cookies: BTreeMap::new(),
        }
    }

    /// A browser in which this person is logged in, by a session that was stored for them.
    pub(crate) async fn browser_of(&self, user: UserId) -> Browser {
        let state = SessionState::from([
            (SESSION_USER.to_owned(), format!("\"{user}\"")),
            ("csrf".to_owned(), "\"the-token\"".to_owned()),
        ]);
        let sessions = SessionRecords::new(self.db.db.clone());
        let key = sessions.save(&state, TimeDelta::days(1)).await.unwrap();
        let mut jar = CookieJar::new();
        jar.private_mut(&Key::from(&COOKIE_KEY))
            .add(Cookie::new("earmark", key));
        let sealed = jar.get("earmark").unwrap().value().to_owned();
        let mut browser = self.browser();
        browser.cookies.insert("earmark".to_owned(), sealed);
        browser
    }
}

/// Keeps cookies, follows nothing.
#[derive(Clone)]
pub(crate) struct Browser {
    client: reqwest::Client,
    base: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location")
    }

    /// The value of the first field of this name.
    pub(crate) fn field(&self, name: &str) -> String {
        let at = self.body.find(&format!("name=\"{name}\"")).unwrap();
        let rest = &self.body[at..];
        let rest = &rest[rest.find("value=\"").unwrap() + 7..];
        rest[..rest.find('"').unwrap()].to_owned()
    }
}

impl Browser {
    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let request = self.client.request(method, format!("{}{path}", self.base));
        if cookies.is_empty() {
            request
        } else {
            request.header("cookie", cookies.join("; "))
        }
    }

    pub(crate) async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            let cookie = Cookie::parse_encoded(cookie.to_str().unwrap().to_owned()).unwrap();
            let gone = cookie.max_age().is_some_and(|age| age.is_zero());
            if gone || cookie.value().is_empty() {
                self.cookies.remove(cookie.name());
            } else {
                let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
                self.cookies.insert(name, value);
            }
        }
        Answer {
            status,
            headers,
            body: response.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    /// Posts fields as they are.
    pub(crate) async fn post_raw(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request(reqwest::Method::POST, path).form(fields))
            .await
    }

    /// Posts fields with the token of [`Server::browser_of`].
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let with_token: Vec<_> = [("csrf", "the-token")]
            .into_iter()
            .chain(fields.iter().copied())
            .collect();
        self.post_raw(path, &with_token).await
    }

    /// Opens a page with a form, fills it in and posts it to the same path.
    pub(crate) async fn fill_in(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(path).await.field("csrf");
        let target = path.split('?').next().unwrap();
        let with_token: Vec<_> = [("csrf", token.as_str())]
            .into_iter()
            .chain(fields.iter().copied())
            .collect();
        self.post_raw(target, &with_token).await
    }
}
