//! Connecting by the Authorize page, with browser, app and sandbox on real ports: the whole way, and every way it can end.

use crate::support::{Browser, House, PASSWORD, Page, Plan, TAG, Talk};
use earmark_connections::client_key;
use earmark_db::tenant::{Connection, Via};
use earmark_model::Role;
use earmark_testkit::{TestDb, both_databases};
use serde_json::json;
use url::Url;

const CLIENT_ID: &str = "7d1c-the-installations-app";
const SECRET: &str = "b2a9-secret-of-the-installation";
const ADMIN: &str = "adam@birch.example";
const BEGIN: &str = "settings/integrations/intercom/oauth";

/// A house whose operator has an OAuth app, which the sandbox knows.
async fn house(db: TestDb) -> House {
    let app = [
        ("oauth.client_id", CLIENT_ID),
        ("oauth.client_secret", SECRET),
    ];
    let house = House::start_with(db, &app).await;
    let seed = json!({ "oauth_apps": [{
        "client_id": CLIENT_ID, "name": "Earmark", "client_secret": SECRET,
        "redirect_uris": [format!("{}/auth/intercom/callback", house.base)],
    }]});
    house.sandbox.order("seed", &seed).await;
    house
}

async fn browser(house: &House, email: &str) -> Browser {
    let mut browser = Browser::at(&house.base);
    browser.log_in(email, PASSWORD).await;
    browser
}

/// Presses the button that begins; gives the address at Intercom.
async fn begin(house: &House, browser: &mut Browser, reconnect: &str) -> Url {
    let path = format!("/w/{}/{BEGIN}", house.company.slug);
    let page = browser
        .post(&path, &[("region", "US"), ("reconnect", reconnect)])
        .await;
    assert_eq!(page.status, 303, "{page:?}");
    let target = page.location.expect("an address");
    assert!(
        target.starts_with(&format!("{}/oauth?", house.sandbox.url())),
        "{target}"
    );
    Url::parse(&target).expect("a URL")
}

/// What the person decides at Intercom; gives the path and query they come back with.
pub(crate) async fn decide(house: &House, page: &Url, app_id: &str, decision: &str) -> String {
    let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    form.push(("app_id".to_owned(), app_id.to_owned()));
    form.push(("decision".to_owned(), decision.to_owned()));
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = http.build().unwrap().post(page.clone()).form(&form);
    let answer = request.send().await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap();
    let path = back
        .strip_prefix(&house.base)
        .expect("back to this installation");
    path.to_owned()
}

/// The whole way there and back, to the answer of the callback.
async fn authorize(house: &House, browser: &mut Browser, app_id: &str, reconnect: &str) -> Page {
    let page = begin(house, browser, reconnect).await;
    let back = decide(house, &page, app_id, "authorize").await;
    browser.get(&back).await
}

async fn connections(house: &House) -> Vec<Connection> {
    house.company.tenant(house).connections().await.unwrap()
}

/// A page that says what happened, with a heading and a way on, and none of what the address carried.
fn assert_problem(page: &Page, status: u16, title: &str, address: &str) {
    assert_eq!(page.status, status, "{page:?}");
    assert!(
        page.body.contains(&format!("<h1>{title}</h1>")),
        "{title}: {}",
        page.body
    );
    for secret in ["code=", "state="] {
        let value = address.split_once(secret).map(|(_, rest)| rest);
        let value = value.and_then(|rest| rest.split('&').next());
        if let Some(value) = value.filter(|value| value.len() > 8) {
            assert!(!page.body.contains(value), "{title} shows the {secret}");
        }
    }
}

macro_rules! houses_with_app {
    ($(async fn $name:ident($house:ident: House) $body:block)+) => {
        both_databases! {$(
            async fn $name(db: TestDb) {
                let $house = house(db).await;
                $body
                $house.stop().await;
            }
        )+}
    };
}

houses_with_app! {
    async fn a_person_connects_and_their_webhooks_arrive(house: House) {
        let mut owner = browser(&house, &house.company.email).await;
        let choose = format!("/w/{}/settings/integrations/intercom/connect", house.company.slug);
        let page = owner.get(&choose).await;
        assert!(page.body.contains("Through this installation's OAuth app."), "{}", page.body);
        let page = authorize(&house, &mut owner, house.company.app_id, "").await;
        let connection = format!("/w/{}/settings/integrations/intercom/{}", house.company.slug, house.company.connection);
        assert_eq!((page.status, page.location.as_deref()), (303, Some(connection.as_str())));
        let page = owner.get(&connection).await;
        assert!(page.body.contains("Birch Help is now connected with OAuth."), "{}", page.body);
        assert!(!page.body.contains("id=\"hook\"") && !page.body.contains("client_secret"), "it has none of its own");
        let [row] = &connections(&house).await[..] else { panic!("one connection") };
        assert_eq!((row.id, &row.via), (house.company.connection, &Via::Installation { client_key: client_key(CLIENT_ID) }));

        let hook = json!({ "app": CLIENT_ID, "url": format!("{}/hooks/intercom", house.base) });
        house.sandbox.order("webhook", &hook).await;
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        house.seed(&[&talk]).await;
        house.act("tag", &talk, json!({ "tag": TAG.0 })).await;
        house.settle().await;
        house.company.ticket(&house).await;
    }

    async fn every_way_it_can_end_has_its_page(house: House) {
        let company = &house.company;
        company.hire(&house.app, ADMIN, Role::Admin).await;
        house.seed_workspace(&Plan::second()).await;
        let id = company.connection.to_string();
        let before = connections(&house).await;
        let (mut owner, mut admin) = (browser(&house, &company.email).await, browser(&house, ADMIN).await);
        let mut elsewhere = browser(&house, &company.email).await;

        let page = begin(&house, &mut owner, "").await;
        let denied = decide(&house, &page, company.app_id, "deny").await;
        assert_problem(&owner.get(&denied).await, 200, "Access was not granted", &denied);
        assert_problem(&owner.get(&denied).await, 400, "This was done before", &denied);
        let bare = "/auth/intercom/callback?error=access_denied";
        assert_problem(&owner.get(bare).await, 200, "Access was not granted", bare);
        for bare in ["/auth/intercom/callback", "/auth/intercom/callback?code=abc&state=a.b.c"] {
            assert_problem(&owner.get(bare).await, 400, "This did not come from Earmark", bare);
        }

        let page = begin(&house, &mut owner, "").await;
        let granted = decide(&house, &page, company.app_id, "authorize").await;
        assert_problem(&elsewhere.get(&granted).await, 400, "This was begun elsewhere", &granted);
        assert_problem(&admin.get(&granted).await, 400, "This was begun by someone else", &granted);
        let tampered = granted.replace("state=", "state=e");
        assert_problem(&owner.get(&tampered).await, 400, "This did not come from Earmark", &tampered);
        let wrong = granted.replace("code=", "code=x");
        assert_problem(&owner.get(&wrong).await, 422, "Intercom refused the code", &wrong);

        house.intercom.down();
        let page = begin(&house, &mut owner, &id).await;
        let granted = decide(&house, &page, company.app_id, "authorize").await;
        let down = owner.get(&granted).await;
        assert_problem(&down, 503, "Intercom cannot be reached", &granted);
        assert!(down.body.contains("The connection is as it was before."), "{}", down.body);
        house.intercom.pass();

        let other = authorize(&house, &mut owner, Plan::second().app_id, &id).await;
        assert_problem(&other, 422, "This is another Intercom workspace", "");
        assert!(other.body.contains(&format!("/intercom/{id}\"")), "a way back to the connection");

        let page = begin(&house, &mut owner, "").await;
        house.pass(601);
        let late = decide(&house, &page, company.app_id, "authorize").await;
        assert_problem(&owner.get(&late).await, 400, "This took too long", &late);
        assert_eq!(connections(&house).await, before, "none of this changed anything");
    }

    async fn a_revoked_access_is_granted_again(house: House) {
        let mut owner = browser(&house, &house.company.email).await;
        let id = house.company.connection.to_string();
        authorize(&house, &mut owner, house.company.app_id, "").await;
        let row = connections(&house).await.remove(0);
        house.sandbox.order("tokens/revoke", &json!({ "app": CLIENT_ID })).await;
        let check = format!("/w/{}/settings/integrations/intercom/{id}/check", house.company.slug);
        owner.get(&format!("/w/{}/settings/integrations/intercom/{id}", house.company.slug)).await;
        assert_eq!(owner.post(&check, &[]).await.status, 303);
        house.settle().await;
        let broken = connections(&house).await.remove(0);
        assert!(broken.status.needs_member(), "{broken:?}");
        let page = authorize(&house, &mut owner, house.company.app_id, &id).await;
        assert_eq!(page.status, 303, "{page:?}");
        house.settle().await;
        let cured = connections(&house).await.remove(0);
        assert!(cured.status.works(), "{cured:?}");
        assert_eq!((cured.id, cured.feedback_on_at, cured.name), (row.id, row.feedback_on_at, row.name));
    }

    async fn nothing_leads_out_of_the_app(house: House) {
        let mut owner = browser(&house, &house.company.email).await;
        let page = begin(&house, &mut owner, "").await;
        let granted = decide(&house, &page, house.company.app_id, "authorize").await;
        let more = "&next=https%3A%2F%2Fevil.example&redirect_uri=%2F%2Fevil.example&return_to=%2F%5Cevil.example";
        let page = owner.get(&format!("{granted}{more}")).await;
        let target = page.location.expect("a redirect");
        assert!(target.starts_with("/w/"), "{target}");

        for next in ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)"] {
            let mut visitor = Browser::at(&house.base);
            visitor.get("/login").await;
            let form = [("email", house.company.email.as_str()), ("password", PASSWORD), ("next", next)];
            let page = visitor.post("/login", &form).await;
            assert_eq!((page.status, page.location.as_deref()), (303, Some("/")), "{next}");
        }
        // What Intercom sent somebody back with goes into no other address.
        let mut stranger = Browser::at(&house.base);
        let page = stranger.get("/auth/intercom/callback?code=marked-code&state=marked-state").await;
        assert_eq!((page.status, page.location.as_deref()), (303, Some("/login?next=%2F")));
    }

    async fn a_session_from_before_a_login_is_worth_nothing_after_it(house: House) {
        let mut visitor = Browser::at(&house.base);
        visitor.get("/login").await;
        let mut planted = visitor.twin();
        let form = [("email", house.company.email.as_str()), ("password", PASSWORD), ("next", "")];
        assert_eq!(visitor.post("/login", &form).await.status, 303);
        assert!(planted.get("/workspaces").await.asks_to_log_in(), "the session's key was not renewed");
        assert_eq!(visitor.get("/workspaces").await.status, 200);

        // What was begun in a session ends with it.
        let page = begin(&house, &mut visitor, "").await;
        let granted = decide(&house, &page, house.company.app_id, "authorize").await;
        assert_eq!(visitor.post("/logout", &[]).await.status, 303);
        visitor.log_in(&house.company.email, PASSWORD).await;
        assert_problem(&visitor.get(&granted).await, 400, "This was begun elsewhere", &granted);
    }
}
