//! Actions on the pages: files, what came before, and a connection that cannot ask.

use crate::support::World;
use actix_web::http::StatusCode;
use earmark_testkit::both_databases;

both_databases! {
    async fn files_reach_a_raw_request_and_only_with_the_sessions_token(db: TestDb) {
        let world = World::new(db).await;
        let admin = world.browser(&world.people.admin).await;
        let connection = world.connected(&admin).await.id;
        let at = format!("settings/integrations/intercom/{connection}/actions/raw");
        admin.get(&at).await.has("enctype=\"multipart/form-data\"");
        let fields = [("method", "POST"), ("url", "/files"), ("form_data", "title=x"), ("intent", "preview")];
        let shown = admin.post_file(&at, &fields, ("file_data", "ear.png", "four")).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
        shown.shows("POST /files").has("ear.png").has("image/png").has("Not sent");
        // Nothing chosen in the file field is no file.
        let fields = [("method", "GET"), ("url", "/tags"), ("intent", "preview")];
        admin.post_file(&at, &fields, ("file_data", "", "")).await.shows("GET /tags").shows("It has no body.");
        let long = "x".repeat(80 * 1024);
        let refused = admin.post_file(&at, &fields, ("file_data", "long.bin", &long)).await;
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        let fields = [("csrf", "another"), ("method", "GET"), ("url", "/tags")];
        let stale = admin.post_file(&at, &fields, ("file_data", "", "")).await;
        assert_eq!(stale.status, StatusCode::FORBIDDEN);
    }

    async fn a_connection_that_cannot_ask_says_so_and_logs_nothing(db: TestDb) {
        let world = World::new(db).await;
        let admin = world.browser(&world.people.admin).await;
        let connection = world.connected(&admin).await.id;
        let page = format!("settings/integrations/intercom/{connection}");
        admin.get(&page).await.shows("Actions");
        let tag = world.tenant().tags().await.unwrap().remove(0);
        admin.get(&format!("{page}/actions/tags.get")).await.has(&format!("<option value=\"{}\">", tag.id));
        admin.get(&format!("{page}/actions?q=raw")).await.shows("Raw request").hides("Create contact");
        admin.get(&format!("{page}/actions?q=nothing+like+it")).await.shows("No action fits");
        admin.post(&format!("{page}/disconnect"), &[("confirm", "Quillwater")]).await;
        let answer = admin.post(&format!("{page}/actions/tags.list"), &[]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        answer.shows("Nothing was sent: the connection is disconnected.");
        admin.get(&format!("{page}/actions/runs")).await.shows("Nothing was run yet");
        assert_eq!(admin.get(&format!("{page}/actions/none.such")).await.status, StatusCode::NOT_FOUND);
    }
}
