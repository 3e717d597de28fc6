use crate::support::{Browser, TALK, World};
use actix_web::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_accounts::products;
use earmark_db::tenant::{InboxFilter, Product};
use earmark_model::{Job, ProductId, counts_since};
use earmark_testkit::{both_databases, build};
use serde_json::json;

const REQUEST: &str = "9182731";
const BUG: &str = "9182732";

fn path(product: &Product) -> String {
    format!("products/{}/settings/feedback", product.slug)
}

/// A connection with its feedback on, and a product.
async fn start(world: &World) -> (Browser, String, Product) {
    let browser = world.browser(&world.people.admin).await;
    let connection = world.connected(&browser).await.id.to_string();
    let page = format!("settings/integrations/intercom/{connection}/feedback");
    browser.post(&page, &[("feedback", "on")]).await;
    (browser, connection, world.product("Mobile").await)
}

/// From when a chosen tag counts for a product.
async fn counts(world: &World, product: ProductId, tag: &str) -> Option<DateTime<Utc>> {
    let tenant = world.tenant();
    let chosen = tenant.trigger_tags(product).await.unwrap();
    let chosen = chosen.into_iter().find(|one| one.tag == tag)?;
    let product = tenant.product(product).await.unwrap().unwrap();
    let connection = tenant.connection(chosen.connection).await.unwrap().unwrap();
    counts_since(
        chosen.chosen_at,
        product.feedback_on_at,
        connection.feedback_on_at,
    )
}

async fn changes(world: &World) -> usize {
    let lines = world.tenant().audit_lines(100).await.unwrap();
    lines
        .iter()
        .filter(|line| line.action == "product.feedback_changed")
        .count()
}

both_databases! {
    async fn what_stays_keeps_its_time_and_what_is_new_counts_from_now(db: TestDb) {
        let world = World::new(db).await;
        let (browser, connection, mobile) = start(&world).await;
        let (request, bug) = (format!("{connection}:{REQUEST}"), format!("{connection}:{BUG}"));
        let later = || {
            world.db.clock.advance(TimeDelta::minutes(1));
            Some(world.db.sources.now())
        };
        let first = later();
        let saved = browser.post_and_follow(&path(&mobile), &[("enabled", "on"), ("tag", &request), ("tag", &request)]).await;
        saved.shows("make tickets in Mobile when they are applied from now on").shows("feature-request");
        assert_eq!(counts(&world, mobile.id, REQUEST).await, first);

        let second = later();
        browser.post(&path(&mobile), &[("enabled", "on"), ("tag", &request), ("tag", &bug)]).await;
        assert_eq!(counts(&world, mobile.id, REQUEST).await, first);
        assert_eq!(counts(&world, mobile.id, BUG).await, second);
        assert_eq!(changes(&world).await, 2);
        browser.post(&path(&mobile), &[("enabled", "on"), ("tag", &bug), ("tag", &request)]).await;
        assert_eq!(changes(&world).await, 2, "what changes nothing is not logged");

        let off = browser.post_and_follow(&path(&mobile), &[("tag", &request)]).await;
        off.shows("Saved. Tags make no tickets in Mobile.");
        assert_eq!(counts(&world, mobile.id, REQUEST).await, None);
        let third = later();
        browser.post(&path(&mobile), &[("enabled", "on"), ("tag", &request)]).await;
        assert_eq!(counts(&world, mobile.id, REQUEST).await, third, "off and on again starts anew");
        assert_eq!(counts(&world, mobile.id, BUG).await, None);
    }

    async fn ticked_tags_are_previewed_and_nothing_is_made(db: TestDb) {
        let world = World::new(db).await;
        let (browser, connection, mobile) = start(&world).await;
        let (request, page) = (format!("{connection}:{REQUEST}"), path(&mobile));
        let ask = format!("{page}/preview");
        browser.post_and_follow(&ask, &[]).await.shows("Choose at least one tag.");
        let unknown = browser.post(&ask, &[("tag", &format!("{connection}:nothing"))]).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        world.tag(TALK, REQUEST).await;
        let asked = browser.post_and_follow(&ask, &[("tag", &request)]).await;
        asked.shows("Asking Intercom").has("sse:people").has("<progress");
        world.work().await;
        let answer = browser.get(&page).await;
        answer.shows("This tag would have made 1 ticket in the last 30 days.").shows(TALK).shows("feature-request");
        answer.hides("Asking Intercom");
        let kept = format!("value=\"{request}\" data-label=\"feature-request\" checked");
        assert!(!answer.body.contains(&kept), "what was ticked for the preview is not kept");
        assert!(world.tenant().inbox_count(&InboxFilter::default()).await.unwrap() == 0);
        let viewer = world.browser(&world.people.viewer).await;
        assert_eq!(viewer.post(&ask, &[("tag", &request)]).await.status, StatusCode::FORBIDDEN);
        viewer.get(&page).await.shows("would have made 1 ticket").hides("Preview the ticked tags");
    }

    async fn unknown_and_deleted_tags_are_refused_and_change_nothing(db: TestDb) {
        let world = World::new(db).await;
        let (browser, connection, mobile) = start(&world).await;
        let known = format!("{connection}:{REQUEST}");
        let unknown = browser.post(&path(&mobile), &[("enabled", "on"), ("tag", &known), ("tag", &format!("{connection}:1"))]).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        unknown.shows("One of these tags is not known").has("name=\"enabled\" value=\"on\" checked");
        let garbled = browser.post(&path(&mobile), &[("tag", "x")]).await;
        assert_eq!(garbled.status, StatusCode::BAD_REQUEST);
        let product = world.tenant().product(mobile.id).await.unwrap().unwrap();
        assert_eq!(product.feedback_on_at, None);
        assert_eq!(world.tenant().trigger_tags(mobile.id).await.unwrap(), []);
        assert_eq!(changes(&world).await, 0);

        browser.post(&path(&mobile), &[("enabled", "on"), ("tag", &known)]).await;
        let workspace = world.people.workspace.id;
        build::tags(&world.db.db, workspace, connection.parse().unwrap(), &[(BUG, "bug")], &[]).await;
        browser.get(&path(&mobile)).await.shows("was deleted in Intercom. It triggers nothing any more");
        let kept = browser.post(&path(&mobile), &[("tag", &known)]).await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "a chosen tag may stay");
        let vip = format!("{connection}:9182734");
        let deleted = browser.post(&path(&mobile), &[("tag", &vip)]).await;
        assert_eq!(deleted.status, StatusCode::UNPROCESSABLE_ENTITY);
        deleted.shows("The tag vip was deleted in Intercom. Choose another.");
    }

    async fn tags_are_fetched_again_by_a_job(db: TestDb) {
        let world = World::new(db).await;
        let (browser, connection, mobile) = start(&world).await;
        let refresh = format!("{}/refresh", path(&mobile));
        let asked = browser.post_and_follow(&refresh, &[("connection", &connection)]).await;
        asked.shows("Reload this page in a moment to see them").shows("Asking Intercom for its tags now");
        let job = Job::RefreshTags { connection: connection.parse().unwrap() };
        assert!(world.is_queued(job).await);
        world.work().await;
        browser.get(&path(&mobile)).await.hides("Asking Intercom").shows("churn-risk");

        world.sandbox.order("tokens/revoke", &json!({ "app": "earmark-demo" })).await;
        browser.post(&refresh, &[("connection", &connection)]).await;
        world.work().await;
        browser.get(&path(&mobile)).await.shows("The tags could not be fetched").shows("churn-risk");
        let list = browser.get("settings/integrations/intercom").await;
        list.shows("Needs reconnecting");
        let stray = mobile.id.to_string();
        assert_eq!(browser.post(&refresh, &[("connection", &stray)]).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_state_says_what_is_missing() {
    let world = World::new(earmark_testkit::TestDb::sqlite().await).await;
    let mobile = world.product("Mobile").await;
    let browser = world.browser(&world.people.admin).await;
    browser
        .get(&path(&mobile))
        .await
        .shows("Intercom is not connected");
    let bare = build::connection(&world.db.db, world.people.workspace.id, "bare").await;
    let page = browser.get(&path(&mobile)).await;
    page.shows("The tags have not been fetched yet")
        .shows("Feedback is switched off for this connection");
    page.has(&format!("/intercom/{}\"", bare.id));
    let bare = browser
        .post_and_follow(&path(&mobile), &[("enabled", "on")])
        .await;
    bare.shows("Saved, but no trigger tag is chosen")
        .shows("No trigger tag is chosen");

    let (member, db) = (&world.people.admin, &world.db.db);
    let member = earmark_accounts::Member::load(db, member.id, "quillwater")
        .await
        .unwrap()
        .unwrap();
    products::archive(db, &member, mobile.id, None)
        .await
        .unwrap();
    browser
        .get(&path(&mobile))
        .await
        .shows("is archived")
        .hides("Save changes");
    let refused = browser.post(&path(&mobile), &[("enabled", "on")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.shows("This product is archived. Bring it back first.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_of_two_products_is_pointed_out() {
    let world = World::new(earmark_testkit::TestDb::sqlite().await).await;
    let (browser, connection, mobile) = start(&world).await;
    let ledger = world.product("Ledger").await;
    let tag = format!("{connection}:{BUG}");
    for product in [&mobile, &ledger] {
        browser
            .post(&path(product), &[("enabled", "on"), ("tag", &tag)])
            .await;
    }
    browser
        .get(&path(&mobile))
        .await
        .shows("is also used by Ledger");
    let page = format!("settings/integrations/intercom/{connection}");
    browser
        .get(&page)
        .await
        .has("/products/ledger/settings/feedback\"")
        .has("/products/mobile/settings/feedback\"");
}
