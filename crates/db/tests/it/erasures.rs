//! Erasing what was copied: what is counted, and what goes.

use crate::support::{assert_error, in_tx};
use earmark_db::Error;
use earmark_db::tenant::Conversation;
use earmark_testkit::{both_databases, build};

both_databases! {
    async fn an_erasure_counts_what_there_is_and_what_is_done(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let id = build::connection(&t.db, workspace, "qw7tide3").await.id;
        build::tags(&t.db, workspace, id, &[("7", "feature"), ("8", "vip")], &[("9", "Ada")]).await;
        let product = build::product(&t.db, workspace, "Ledger").await.id;
        in_tx!(t, |tx| {
            let tenant = tx.workspace(workspace);
            tenant.choose_trigger_tags(product, &[(id, "7".to_owned())]).await.unwrap();
            for conversation in ["c1", "c2"] {
                tenant.put_conversation(id, &Conversation::new(conversation.to_owned())).await.unwrap();
            }
            tenant.erase_conversation(id, "c2", "deleted").await.unwrap();
            let new = build::delivery((workspace, id), "n1", "c1", t.sources.now());
            let done = build::delivery((workspace, id), "n2", "c1", t.sources.now());
            tx.across().store_deliveries(&[new, done]).await.unwrap();
        });
        let tenant = t.db.workspace(workspace);
        assert_eq!(tenant.erasure(id).await.unwrap(), None);
        assert_eq!(tenant.mirrored(id).await.unwrap(), 4, "what waits is not counted yet");
        assert_eq!(tenant.standing_conversations(id, 9).await.unwrap(), ["c1"]);
        in_tx!(t, |tx| tx.workspace(workspace).begin_erasure(id).await.unwrap());
        let begun = tenant.erasure(id).await.unwrap().unwrap();
        assert_eq!((begun.total, begun.done, begun.finished_at), (4, 0, None));

        // What waits belongs to its lane.
        assert!(tenant.has_waiting_deliveries(id).await.unwrap());
        in_tx!(t, |tx| assert_eq!(tx.workspace(workspace).wipe_deliveries(id, 9).await.unwrap(), 0));
        in_tx!(t, |tx| for waiting in tx.workspace(workspace).waiting_deliveries(id, 9).await.unwrap() {
            tx.workspace(workspace).finish_delivery(waiting.id, earmark_model::Outcome::Ignored, "x", None).await.unwrap();
        });
        assert!(!tenant.has_waiting_deliveries(id).await.unwrap());
        in_tx!(t, |tx| {
            let tenant = tx.workspace(workspace);
            assert_eq!(tenant.wipe_deliveries(id, 1).await.unwrap(), 1, "no more than asked for");
            assert_eq!(tenant.wipe_deliveries(id, 9).await.unwrap(), 1);
            assert_eq!(tenant.drop_tags_and_admins(id).await.unwrap(), 3);
            tenant.count_erased(id, 5).await.unwrap();
            tenant.note_erasure(id, "in the way").await.unwrap();
        });
        assert_eq!(tenant.tags().await.unwrap(), []);
        assert_eq!(tenant.trigger_tags(product).await.unwrap(), []);
        let noted = tenant.erasure(id).await.unwrap().unwrap();
        assert_eq!((noted.done, noted.note.as_deref()), (5, Some("in the way")));
        in_tx!(t, |tx| tx.workspace(workspace).count_erased(id, 3).await.unwrap());
        let more = tenant.erasure(id).await.unwrap().unwrap();
        assert_eq!((more.total, more.done, more.note), (8, 8, None), "what came in addition counts");
        in_tx!(t, |tx| tx.workspace(workspace).finish_erasure(id).await.unwrap());
        assert!(tenant.erasure(id).await.unwrap().unwrap().finished_at.is_some());
        in_tx!(t, |tx| {
            assert_error!(tx.workspace(workspace).finish_erasure(id).await, Error::Missing);
        });
    }

    async fn a_secret_is_sealed_anew_only_as_it_was_read(t: TestDb) {
        use earmark_db::tenant::SecretKind;
        let mut all = Vec::new();
        for name in ["Quillwater", "Lumen"] {
            let workspace = build::people(&t.db, name).await.workspace.id;
            let connection = build::connection(&t.db, workspace, "shared").await.id;
            for kind in [SecretKind::AccessToken, SecretKind::ClientSecret] {
                let id = t.sources.id();
                build::secret(&t.db, workspace, connection, (id, kind, "before", "")).await;
                all.push((workspace, id));
            }
        }
        all.sort();
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = t.db.across().sealed_secrets(after, 1).await.unwrap();
            let Some((workspace, secret)) = page.first() else { break };
            after = Some((*workspace, secret.id));
            paged.push((*workspace, secret.id));
        }
        assert_eq!(paged, all, "each once, across workspaces");
        let (workspace, id) = all[0];
        in_tx!(t, |tx| {
            let across = tx.across();
            assert!(across.reseal(workspace, id, "before", "after").await.unwrap());
            assert!(!across.reseal(workspace, id, "before", "late").await.unwrap());
            assert!(!across.reseal(all[3].0, id, "after", "theirs").await.unwrap());
        });
        let sealed = t.db.across().sealed_secrets(None, 9).await.unwrap();
        let texts: Vec<_> = sealed.iter().map(|(_, secret)| secret.sealed.as_str()).collect();
        assert_eq!(texts, ["after", "before", "before", "before"]);
    }
}
