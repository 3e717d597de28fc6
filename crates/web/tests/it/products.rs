//! The products.

use crate::support::Server;
use earmark_testkit::{both_databases, build};

const HOSTILE: &str = "<script>alert(1)</script>";

both_databases! {
    async fn products_are_made_renamed_archived_and_brought_back(db: TestDb) {
        let server = Server::start(db).await;
        let people = build::people(&server.db.db, "Quillwater").await;
        let mut browser = server.browser_of(people.admin.id).await;
        let products = "/w/quillwater/products";
        let answer = browser.post(products, &[("name", HOSTILE)]).await;
        assert_eq!(answer.location(), "/w/quillwater/products/script-alert-1-script/settings/feedback");
        let list = browser.get(products).await;
        assert!(list.body.contains("&#60;script&#62;") && !list.body.contains(HOSTILE));

        let answer = browser.post(products, &[("name", HOSTILE)]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("A product with this name exists already."));

        let one = "/w/quillwater/products/script-alert-1-script";
        let answer = browser.post(one, &[("rename", "")]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("id=\"rename-error\""));
        assert_eq!(browser.post(one, &[("rename", "Mobile")]).await.location(), products);
        assert!(browser.get(products).await.body.contains("Mobile"));

        browser.post(&format!("{one}/archive"), &[]).await.location();
        let list = browser.get(products).await;
        assert!(list.body.contains("Mobile is archived.") && list.body.contains("Bring back"));
        assert!(!browser.get(products).await.body.contains("Mobile is archived."), "shown once");
        browser.post(&format!("{one}/unarchive"), &[]).await.location();
        assert!(!browser.get(products).await.body.contains("Bring back"));
        assert_eq!(browser.post("/w/quillwater/products/nothing/archive", &[]).await.status, 404);
    }
}
