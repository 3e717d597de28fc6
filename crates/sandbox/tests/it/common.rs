//! A sandbox with the demo in it, and an endpoint that collects webhooks.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use earmark_sandbox::{DEMO_APP_ID, DemoSecrets, Options, Running, demo_seed, start};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;

pub(crate) const NOW: i64 = 1_794_300_000;
pub(crate) const TOKEN: &str = "demo-token";
pub(crate) const SECRET: &str = "demo-secret";
pub(crate) const SECRETS: DemoSecrets<'_> = DemoSecrets {
    token: TOKEN,
    client_secret: SECRET,
    oauth_secret: OAUTH_SECRET,
    own_secret: "own-secret",
};
pub(crate) const OAUTH_SECRET: &str = "oauth-secret";
pub(crate) const FIRST: &str = "215473908114001";
pub(crate) const CONTACT: &str = "66f1a2b3c4d5e6f708192001";
pub(crate) const ADMIN: &str = "7310044";
pub(crate) const BUG: &str = "9182732";

static PROVIDER: Once = Once::new();

pub(crate) fn client() -> reqwest::Client {
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .build()
        .expect("a client")
}

pub(crate) struct Sandbox {
    pub(crate) running: Running,
    pub(crate) client: reqwest::Client,
    pub(crate) clock: Arc<AtomicI64>,
}

pub(crate) async fn sandbox() -> Sandbox {
    sandbox_with(|_| {}).await
}

pub(crate) async fn sandbox_with(adjust: impl FnOnce(&mut Options)) -> Sandbox {
    let client = client();
    let clock = Arc::new(AtomicI64::new(NOW));
    let read = clock.clone();
    let mut options = Options {
        seed: Some(demo_seed(NOW, SECRETS)),
        clock: Arc::new(move || read.load(Ordering::SeqCst)),
        ..Options::default()
    };
    adjust(&mut options);
    Sandbox {
        running: start(options).await.expect("started"),
        client,
        clock,
    }
}

impl Sandbox {
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.running.url()))
    }

    /// An API call of the demo's app.
    pub(crate) fn api(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path)
            .bearer_auth(TOKEN)
            .header("Accept", "application/json")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.api(Method::GET, path).send().await.expect("answered");
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.expect("json")
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let answer = self
            .request(Method::POST, &format!("/__sandbox/{path}"))
            .json(&body)
            .send()
            .await
            .expect("answered");
        let status = answer.status();
        let value: Value = answer.json().await.expect("json");
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        let path = format!("/__sandbox/{path}");
        let answer = self
            .request(Method::GET, &path)
            .send()
            .await
            .expect("answered");
        answer.json().await.expect("json")
    }

    /// Points the demo's app at an endpoint.
    pub(crate) async fn subscribe(&self, endpoint: &Endpoint) {
        self.control(
            "webhook",
            json!({"app": "earmark-demo", "url": endpoint.url}),
        )
        .await;
    }

    pub(crate) async fn tag(&self, part: Option<&str>) -> Value {
        self.control(
            "tag",
            json!({"app_id": DEMO_APP_ID, "conversation": FIRST, "part": part, "tag": "bug"}),
        )
        .await
    }

    pub(crate) async fn settle(&self) {
        let settled = self.control("settle", Value::Null).await;
        assert_eq!(settled["settled"], true);
    }
}

pub(crate) async fn error_of(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("json");
    assert_eq!(body["type"], "error.list");
    assert!(body["request_id"].is_string());
    let code = body["errors"][0]["code"].as_str().expect("a code");
    (status, code.to_owned())
}

/// A webhook as it arrived.
pub(crate) struct Hook {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) raw: Bytes,
    pub(crate) body: Value,
}

impl Hook {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }
}

/// Answers POSTs with the scripted statuses, then with 200; HEAD always with 200.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    hooks: mpsc::UnboundedReceiver<Hook>,
    server: ServerHandle,
}

type Script = Arc<Mutex<VecDeque<u16>>>;

async fn take(
    req: HttpRequest,
    raw: Bytes,
    script: Data<(Script, mpsc::UnboundedSender<Hook>)>,
) -> HttpResponse {
    if req.method() == Method::HEAD.as_str() {
        return HttpResponse::Ok().finish();
    }
    let headers = req
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = value.to_str().unwrap_or_default().to_owned();
            (name.to_string(), value)
        })
        .collect();
    let body = serde_json::from_slice(&raw).expect("json");
    script
        .1
        .send(Hook { headers, raw, body })
        .expect("the test listens");
    let status = script
        .0
        .lock()
        .expect("the script")
        .pop_front()
        .unwrap_or(200);
    let status = actix_web::http::StatusCode::from_u16(status).expect("a status");
    HttpResponse::build(status).finish()
}

pub(crate) async fn endpoint(statuses: &[u16]) -> Endpoint {
    let (sender, hooks) = mpsc::unbounded_channel();
    let script: Script = Arc::new(Mutex::new(statuses.iter().copied().collect()));
    let data = Data::new((script, sender));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .default_service(web::to(take))
    })
    .workers(1)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .expect("a port");
    let url = format!("http://{}/hook", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    Endpoint {
        url,
        hooks,
        server: handle,
    }
}

impl Endpoint {
    pub(crate) async fn next(&mut self) -> Hook {
        tokio::time::timeout(Duration::from_secs(10), self.hooks.recv())
            .await
            .expect("a webhook in time")
            .expect("the endpoint runs")
    }

    /// What came besides, once the sandbox has settled.
    pub(crate) fn rest(&mut self) -> usize {
        std::iter::from_fn(|| self.hooks.try_recv().ok()).count()
    }

    pub(crate) async fn stop(self) {
        self.server.stop(false).await;
    }
}
