//! Products and their statuses.

use crate::support::{assert_error, in_tx};
use earmark_db::Error;
use earmark_model::{ProductId, StatusCategory};
use earmark_testkit::{both_databases, build};
use uuid::Uuid;

both_databases! {
    async fn a_product_begins_with_the_default_statuses_in_order(t: TestDb) {
        let people = build::people(&t.db, "Quillwater").await;
        let product = build::product(&t.db, people.workspace.id, "Mobile App").await;
        let statuses = t.db.workspace(people.workspace.id).statuses(product.id).await.unwrap();
        let lines: Vec<_> = statuses.iter().map(|s| (s.key.as_str(), s.category)).collect();
        assert_eq!(lines, [
            ("new", StatusCategory::New),
            ("triaged", StatusCategory::Open),
            ("planned", StatusCategory::Open),
            ("done", StatusCategory::Closed),
            ("declined", StatusCategory::Closed),
        ]);
        assert!(statuses.iter().all(|status| status.product == product.id));
    }

    async fn products_are_found_by_id_slug_and_listed_by_name(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let tenant = t.db.workspace(workspace);
        let web = build::product(&t.db, workspace, "Web").await;
        let app = build::product(&t.db, workspace, "App").await;
        let second = build::product(&t.db, workspace, "App").await;
        assert_eq!((app.slug.as_str(), second.slug.as_str()), ("app", "app-2"));
        assert_eq!(tenant.product(web.id).await.unwrap(), Some(web.clone()));
        assert_eq!(tenant.product_by_slug("app-2").await.unwrap(), Some(second.clone()));
        assert_eq!(tenant.product_by_slug("none").await.unwrap(), None);
        let names: Vec<_> = tenant.products().await.unwrap().into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["App", "App", "Web"]);
    }

    async fn a_renamed_product_keeps_its_slug(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let app = build::product(&t.db, workspace, "App").await;
        in_tx!(t, |tx| tx.workspace(workspace).rename_product(app.id, "Mobile").await.unwrap());
        let found = t.db.workspace(workspace).product_by_slug("app").await.unwrap().unwrap();
        assert_eq!((found.id, found.name.as_str()), (app.id, "Mobile"));
    }

    async fn feedback_is_switched_on_from_now(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let app = build::product(&t.db, workspace, "App").await;
        let on_at = async || t.db.workspace(workspace).product(app.id).await.unwrap().unwrap().feedback_on_at;
        assert_eq!(on_at().await, None);
        let first = t.sources.now();
        in_tx!(t, |tx| tx.workspace(workspace).set_product_feedback(app.id, true).await.unwrap());
        in_tx!(t, |tx| tx.workspace(workspace).set_product_feedback(app.id, true).await.unwrap());
        assert_eq!(on_at().await, Some(first), "on again changes nothing");
        in_tx!(t, |tx| tx.workspace(workspace).set_product_feedback(app.id, false).await.unwrap());
        assert_eq!(on_at().await, None);
        let second = t.sources.now();
        in_tx!(t, |tx| tx.workspace(workspace).set_product_feedback(app.id, true).await.unwrap());
        assert_eq!(on_at().await, Some(second), "off and on starts anew");
    }

    async fn an_archived_product_has_its_feedback_off_and_comes_back_so(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let app = build::product(&t.db, workspace, "App").await;
        let read = async || t.db.workspace(workspace).product(app.id).await.unwrap().unwrap();
        in_tx!(t, |tx| tx.workspace(workspace).set_product_feedback(app.id, true).await.unwrap());
        let archived_at = t.sources.now();
        in_tx!(t, |tx| tx.workspace(workspace).set_product_archived(app.id, true).await.unwrap());
        let archived = read().await;
        assert_eq!((archived.archived_at, archived.feedback_on_at), (Some(archived_at), None));
        in_tx!(t, |tx| tx.workspace(workspace).set_product_archived(app.id, false).await.unwrap());
        let back = read().await;
        assert_eq!((back.archived_at, back.feedback_on_at), (None, None));
    }

    async fn an_unknown_product_is_missing(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let nothing = ProductId(Uuid::nil());
        let tx = t.db.begin().await.unwrap();
        let tenant = tx.workspace(workspace);
        assert_error!(tenant.rename_product(nothing, "x").await, Error::Missing);
        assert_error!(tenant.set_product_feedback(nothing, true).await, Error::Missing);
        assert_error!(tenant.set_product_archived(nothing, true).await, Error::Missing);
        assert_eq!(tenant.statuses(nothing).await.unwrap(), []);
    }
}
