//! What an erasure leaves to be done: the walk through the payloads of a connection.

use crate::support::in_tx;
use earmark_db::across::NewDelivery;
use earmark_db::tenant::{NewScrub, ScrubWalk};
use earmark_model::{ConnectionId, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};

type To = (WorkspaceId, ConnectionId);

async fn start(t: &TestDb) -> To {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw7tide3").await.id;
    for n in 0..25 {
        let (mut key, mut body) = (n.to_string(), b"{}".to_vec());
        if n % 5 == 0 {
            body = format!("{{\"a\":\"ann\",\"n\":{n}}}").into_bytes();
        }
        if n == 7 {
            body = b"{\"a\":\"bob\"}".to_vec();
        }
        key.push_str("-key");
        let new = NewDelivery {
            body: Some(body),
            ..build::delivery((workspace, connection), &key, "c1", t.sources.now())
        };
        in_tx!(t, |tx| tx.across().store_deliveries(&[new]).await.unwrap());
    }
    (workspace, connection)
}

/// An erasure of a contact that the log was gone through for.
async fn erased(t: &TestDb, to: To, subject: &str) {
    let rest = NewScrub {
        subject: subject.to_owned(),
        is_contact: true,
        ..NewScrub::default()
    };
    in_tx!(t, |tx| {
        let tenant = tx.workspace(to.0);
        tenant.add_scrub(to.1, &rest).await.unwrap();
        for one in tenant.unlogged_scrubs(to.1, 10).await.unwrap() {
            tenant.scrub_logged(&one).await.unwrap();
        }
    });
}

/// Goes on; whose erasure walked, and how many bodies it is to rewrite.
async fn walk(t: &TestDb, to: To) -> Option<(Vec<String>, usize)> {
    let walk: ScrubWalk = t.db.workspace(to.0).scrub_walk(to.1, 10).await.unwrap()?;
    in_tx!(t, |tx| tx
        .workspace(to.0)
        .scrub_walked(&walk)
        .await
        .unwrap());
    let subjects = walk.scrubs.into_iter().map(|one| one.subject);
    Some((subjects.collect(), walk.hits.len()))
}

both_databases! {
    async fn those_behind_catch_up_and_all_go_on_together(t: TestDb) {
        let to = start(&t).await;
        assert_eq!(walk(&t, to).await, None);
        erased(&t, to, "ann").await;
        let told = |subjects: &[&str], hits| Some((subjects.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>(), hits));
        assert_eq!(walk(&t, to).await, told(&["ann"], 2));
        erased(&t, to, "bob").await;
        assert_eq!(walk(&t, to).await, told(&["bob"], 1));
        assert_eq!(walk(&t, to).await, told(&["ann", "bob"], 2));
        assert_eq!(walk(&t, to).await, told(&["ann", "bob"], 1));
        assert_eq!(walk(&t, to).await, None);
    }

    async fn a_body_that_holds_somebody_is_withheld_until_then(t: TestDb) {
        let to = start(&t).await;
        let tenant = t.db.workspace(to.0);
        let all = tenant.deliveries(to.1, &Default::default(), 100).await.unwrap();
        let shown = async || {
            let mut shown = 0;
            for one in &all {
                shown += usize::from(tenant.delivery(one.id).await.unwrap().unwrap().1.is_some());
            }
            shown
        };
        assert_eq!(shown().await, 25);
        erased(&t, to, "ann").await;
        assert_eq!(shown().await, 20);
        for one in &all {
            assert!(tenant.has_body(one.id).await.unwrap(), "it is there all the same");
        }
        while walk(&t, to).await.is_some() {}
        assert_eq!(shown().await, 25);
    }
}
