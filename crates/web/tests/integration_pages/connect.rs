use crate::support::{SECRET, TOKEN, WEAK_TOKEN, World};
use actix_web::http::StatusCode;
use earmark_model::{ConnectionStatus, Job};
use earmark_testkit::both_databases;
use serde_json::json;

const LIST: &str = "settings/integrations/intercom";
const STEPS: &str = "settings/integrations/intercom/token";

fn form<'a>(token: &'a str, region: &'a str) -> [(&'a str, &'a str); 3] {
    [("token", token), ("name", "Support"), ("region", region)]
}

both_databases! {
    async fn connecting_by_token_from_first_page_to_last(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        browser.get(LIST).await.shows("Intercom is not connected").has("/intercom/connect\"");
        let choice = browser.get(&format!("{LIST}/connect")).await;
        choice.shows("used for one's own workspace only, and OAuth for anything else");
        for permission in earmark_model::Permission::ALL {
            choice.shows(permission.as_str());
        }
        choice.has("/intercom/token\"");
        let steps = browser.get(STEPS).await;
        steps.shows("Read and list users and companies").shows("Read admins").shows("/a/apps/_/developer-hub");

        let connected = browser.post_and_follow(STEPS, &form(TOKEN, "US")).await;
        connected.shows("Quillwater Support is connected").shows("••••••••Wxyz").shows("Checking now");
        connected.shows("Not checked yet").shows("The client secret is missing, so every webhook is refused");
        let connection = world.tenant().connections().await.unwrap().pop().unwrap();
        assert_eq!(connection.name, "Support");
        connected.shows(&format!("https://earmark.example/hooks/intercom/{}", connection.endpoint_token));
        world.work().await;
        let page = format!("{LIST}/{}", connection.id);
        browser.get(&page).await.shows("5 of 6 confirmed").shows("Not tested").hides("Checking now");

        let saved = browser.post_and_follow(&format!("{page}/secret"), &[("client_secret", SECRET)]).await;
        saved.shows("The client secret is saved").shows("••••••••Q7z9").shows("No webhook has arrived yet");
        browser.get(LIST).await.shows("Support").shows("Connected, needs attention");
        browser.get(STEPS).await;
        for seen in browser.seen() {
            assert!(!seen.contains(TOKEN) && !seen.contains(SECRET), "a secret is on {seen}");
        }
    }

    async fn the_region_and_a_replaced_token_are_told(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.owner).await;
        let first = browser.post_and_follow(STEPS, &form(TOKEN, "AU")).await;
        first.shows("is hosted in another region than the one you chose: United States");
        first.hides("was connected already");
        let again = browser.post_and_follow(STEPS, &form(TOKEN, "US")).await;
        again.shows("Quillwater Support was connected already: its access token was replaced");
        again.hides("another region");
        assert_eq!(world.tenant().connections().await.unwrap().len(), 1);
    }

    async fn a_refused_connection_is_cured_by_a_new_token(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await;
        let page = format!("{LIST}/{}", connection.id);
        world.sandbox.order("tokens/revoke", &json!({ "token": TOKEN })).await;
        browser.post_and_follow(&format!("{page}/check"), &[]).await.shows("Reload this page in a moment");
        assert!(world.is_queued(Job::CheckConnection { connection: connection.id }).await);
        world.work().await;
        let refused = browser.get(&page).await;
        refused.shows("Intercom refuses the access token (").shows("Paste a new one").shows("Access token refused");
        refused.hides("5 of 6 confirmed");
        browser.get(LIST).await.shows("Needs reconnecting");

        world.sandbox.order("reset", &serde_json::Value::Null).await;
        let cured = browser.post_and_follow(STEPS, &form(TOKEN, "US")).await;
        cured.hides("Access token refused");
        let now = world.tenant().connection(connection.id).await.unwrap().unwrap();
        assert_eq!(now.status, ConnectionStatus::Connected);
    }
}

async fn refused_with(world: &World, token: &str, name: &str, words: &str) {
    let browser = world.browser(&world.people.admin).await;
    let form = [("token", token), ("name", name), ("region", "EU")];
    let answer = browser.post(STEPS, &form).await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.body
    );
    answer.shows(words).has("value=\"EU\" checked");
    if !token.is_empty() {
        answer.hides(token);
    }
    assert_eq!(world.tenant().connections().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_has_its_own_words() {
    let world = World::new(earmark_testkit::TestDb::sqlite().await).await;
    let nothing = "Paste the access token from your app's Authentication page";
    refused_with(&world, "", "", nothing).await;
    refused_with(&world, "two words", "", nothing).await;
    refused_with(
        &world,
        "dG9rOm5vYm9keQ",
        "",
        "does not accept this access token in any region",
    )
    .await;
    refused_with(
        &world,
        WEAK_TOKEN,
        "",
        "it lacks the permission Read admins",
    )
    .await;
    refused_with(&world, TOKEN, &"x".repeat(81), "at most 80 characters").await;

    let fault = async |fault| {
        world.sandbox.order("faults", &fault).await;
    };
    fault(json!({ "kind": "status", "status": 503, "match": "/me" })).await;
    refused_with(
        &world,
        TOKEN,
        "",
        "Intercom cannot be reached right now: it answered with status 503",
    )
    .await;
    fault(json!({ "kind": "status", "status": 429, "match": "/me", "retry_after": 7 })).await;
    refused_with(
        &world,
        TOKEN,
        "",
        "rate limit is used up. The token was not stored; try again in",
    )
    .await;
    world.db.clock.advance(chrono::TimeDelta::minutes(1));
    let page = json!({ "kind": "status", "status": 200, "match": "/me", "body": "<html>" });
    fault(page).await;
    refused_with(
        &world,
        TOKEN,
        "",
        "Intercom did not say whose this token is",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_intercom_is_told_apart_from_a_wrong_token() {
    let world = World::new(earmark_testkit::TestDb::sqlite().await).await;
    let world = world.without_intercom();
    refused_with(&world, TOKEN, "", "Intercom cannot be reached right now").await;
}
