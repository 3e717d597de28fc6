//! Each way in which coming back makes no connection, produced for real.

use crate::support::{BROWSER, World, hosts};
use chrono::TimeDelta;
use earmark_connections::{ConnectError, Mirrored, Region, TokenForm, Uninstalled};
use earmark_db::tenant::SecretKind;
use earmark_model::ConnectionStatus;
use earmark_oauth::{Answer, BeginError, Problem, Visit};
use earmark_sandbox::{DEMO_APP_ID, DEMO_EU_APP_ID, DEMO_OAUTH_CLIENT_ID, DEMO_OWN_CLIENT_ID};
use earmark_testkit::{both_databases, build, eventually};
use serde_json::json;
use std::time::Duration;

macro_rules! assert_problem {
    ($problem:expr, $($kind:tt)+) => {
        let problem = $problem;
        assert!(matches!(problem, $($kind)+), "{problem:?}");
    };
}

both_databases! {
    async fn without_an_access_there_is_no_connection(t: TestDb) {
        let world = World::new(t).await;
        let page = world.begin(None).await;
        let denied = world.decide(&page, DEMO_APP_ID, "deny").await;
        let refused = world.finish(denied.clone()).await.unwrap_err();
        assert_eq!(refused.workspace, Some(world.workspace()));
        assert_problem!(refused.problem, Problem::Denied);
        assert_problem!(world.problem(denied).await, Problem::Replayed);
        let answer = world.authorize(DEMO_APP_ID, None).await;
        assert_problem!(world.problem(Answer { code: None, ..answer }).await, Problem::Denied);
        let error = Answer { error: Some("access_denied".to_owned()), ..Answer::default() };
        assert_problem!(world.problem(error).await, Problem::Denied);
        assert_eq!(world.connections().await, 0);
    }

    async fn a_state_works_once_for_ten_minutes(t: TestDb) {
        let world = World::new(t).await;
        let answer = world.authorize(DEMO_APP_ID, None).await;
        world.finish(answer.clone()).await.unwrap();
        assert_problem!(world.problem(answer).await, Problem::Replayed);
        let page = world.begin(None).await;
        world.t.clock.advance(TimeDelta::minutes(10));
        let late = world.decide(&page, DEMO_EU_APP_ID, "authorize").await;
        assert_problem!(world.problem(late).await, Problem::Expired);
        assert_eq!(world.connections().await, 1);
    }

    async fn a_state_that_was_not_given_out_is_refused(t: TestDb) {
        let world = World::new(t).await;
        let answer = world.authorize(DEMO_APP_ID, None).await;
        let state = answer.state.clone().unwrap();
        let (head, rest) = state.split_once('.').unwrap();
        let (claims, signature) = rest.split_once('.').unwrap();
        // The header {"alg":"none"}, and one of another algorithm.
        let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
        let other = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.{claims}.{signature}");
        let mut changed = claims.to_owned();
        let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
        changed.push(last);
        for state in ["", "x", "a.b.c", &format!("{head}.{changed}.{signature}"), &unsigned, &other] {
            let tampered = Answer { state: Some(state.to_owned()), ..answer.clone() };
            let refused = world.finish(tampered).await.unwrap_err();
            assert_eq!(refused.workspace, None);
            assert_problem!(refused.problem, Problem::Tampered);
        }
        assert_eq!(world.connections().await, 0);
        world.finish(answer).await.unwrap();
    }

    async fn a_state_is_of_one_browser_and_one_person_who_may(t: TestDb) {
        let world = World::new(t).await;
        let answer = world.authorize(DEMO_APP_ID, None).await;
        let finish = async |visit: Visit| world.oauth.finish(answer.clone(), visit).await.unwrap_err();
        let owner = world.people.owner.id;
        for browser in [None, Some("another".to_owned())] {
            let refused = finish(Visit { browser, ..world.visit(owner) }).await;
            assert_eq!(refused.workspace, None, "a stranger's browser learns nothing");
            assert_problem!(refused.problem, Problem::OtherBrowser);
        }
        assert_problem!(finish(world.visit(world.people.admin.id)).await.problem, Problem::OtherPerson);

        // An agent, who may not, and somebody who is not even a member: as after losing the role meanwhile.
        let outsider = build::user(&world.t.db, "gone@example.test", "Gone", build::NO_PASSWORD).await.id;
        for user in [world.people.agent.id, outsider] {
            let page = world.oauth.begin(earmark_oauth::Wish { user, ..world.wish(None) }).await.unwrap();
            let answer = world.decide(&page, DEMO_APP_ID, "authorize").await;
            let refused = world.oauth.finish(answer, world.visit(user)).await.unwrap_err();
            assert_problem!(refused.problem, Problem::NotAllowed);
        }
        assert_eq!(world.connections().await, 0);
        let finished = world.oauth.finish(answer.clone(), world.visit(owner)).await;
        assert!(finished.is_ok(), "what others tried did not use it up: {BROWSER}");
    }

    async fn a_code_or_an_app_that_intercom_does_not_know_is_refused(t: TestDb) {
        let world = World::new(t).await;
        let answer = world.authorize(DEMO_APP_ID, None).await;
        let wrong = Answer { code: Some("bm90LWEtY29kZQ==".to_owned()), ..answer };
        assert_problem!(world.problem(wrong).await, Problem::CodeRefused);
        let answer = world.authorize(DEMO_APP_ID, None).await;
        world.sandbox.order("rotate", &json!({"app": DEMO_OAUTH_CLIENT_ID})).await;
        assert_problem!(world.problem(answer).await, Problem::CodeRefused);
        assert_eq!(world.connections().await, 0);
    }

    async fn an_intercom_that_does_not_answer_stores_nothing(t: TestDb) {
        let world = World::new(t).await;
        let down = async |fault: serde_json::Value| {
            let answer = world.authorize(DEMO_APP_ID, None).await;
            world.sandbox.order("faults", &fault).await;
            let problem = world.problem(answer).await;
            world.sandbox.order("settle", &json!(null)).await;
            problem
        };
        let token = "POST /auth/eagle/token";
        for (fault, words) in [
            (json!({"kind": "status", "status": 503, "match": token}), "it answered with status 503"),
            (json!({"kind": "drop", "match": token}), "the connection broke off"),
            (json!({"kind": "status", "status": 500, "match": "GET /me", "count": 3}), "it answered with status 500"),
        ] {
            let problem = down(fault).await;
            assert!(matches!(&problem, Problem::IntercomDown(why) if why == words), "{problem:?}");
        }
        let busy = json!({"kind": "status", "status": 429, "retry_after": 7, "match": token});
        assert_problem!(down(busy).await, Problem::RateLimited(7));
        let answer = world.authorize(DEMO_APP_ID, None).await;
        let nobody = world.at(hosts("http://127.0.0.1:9"));
        let refused = nobody.finish(answer, world.visit(world.people.owner.id)).await.unwrap_err();
        assert_problem!(refused.problem, Problem::IntercomDown(_));
        assert_eq!(world.connections().await, 0);
    }

    async fn another_intercom_workspace_does_not_take_a_connections_place(t: TestDb) {
        let world = World::new(t).await;
        let id = world.connect(DEMO_APP_ID, None).await.connection;
        let before = (world.connection(id).await, world.secrets(id, SecretKind::AccessToken).await[0].id);
        let answer = world.authorize(DEMO_EU_APP_ID, Some(id)).await;
        let refused = world.finish(answer).await.unwrap_err();
        assert_eq!((refused.workspace, refused.reconnect), (Some(world.workspace()), Some(id)));
        let Problem::AnotherWorkspace { expected, found } = refused.problem else { panic!("{refused:?}") };
        assert_eq!((expected.as_str(), found.as_str()), ("Quillwater Support", "Fjordline Care"));
        let after = (world.connection(id).await, world.secrets(id, SecretKind::AccessToken).await[0].id);
        assert_eq!(before, after);
        assert_eq!(world.connections().await, 1);

        let eu = world.connect(DEMO_EU_APP_ID, None).await.connection;
        let form = TokenForm {
            name: String::new(), region: Region::Us, token: crate::support::TOKEN.to_owned(), reconnect: Some(eu),
        };
        let refused = world.store.connect_with_token(world.workspace(), &world.actor(), form).await;
        assert!(matches!(refused, Err(ConnectError::AnotherWorkspace { .. })), "{refused:?}");
    }

    async fn what_is_granted_while_the_app_is_being_uninstalled_is_void(t: TestDb) {
        let world = World::new(t).await;
        let (workspace, actor) = (world.workspace(), world.actor());
        let id = world.connect(DEMO_APP_ID, None).await.connection;
        let answer = world.authorize(DEMO_APP_ID, None).await;
        let slow = json!({"kind": "slow", "match": "POST /auth/uninstall", "ms": 2000});
        world.sandbox.order("faults", &slow).await;
        let (left, problem) = tokio::join!(world.store.disconnect(workspace, &actor, id, Mirrored::Keep), async {
            eventually(Duration::from_secs(30), "it is disconnected", async || {
                (world.connection(id).await.status == ConnectionStatus::Disconnected).then_some(())
            })
            .await;
            world.problem(answer).await
        });
        assert_eq!(left.unwrap(), Uninstalled::Done);
        assert_problem!(problem, Problem::Uninstalled);
        assert!(world.secrets(id, SecretKind::AccessToken).await.is_empty());
        let again = world.connect(DEMO_APP_ID, Some(id)).await;
        assert_eq!((again.connection, again.replaced), (id, true));
    }

    async fn an_app_without_read_admins_proves_nothing(t: TestDb) {
        let world = World::new(t).await;
        let order = json!({"app": DEMO_OAUTH_CLIENT_ID, "permissions": ["read_conversations"]});
        world.sandbox.order("permissions", &order).await;
        let answer = world.authorize(DEMO_APP_ID, None).await;
        assert_problem!(world.problem(answer).await, Problem::MissingReadAdmins);
        assert_eq!(world.connections().await, 0);
    }

    async fn what_was_begun_with_must_still_be_there(t: TestDb) {
        let world = World::new(t).await;
        let (workspace, actor, store) = (world.workspace(), world.actor(), &world.store);
        store.add_app(workspace, &actor, DEMO_OWN_CLIENT_ID, crate::support::OWN_SECRET).await.unwrap();
        let answer = world.authorize(DEMO_APP_ID, None).await;
        store.remove_app(workspace, &actor).await.unwrap();
        assert_problem!(world.problem(answer).await, Problem::AppGone);
        let stranger = build::people(&world.t.db, "Harrow Lane").await.workspace.id;
        let theirs = build::connection(&world.t.db, stranger, "app").await.id;
        let begun = world.oauth.begin(world.wish(Some(theirs))).await;
        assert!(matches!(begun, Err(BeginError::Missing)), "{begun:?}");
        assert_eq!(world.connections().await, 0);
    }
}
