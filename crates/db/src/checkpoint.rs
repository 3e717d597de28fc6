//! On SQLite, what was committed moves from the write-ahead log into the database file when nobody writes, or half a minute
//! later. Writers do so themselves only when the log is long, as whoever commits waits for it; and what was erased stays in
//! the old pages of the database file until then, and in the log until that is cut off.

use crate::connect::Inner;
use crate::error::Result;
use crate::sql;
use sea_orm::{DatabaseConnection, FromQueryResult};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked whether anybody wrote.
const LOOK: Duration = Duration::from_secs(1);
/// How long the log may wait for a pause.
const LONGEST: Duration = Duration::from_secs(30);

/// Looks until the database is dropped; does nothing on PostgreSQL. Must be called within the runtime.
pub(crate) fn start(of: &Arc<Inner>) {
    let Some(connection) = of.emptying.clone() else {
        return;
    };
    let of = Arc::downgrade(of);
    tokio::spawn(async move {
        // Of the process before, a log may be left.
        let (mut seen, mut emptied, mut moved_at) = (0, u64::MAX, Instant::now());
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(inner) = of.upgrade() else {
                return;
            };
            let Some(wal) = &inner.wal else {
                return;
            };
            let written = inner.turns.taken();
            let is_quiet = written == std::mem::replace(&mut seen, written);
            let is_torn = wal.is_torn().await;
            if !is_torn && (written == emptied || (!is_quiet && moved_at.elapsed() < LONGEST)) {
                continue;
            }
            moved_at = Instant::now();
            match empty(&connection, is_quiet || is_torn).await {
                Ok(true) => {
                    emptied = written;
                    wal.emptied().await;
                }
                // Somebody writes, reads or is in the way.
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "cannot empty the write-ahead log yet"),
            }
        }
    });
}

/// Moves the log into the database file, beside whoever writes, and cuts it off if that is wanted: for that alone writers
/// wait. False when something is left.
async fn empty(connection: &DatabaseConnection, cut_off: bool) -> Result<bool> {
    let all_moved = checkpoint(connection, "PASSIVE").await?;
    Ok(all_moved && cut_off && checkpoint(connection, "TRUNCATE").await?)
}

/// True when all that is in the log was moved.
async fn checkpoint(connection: &DatabaseConnection, how: &str) -> Result<bool> {
    #[derive(FromQueryResult)]
    struct Moved {
        busy: i32,
        log: i32,
        checkpointed: i32,
    }
    let sql = format!("PRAGMA wal_checkpoint({how})");
    let moved = sql::one::<Moved>(connection, &sql, Vec::new()).await?;
    Ok(moved.is_some_and(|moved| moved.busy == 0 && moved.log == moved.checkpointed))
}
