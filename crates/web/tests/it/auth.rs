//! Signing up, logging in and out, preferences, workspaces.

use crate::support::{Answer, Browser, PASSWORD, Server};
use earmark_accounts::SessionRecords;
use earmark_testkit::{TestDb, both_databases, build};

const HOSTILE: &str = "<script>alert(1)</script>";

async fn sign_up(browser: &mut Browser, email: &str) -> Answer {
    let fields = [
        ("name", "Priya"),
        ("email", email),
        ("password", PASSWORD),
        ("workspace", "Quillwater"),
    ];
    browser.fill_in("/signup", &fields).await
}

both_databases! {
    async fn sign_up_logs_in_and_shows_the_new_inbox(db: TestDb) {
        let server = Server::start(db).await;
        let mut browser = server.browser();
        let answer = sign_up(&mut browser, "priya@quillwater.example").await;
        assert_eq!(answer.location(), "/w/quillwater/inbox");
        let inbox = browser.get("/w/quillwater/inbox").await;
        assert_eq!(inbox.status, 200);
        assert!(inbox.body.contains("Connect Intercom"), "{}", inbox.body);
        assert_eq!(browser.get("/").await.location(), "/w/quillwater/inbox");
        assert_eq!(browser.get("/signup").await.location(), "/");
    }

    async fn signing_out_everywhere_ends_all_of_a_persons_sessions(db: TestDb) {
        let server = Server::start(db).await;
        let people = build::people(&server.db.db, "Quillwater").await;
        let (mut here, mut there) = (server.browser_of(people.agent.id).await, server.browser_of(people.agent.id).await);
        let mut other = server.browser_of(people.admin.id).await;
        assert!(here.get("/preferences").await.body.contains("Sign out everywhere"));
        assert_eq!(here.post("/logout", &[("everywhere", "on")]).await.location(), "/login");
        for browser in [&mut here, &mut there] {
            assert_eq!(browser.get("/workspaces").await.location(), "/login?next=%2Fworkspaces");
        }
        assert_eq!(other.get("/workspaces").await.status, 200);
    }

    async fn a_nul_is_refused_wherever_it_comes(db: TestDb) {
        let server = Server::start(db).await;
        let people = build::people(&server.db.db, "Quillwater").await;
        let mut browser = server.browser_of(people.owner.id).await;
        for (path, status) in [
            ("/w/quillwater/inbox?q=%00", 400),
            ("/w/quillwater/inbox?tag=a%00b", 400),
            ("/w/quillwater/inbox/rows?status=%00", 400),
            ("/login?next=%00", 400),
            ("/w/%00/inbox", 404),
            ("/w/quillwater/tickets/%00", 404),
            ("/w/quillwater/products/%00/settings/feedback", 404),
            ("/w/quillwater/settings/integrations/intercom/%00", 404),
            ("/w/quillwater/inbox?q=%2500", 200),
        ] {
            assert_eq!(browser.get(path).await.status, status, "{path}");
        }
        let fields = [("name", "a\0b")];
        assert_eq!(browser.post("/workspaces/new", &fields).await.status, 400);
        let mut stranger = server.browser();
        let fields = [("email", "a\0b@quillwater.example"), ("password", PASSWORD)];
        assert_eq!(stranger.fill_in("/login", &fields).await.status, 400);
        let token = stranger.get("/login").await.field("csrf");
        let raw = format!("csrf={token}&email=a\0b&password=x");
        let request = stranger.request(reqwest::Method::POST, "/login").body(raw);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(stranger.send(request).await.status, 400);
    }

    async fn login_renews_the_session_and_logout_ends_it(db: TestDb) {
        let server = Server::start(db).await;
        let (mut browser, mut other) = (server.browser(), server.browser());
        sign_up(&mut other, "priya@quillwater.example").await;
        let token = browser.get("/login").await.field("csrf");
        let before = browser.cookies["earmark"].clone();
        let fields = [("csrf", token.as_str()), ("email", "PRIYA@quillwater.example"), ("password", PASSWORD)];
        assert_eq!(browser.post_raw("/login", &fields).await.location(), "/");
        let after = browser.cookies["earmark"].clone();
        assert_ne!(before, after);
        let mut old = server.browser();
        old.cookies.insert("earmark".to_owned(), before);
        assert_eq!(old.get("/workspaces").await.location(), "/login?next=%2Fworkspaces");
        let page = browser.get("/workspaces").await;
        assert_ne!(page.field("csrf"), token, "a new token, too");

        let form = [("csrf", page.field("csrf"))];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(browser.post_raw("/logout", &form).await.location(), "/login");
        assert!(!browser.cookies.contains_key("earmark"));
        browser.cookies.insert("earmark".to_owned(), after);
        assert_eq!(browser.get("/workspaces").await.location(), "/login?next=%2Fworkspaces");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_not_echoed_and_too_many_must_wait() {
    let server = Server::start(TestDb::sqlite().await).await;
    sign_up(&mut server.browser(), "priya@quillwater.example").await;
    let mut browser = server.browser();
    let fields = [
        ("email", "priya@quillwater.example"),
        ("password", "not that one"),
    ];
    for _ in 0..3 {
        let answer = browser.fill_in("/login", &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("do not belong together"));
        assert!(answer.body.contains("value=\"priya@quillwater.example\""));
        assert!(!answer.body.contains("not that one"));
    }
    let answer = browser.fill_in("/login", &fields).await;
    assert_eq!(answer.status, 429);
    assert!(
        answer.body.contains("Too many attempts. Wait "),
        "{}",
        answer.body
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_sign_ups_must_wait() {
    let server = Server::start(TestDb::sqlite().await).await;
    for n in 0..20 {
        let mut browser = server.browser();
        sign_up(&mut browser, &format!("p{n}@quillwater.example")).await;
    }
    let answer = sign_up(&mut server.browser(), "late@quillwater.example").await;
    assert_eq!(answer.status, 429);
    assert!(
        answer
            .body
            .contains("Too many workspaces are being created from your network. Wait ")
    );
    assert!(answer.body.contains("value=\"late@quillwater.example\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_up_names_each_wrong_field_and_escapes_what_was_typed() {
    let server = Server::start(TestDb::sqlite().await).await;
    let fields = [
        ("name", HOSTILE),
        ("email", "no address"),
        ("password", "short"),
        ("workspace", ""),
    ];
    let answer = server.browser().fill_in("/signup", &fields).await;
    assert_eq!(answer.status, 422);
    for field in ["email", "password", "workspace"] {
        assert!(
            answer.body.contains(&format!("id=\"{field}-error\"")),
            "{field}"
        );
    }
    assert!(!answer.body.contains("id=\"name-error\""));
    assert!(!answer.body.contains(HOSTILE));
    assert!(!answer.body.contains("value=\"short\""));
    let cut: &[(&str, &str)] = &[("name", "P")];
    assert_eq!(server.browser().fill_in("/signup", cut).await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_cannot_leave_the_site() {
    let server = Server::start(TestDb::sqlite().await).await;
    sign_up(&mut server.browser(), "priya@quillwater.example").await;
    for (next, target) in [
        ("/w/quillwater/products?x=1", "/w/quillwater/products?x=1"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
    ] {
        let fields = [
            ("email", "priya@quillwater.example"),
            ("password", PASSWORD),
            ("next", next),
        ];
        let mut browser = server.browser();
        assert_eq!(
            browser.fill_in("/login", &fields).await.location(),
            target,
            "{next}"
        );
    }
    let stranger = server.browser().get("/w/quillwater/inbox?tag=a%26b").await;
    assert_eq!(
        stranger.location(),
        "/login?next=%2Fw%2Fquillwater%2Finbox%3Ftag%3Da%2526b"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cookie_is_secure_where_it_should_be() {
    for secure in [true, false] {
        let server = Server::with(TestDb::sqlite().await, secure).await;
        let answer = server.browser().get("/login").await;
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("earmark="), "{cookie}");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        assert_eq!(cookie.contains("Secure"), secure);
        let quiet = server.browser().get("/nothing-here").await;
        assert_eq!(quiet.header("set-cookie"), "", "no session for a mere look");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_another_session_is_refused() {
    let server = Server::start(TestDb::sqlite().await).await;
    let token = server.browser().get("/login").await.field("csrf");
    let mut browser = server.browser();
    browser.get("/login").await;
    for fields in [vec![], vec![("csrf", "")], vec![("csrf", token.as_str())]] {
        let answer = browser.post_raw("/login", &fields).await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains("This form is out of date"));
    }
    let long = "x".repeat(70_000);
    assert_eq!(
        browser.post_raw("/login", &[("email", &long)]).await.status,
        413
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preferences_are_kept_in_cookies_and_shown() {
    let server = Server::start(TestDb::sqlite().await).await;
    let people = build::people(&server.db.db, "Quillwater").await;
    let mut browser = server.browser_of(people.viewer.id).await;
    let fields = [
        ("theme", "dark"),
        ("shortcuts", "off"),
        ("back", "/w/quillwater/inbox"),
    ];
    let answer = browser.post("/preferences", &fields).await;
    assert_eq!(answer.location(), "/w/quillwater/inbox");
    let page = browser.get("/w/quillwater/inbox").await;
    assert!(
        page.body
            .contains("data-theme=\"dark\" data-shortcuts=\"off\"")
    );
    let both = [
        ("shortcuts", "off"),
        ("shortcuts", "on"),
        ("back", "//evil.example"),
    ];
    assert_eq!(
        browser.post("/preferences", &both).await.location(),
        "/preferences"
    );
    let page = browser.get("/preferences").await;
    assert!(page.body.contains("data-theme=\"dark\""));
    assert!(!page.body.contains("data-shortcuts"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_workspace_appears_in_the_list() {
    let server = Server::start(TestDb::sqlite().await).await;
    let people = build::people(&server.db.db, "Quillwater").await;
    let mut browser = server.browser_of(people.viewer.id).await;
    let answer = browser.post("/workspaces/new", &[("name", " ")]).await;
    assert_eq!(answer.status, 422);
    let answer = browser
        .post("/workspaces/new", &[("name", "Harrow Lane")])
        .await;
    assert_eq!(answer.location(), "/w/harrow-lane/inbox");
    let list = browser.get("/workspaces").await;
    assert!(list.body.contains("Harrow Lane") && list.body.contains("Quillwater"));
    assert_eq!(browser.get("/").await.location(), "/workspaces");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_sessions_are_over() {
    let server = Server::start(TestDb::sqlite().await).await;
    let people = build::people(&server.db.db, "Quillwater").await;
    let mut browser = server.browser_of(people.agent.id).await;
    assert_eq!(browser.get("/workspaces").await.status, 200);
    let sessions = SessionRecords::new(server.db.db.clone());
    sessions.revoke_all(people.agent.id).await.unwrap();
    assert_eq!(
        browser.get("/workspaces").await.location(),
        "/login?next=%2Fworkspaces"
    );
}
