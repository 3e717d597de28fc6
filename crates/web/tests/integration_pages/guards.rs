use crate::support::World;
use actix_web::http::StatusCode;
use earmark_testkit::{both_databases, build};

const LIST: &str = "settings/integrations/intercom";

both_databases! {
    async fn only_those_who_may_change_and_only_their_own(db: TestDb) {
        let world = World::new(db).await;
        let admin = world.browser(&world.people.admin).await;
        let connection = world.connected(&admin).await.id;
        let mobile = world.product("Mobile").await;
        let page = format!("{LIST}/{connection}");
        let feedback = format!("products/{}/settings/feedback", mobile.slug);
        let reads = [LIST.to_owned(), page.clone(), format!("{page}/deliveries"), feedback.clone()];
        let manages = [format!("{LIST}/connect"), format!("{LIST}/token"), format!("{page}/disconnect")];
        let changes = [
            (format!("{LIST}/token"), vec![("token", "t"), ("name", ""), ("region", "US")]),
            (format!("{page}/check"), vec![]),
            (format!("{page}/secret"), vec![("client_secret", "s")]),
            (format!("{page}/feedback"), vec![("feedback", "on")]),
            (format!("{page}/disconnect"), vec![("confirm", "Quillwater")]),
            (feedback.clone(), vec![("enabled", "on")]),
            (format!("{feedback}/refresh"), vec![("connection", "c")]),
        ];
        for user in [&world.people.viewer, &world.people.agent] {
            let browser = world.browser(user).await;
            for path in &reads {
                let read = browser.get(path).await;
                assert_eq!(read.status, StatusCode::OK, "{path}");
                assert!(!read.body.contains("Save changes") && !read.body.contains("Check again"), "{path}");
            }
            for path in &manages {
                browser.get(path).await.shows("Olivia");
                assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
            }
            for (path, fields) in &changes {
                assert_eq!(browser.post(path, fields).await.status, StatusCode::FORBIDDEN, "{path}");
            }
        }
        let other = build::people(&world.db.db, "Acme").await;
        let stranger = world.browser(&other.owner).await;
        // At home, with the other workspace's ids; and at the other workspace itself.
        let home = world.browser_at(&other.owner, &other.workspace.slug).await;
        let own = build::product(&world.db.db, other.workspace.id, "Desktop").await;
        for path in reads.iter().chain(&manages) {
            assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for (path, fields) in &changes {
            assert_eq!(stranger.post(path, fields).await.status, StatusCode::NOT_FOUND, "{path}");
            if path.contains(&connection.to_string()) {
                assert_eq!(home.post(path, fields).await.status, StatusCode::NOT_FOUND, "{path}");
            }
        }
        for path in [page.clone(), format!("{page}/deliveries"), format!("{page}/disconnect")] {
            assert_eq!(home.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let settings = format!("products/{}/settings/feedback", own.slug);
        let tag = format!("{connection}:9182731");
        let foreign = home.post(&settings, &[("enabled", "on"), ("tag", &tag)]).await;
        assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY);
        let refresh = home.post(&format!("{settings}/refresh"), &[("connection", &connection.to_string())]).await;
        assert_eq!(refresh.status, StatusCode::NOT_FOUND);

        for (path, fields) in &changes {
            assert_eq!(admin.post_raw(path, fields).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let now = world.tenant().connection(connection).await.unwrap().unwrap();
        assert!(now.feedback_on_at.is_none() && now.disconnected_at.is_none());
        let product = world.tenant().product(mobile.id).await.unwrap().unwrap();
        assert!(product.feedback_on_at.is_none());
    }
}
