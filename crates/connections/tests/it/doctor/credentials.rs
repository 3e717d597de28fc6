//! The lines about the token and what it may.

use super::{Ward, ill, line};
use crate::support::{APP, SECRET, TOKEN, app, app_with, intercom_workspace};
use CheckVerdict::{Bad, Good, NotChecked, Unknown};
use chrono::TimeDelta;
use earmark_connections::{CheckHandler, Mirrored, Region};
use earmark_db::tenant::PermissionCheck;
use earmark_jobs::{Handler, Verdict};
use earmark_model::{
    Check, CheckVerdict, ClaimedJob, ConnectionStatus, Job, Permission, PermissionState,
};
use earmark_testkit::both_databases;
use serde_json::json;

const ALL: [&str; 5] = [
    "read_list_users_and_companies",
    "read_one_user_and_one_company",
    "read_tags",
    "read_conversations",
    "read_admins",
];

both_databases! {
    async fn a_refused_token(t: TestDb) {
        let ward = Ward::healthy(t).await;
        ward.order("tokens/revoke", json!({"token": TOKEN})).await;
        let found = ward.look(None).await;
        assert_eq!(ill(&found), [(Check::Token, Bad)]);
        let token = line(&found, &Check::Token);
        assert!(token.evidence.contains("token_revoked") && token.cure.unwrap().contains("Authentication"));
        assert_eq!(line(&found, &Check::Region).verdict, Unknown);
        assert_eq!(ward.bench.connection(ward.id).await.status, ConnectionStatus::NeedsReconnecting);

        ward.seed(Region::Us, &app(TOKEN)).await;
        assert_eq!(ward.ill().await, []);
    }

    async fn a_token_of_another_intercom_workspace(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let moved = json!({"workspaces": [intercom_workspace("zz9other", Region::Us, &app(TOKEN))]});
        ward.order("seed", moved).await;
        let found = ward.look(None).await;
        assert_eq!(ill(&found), [(Check::SameWorkspace, Bad)]);
        let finding = line(&found, &Check::SameWorkspace);
        assert!(finding.evidence.contains("zz9other Support") && finding.evidence.contains(APP), "{finding:?}");
        assert_eq!(line(&found, &Check::Permission(Permission::ReadTags)).verdict, Unknown);

        ward.seed(Region::Us, &app(TOKEN)).await;
        assert_eq!(ward.ill().await, []);
    }

    async fn another_region_than_the_stored_one(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let mut moved = intercom_workspace(APP, Region::Eu, &app(TOKEN));
        moved["contacts"] = json!([]);
        ward.order("seed", json!({"workspaces": [moved]})).await;
        assert_eq!(ward.ill().await, [(Check::Region, Bad)]);

        // The cure: the check stores what Intercom says, and calls go there from then on.
        ward.seed(Region::Eu, &app(TOKEN)).await;
        let job = Job::CheckConnection { connection: ward.id };
        let claimed = ClaimedJob { id: ward.bench.t.sources.id(), workspace: ward.bench.workspace(), job, attempt: 1, claim: 1 };
        assert_eq!(CheckHandler(ward.bench.store.clone()).run(&claimed).await, Verdict::Done);
        assert_eq!(ward.ill().await, []);
        assert!(ward.line(Check::Region).await.evidence.contains("EU"));
    }

    async fn each_missing_permission(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let tx = ward.bench.t.db.begin().await.unwrap();
        tx.workspace(ward.bench.workspace()).set_connection_contacts(ward.id, true).await.unwrap();
        tx.commit().await.unwrap();
        for topic in earmark_intercom::webhook::TOPICS.iter() {
            ward.receive(topic.name).await;
        }
        for (missing, permission) in [
            ("read_conversations", Permission::ReadConversations),
            ("read_tags", Permission::ReadTags),
            ("read_admins", Permission::ReadAdmins),
            ("read_list_users_and_companies", Permission::ReadListUsersCompanies),
            ("read_one_user_and_one_company", Permission::ReadOneUserCompany),
        ] {
            let others: Vec<&str> = ALL.into_iter().filter(|one| *one != missing).collect();
            ward.seed(Region::Us, &app_with(TOKEN, &others)).await;
            let found = ward.look(None).await;
            assert_eq!(ill(&found), [(Check::Permission(permission), Bad)], "{missing}: {found:?}");
            let finding = line(&found, &Check::Permission(permission));
            assert!(finding.cure.unwrap().contains(permission.as_str()));
        }
        ward.seed(Region::Us, &app(TOKEN)).await;
        assert_eq!(ward.ill().await, []);
        // The overview of the connection shows the same.
        let checks = ward.bench.t.db.workspace(ward.bench.workspace()).permission_checks(ward.id).await.unwrap();
        assert_eq!(checks.len(), 5, "{checks:?}");
    }

    async fn what_is_off_needs_nothing(t: TestDb) {
        let ward = Ward::bare(t).await;
        let (workspace, actor) = (ward.bench.workspace(), ward.bench.actor());
        ward.bench.store.set_feedback(workspace, &actor, ward.id, false).await.unwrap();
        ward.seed(Region::Us, &app_with(TOKEN, &["read_admins"])).await;
        let found = ward.look(None).await;
        assert_eq!(ill(&found), []);
        assert_eq!(line(&found, &Check::Silence).verdict, NotChecked);
        let tags = line(&found, &Check::Permission(Permission::ReadTags));
        assert_eq!(tags.verdict, NotChecked);
        assert_eq!(tags.evidence, "Needed only while feedback or contacts is switched on.");
        assert_eq!(line(&found, &Check::Writing).verdict, NotChecked);
    }

    async fn an_intercom_that_is_down_makes_nothing_red(t: TestDb) {
        let ward = Ward::healthy(t).await;
        for fault in [json!({"kind": "status", "status": 503, "count": 100}), json!({"kind": "drop", "count": 100})] {
            ward.order("faults", fault).await;
            let found = ward.look(None).await;
            assert_eq!(ill(&found), [], "{found:?}");
            for check in [Check::Token, Check::Region, Check::Silence, Check::Permission(Permission::ReadTags)] {
                assert_eq!(line(&found, &check).verdict, Unknown);
            }
            ward.bench.region(Region::Us).order("reset", &json!({})).await;
            ward.seed(Region::Us, &app(TOKEN)).await;
        }
        assert_eq!(ward.ill().await, []);
        assert_eq!(ward.line(Check::Token).await.verdict, Good);
    }

    async fn a_disconnected_connection_says_so_on_each_line_that_cannot_be_asked(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let (workspace, actor) = (ward.bench.workspace(), ward.bench.actor());
        ward.bench.store.disconnect(workspace, &actor, ward.id, Mirrored::Keep).await.unwrap();
        let found = ward.look(None).await;
        assert_eq!(ill(&found), []);
        for check in [Check::Token, Check::Permission(Permission::ReadTags), Check::RateBudget, Check::Signatures, Check::Silence] {
            let finding = line(&found, &check);
            assert_eq!((finding.verdict, finding.evidence.as_str()), (NotChecked, "The connection is disconnected."), "{check}");
        }
    }

    async fn what_actions_showed_of_writing(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let tenant = ward.bench.t.db.workspace(ward.bench.workspace());
        let showed = async |state, note: Option<&str>| {
            let note = note.map(ToOwned::to_owned);
            let check = PermissionCheck { permission: Permission::ReadWriteUsers, state, note, took_ms: None };
            let tx = ward.bench.t.db.begin().await.unwrap();
            tx.workspace(ward.bench.workspace()).put_permission_check(ward.id, &check).await.unwrap();
            tx.commit().await.unwrap();
        };
        let check_again = async || {
            let job = Job::CheckConnection { connection: ward.id };
            let claimed = ClaimedJob { id: ward.bench.t.sources.id(), workspace: ward.bench.workspace(), job, attempt: 1, claim: 1 };
            assert_eq!(CheckHandler(ward.bench.store.clone()).run(&claimed).await, Verdict::Done);
        };
        check_again().await;
        assert_eq!(ward.line(Check::Writing).await.verdict, NotChecked);
        showed(PermissionState::Missing, Some("Not allowed")).await;
        assert_eq!(ward.ill().await, [(Check::Writing, Bad)]);
        let found = ward.line(Check::Writing).await;
        assert!(found.evidence.contains("Read and write users: Not allowed."), "{found:?}");
        assert!(found.cure.unwrap().contains("run the action once more"));
        check_again().await;
        assert_eq!(ward.ill().await, [(Check::Writing, Bad)], "a check that writes nothing does not hide it");
        showed(PermissionState::Granted, None).await;
        check_again().await;
        assert_eq!(ward.ill().await, []);
        assert_eq!(ward.line(Check::Writing).await.verdict, Good);
        // Other credentials have shown nothing yet.
        ward.bench.connect(Region::Us, TOKEN).await.unwrap();
        assert_eq!(ward.line(Check::Writing).await.verdict, NotChecked);
        assert_eq!(tenant.connections().await.unwrap().len(), 1);
    }

    async fn used_up_calls(t: TestDb) {
        let ward = Ward::healthy(t).await;
        ward.order("faults", json!({"kind": "status", "match": "/me", "status": 429, "retry_after": 30})).await;
        let found = ward.look(None).await;
        assert_eq!(ill(&found), [(Check::RateBudget, CheckVerdict::Warn)], "{found:?}");
        assert_eq!(line(&found, &Check::Token).verdict, Unknown);
        ward.wait(TimeDelta::seconds(31));
        assert_eq!(ward.ill().await, []);
        let budget = ward.line(Check::RateBudget).await;
        assert!(budget.evidence.contains("calls used in this 10-second window"), "{budget:?}");
        assert!(!budget.evidence.contains(SECRET));
    }
}
