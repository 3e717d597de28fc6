//! What was erased is gone from SQLite's files once nobody writes.

use crate::durability_test::open;
use crate::{Source, sql};
use earmark_testkit::TestDb;
use std::time::Duration;

const SECRET: &str = "the passphrase is xylophone";

/// Which of the database's files have the words.
fn files_with(url: &str, words: &str) -> Vec<String> {
    let path = url.trim_start_matches("sqlite://");
    let path = path.split('?').next().unwrap();
    let has = |path: &String| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(words.len()).any(|at| at == words.as_bytes())
    };
    let files = ["", "-wal", "-journal"].map(|end| format!("{path}{end}"));
    files.into_iter().filter(has).collect()
}

async fn until(mut true_of: impl FnMut() -> bool) {
    let patience = async {
        while !true_of() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let patience = tokio::time::timeout(Duration::from_secs(60), patience);
    patience.await.expect("it comes true within a minute");
}

#[tokio::test]
async fn what_was_erased_leaves_the_files_when_nobody_writes() {
    let t = TestDb::sqlite().await;
    let db = open(&t).await;
    let write = async |statement: &str| {
        let tx = db.begin().await.unwrap();
        let done = sql::execute(tx.connection(), statement, Vec::new()).await;
        done.unwrap();
        tx.commit().await.unwrap();
    };
    write("CREATE TABLE letters (words TEXT)").await;
    write(&format!("INSERT INTO letters VALUES ('{SECRET}')")).await;
    assert!(!files_with(&t.url, SECRET).is_empty());
    // From the log into the database file.
    until(|| {
        files_with(&t.url, SECRET)
            .iter()
            .all(|file| !file.ends_with("-wal"))
    })
    .await;
    assert_eq!(files_with(&t.url, SECRET).len(), 1, "it is kept");
    write("DELETE FROM letters").await;
    until(|| files_with(&t.url, SECRET).is_empty()).await;
}
