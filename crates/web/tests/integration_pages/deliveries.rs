use crate::support::World;
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use earmark_db::across::NewDelivery;
use earmark_db::tenant::{Connection, Delivery, DeliveryFilter, NewScrub};
use earmark_model::Outcome;
use earmark_testkit::{both_databases, build};

/// Stores these deliveries of a connection, one after another, and gives them, oldest first.
async fn stored(world: &World, connection: &Connection, batch: &[NewDelivery]) -> Vec<Delivery> {
    for one in batch.chunks(1) {
        let tx = build::begin(&world.db.db).await;
        tx.across().store_deliveries(one).await.unwrap();
        tx.commit().await.unwrap();
    }
    let all = DeliveryFilter::default();
    let mut found = world
        .tenant()
        .deliveries(connection.id, &all, 1000)
        .await
        .unwrap();
    found.reverse();
    found
}

fn path(connection: &Connection, query: &str) -> String {
    format!(
        "settings/integrations/intercom/{}/deliveries?{query}",
        connection.id
    )
}

both_databases! {
    async fn activity_counts_what_came_by_hour_and_by_day(db: TestDb) {
        let world = World::new(db).await;
        let workspace = world.people.workspace.id;
        let connection = build::connection(&world.db.db, workspace, "a1").await;
        let other = build::connection(&world.db.db, workspace, "b2").await;
        let viewer = world.browser(&world.people.viewer).await;
        let path = format!("settings/integrations/intercom/{}/activity", connection.id);
        viewer.get(&path).await.shows("No deliveries.").hides("<svg class=\"chart\"");
        let new = |to: &Connection, key: &str| build::delivery((workspace, to.id), key, "7", world.db.sources.now());
        let odd = NewDelivery {
            finished: Some((Outcome::Unreadable, "the body is no JSON object".to_owned())),
            ..new(&connection, "n2")
        };
        stored(&world, &connection, &[new(&connection, "n1"), odd, new(&other, "n3")]).await;
        world.db.clock.advance(TimeDelta::hours(2));
        stored(&world, &connection, &[new(&connection, "n4")]).await;
        let page = viewer.get(&path).await;
        page.shows("3 deliveries, 1 failed. Busiest: ").has("role=\"img\" aria-label=\"Deliveries, Last 24 hours: 3 deliveries");
        let page = page.body.split("Last 30 days</h2>").collect::<Vec<_>>();
        assert_eq!(page[0].matches("<th scope=\"row\">").count(), 2, "two hours had some");
        world.db.clock.advance(TimeDelta::days(2));
        // The session is over by now.
        let viewer = world.browser(&world.people.viewer).await;
        let page = viewer.get(&path).await;
        page.shows("No deliveries.").shows("3 deliveries, 1 failed.");
        world.db.clock.advance(TimeDelta::days(40));
        let viewer = world.browser(&world.people.viewer).await;
        viewer.get(&path).await.shows("No deliveries.").hides("3 deliveries");
    }

    async fn a_payload_that_waits_for_an_erasure_says_so(db: TestDb) {
        let world = World::new(db).await;
        let workspace = world.people.workspace.id;
        let connection = build::connection(&world.db.db, workspace, "a1").await;
        let at = world.db.sources.now();
        let named = NewDelivery {
            body: Some(br#"{"contact":"65f0c1"}"#.to_vec()),
            ..build::delivery((workspace, connection.id), "n1", "7", at)
        };
        let all = stored(&world, &connection, &[named]).await;
        let agent = world.browser(&world.people.agent).await;
        let path = path(&connection, &format!("delivery={}", all[0].id));
        agent.get(&path).await.shows("65f0c1");
        let tx = build::begin(&world.db.db).await;
        let deleted = NewScrub { subject: "65f0c1".to_owned(), is_contact: true, ..NewScrub::default() };
        tx.workspace(workspace).add_scrub(connection.id, &deleted).await.unwrap();
        tx.commit().await.unwrap();
        agent.get(&path).await.hides("65f0c1").shows("names a contact that was deleted").hides("No payload is kept");
        let viewer = world.browser(&world.people.viewer).await;
        viewer.get(&path).await.hides("65f0c1").shows("Owners, admins and agents can read them");
    }

    async fn a_delivery_shows_what_became_of_it(db: TestDb) {
        let world = World::new(db).await;
        let workspace = world.people.workspace.id;
        let connection = build::connection(&world.db.db, workspace, "a1").await;
        let product = world.product("Mobile").await;
        let ticket = build::ticket(&world.db.db, workspace, product.id, connection.id, ("c1", "m1")).await;
        let at = world.db.sources.now();
        let new = |key: &str| build::delivery((workspace, connection.id), key, "215471600482193", at);
        let odd = NewDelivery {
            topic: None,
            finished: Some((Outcome::Unreadable, "the body is no JSON object".to_owned())),
            body: Some(b"<oops>\xff".to_vec()),
            ..new("n2")
        };
        let all = stored(&world, &connection, &[new("n1"), new("n1"), odd]).await;
        world.db.clock.advance(TimeDelta::milliseconds(1_500));
        let tx = build::begin(&world.db.db).await;
        let note = "created ticket QU-1 in Mobile";
        let tenant = tx.workspace(workspace);
        tenant.finish_delivery(all[0].id, Outcome::Processed, note, Some(ticket.id)).await.unwrap();
        tx.commit().await.unwrap();

        let agent = world.browser(&world.people.agent).await;
        let log = agent.get(&path(&connection, "")).await;
        log.shows(note).shows("Unreadable").shows("the body is no JSON object").shows("Repeat").shows("1.5 s");
        let first = agent.get(&path(&connection, &format!("delivery={}", all[0].id))).await;
        first.has("/w/quillwater/tickets/QU-1\"").shows("1.5 s from arrival to outcome").shows("215471600482193");
        first.has("<span class=\"s\">&#34;n1&#34;</span>");
        let repeat = agent.get(&path(&connection, &format!("delivery={}", all[1].id))).await;
        repeat.shows(&format!("delivery={}", all[0].id)).shows("A repeat is kept without its body");
        let odd = agent.get(&path(&connection, &format!("delivery={}", all[2].id))).await;
        odd.shows("Body, which is no JSON").shows("&#60;oops&#62;\u{fffd}");

        let viewer = world.browser(&world.people.viewer).await;
        let hidden = viewer.get(&path(&connection, &format!("delivery={}", all[0].id))).await;
        hidden.shows("Owners, admins and agents can read them").shows(note).hides("class=\"json\"");
    }

    async fn the_log_is_filtered_and_paged(db: TestDb) {
        let world = World::new(db).await;
        let workspace = world.people.workspace.id;
        let connection = build::connection(&world.db.db, workspace, "a1").await;
        let at = world.db.sources.now();
        let batch: Vec<_> = (0..52)
            .map(|n| build::delivery((workspace, connection.id), &format!("notif-{n:02}"), "c1", at))
            .collect();
        let all = stored(&world, &connection, &batch).await;
        let browser = world.browser(&world.people.viewer).await;
        let rows = |body: &str| body.matches("id=\"row-").count();
        let newest = browser.get(&path(&connection, "")).await;
        let border = format!("before={}", all[2].id);
        newest.shows(&border).hides(&format!("id=\"row-{}\"", all[1].id));
        assert_eq!(rows(&newest.body), 50);
        let oldest = browser.get(&path(&connection, &border)).await;
        assert_eq!(rows(&oldest.body), 2);
        oldest.hides("Older");
        let one = browser.get(&path(&connection, "q=notif-07&topic=conversation_part.tag.created&outcome=waiting")).await;
        assert_eq!(rows(&one.body), 1);
        for none in ["q=nothing", "topic=ping", "outcome=failed"] {
            browser.get(&path(&connection, none)).await.shows("No deliveries match");
        }
        // What cannot be a filter filters nothing.
        let odd = browser.get(&path(&connection, "q=%20&outcome=x&before=y")).await;
        assert_eq!((odd.status, rows(&odd.body)), (StatusCode::OK, 50));

        let nul = browser.get(&path(&connection, "q=%00")).await;
        assert_eq!(nul.status, StatusCode::BAD_REQUEST);

        let other = build::connection(&world.db.db, workspace, "a2").await;
        let query = format!("delivery={}", all[0].id);
        assert_eq!(browser.get(&path(&other, &query)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(browser.get(&path(&connection, "delivery=x")).await.status, StatusCode::NOT_FOUND);
        browser.get(&path(&other, "")).await.shows("No deliveries yet");
    }
}
