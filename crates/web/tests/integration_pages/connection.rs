use crate::support::{SECRET, TOKEN, World};
use actix_web::http::StatusCode;
use earmark_db::tenant::{PermissionCheck, SecretKind};
use earmark_model::{ConnectionStatus, Permission, PermissionState};
use earmark_testkit::{both_databases, build};

const LIST: &str = "settings/integrations/intercom";

both_databases! {
    async fn what_does_not_work_yet_is_said_in_words(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await;
        let page = format!("{LIST}/{}", connection.id);
        let never = "the topic conversation_part.tag.created was never received";
        browser.get(&page).await.hides(never).shows("The client secret is missing");

        let on = browser.post_and_follow(&format!("{page}/feedback"), &[("feedback", "on")]).await;
        on.shows("Feedback is on. Tags applied from now on count.").shows(never);
        browser.get(LIST).await.shows(never);
        browser.post(&format!("{page}/secret"), &[("client_secret", SECRET)]).await;
        let tx = build::begin(&world.db.db).await;
        let tenant = tx.workspace(world.people.workspace.id);
        let cause = "the signature does not match the client secret";
        tenant.record_refusal(connection.id, cause, Some("192.0.2.9"), 10).await.unwrap();
        let missing = PermissionCheck {
            permission: Permission::ReadTags,
            state: PermissionState::Missing,
            note: None,
            took_ms: None,
        };
        tenant.put_permission_check(connection.id, &missing).await.unwrap();
        tx.commit().await.unwrap();
        let sick = browser.get(&page).await;
        sick.shows("Connected, needs attention").shows("1 missing").hides("confirmed");
        sick.shows(&format!("the latest request was refused: {cause}"));
        sick.shows("The access token lacks permissions: Read tags").shows("192.0.2.9");

        let tx = build::begin(&world.db.db).await;
        let tenant = tx.workspace(world.people.workspace.id);
        let now = world.db.sources.now();
        tenant.saw_topic(connection.id, "conversation_part.tag.created", now).await.unwrap();
        let secret = tenant.secrets(connection.id, SecretKind::ClientSecret).await.unwrap();
        tenant.secret_verified(secret[0].id, now).await.unwrap();
        let granted = PermissionCheck { state: PermissionState::Granted, ..missing };
        tenant.put_permission_check(connection.id, &granted).await.unwrap();
        tx.commit().await.unwrap();
        let well = browser.get(&page).await;
        // While it is being rotated both verify, and it is seen which one did.
        browser.post(&format!("{page}/secret"), &[("client_secret", "another-client-secret-wxyz")]).await;
        let two = browser.get(&page).await;
        two.shows("wxyz").shows("the former one").shows("no webhook proved yet").shows("last proved a webhook");
        two.hides("needs attention").hides("Not everything works yet");
        well.hides("needs attention").hides("Not everything works yet").shows("1 of 32 topics received");
        let off = browser.post_and_follow(&format!("{page}/feedback"), &[]).await;
        off.shows("Feedback is off: no new tickets");
        let now = world.tenant().connection(connection.id).await.unwrap().unwrap();
        assert_eq!(now.feedback_on_at, None);
    }

    async fn a_client_secret_that_is_none_is_refused(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await;
        let path = format!("{LIST}/{}/secret", connection.id);
        let answer = browser.post(&path, &[("client_secret", "not a secret")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        answer.shows("Paste the client secret from your app's Basic information page").hides("not a secret");
        let stored = world.tenant().secrets(connection.id, SecretKind::ClientSecret).await.unwrap();
        assert!(stored.is_empty());
    }

    async fn disconnecting_asks_wipes_and_can_be_undone(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.owner).await;
        let connection = world.connected(&browser).await;
        let page = format!("{LIST}/{}", connection.id);
        browser.post(&format!("{page}/secret"), &[("client_secret", SECRET)]).await;
        let mobile = world.product("Mobile").await;
        let tag = format!("{}:9182731", connection.id);
        let settings = format!("products/{}/settings/feedback", mobile.slug);
        browser.post_and_follow(&settings, &[("enabled", "on"), ("tag", &tag)]).await.shows("Saved.");

        let path = format!("{page}/disconnect");
        let asked = browser.get(&path).await;
        asked.shows("stop making tickets for Mobile").shows("What becomes of what was copied");
        asked.shows("Intercom still lists your app").shows("What is redacted or deleted in Intercom from now on stays");
        let mistyped = browser.post(&path, &[("confirm", "quillwater"), ("mirrored", "erase")]).await;
        assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY);
        mistyped.shows("Type Quillwater.").has(r#"value="erase" checked"#);
        let now = world.tenant().connection(connection.id).await.unwrap().unwrap();
        assert_eq!(now.status, ConnectionStatus::Connected);

        let done = browser.post_and_follow(&path, &[("confirm", " Quillwater ")]).await;
        done.shows("Support is disconnected, and its credentials are wiped").shows("Connect again").shows("Wiped");
        done.shows("only its owner can remove it").shows("redactions and deletions in Intercom no longer reach");
        for kind in [SecretKind::AccessToken, SecretKind::ClientSecret] {
            assert!(world.tenant().secrets(connection.id, kind).await.unwrap().is_empty());
        }
        browser.get(LIST).await.shows("Disconnected");
        browser.get(&settings).await.shows("This connection is disconnected, so its tags make no tickets");
        let late = browser.post(&format!("{page}/check"), &[]).await;
        assert_eq!(late.status, StatusCode::BAD_REQUEST);
        late.shows("is disconnected");
        assert_eq!(browser.get(&path).await.status, StatusCode::SEE_OTHER);

        let again = world.connected(&browser).await;
        assert_eq!((again.id, again.status), (connection.id, ConnectionStatus::Connected));
        for seen in browser.seen() {
            assert!(!seen.contains(TOKEN) && !seen.contains(SECRET), "a secret is on {seen}");
        }
    }
}
