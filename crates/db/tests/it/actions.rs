//! The log of actions: searched, and erased from, whatever the letters' case.

use crate::support::in_tx;
use earmark_db::tenant::{ActionRunFilter, NewActionRun};
use earmark_model::{ActionVia, ConnectionId, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};

type To = (WorkspaceId, ConnectionId);

/// A connection whose log has one run with these inputs.
async fn start(t: &TestDb, inputs: &str) -> To {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw7tide3").await.id;
    let new = NewActionRun {
        connection,
        action: "contacts.find".to_owned(),
        actor: None,
        via: ActionVia::Page,
        inputs: inputs.to_owned(),
        request: "{}".to_owned(),
    };
    in_tx!(t, |tx| tx
        .workspace(workspace)
        .begin_action_run(&new)
        .await
        .unwrap());
    (workspace, connection)
}

async fn found(t: &TestDb, to: To, words: &str) -> usize {
    let filter = ActionRunFilter {
        words: Some(words.to_owned()),
        ..ActionRunFilter::default()
    };
    let tenant = t.db.workspace(to.0);
    tenant.action_runs(to.1, &filter, 10).await.unwrap().len()
}

both_databases! {
    async fn words_of_the_log_are_found_whatever_their_case(t: TestDb) {
        let to = start(&t, r#"{"name":"Élodie Øst","note":"100%"}"#).await;
        for words in ["élodie", "ÉLODIE", "øST", "0%"] {
            assert_eq!(found(&t, to, words).await, 1, "{words}");
        }
        for words in ["elodie", "1%0"] {
            assert_eq!(found(&t, to, words).await, 0, "{words}");
        }
    }

    async fn an_address_is_erased_from_the_log_whatever_its_case(t: TestDb) {
        let to = start(&t, r#"{"email":"ÉLODIE@harrow.example"}"#).await;
        let texts = ["élodie@harrow.example"];
        assert!(t.db.workspace(to.0).action_log_holds(to.1, &texts).await.unwrap());
        let hit = in_tx!(t, |tx| tx.workspace(to.0).erase_action_runs(to.1, &texts).await.unwrap());
        assert_eq!(hit, 1);
        assert_eq!(found(&t, to, "harrow").await, 0);
        assert!(!t.db.workspace(to.0).action_log_holds(to.1, &texts).await.unwrap());
    }
}
