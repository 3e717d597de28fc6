//! Token, client secret and password are given to the app as people give them, and stand nowhere afterwards.

use crate::authorize::decide;
use crate::support::{Browser, Company, Dump, House, INSTALLATION, Plan, TAG, Talk, houses, post};
use crate::tenancy::{Things, ask, filled};
use earmark_accounts::{Member, products};
use earmark_db::tenant::{Connection, SecretKind, SecretOwner};
use earmark_model::{ConnectionId, SecretId, UserId, WorkspaceId};
use earmark_seal::Context;
use earmark_testkit::{build, eventually};
use earmark_web::routes::{Guard, Method, Name, ROUTES};
use serde_json::json;
use std::fmt::Debug;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use url::Url;

const PASSWORD: &str = "marked password of seven words indeed";
const WRONG_PASSWORD: &str = "marked but mistaken password";
const TOKEN: &str = "dG9rOm1hcmtlZC10b2tlbi1wYXN0ZWQ";
const WRONG_TOKEN: &str = "dG9rOm1hcmtlZC1hbmQtcmV2b2tlZA";
const CLIENT_SECRET: &str = "7a90-marked-client-secret-e5f1";
const REFRESH_TOKEN: &str = "dG9rOm1hcmtlZC1yZWZyZXNoLXRva2Vu";
const APP_SECRET: &str = "b3d7-marked-secret-of-an-own-app";
const MARKS: [&str; 9] = [
    PASSWORD,
    WRONG_PASSWORD,
    TOKEN,
    WRONG_TOKEN,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    APP_SECRET,
    INSTALLATION.0,
    INSTALLATION.1,
];

/// Everything this process logs from the first call on.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Of the whole process: one subscriber serves both tests.
    fn start() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            tracing_subscriber::fmt()
                .with_env_filter("trace")
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .init();
            log
        })
        .clone()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

fn assert_unmarked(place: &str, text: &str) {
    for mark in MARKS {
        // A form sends a password in this form; a log may show the request.
        for mark in [
            mark.to_owned(),
            mark.replace(' ', "+"),
            mark.replace(' ', "%20"),
        ] {
            assert!(!text.contains(&mark), "{mark:?} stands in {place}");
        }
    }
}

fn assert_debug_unmarked(place: &str, value: &dyn Debug) {
    assert_unmarked(place, &format!("{value:?} {value:#?}"));
}

/// Opens a page and sends its form; neither the page nor the answer may show a mark. Gives where the answer leads.
async fn step(browser: &mut Browser, path: &str, fields: &[(&str, &str)], wanted: u16) -> String {
    assert_unmarked(path, &browser.get(path).await.body);
    let page = browser.post(path, fields).await;
    assert_eq!(page.status, wanted, "{path}: {page:?}");
    assert_unmarked(path, &page.body);
    page.location.unwrap_or_default()
}

/// Signs up and logs in, with mistakes on the way.
async fn sign_up(house: &House, browser: &mut Browser) {
    let email = ("email", "priya@marked.example");
    let mut fields = [
        ("name", "Priya"),
        email,
        ("password", PASSWORD),
        ("workspace", ""),
    ];
    step(browser, "/signup", &fields, 422).await;
    fields[3] = ("workspace", "Marked");
    step(browser, "/signup", &fields, 303).await;
    let mut other = Browser::at(&house.base);
    let mut fields = [email, ("password", WRONG_PASSWORD), ("next", "")];
    step(&mut other, "/login", &fields, 422).await;
    fields[1] = ("password", PASSWORD);
    step(&mut other, "/login", &fields, 303).await;
}

/// Connects and pastes the client secret, with mistakes on the way; gives the connection's page.
async fn connect(house: &House, browser: &mut Browser) -> String {
    let plan = Plan {
        token: TOKEN.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        ..Plan::second()
    };
    house.seed_workspace(&plan).await;
    let path = "/w/marked/settings/integrations/intercom/token";
    let mut fields = [("token", WRONG_TOKEN), ("name", ""), ("region", "US")];
    step(browser, path, &fields, 422).await;
    fields[0] = ("token", TOKEN);
    let connection = step(browser, path, &fields, 303).await;
    let path = format!("{connection}/secret");
    for (secret, wanted) in [("has blanks in it", 422), (CLIENT_SECRET, 303)] {
        assert_unmarked(&connection, &browser.get(&connection).await.body);
        let page = browser.post(&path, &[("client_secret", secret)]).await;
        assert_eq!(page.status, wanted, "{page:?}");
        assert_unmarked(&path, &page.body);
    }
    connection
}

/// Stores a secret as the store seals it.
async fn seal(
    house: &House,
    workspace: WorkspaceId,
    owner: impl Into<SecretOwner>,
    kind: SecretKind,
    secret: &str,
) {
    let (id, owner): (SecretId, SecretOwner) = (house.db.sources.id(), owner.into());
    let place = format!("{owner}/{id}/{kind}");
    let context = Context {
        workspace,
        owner: &place,
    };
    let sealed = house
        .ring
        .seal(&house.db.sources, context, secret.as_bytes());
    let parts = (id, kind, sealed.as_str(), "");
    build::secret(&house.app.db, workspace, owner, parts).await;
}

/// Adds an own OAuth app, with a mistake on the way, and authorizes it; gives the state and the code that went by.
async fn authorize(house: &House, browser: &mut Browser) -> Vec<String> {
    let app = json!({ "oauth_apps": [{
        "client_id": "an-own-app", "name": "Own", "client_secret": APP_SECRET,
        "redirect_uris": [format!("{}/auth/intercom/callback", house.base)],
    }]});
    house.sandbox.order("seed", &app).await;
    let path = "/w/marked/settings/integrations/intercom/app";
    let mut fields = [("client_id", "a b"), ("client_secret", APP_SECRET)];
    step(browser, path, &fields, 422).await;
    fields[0] = ("client_id", "an-own-app");
    step(browser, path, &fields, 303).await;
    let path = "/w/marked/settings/integrations/intercom/oauth";
    let begun = browser.post(path, &[("region", "US")]).await;
    let page = Url::parse(&begun.location.expect("an address")).expect("a URL");
    let back = decide(house, &page, Plan::second().app_id, "authorize").await;
    let connected = browser.get(&back).await;
    assert_eq!(connected.status, 303, "{connected:?}");
    let replayed = browser.get(&back).await;
    assert_eq!(replayed.status, 400);
    let back = Url::parse(&format!("{}{back}", house.base)).expect("a URL");
    let went_by: Vec<String> = back.query_pairs().map(|pair| pair.1.into_owned()).collect();
    assert_eq!(went_by.len(), 2);
    for mark in &went_by {
        assert!(!replayed.body.contains(mark), "{mark}");
    }
    went_by
}

houses! {
    async fn a_token_a_client_secret_and_a_password_stand_nowhere(house: House) {
        let log = Log::start();
        let mut browser = Browser::at(&house.base);
        sign_up(&house, &mut browser).await;
        let connection = connect(&house, &mut browser).await;
        house.settle().await;

        let id = connection.rsplit('/').next().unwrap().to_owned();
        let user = house.app.db.across().user_by_email("priya@marked.example").await.unwrap().unwrap();
        let workspace = house.app.db.across().memberships(user.id).await.unwrap().remove(0).workspace.id;
        let connection: ConnectionId = id.parse().unwrap();
        seal(&house, workspace, connection, SecretKind::RefreshToken, REFRESH_TOKEN).await;
        let tenant = house.app.db.workspace(workspace);
        let row = tenant.connection(connection).await.unwrap().unwrap();
        let hook = format!("{}/hooks/intercom/{}", house.base, row.endpoint_token);
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let mut tagged = talk.tagged(&talk.opening, TAG, house.now());
        tagged["app_id"] = row.app_id.as_str().into();
        let body = tagged.to_string().into_bytes();
        // The secret is live: what it signs is accepted.
        assert_eq!(post(&house.http, &hook, CLIENT_SECRET, body.clone()).await.status(), 200);
        assert_eq!(post(&house.http, &hook, WRONG_TOKEN, body).await.status(), 401);
        house.settle().await;

        let went_by = authorize(&house, &mut browser).await;
        house.settle().await;

        // Every page, with something of everything on it.
        let company = marked(&house, user.id, &row).await;
        company.run_action(&house, "tags.list", &[]).await;
        company.run_action(&house, "contacts.list", &[]).await;
        company.mirror(&house).await;
        let things = Things::of(&house, &company).await;
        walk(&mut browser, &things, Method::Get).await;

        // Every secret is read on the way, too: all of them open, and are sealed once more.
        let checked = house.app.store.check_all().await.unwrap();
        assert!(checked.open.values().sum::<u64>() >= 5 && checked.shut.is_empty(), "{checked:?}");
        assert_debug_unmarked("a check of the keys", &checked);
        assert_debug_unmarked("a rotation", &house.app.store.reseal_all().await.unwrap());
        let app = house.app.store.installation_app().expect("the installation's app");
        assert_eq!(app.client_id, INSTALLATION.0);
        assert_debug_unmarked("the installation's app", &app);
        assert_debug_unmarked("the app", &house.app);
        assert_debug_unmarked("the store", &house.app.store);
        assert_debug_unmarked("the connection", &row);
        eventually(Duration::from_secs(30), "the app logs", async || log.text().contains("refused a webhook").then_some(())).await;
        search(&house, &log, &went_by).await;

        // Every form, to the disconnect, and what its jobs leave.
        walk(&mut browser, &things, Method::Post).await;
        house.settle().await;
        search(&house, &log, &went_by).await;
    }
}

/// The workspace that signed up, as one that tests drive, with an escalated conversation.
async fn marked(house: &House, user: UserId, row: &Connection) -> Company {
    let member = Member::load(&house.app.db, user, "marked").await;
    let member = member.expect("a query").expect("the owner");
    let product = async |name: &str| {
        let made = products::create(&house.app.db, &member, name, None).await;
        made.expect("a product").id
    };
    let (invoicing, mobile) = (product("Invoicing").await, product("Mobile").await);
    let company = Company {
        email: "priya@marked.example".to_owned(),
        slug: "marked".to_owned(),
        workspace: member.workspace().id,
        connection: row.id,
        app_id: Plan::second().app_id,
        token: TOKEN.to_owned(),
        client_secret: APP_SECRET.to_owned(),
        hook: String::new(),
        invoicing,
        mobile,
        member,
    };
    company.switch_feedback(house, true).await;
    company.choose(&house.app).await;
    let app = company.tenant(house).oauth_app().await.expect("a query");
    let hook = format!(
        "{}/hooks/intercom/{}",
        house.base,
        app.expect("the app").endpoint_token
    );
    let talk = Talk::open("The currency is wrong.", house.now().timestamp());
    let mut tagged = talk.tagged(&talk.opening, TAG, house.now());
    tagged["app_id"] = row.app_id.as_str().into();
    let body = tagged.to_string().into_bytes();
    let sent = post(&house.http, &hook, APP_SECRET, body).await;
    assert_eq!(sent.status(), 200);
    house.settle().await;
    company.ticket(house).await;
    company
}

/// Asks every address of one method that members have, with the things of the workspace in it.
async fn walk(browser: &mut Browser, things: &Things, method: Method) {
    let rows = ROUTES
        .iter()
        .filter(|route| route.method == method && route.guard != Guard::Public);
    // Its address is nobody's to open; what it shows is looked at where it is used.
    for route in rows.filter(|route| route.name != Name::OAuthCallback) {
        let path = filled(route.path, |name| things.value(name));
        let page = ask(browser, route, &path, things).await;
        assert!(page.status < 400 || page.status == 422, "{path}: {page:?}");
        assert_unmarked(&path, &page.body);
        assert_unmarked(&path, page.location.as_deref().unwrap_or_default());
    }
}

/// Looks for the marks wherever something is written, and for what Intercom sent the browser back with.
async fn search(house: &House, log: &Log, went_by: &[String]) {
    let dump = Dump::of(&house.db).await;
    for mark in MARKS {
        assert_eq!(dump.places_of(mark), Vec::<&str>::new(), "{mark}");
    }
    search_files(&house.db.url);
    assert_unmarked("the log", &log.text());
    // The browser of this test logs what it asks for, the libraries too.
    for line in log.text().lines().filter(|line| line.contains(" earmark_")) {
        assert!(!went_by.iter().any(|mark| line.contains(mark)), "{line}");
    }
    for mark in went_by {
        assert_eq!(dump.places_of(mark), Vec::<&str>::new(), "{mark}");
    }
}

/// The files of an SQLite database, its journal included.
fn search_files(url: &str) {
    let Some(path) = url.strip_prefix("sqlite://") else {
        return;
    };
    let folder = Path::new(path).parent().unwrap();
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert_unmarked("the database's files", &String::from_utf8_lossy(&bytes));
        files += 1;
    }
    assert!(files > 0, "{folder:?} is empty");
}
