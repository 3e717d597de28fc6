//! Tags, teammates and trigger tags.

use crate::support::{assert_error, in_tx};
use earmark_db::Error;
use earmark_db::tenant::{Product, TriggerTag};
use earmark_model::{ConnectionId, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};

struct Start {
    workspace: WorkspaceId,
    connection: ConnectionId,
    product: Product,
}

async fn start(t: &TestDb) -> Start {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw12ab34").await.id;
    let product = build::product(&t.db, workspace, "App").await;
    let tags = [("1", "Bug"), ("2", "Idea"), ("3", "Praise")];
    build::tags(&t.db, workspace, connection, &tags, &[("9", "Rosa")]).await;
    Start {
        workspace,
        connection,
        product,
    }
}

impl Start {
    async fn choose(&self, t: &TestDb, tags: &[&str]) {
        let chosen: Vec<_> = tags
            .iter()
            .map(|tag| (self.connection, (*tag).to_owned()))
            .collect();
        in_tx!(t, |tx| tx
            .workspace(self.workspace)
            .choose_trigger_tags(self.product.id, &chosen)
            .await
            .unwrap());
    }

    async fn chosen(&self, t: &TestDb) -> Vec<TriggerTag> {
        let mut tags =
            t.db.workspace(self.workspace)
                .trigger_tags(self.product.id)
                .await
                .unwrap();
        tags.sort_by(|a, b| a.tag.cmp(&b.tag));
        tags
    }
}

both_databases! {
    async fn tags_follow_intercom_and_missing_ones_are_kept(t: TestDb) {
        let start = start(&t).await;
        let at = t.sources.now();
        build::tags(&t.db, start.workspace, start.connection, &[("1", "Defect"), ("3", "Praise")], &[("9", "Rosa M.")]).await;
        let tenant = t.db.workspace(start.workspace);
        let list = async || {
            let tags = tenant.tags().await.unwrap();
            tags.into_iter().map(|tag| (tag.id, tag.name, tag.missing_since)).collect::<Vec<_>>()
        };
        let line = |id: &str, name: &str, since| (id.to_owned(), name.to_owned(), since);
        assert_eq!(list().await, [line("1", "Defect", None), line("2", "Idea", Some(at)), line("3", "Praise", None)]);
        assert_eq!(tenant.admin_name(start.connection, "9").await.unwrap().as_deref(), Some("Rosa M."));
        assert_eq!(tenant.admin_name(start.connection, "8").await.unwrap(), None);
        let connection = tenant.connection(start.connection).await.unwrap().unwrap();
        assert_eq!(connection.tags_fetched_at, Some(at));

        crate::support::tick(&t);
        build::tags(&t.db, start.workspace, start.connection, &[("3", "Praise")], &[]).await;
        let later = t.sources.now();
        assert_eq!(list().await, [line("1", "Defect", Some(later)), line("2", "Idea", Some(at)), line("3", "Praise", None)],
            "what was missing keeps its time");
        build::tags(&t.db, start.workspace, start.connection, &[("2", "Idea")], &[]).await;
        assert_eq!(list().await[1], line("2", "Idea", None), "listed again");
    }

    async fn a_failed_fetch_is_noted_until_the_next_good_one(t: TestDb) {
        let start = start(&t).await;
        in_tx!(t, |tx| tx.workspace(start.workspace).note_tags_failure(start.connection, "403").await.unwrap());
        let note = async || {
            let connection = t.db.workspace(start.workspace).connection(start.connection).await.unwrap();
            connection.unwrap().tags_note
        };
        assert_eq!(note().await.as_deref(), Some("403"));
        build::tags(&t.db, start.workspace, start.connection, &[], &[]).await;
        assert_eq!(note().await, None);
    }

    async fn a_kept_tag_keeps_its_time_and_one_chosen_again_starts_anew(t: TestDb) {
        let start = start(&t).await;
        let first = t.sources.now();
        start.choose(&t, &["1", "2"]).await;
        let second = t.sources.now();
        start.choose(&t, &["1", "3"]).await;
        let times = async || start.chosen(&t).await.into_iter().map(|c| (c.tag, c.chosen_at)).collect::<Vec<_>>();
        assert_eq!(times().await, [("1".to_owned(), first), ("3".to_owned(), second)]);
        let third = t.sources.now();
        start.choose(&t, &["1", "2"]).await;
        assert_eq!(times().await, [("1".to_owned(), first), ("2".to_owned(), third)]);
        start.choose(&t, &[]).await;
        assert_eq!(times().await, []);
    }

    async fn a_tag_named_twice_is_chosen_once(t: TestDb) {
        let start = start(&t).await;
        start.choose(&t, &["1", "1"]).await;
        assert_eq!(start.chosen(&t).await.len(), 1);
    }

    async fn only_known_tags_can_be_chosen(t: TestDb) {
        let start = start(&t).await;
        let tx = t.db.begin().await.unwrap();
        let chosen = [(start.connection, "unknown".to_owned())];
        let outcome = tx.workspace(start.workspace).choose_trigger_tags(start.product.id, &chosen).await;
        assert_error!(outcome, Error::Missing);
    }

    async fn triggers_name_the_products_of_a_tag_with_their_switch(t: TestDb) {
        let start = start(&t).await;
        let web = build::product(&t.db, start.workspace, "Web").await;
        let at = t.sources.now();
        start.choose(&t, &["1"]).await;
        let on = t.sources.now();
        in_tx!(t, |tx| {
            let tenant = tx.workspace(start.workspace);
            let chosen = [(start.connection, "1".to_owned()), (start.connection, "2".to_owned())];
            tenant.choose_trigger_tags(web.id, &chosen).await.unwrap();
            tenant.set_product_feedback(web.id, true).await.unwrap();
        });
        let triggers = t.db.workspace(start.workspace).triggers(start.connection, "1").await.unwrap();
        let lines: Vec<_> = triggers
            .iter()
            .map(|trigger| (trigger.product_name.as_str(), trigger.chosen_at, trigger.product_on_at))
            .collect();
        assert_eq!(lines, [("App", at, None), ("Web", on, Some(on))]);
        assert_eq!((triggers[1].product, triggers[1].tag.as_str()), (web.id, "1"));
        assert_eq!(t.db.workspace(start.workspace).triggers(start.connection, "3").await.unwrap(), []);
    }
}
