//! What a commit waits for, on both databases.

use crate::{Db, Options, Result, Source, Tx, sql};
use earmark_model::Sources;
use earmark_testkit::TestDb;
use sea_orm::TryGetable;

pub(crate) async fn open(t: &TestDb) -> Db {
    Db::connect(&Options::new(&t.url), Sources::system())
        .await
        .unwrap()
}

async fn shown<T: TryGetable>(tx: &Tx, question: &str) -> T {
    let answers = sql::column(tx.connection(), question, vec![]).await;
    answers.unwrap().pop().unwrap()
}

/// A table of its own, so that a transaction has something to commit.
async fn commit_a_row(tx: Tx) -> Result<()> {
    let statement = "CREATE TABLE IF NOT EXISTS rows (one INTEGER)";
    sql::execute(tx.connection(), statement, vec![]).await?;
    sql::execute(tx.connection(), "INSERT INTO rows VALUES (1)", vec![]).await?;
    tx.commit().await
}

#[tokio::test]
async fn on_sqlite_only_work_that_is_done_again_does_not_wait_for_the_disk() {
    let t = TestDb::sqlite().await;
    // Nobody else opens the log meanwhile.
    t.db.close().await.unwrap();
    let db = open(&t).await;
    let path = t.url.trim_start_matches("sqlite://");
    let log = format!("{}-wal", path.split('?').next().unwrap());
    let away = format!("{log}.away");
    commit_a_row(db.begin_redoable().await.unwrap())
        .await
        .unwrap();
    std::fs::rename(&log, &away).unwrap();
    let redoable = commit_a_row(db.begin_redoable().await.unwrap()).await;
    let full = commit_a_row(db.begin().await.unwrap()).await;
    std::fs::rename(&away, &log).unwrap();
    redoable.unwrap();
    let why = full.unwrap_err();
    assert!(matches!(why, crate::Error::Unavailable(_)), "{why}");
    commit_a_row(db.begin().await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn on_sqlite_the_log_is_brought_to_disk_by_us_alone() {
    let t = TestDb::sqlite().await;
    let db = open(&t).await;
    let tx = db.begin().await.unwrap();
    let level: i32 = shown(&tx, "PRAGMA synchronous").await;
    assert_eq!(level, 1, "NORMAL: others would wait for the disk");
}

#[tokio::test]
async fn after_the_disk_refused_a_part_nothing_counts_as_stored_until_the_log_was_emptied() {
    // A file that cannot be brought to any disk.
    let wal = crate::wal::Wal::at("/dev/null");
    wal.sync().await.unwrap_err();
    assert!(wal.is_torn().await);

    let t = TestDb::sqlite().await;
    let db = open(&t).await;
    commit_a_row(db.begin().await.unwrap()).await.unwrap();
    db.0.wal.as_ref().unwrap().tear().await;
    let why = commit_a_row(db.begin().await.unwrap()).await.unwrap_err();
    assert!(matches!(why, crate::Error::Unavailable(_)), "{why}");
    commit_a_row(db.begin_redoable().await.unwrap())
        .await
        .unwrap();
    let healed = async {
        while commit_a_row(db.begin().await.unwrap()).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let healed = tokio::time::timeout(std::time::Duration::from_secs(60), healed).await;
    healed.expect("the log is emptied within a minute");
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
