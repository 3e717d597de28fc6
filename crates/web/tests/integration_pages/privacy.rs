//! Retention, what was removed, and how calls are used.

use crate::support::World;
use actix_web::http::StatusCode;
use earmark_db::tenant::{RemovalCause, Removed};
use earmark_model::Job;
use earmark_testkit::{both_databases, build};

both_databases! {
    async fn an_owner_says_how_long_payloads_are_kept(db: TestDb) {
        let world = World::new(db).await;
        let owner = world.browser(&world.people.owner).await;
        let page = "settings/privacy";
        owner.get(page).await.has("value=\"30\"").shows("Nothing was removed yet");
        owner.post_and_follow(page, &[("days", " 7 ")]).await.shows("Payloads are kept for 7 days.").has("value=\"7\"");
        assert_eq!(world.tenant().payload_days().await.unwrap(), 7);
        owner.post(page, &[("days", "7")]).await;
        let lines = world.tenant().audit_lines(10).await.unwrap();
        let kept: Vec<_> = lines.iter().filter(|line| line.action == "workspace.payload_days").collect();
        assert_eq!((kept.len(), kept[0].detail.as_str()), (1, r#"{"from":30,"to":7}"#));
        for wrong in ["0", "366", "a week", ""] {
            let refused = owner.post(page, &[("days", wrong)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
            refused.shows("Enter a whole number of days from 1 to 365.").has(&format!("value=\"{wrong}\""));
        }
        let admin = world.browser(&world.people.admin).await;
        assert_eq!(admin.post(page, &[("days", "9")]).await.status, StatusCode::FORBIDDEN);
        admin.get(page).await.shows("7 days").shows("An owner can change this").hides("name=\"days\"");
        assert_eq!(world.tenant().payload_days().await.unwrap(), 7);
    }

    async fn what_was_removed_is_listed_page_by_page(db: TestDb) {
        let world = World::new(db).await;
        let workspace = world.people.workspace.id;
        let connection = build::connection(&world.db.db, workspace, "abc123").await;
        for n in 0..31 {
            let tx = build::begin(&world.db.db).await;
            let removed = Removed { conversations: 2, copies: 1, payloads: 1, ..Removed::default() };
            let subject = format!("<i>p{n}.");
            let tenant = tx.workspace(workspace);
            let noted = tenant.note_removal(
                connection.id, RemovalCause::ContactDeleted, (&subject, None), removed,
            );
            noted.await.unwrap();
            tx.commit().await.unwrap();
            world.db.clock.advance(chrono::TimeDelta::milliseconds(1));
        }
        let viewer = world.browser(&world.people.viewer).await;
        let first = viewer.get("settings/privacy").await;
        first.shows("Contact deleted").shows("the copy of the contact").shows("1 payload").shows(&connection.name);
        first.shows("p30.").shows("p1.").hides("p0.").hides("<i>");
        let older = first.body.split("?before=").nth(1).unwrap().split('"').next().unwrap();
        viewer.get(&format!("settings/privacy?before={older}")).await.shows("p0.").hides("p1.").shows("Newest");
    }

    async fn a_merge_says_to_which_contact_it_went(db: TestDb) {
        let world = World::new(db).await;
        let workspace = world.people.workspace.id;
        let connection = build::connection(&world.db.db, workspace, "abc123").await;
        let tx = build::begin(&world.db.db).await;
        let tenant = tx.workspace(workspace);
        let removed = Removed { copies: 1, conversations: 1, actions: 2, ..Removed::default() };
        let subject = ("old-one", Some("new-one"));
        tenant.note_removal(connection.id, RemovalCause::ContactMerged, subject, removed).await.unwrap();
        tx.commit().await.unwrap();
        let page = world.browser(&world.people.viewer).await.get("settings/privacy").await;
        page.shows("Contact merged").shows("old-one into new-one").shows("the copy of the contact");
        page.shows("now the remaining contact").shows("2 inputs and answers of actions").shows("Runs of actions");
    }

    async fn the_page_of_calls_tells_what_waits(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await.id;
        let page = format!("settings/integrations/intercom/{connection}/calls");
        let idle = browser.get(&page).await;
        idle.shows("Nothing waits and nothing is under way.").shows("Somebody waits for it. It goes first.").hides("No call was made");
        let tx = build::begin(&world.db.db).await;
        let job = Job::Details { connection, conversation: "1".to_owned() };
        tx.workspace(world.people.workspace.id).enqueue(&job).await.unwrap();
        tx.commit().await.unwrap();
        browser.get(&page).await.shows("Threads and names of tickets").shows("For its turn").hides("Nothing waits");
    }
}
