//! On SQLite, what was committed moves from the write-ahead log into the database file when nobody writes. Writers do so
//! themselves only when the log is long, as whoever commits waits for it; and what was erased stays in old pages of both
//! files until then.

use crate::connect::Inner;
use crate::error::Result;
use crate::sql;
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether anybody wrote.
const LOOK: Duration = Duration::from_secs(1);

/// Looks until the database is dropped; does nothing on PostgreSQL. Must be called within the runtime.
pub(crate) fn start(of: &Arc<Inner>) {
    let Some(connection) = of.emptying.clone() else {
        return;
    };
    let of = Arc::downgrade(of);
    tokio::spawn(async move {
        let (mut seen, mut emptied) = (0, 0);
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(inner) = of.upgrade() else {
                return;
            };
            let written = inner.turns.taken();
            let is_quiet = written == std::mem::replace(&mut seen, written);
            if !is_quiet || written == emptied {
                continue;
            }
            match empty(&connection).await {
                Ok(true) => emptied = written,
                // A reader or another process is in the way.
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "cannot empty the write-ahead log yet"),
            }
        }
    });
}

/// Moves all of the log into the database file and cuts it off. False when somebody was in the way.
async fn empty(connection: &DatabaseConnection) -> Result<bool> {
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    let busy = sql::column::<i32>(connection, sql, Vec::new()).await?;
    Ok(busy == [0])
}
