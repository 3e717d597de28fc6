//! SQLite's write-ahead log, as a file that is brought to disk.
//!
//! SQLite would do so within the commit (`synchronous=FULL`), while all other writers wait. Here the commit only writes
//! (`NORMAL`: the log's order and the checkpoints are still kept safe), and who needs its changes on disk waits for that
//! after the others have got their turn. See <https://www.sqlite.org/wal.html#performance_considerations>.

use crate::error::{Error, Result};
use crate::sql;
use sea_orm::DatabaseConnection;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

/// The log of an open database.
#[derive(Debug)]
pub(crate) struct Wal {
    path: PathBuf,
    /// One brings it to disk at a time.
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    file: Option<File>,
    /// The disk refused to take a part of it: what comes after that part is lost with it.
    is_torn: bool,
}

impl Log {
    fn sync(&mut self, path: &Path) -> io::Result<()> {
        if self.is_torn {
            return Err(io::Error::other("the disk refused a part of it before"));
        }
        // SQLite makes a new file when all its connections were lost.
        let kept = self.file.take();
        let kept = kept.filter(|file| file.metadata().is_ok_and(|about| about.nlink() > 0));
        let file = match kept {
            Some(file) => file,
            None => OpenOptions::new().write(true).open(path)?,
        };
        let synced = file.sync_data();
        // It says so once, and takes the part for written from then on.
        self.is_torn = synced.is_err();
        self.file = Some(file);
        synced
    }
}

impl Wal {
    /// Asks the database where its log is.
    pub(crate) async fn of(write: &DatabaseConnection) -> Result<Self> {
        let question = "SELECT file FROM pragma_database_list WHERE name = 'main'";
        let file: Option<String> = sql::column(write, question, Vec::new()).await?.pop();
        let file = file.filter(|file| !file.is_empty());
        let file = file.ok_or_else(|| Error::Statement("the database is no file".to_owned()))?;
        Ok(Self::at(file + "-wal"))
    }

    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            log: Arc::default(),
        }
    }

    /// Waits until everything that was committed is on disk.
    pub(crate) async fn sync(&self) -> Result<()> {
        let (mut log, path) = (self.log.clone().lock_owned().await, self.path.clone());
        let synced = spawn_blocking(move || log.sync(&path)).await;
        let synced = synced.map_err(io::Error::from).flatten();
        synced
            .map_err(|why| Error::Unavailable(format!("the write-ahead log is not on disk: {why}")))
    }

    /// Whether nothing in the log counts as being on disk until it has been emptied.
    pub(crate) async fn is_torn(&self) -> bool {
        self.log.lock().await.is_torn
    }

    /// The log was emptied into the database file, which is on disk.
    pub(crate) async fn emptied(&self) {
        self.log.lock().await.is_torn = false;
    }

    #[cfg(test)]
    pub(crate) async fn tear(&self) {
        self.log.lock().await.is_torn = true;
    }
}
