//! What can go wrong with the database, named for what the caller should do.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A database failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, has no room, or does not answer in time: try again later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row with the same unique key is there already: report it to whoever gave the key.
    #[error("a row with the same key exists already")]
    Conflict,
    /// Two transactions stood in each other's way and this one gave in: try again.
    #[error("another transaction was in the way")]
    Contended,
    /// A stored row says what the code holds impossible: report it, with table and id.
    #[error("row {id} of table {table} contradicts the code: {why}")]
    Contradiction {
        /// The table.
        table: &'static str,
        /// The row's id.
        id: String,
        /// What is impossible about it.
        why: String,
    },
    /// Somebody else changed the row since it was read: read again.
    #[error("the row was changed by someone else meanwhile")]
    Stale,
    /// The row, or one it refers to, is not there (any more), or belongs to another workspace.
    #[error("there is no such row")]
    Missing,
    /// The statement failed for another reason, which is a fault of ours.
    #[error("a database statement failed: {0}")]
    Statement(String),
}

impl Error {
    /// Whether the same statements may succeed later without anybody doing anything.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Contended)
    }

    /// A stored text that its enum does not know.
    pub(crate) fn contradiction(
        table: &'static str,
        id: impl ToString,
        why: impl ToString,
    ) -> Self {
        Self::Contradiction {
            table,
            id: id.to_string(),
            why: why.to_string(),
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => return Self::Conflict,
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => return Self::Missing,
            _ => {}
        }
        if is_contention(&error) {
            return Self::Contended;
        }
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause))
                if is_unavailable(cause) =>
            {
                Self::Unavailable(cause.to_string())
            }
            _ => Self::Statement(error.to_string()),
        }
    }
}

/// Whether the statement could not run for want of the database, its disk or its time, not for its own fault.
fn is_unavailable(error: &sea_orm::SqlxError) -> bool {
    use sea_orm::SqlxError;
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        SqlxError::Database(database) => database.code().is_some_and(|code| {
            let code = code.as_ref();
            // PostgreSQL: classes 08 connection, 53 resources (disk full), 57 operator, 58 system. SQLite primary
            // codes: 5 busy, 6 locked, 8 read only, 10 I/O, 13 full, 14 cannot open.
            code.len() == 5
                && ["08", "53", "57", "58"]
                    .iter()
                    .any(|class| code.starts_with(class))
                || code.len() < 5
                    && code
                        .parse::<u32>()
                        .is_ok_and(|n| matches!(n & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
        }),
        _ => false,
    }
}

/// PostgreSQL's class 40: a deadlock was broken, or transactions could not be put in an order.
fn is_contention(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        error
    else {
        return false;
    };
    let code = cause
        .as_database_error()
        .and_then(|database| database.code());
    code.is_some_and(|code| code.len() == 5 && code.starts_with("40"))
}
