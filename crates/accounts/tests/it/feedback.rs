use super::{ADDRESS, audit, owner, with_stuck_ids};
use chrono::TimeDelta;
use earmark_accounts::{ChangeError, Member, products};
use earmark_db as db;
use earmark_model::ConnectionId;
use earmark_testkit::{TestDb, both_databases, build};
use serde_json::{Value as Json, json};

/// The owner, and a connection with the tags 1 and 2.
async fn start(db: &TestDb) -> (Member, ConnectionId) {
    let member = owner(db).await;
    let workspace = member.workspace().id;
    let connection = build::connection(&db.db, workspace, "app").await.id;
    let tags = [("1", "bug"), ("2", "feature")];
    build::tags(&db.db, workspace, connection, &tags, &[]).await;
    (member, connection)
}

fn message(outcome: Result<(), ChangeError>, field: &str) -> String {
    match outcome {
        Err(ChangeError::Invalid(errors)) => errors.of(field).unwrap().to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

both_databases! {
    async fn switch_and_tags_change_together_with_one_line_in_the_log(db: TestDb) {
        let (member, connection) = start(&db).await;
        let mobile = build::product(&db.db, member.workspace().id, "Mobile").await.id;
        let tag = |id: &str| (connection, id.to_owned());
        let set = async |on, chosen: &[(ConnectionId, String)]| {
            db.clock.advance(TimeDelta::minutes(1));
            products::set_feedback(&db.db, &member, ADDRESS, mobile, on, chosen).await.unwrap();
            db.sources.now()
        };
        let first = set(true, &[tag("1"), tag("1")]).await;
        let second = set(true, &[tag("2"), tag("1")]).await;
        set(true, &[tag("1"), tag("2")]).await;
        let tenant = db.db.workspace(member.workspace().id);
        let mut chosen = tenant.trigger_tags(mobile).await.unwrap();
        chosen.sort_by(|a, b| a.tag.cmp(&b.tag));
        let times: Vec<_> = chosen.iter().map(|tag| tag.chosen_at).collect();
        assert_eq!(times, [first, second]);
        assert_eq!(tenant.product(mobile).await.unwrap().unwrap().feedback_on_at, Some(first));
        set(false, &[tag("2")]).await;
        assert_eq!(tenant.product(mobile).await.unwrap().unwrap().feedback_on_at, None);

        let lines = audit(&db, member.workspace()).await;
        let lines = lines.iter().filter(|line| line.action == "product.feedback_changed");
        let details: Vec<Json> = lines.map(|line| serde_json::from_str(&line.detail).unwrap()).collect();
        let one = |id: &str| json!({ "connection": connection, "tag": id });
        assert_eq!(details, [
            json!({ "on": false, "chosen": [], "dropped": [one("1")] }),
            json!({ "on": true, "chosen": [one("2")], "dropped": [] }),
            json!({ "on": true, "chosen": [one("1")], "dropped": [] }),
        ]);
    }

    async fn what_cannot_be_is_refused_and_changes_nothing(db: TestDb) {
        let (member, connection) = start(&db).await;
        let workspace = member.workspace().id;
        let mobile = build::product(&db.db, workspace, "Mobile").await.id;
        let other = build::people(&db.db, "Acme").await;
        let foreign = build::connection(&db.db, other.workspace.id, "app").await.id;
        build::tags(&db.db, other.workspace.id, foreign, &[("1", "bug")], &[]).await;
        build::tags(&db.db, workspace, connection, &[("1", "bug")], &[]).await;
        let set = async |on, tag: (ConnectionId, &str)| {
            let chosen = [(connection, "1".to_owned()), (tag.0, tag.1.to_owned())];
            products::set_feedback(&db.db, &member, ADDRESS, mobile, on, &chosen).await
        };
        let unknown = "One of these tags is not known. Fetch the tags again, then choose.";
        assert_eq!(message(set(true, (connection, "9")).await, "tag"), unknown);
        assert_eq!(message(set(true, (foreign, "1")).await, "tag"), unknown);
        let deleted = message(set(true, (connection, "2")).await, "tag");
        assert_eq!(deleted, "The tag feature was deleted in Intercom. Choose another.");
        products::archive(&db.db, &member, mobile, ADDRESS).await.unwrap();
        let archived = message(set(true, (connection, "1")).await, "enabled");
        assert_eq!(archived, "This product is archived. Bring it back first.");

        let agent = Member::load(&db.db, other.agent.id, "acme").await.unwrap().unwrap();
        let desktop = build::product(&db.db, other.workspace.id, "Desktop").await.id;
        let outcome = products::set_feedback(&db.db, &agent, ADDRESS, desktop, true, &[]).await;
        assert!(matches!(outcome, Err(ChangeError::Forbidden(_))), "{outcome:?}");
        let outcome = products::set_feedback(&db.db, &member, ADDRESS, desktop, true, &[]).await;
        assert!(matches!(outcome, Err(ChangeError::Database(db::Error::Missing))), "{outcome:?}");
        for (workspace, product) in [(workspace, mobile), (other.workspace.id, desktop)] {
            let tenant = db.db.workspace(workspace);
            assert_eq!(tenant.trigger_tags(product).await.unwrap(), []);
            assert_eq!(tenant.product(product).await.unwrap().unwrap().feedback_on_at, None);
        }
    }

    async fn without_its_line_in_the_log_nothing_changes(db: TestDb) {
        let (member, connection) = start(&db).await;
        let mobile = build::product(&db.db, member.workspace().id, "Mobile").await.id;
        let chosen = [(connection, "1".to_owned())];
        let used = with_stuck_ids(&db).await;
        products::archive(&used, &member, mobile, ADDRESS).await.unwrap();
        products::unarchive(&db.db, &member, mobile, ADDRESS).await.unwrap();
        let stuck = with_stuck_ids(&db).await;
        let outcome = products::set_feedback(&stuck, &member, ADDRESS, mobile, true, &chosen).await;
        assert!(matches!(outcome, Err(ChangeError::Database(db::Error::Conflict))), "{outcome:?}");
        let tenant = db.db.workspace(member.workspace().id);
        assert_eq!(tenant.trigger_tags(mobile).await.unwrap(), []);
        assert_eq!(tenant.product(mobile).await.unwrap().unwrap().feedback_on_at, None);
    }
}
