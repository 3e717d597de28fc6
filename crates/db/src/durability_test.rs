//! What a commit waits for, on both databases.

use crate::{Db, Options, Source, Tx, sql};
use earmark_model::Sources;
use earmark_testkit::TestDb;
use sea_orm::TryGetable;

pub(crate) async fn open(t: &TestDb) -> Db {
    Db::connect(&Options::new(&t.url), Sources::system())
        .await
        .unwrap()
}

/// Of SQLite's levels.
const NORMAL: i32 = 1;
const FULL: i32 = 2;

async fn shown<T: TryGetable>(tx: &Tx, question: &str) -> T {
    let answers = sql::column(tx.connection(), question, vec![]).await;
    answers.unwrap().pop().unwrap()
}

#[tokio::test]
async fn on_sqlite_each_transaction_has_the_durability_it_asked_for() {
    let t = TestDb::sqlite().await;
    let db = open(&t).await;
    let question = "PRAGMA synchronous";
    for _ in 0..2 {
        let tx = db.begin_redoable().await.unwrap();
        assert_eq!(shown::<i32>(&tx, question).await, NORMAL);
        tx.commit().await.unwrap();
        let tx = db.begin().await.unwrap();
        assert_eq!(shown::<i32>(&tx, question).await, FULL);
        // Rolled back, and another begun at once.
        drop(tx);
    }
    // Dropped while it may be setting the durability: the next one does not rely on what was set before.
    for _ in 0..20 {
        tokio::select! {
            biased;
            _ = db.begin_redoable() => {}
            () = tokio::task::yield_now() => {}
        }
        let tx = db.begin().await.unwrap();
        assert_eq!(shown::<i32>(&tx, question).await, FULL);
    }
}

#[tokio::test]
async fn on_postgres_only_work_that_is_done_again_does_not_wait_for_the_disk() {
    let t = TestDb::durable_postgres().await;
    let db = open(&t).await;
    for _ in 0..2 {
        let tx = db.begin_redoable().await.unwrap();
        assert_eq!(shown::<String>(&tx, "SHOW synchronous_commit").await, "off");
        tx.commit().await.unwrap();
        let tx = db.begin().await.unwrap();
        assert_eq!(shown::<String>(&tx, "SHOW synchronous_commit").await, "on");
    }
}

#[tokio::test]
async fn who_cannot_write_in_time_is_told_so() {
    let t = TestDb::sqlite().await;
    let options = Options {
        acquire_timeout: std::time::Duration::from_millis(50),
        ..Options::new(&t.url)
    };
    let db = Db::connect(&options, Sources::system()).await.unwrap();
    let tx = db.begin().await.unwrap();
    let why = db.begin_redoable().await.unwrap_err();
    assert!(matches!(why, crate::Error::Unavailable(_)), "{why}");
    drop(tx);
    db.begin_redoable().await.unwrap();
}

#[tokio::test]
async fn it_is_quiet_while_others_hardly_write() {
    let t = TestDb::sqlite().await;
    let db = open(&t).await;
    let write = async || db.begin_redoable().await.unwrap().commit().await.unwrap();
    write().await;
    assert!(db.is_quiet(), "one is not many");
    for _ in 0..10 {
        write().await;
    }
    assert!(!db.is_quiet());
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert!(db.is_quiet(), "nobody wrote for a second");
    for _ in 0..10 {
        let tx = db.begin_in_background().await.unwrap();
        tx.commit().await.unwrap();
    }
    assert!(db.is_quiet(), "who works in the background disturbs nobody");
}

#[tokio::test]
async fn who_works_in_the_background_lets_the_others_go_first() {
    let t = TestDb::sqlite().await;
    let db = open(&t).await;
    let held = db.begin().await.unwrap();
    let order = std::sync::Mutex::new(Vec::new());
    let note = |who| order.lock().unwrap().push(who);
    let background = async |who| {
        let tx = db.begin_in_background().await.unwrap();
        note(who);
        tx.commit().await.unwrap();
    };
    let other = async |who| {
        let tx = db.begin_redoable().await.unwrap();
        note(who);
        tx.commit().await.unwrap();
    };
    tokio::join!(
        background("first page"),
        background("second page"),
        background("third page"),
        other("ticket"),
        other("claim"),
        async { drop(held) },
    );
    let order = order.into_inner().unwrap();
    assert_eq!(
        order,
        ["ticket", "claim", "first page", "second page", "third page"]
    );
}
