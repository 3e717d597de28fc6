//! The audit log.

use crate::support::in_tx;
use earmark_db::tenant::Actor;
use earmark_testkit::{both_databases, build};
use serde_json::json;

both_databases! {
    async fn lines_stand_newest_first_and_only_when_the_change_was_committed(t: TestDb) {
        let people = build::people(&t.db, "Quillwater").await;
        let workspace = people.workspace.id;
        let actor = Actor {
            user: Some(people.admin.id),
            address: Some("192.0.2.1".to_owned()),
        };
        in_tx!(t, |tx| tx.workspace(workspace).audit(&actor, "product.created", ("product", "app"), json!({"name": "App"})).await.unwrap());
        in_tx!(t, |tx| tx.workspace(workspace).audit(&Actor::default(), "connection.refused", ("connection", 7), json!({})).await.unwrap());
        let tx = t.db.begin().await.unwrap();
        tx.workspace(workspace).audit(&actor, "never", ("x", "y"), json!({})).await.unwrap();
        drop(tx);

        let lines = t.db.workspace(workspace).audit_lines(10).await.unwrap();
        let actions: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
        assert_eq!(actions, ["connection.refused", "product.created"]);
        assert_eq!((lines[0].actor, lines[0].subject_id.as_str()), (None, "7"));
        assert_eq!((lines[1].actor, lines[1].subject_kind.as_str()), (Some(people.admin.id), "product"));
        assert_eq!(lines[1].detail, r#"{"name":"App"}"#);
        assert_eq!(t.db.workspace(workspace).audit_lines(1).await.unwrap().len(), 1);
    }
}
