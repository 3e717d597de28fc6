//! The routes table over HTTP: every row has its handler, its guard and the security headers.

use crate::support::Server;
use earmark_connections::HostMap;
use earmark_testkit::{TestDb, build};
use earmark_web::routes::{Guard, Method, Name, ROUTES};
use earmark_web::security::policy;
use reqwest::Method as Http;

/// A path of a row, with values that name nothing.
fn filled(path: &str, ws: &str) -> String {
    let nobody = "00000000-0000-7000-8000-000000000000";
    path.replace("{ws}", ws)
        .replace("{file:.*}", "css/earmark.css")
        .replace("{connection}", nobody)
        .replace("{product}", "nothing")
        .replace("{key}", "QU-999")
        .replace("{contact}", "65f0")
        .replace("{company}", "65f0")
        .replace("{pass}", nobody)
}

fn method(of: Method) -> Http {
    match of {
        Method::Get => Http::GET,
        Method::Post => Http::POST,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_is_guarded_as_it_says_and_protected() {
    let server = Server::start(TestDb::sqlite().await).await;
    let people = build::people(&server.db.db, "Quillwater").await;
    let elsewhere = build::people(&server.db.db, "Harrow Lane").await;
    let mut outsider = server.browser_of(elsewhere.owner.id).await;
    let mut viewer = server.browser_of(people.viewer.id).await;
    let allowed = policy(&HostMap::intercom().unwrap());
    for row in ROUTES {
        let path = filled(row.path, "quillwater");
        let mut stranger = server.browser();
        let request = stranger.request(method(row.method), &path);
        let answer = stranger.send(request).await;
        assert_eq!(answer.header("content-security-policy"), allowed, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_ne!(answer.header("cache-control"), "", "{path}");
        match row.guard {
            Guard::Public => assert_ne!(answer.status, 404, "{path}"),
            Guard::Person | Guard::Member(_) => {
                assert!(answer.location().starts_with("/login"), "{path}");
            }
        }
        let Guard::Member(right) = row.guard else {
            continue;
        };
        let answer = outsider
            .send(outsider.request(method(row.method), &path))
            .await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("There is nothing here"));
        if row.name == Name::Events {
            continue;
        }
        let answer = viewer.send(viewer.request(method(row.method), &path)).await;
        let may = people_may(right);
        assert_eq!(answer.status == 403, !may, "{path}: {}", answer.status);
        if !may {
            assert!(answer.body.contains("Your role does not allow this"));
            assert!(answer.body.contains("Olivia") && !answer.body.contains("<span>Victor</span>"));
        }
    }
}

/// Whether the viewer of the test may do this.
fn people_may(right: earmark_model::Right) -> bool {
    earmark_model::Role::Viewer.may(right)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_paths_and_wrong_methods_have_pages() {
    let server = Server::start(TestDb::sqlite().await).await;
    let people = build::people(&server.db.db, "Quillwater").await;
    let mut browser = server.browser_of(people.agent.id).await;
    for path in [
        "/nothing",
        "/w/quillwater/nothing",
        "/static/nothing.css",
        "/static/../Cargo.toml",
        "/w/quillwater/tickets/QU-1",
        "/w/quillwater/tickets/XX-1",
        "/w/quillwater/inbox?product=nothing",
        "/w/quillwater/inbox?assignee=nobody",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("There is nothing here"), "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    }
    assert!(browser.get("/nothing").await.body.contains("Signed in as"));
    let answer = browser.get("/logout").await;
    assert_eq!(answer.status, 405);
    assert!(answer.body.contains("This address works another way"));
    let answer = browser.get("/w/quillwater/inbox?q=%ff&q=2").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_answers_as_get_without_a_body() {
    let server = Server::start(TestDb::sqlite().await).await;
    let people = build::people(&server.db.db, "Quillwater").await;
    let mut browser = server.browser_of(people.agent.id).await;
    for path in [
        "/login",
        "/healthz",
        "/static/css/earmark.css",
        "/w/quillwater/inbox",
        "/w/quillwater/events",
    ] {
        let answer = browser.send(browser.request(Http::HEAD, path)).await;
        assert!(
            matches!(answer.status, 200 | 303),
            "{path}: {}",
            answer.status
        );
        assert_eq!(answer.body, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn static_files_and_health_answer() {
    let server = Server::start(TestDb::sqlite().await).await;
    let mut browser = server.browser();
    let page = browser.get("/login").await;
    let at = page.body.find("/static/css/").unwrap();
    let url = page.body[at..].split('"').next().unwrap();
    let css = browser.get(url).await;
    assert_eq!(css.status, 200);
    assert!(css.header("cache-control").contains("immutable"));
    assert_eq!(browser.get("/healthz").await.body, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_a_page_says_so_and_nothing_more() {
    let server = Server::start(TestDb::sqlite().await).await;
    let people = build::people(&server.db.db, "Quillwater").await;
    let mut browser = server.browser_of(people.agent.id).await;
    server.db.db.close().await.unwrap();
    let allowed = policy(&HostMap::intercom().unwrap());
    for path in ["/w/quillwater/inbox", "/healthz"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(
            answer.body.contains("not available for a moment"),
            "{}",
            answer.body
        );
        assert!(!answer.body.to_lowercase().contains("pool"));
        assert_eq!(answer.header("content-security-policy"), allowed);
    }
}
