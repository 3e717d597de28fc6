//! Opening a database by URL.

use crate::across::Across;
use crate::checkpoint;
use crate::error::{Error, Result};
use crate::scope::{Durability, Tenant, Tx};
use crate::signal::{Changes, Signal};
use crate::turn::Turns;
use crate::wal::Wal;
use earmark_migrations::{Migrator, MigratorTrait};
use earmark_model::{Sources, WorkspaceId};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::sync::Arc;
use std::time::Duration;

/// Pages that SQLite's writing connection keeps in memory, in KiB as SQLite writes it: the inner pages of all indexes of a
/// large installation.
const WRITER_CACHE: &str = "-32768";

/// Pages of SQLite's write-ahead log, 32 MB, from which on a commit empties it: seldom, because others wait for that. In the
/// pauses, `checkpoint` does.
const LONG_LOG: &str = "8000";

/// A statement that writes many rows would make a file for what it may have to undo.
const STATEMENTS_IN_MEMORY: &str = "PRAGMA temp_store = MEMORY";

/// Prepared statements that a connection keeps: more than there are, lists of different lengths counted.
const STATEMENTS: usize = 500;

/// How to open a database.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite://path`, `sqlite::memory:` is not supported, or `postgres://…`.
    pub url: String,
    /// Connections at most; on SQLite those that read, beside the one that writes.
    pub max_connections: u32,
    /// How long a caller waits for a free connection.
    pub acquire_timeout: Duration,
}

impl Options {
    /// Ten connections, three seconds of waiting.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(3),
        }
    }
}

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    read: DatabaseConnection,
    write: DatabaseConnection,
    /// On SQLite, the write-ahead log.
    pub(crate) wal: Option<Wal>,
    /// On SQLite, empties the log.
    pub(crate) emptying: Option<DatabaseConnection>,
    pub(crate) turns: Turns,
    sources: Sources,
    signal: Signal,
}

impl Db {
    /// Opens the database and, on PostgreSQL, listens for changes. Runs no migration, see [`Db::migrate`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer, [`Error::Statement`] for a URL of another kind.
    pub async fn connect(options: &Options, sources: Sources) -> Result<Self> {
        let signal = Signal::new();
        let mut read = connect_options(options);
        let (read, write, emptying) = if options.url.starts_with("sqlite:") {
            let (write, emptying) = sqlite_writers(options).await?;
            (Database::connect(read).await?, write, Some(emptying))
        } else if options.url.starts_with("postgres") {
            read.map_sqlx_postgres_opts(|opts| {
                opts.application_name("earmark")
                    .statement_cache_capacity(STATEMENTS)
            });
            let both = Database::connect(read).await?;
            (both.clone(), both, None)
        } else {
            return Err(Error::Statement(
                "a database URL begins with sqlite: or postgres:".to_owned(),
            ));
        };
        if write.get_database_backend() == DbBackend::Postgres {
            let pool = write.get_postgres_connection_pool().clone();
            signal
                .clone()
                .listen(pool)
                .await
                .map_err(|e| Error::Unavailable(e.to_string()))?;
        }
        let one_by_one = write.get_database_backend() == DbBackend::Sqlite;
        let wal = match one_by_one {
            true => Some(Wal::of(&write).await?),
            false => None,
        };
        let turns = Turns::new(one_by_one, options.acquire_timeout);
        let inner = Arc::new(Inner {
            read,
            write,
            wal,
            emptying,
            turns,
            sources,
            signal,
        });
        checkpoint::start(&inner);
        Ok(Self(inner))
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Statement`].
    pub async fn migrate(&self) -> Result<()> {
        let write = &self.0.write;
        if !self.is_shared() {
            // An index over millions of rows is not sorted in memory.
            write.execute_unprepared("PRAGMA temp_store = FILE").await?;
        }
        Migrator::up(write, None).await?;
        if !self.is_shared() {
            write.execute_unprepared(STATEMENTS_IN_MEMORY).await?;
        }
        Ok(())
    }

    /// Migrations that have not run yet.
    ///
    /// # Errors
    /// As [`Db::migrate`].
    pub async fn pending_migrations(&self) -> Result<usize> {
        Ok(Migrator::get_pending_migrations(&self.0.write).await?.len())
    }

    /// The clock and the randomness this database was opened with.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.0.sources
    }

    /// Whether this is PostgreSQL, where several processes may work side by side.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.write.get_database_backend() == DbBackend::Postgres
    }

    /// Reads of one tenant.
    #[must_use]
    pub fn workspace(&self, id: WorkspaceId) -> Tenant<'_, Self> {
        Tenant::new(self, id)
    }

    /// Reads that cross tenants.
    #[must_use]
    pub fn across(&self) -> Across<'_, Self> {
        Across::new(self)
    }

    /// Begins a transaction that may write; on SQLite IMMEDIATE, so that it waits for the writer at its start and never
    /// fails in the middle. What it commits is on disk.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection gets free in time.
    pub async fn begin(&self) -> Result<Tx> {
        self.begin_with(Durability::Full, false).await
    }

    /// Begins a transaction for work that is done again from what is on disk should it be lost: applying a delivery that
    /// stays waiting, a step of a run that keeps its place, a claim of a job. Its commit does not wait for the disk. Nothing
    /// is lost with the process; when the machine itself breaks down, the newest of these commits are undone, whole, and
    /// never one that a later commit of [`Self::begin`] may have built upon.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn begin_redoable(&self) -> Result<Tx> {
        self.begin_with(Durability::Relaxed, false).await
    }

    /// The same for work that nobody waits for, such as the steps of a run: it waits for a pause of this process's other
    /// writers, 150 ms at most, and while they write rests for up to 150 ms after each turn.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn begin_in_background(&self) -> Result<Tx> {
        self.begin_with(Durability::Relaxed, true).await
    }

    /// Whether hardly anybody in this process wrote in the last second but whoever works in the background: their
    /// transactions may be long then, as nobody waits for them.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.0.turns.is_quiet()
    }

    async fn begin_with(&self, durability: Durability, in_background: bool) -> Result<Tx> {
        let write = &self.0.write;
        let turn = self.0.turns.take(in_background).await?;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = write.begin_with_options(options).await?;
        if self.is_shared() && durability == Durability::Relaxed {
            let sql = "SET LOCAL synchronous_commit = off";
            transaction.execute_unprepared(sql).await?;
        }
        Ok(Tx::new(transaction, durability, turn, self.clone()))
    }

    pub(crate) async fn bring_to_disk(&self) -> Result<()> {
        match &self.0.wal {
            Some(wal) => wal.sync().await,
            None => Ok(()),
        }
    }

    /// Committed changes from now on.
    #[must_use]
    pub fn changes(&self) -> Changes {
        self.0.signal.subscribe()
    }

    /// Asks the database for an answer.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ping(&self) -> Result<()> {
        Ok(self.0.read.ping().await?)
    }

    /// Closes all connections; later calls fail as unavailable.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn close(&self) -> Result<()> {
        if let Some(emptying) = &self.0.emptying {
            emptying.close_by_ref().await?;
        }
        self.0.read.close_by_ref().await?;
        Ok(self.0.write.close_by_ref().await?)
    }

    pub(crate) fn read_connection(&self) -> &DatabaseConnection {
        &self.0.read
    }

    pub(crate) fn signal(&self) -> &Signal {
        &self.0.signal
    }
}

fn connect_options(options: &Options) -> ConnectOptions {
    let mut connect = ConnectOptions::new(options.url.clone());
    connect
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_timeout(options.acquire_timeout)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(sqlite);
    connect
}

/// SQLite has one writer at a time; one connection makes the others queue here instead of polling the lock. The other
/// connection empties the log, and waits for nobody.
async fn sqlite_writers(options: &Options) -> Result<(DatabaseConnection, DatabaseConnection)> {
    let mut write = connect_options(options);
    write
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .map_sqlx_sqlite_opts(|opts| {
            // What has to be on disk is brought there by `Wal::sync`.
            sqlite(opts)
                .synchronous(SqliteSynchronous::Normal)
                .pragma("cache_size", WRITER_CACHE)
                .pragma("temp_store", "MEMORY")
                .pragma("wal_autocheckpoint", LONG_LOG)
        });
    let mut emptying = connect_options(options);
    emptying
        .max_connections(1)
        .connect_lazy(true)
        .map_sqlx_sqlite_opts(|opts| sqlite(opts).busy_timeout(Duration::ZERO));
    Ok((
        Database::connect(write).await?,
        Database::connect(emptying).await?,
    ))
}

fn sqlite(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is erased must not stay behind in freed pages.
        .pragma("secure_delete", "ON")
        .statement_cache_capacity(STATEMENTS)
        .busy_timeout(Duration::from_secs(3))
}
