//! SQLite's write-ahead log, as a file that is brought to disk.
//!
//! SQLite would do so within the commit (`synchronous=FULL`), while all other writers wait. Here the commit only writes
//! (`NORMAL`: the log's order and the checkpoints are still kept safe), and who needs its changes on disk waits for that
//! after the others have got their turn. See <https://www.sqlite.org/wal.html#performance_considerations>.

use crate::error::{Error, Result};
use crate::sql;
use sea_orm::DatabaseConnection;
use std::fs::OpenOptions;
use std::path::PathBuf;
use tokio::task::spawn_blocking;

/// The log of an open database.
#[derive(Debug)]
pub(crate) struct Wal(PathBuf);

impl Wal {
    /// Asks the database where its log is.
    pub(crate) async fn of(write: &DatabaseConnection) -> Result<Self> {
        let question = "SELECT file FROM pragma_database_list WHERE name = 'main'";
        let file: Option<String> = sql::column(write, question, Vec::new()).await?.pop();
        let file = file.filter(|file| !file.is_empty());
        let file = file.ok_or_else(|| Error::Statement("the database is no file".to_owned()))?;
        Ok(Self(PathBuf::from(file + "-wal")))
    }

    /// Waits until everything that was committed is on disk.
    pub(crate) async fn sync(&self) -> Result<()> {
        let path = self.0.clone();
        // Opened each time: SQLite makes a new file when all its connections were lost.
        let synced = spawn_blocking(move || OpenOptions::new().write(true).open(path)?.sync_data());
        let synced = synced.await.map_err(std::io::Error::from).flatten();
        synced
            .map_err(|why| Error::Unavailable(format!("the write-ahead log is not on disk: {why}")))
    }
}
