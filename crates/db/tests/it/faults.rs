//! What a database that is gone, busy or closed looks like, and that it is found again.

use crate::support::assert_error;
use earmark_db::{ChangeKind, Db, Error, Options};
use earmark_model::{JobKind, Sources};
use earmark_testkit::{FaultProxy, TestDb, both_databases, build, eventually};
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

both_databases! {
    async fn a_closed_database_is_unavailable(t: TestDb) {
        let db = t.another().await;
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        db.ping().await.unwrap();
        timeout(PATIENCE, db.close()).await.expect("closing ends").unwrap();
        assert_error!(db.ping().await, Error::Unavailable(_));
        assert_error!(db.begin().await, Error::Unavailable(_));
        assert_error!(db.workspace(workspace).products().await, Error::Unavailable(_));
        assert_error!(db.across().next_jobs_at(JobKind::ALL).await, Error::Unavailable(_));
        t.db.ping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_postgres_is_unavailable_and_found_again() {
    let t = TestDb::postgres().await;
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let proxy = FaultProxy::start(t.server_addr()).await;
    let db = t.through(proxy.addr()).await;
    let mut changes = db.changes();
    let open = db.begin().await.unwrap();
    open.workspace(workspace)
        .create_product("Never")
        .await
        .unwrap();

    proxy.down();
    assert_error!(open.commit().await, Error::Unavailable(_));
    assert_error!(db.begin().await, Error::Unavailable(_));
    assert_error!(db.ping().await, Error::Unavailable(_));
    assert_error!(
        db.workspace(workspace).products().await,
        Error::Unavailable(_)
    );
    assert_error!(db.across().rate_budget("app").await, Error::Unavailable(_));

    proxy.pass();
    let products = eventually(PATIENCE, "the database is found again", async || {
        db.workspace(workspace).products().await.ok()
    })
    .await;
    assert_eq!(products, [], "what was not committed is not there");
    let change = timeout(PATIENCE, changes.next())
        .await
        .expect("a change")
        .unwrap();
    assert_eq!(
        change.kind,
        ChangeKind::Everything,
        "notifications may have been missed"
    );
    // The listener may be on its way still, so the change is made again until it is heard.
    eventually(PATIENCE, "changes are announced again", async || {
        build::product(&t.db, workspace, "App").await;
        let heard = timeout(Duration::from_millis(200), async {
            loop {
                if changes.next().await?.kind == ChangeKind::Tickets {
                    return Some(());
                }
            }
        });
        heard.await.ok().flatten()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_does_not_answer_is_unavailable() {
    let t = TestDb::postgres().await;
    let proxy = FaultProxy::start(t.server_addr()).await;
    let db = t.through(proxy.addr()).await;
    db.ping().await.unwrap();
    proxy.stall();
    let ping = timeout(PATIENCE, db.ping())
        .await
        .expect("it does not wait for ever");
    assert_error!(ping, Error::Unavailable(_));
    let begin = timeout(PATIENCE, db.begin())
        .await
        .expect("it does not wait for ever");
    assert_error!(begin, Error::Unavailable(_));
    proxy.pass();
    eventually(PATIENCE, "the database answers again", async || {
        db.ping().await.ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sqlite_file_that_another_process_writes_to_for_long_is_unavailable() {
    let t = TestDb::sqlite().await;
    let other = t.another().await;
    let _writing = other.begin().await.unwrap();
    assert_error!(t.db.begin().await, Error::Unavailable(_));
    t.db.across().next_jobs_at(JobKind::ALL).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_opens_where_nothing_is() {
    let connect = async |url: &str| Db::connect(&Options::new(url), Sources::system()).await;
    let gone = Options {
        acquire_timeout: Duration::from_millis(200),
        ..Options::new("postgres://postgres@127.0.0.1:1/earmark")
    };
    assert_error!(
        Db::connect(&gone, Sources::system()).await,
        Error::Unavailable(_)
    );
    assert_error!(
        connect("sqlite:///no/such/folder/earmark.db").await,
        Error::Unavailable(_)
    );
    assert_error!(
        connect("mysql://localhost/earmark").await,
        Error::Statement(_)
    );
}
