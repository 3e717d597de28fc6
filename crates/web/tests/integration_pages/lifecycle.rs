//! What a workspace's pages say of connections that do not work, and how one is renamed and erased.

use crate::support::{Browser, TOKEN, World, seed};
use actix_web::http::StatusCode;
use earmark_db::tenant::Connection;
use earmark_model::{ConnectionStatus, Permission, PermissionState};
use earmark_testkit::{both_databases, build};
use serde_json::json;

const LIST: &str = "settings/integrations/intercom";

async fn change(world: &World, id: earmark_model::ConnectionId, status: ConnectionStatus) {
    let tx = build::begin(&world.db.db).await;
    let tenant = tx.workspace(world.people.workspace.id);
    tenant.move_connection(id, status, None).await.unwrap();
    tx.commit().await.unwrap();
}

async fn disconnected(world: &World, browser: &Browser) -> (Connection, String) {
    let connection = world.connected(browser).await;
    let page = format!("{LIST}/{}", connection.id);
    let form = [("confirm", "Quillwater"), ("mirrored", "keep")];
    let done = browser.post(&format!("{page}/disconnect"), &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    (connection, page)
}

both_databases! {
    async fn every_page_says_what_broke_and_how_it_is_fixed(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await;
        browser.get("inbox").await.hides("class=\"banner\"");
        world.sandbox.order("tokens/revoke", &json!({ "token": TOKEN })).await;
        browser.post(&format!("{LIST}/{}/check", connection.id), &[]).await;
        world.work().await;
        let reconnect = format!("{LIST}/token?reconnect={}", connection.id);
        for path in ["inbox", "products", LIST, "inbox/rows"] {
            let page = browser.get(path).await;
            page.has("class=\"banner\"").shows("needs reconnecting since").shows("token_revoked");
            page.shows("threads, names and tags cannot be fetched").has(&reconnect);
        }
        browser.get("inbox/rows").await.has("<div id=\"banner\" hx-swap-oob=\"true\">");
        let viewer = world.browser(&world.people.viewer).await;
        let page = viewer.get("inbox").await;
        page.shows("Adam or Olivia can fix this.").hides("?reconnect=");

        world.sandbox.order("seed", &seed()).await;
        browser.post(&format!("{LIST}/{}/check", connection.id), &[]).await;
        world.work().await;
        browser.get("inbox").await.hides("class=\"banner\"").has("<div id=\"banner\">");
    }

    async fn the_worst_connection_comes_first_and_a_degraded_one_is_checked_again(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let first = world.connected(&browser).await;
        let page = format!("{LIST}/{}", first.id);
        browser.post(&format!("{page}/feedback"), &[("feedback", "on")]).await;
        let tx = build::begin(&world.db.db).await;
        let missing = earmark_db::tenant::PermissionCheck {
            permission: Permission::ReadTags,
            state: PermissionState::Missing,
            note: None,
            took_ms: None,
        };
        let tenant = tx.workspace(world.people.workspace.id);
        tenant.put_permission_check(first.id, &missing).await.unwrap();
        tx.commit().await.unwrap();
        browser.post(&format!("{page}/feedback"), &[("feedback", "on")]).await;
        let sick = browser.get("inbox").await;
        sick.shows("degraded since").shows("The permission Read tags is missing").has(&format!("{page}/check"));
        let second = build::connection(&world.db.db, world.people.workspace.id, "another").await;
        change(&world, second.id, ConnectionStatus::Uninstalled).await;
        let both = browser.get("products").await;
        both.shows("uninstalled in Intercom since").shows("Nothing arrives any more").shows("And 1 more");
        both.has(&format!("{LIST}/token?reconnect={}", second.id));
        let list = browser.get(LIST).await;
        list.shows("Degraded").shows("Uninstalled in Intercom").shows("The permission Read tags is missing");

        change(&world, second.id, ConnectionStatus::Connected).await;
        let asked = browser.post_and_follow(&format!("{page}/check"), &[]).await;
        asked.shows("Asked Intercom");
        world.work().await;
        browser.get("inbox").await.hides("class=\"banner\"");
    }

    async fn a_connection_is_renamed_within_the_limits(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await;
        let page = format!("{LIST}/{}", connection.id);
        let saved = browser.post_and_follow(&format!("{page}/rename"), &[("name", "Support EU")]).await;
        saved.shows("The connection's name is saved.").has("<h1>Support EU</h1>");
        let long = "x".repeat(81);
        for wrong in [long.as_str(), "two\nlines"] {
            let refused = browser.post(&format!("{page}/rename"), &[("name", wrong)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            refused.shows("at most 80 characters").has("<h1>Support EU</h1>");
        }
        browser.get(&page).await.has("<h1>Support EU</h1>");
        let agent = world.browser(&world.people.agent).await;
        agent.get(&page).await.hides("/rename");
        assert_eq!(agent.post(&format!("{page}/rename"), &[("name", "x")]).await.status, StatusCode::FORBIDDEN);
    }

    async fn what_was_copied_is_erased_later_when_the_workspace_is_named(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let (connection, page) = disconnected(&world, &browser).await;
        browser.get(&page).await.shows("Erase what was copied").has(&format!("{page}/erase"));
        let erase = format!("{page}/erase");
        let mistyped = browser.post(&erase, &[("confirm", "Quill")]).await;
        assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY);
        mistyped.shows("Type Quillwater.");
        assert_eq!(world.tenant().erasure(connection.id).await.unwrap(), None);

        let asked = browser.post_and_follow(&erase, &[("confirm", "Quillwater")]).await;
        asked.shows("Erasing what was copied").has("<progress").hides("Connect again");
        let total = world.tenant().mirrored(connection.id).await.unwrap();
        asked.shows(&format!("0 of {total} rows erased"));
        let form = [("token", TOKEN), ("name", ""), ("region", "US")];
        let refused = browser.post(&format!("{LIST}/token"), &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.shows("is still being erased");

        world.db.clock.advance(chrono::TimeDelta::seconds(60));
        world.work().await;
        let done = browser.get(&page).await;
        done.shows("What was copied is erased").shows(&format!("{total} rows erased")).shows("Connect again");
        done.hides(&format!("{page}/erase"));
        assert_eq!(world.tenant().mirrored(connection.id).await.unwrap(), 0);
        let again = world.connected(&browser).await;
        assert_eq!((again.id, again.status), (connection.id, ConnectionStatus::Connected));
        assert!(!world.tenant().tags().await.unwrap().is_empty(), "tags are fetched anew");
    }
}
