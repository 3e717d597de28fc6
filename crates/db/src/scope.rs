//! Scope values: what a query runs on, and for whom.

use crate::across::Across;
use crate::connect::Db;
use crate::error::Result;
use crate::signal::{Change, ChangeKind, notify};
use crate::sql;
use crate::turn::Turn;
use chrono::{DateTime, Utc};
use earmark_model::{Sources, WorkspaceId};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::connect::Db {}
    impl Sealed for super::Tx {}
}

/// What queries run on: a [`Db`] for reads, a [`Tx`] for everything.
pub trait Source: sealed::Sealed + Sync {
    /// The library's connection type.
    #[doc(hidden)]
    type Connection: ConnectionTrait;

    /// The library's connection.
    #[doc(hidden)]
    fn connection(&self) -> &Self::Connection;

    /// The clock and the randomness.
    fn sources(&self) -> &Sources;
}

impl Source for Db {
    type Connection = DatabaseConnection;

    fn connection(&self) -> &DatabaseConnection {
        self.read_connection()
    }

    fn sources(&self) -> &Sources {
        Self::sources(self)
    }
}

/// Whether a commit waits until it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    Full,
    /// The disk is waited for by the next commit that is [`Self::Full`], or by a checkpoint.
    Relaxed,
}

/// A transaction. Dropped without [`Tx::commit`], it changes nothing. Never held across a network call.
pub struct Tx {
    transaction: DatabaseTransaction,
    durability: Durability,
    db: Db,
    /// Given up after the transaction.
    turn: Turn,
    changes: Mutex<BTreeSet<Change>>,
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx")
    }
}

impl Source for Tx {
    type Connection = DatabaseTransaction;

    fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    fn sources(&self) -> &Sources {
        self.db.sources()
    }
}

impl Tx {
    pub(crate) fn new(
        transaction: DatabaseTransaction,
        durability: Durability,
        turn: Turn,
        db: Db,
    ) -> Self {
        Self {
            transaction,
            durability,
            db,
            turn,
            changes: Mutex::default(),
        }
    }

    /// Reads and writes of one tenant.
    #[must_use]
    pub fn workspace(&self, id: WorkspaceId) -> Tenant<'_, Self> {
        Tenant::new(self, id)
    }

    /// Statements that cross tenants.
    #[must_use]
    pub fn across(&self) -> Across<'_, Self> {
        Across::new(self)
    }

    /// Notes a change, which is announced once this transaction has committed.
    pub(crate) fn changed(&self, workspace: WorkspaceId, kind: ChangeKind) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.insert(Change { workspace, kind });
    }

    /// Commits, announces what changed, and waits for the disk if that was asked for.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`]: it is not known to be stored.
    pub async fn commit(self) -> Result<()> {
        let changes = self
            .changes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if self.transaction.get_database_backend() == DbBackend::Postgres {
            if !changes.is_empty() {
                let values = changes.iter().map(|change| change.to_text().into());
                sql::execute(&self.transaction, &notify(changes.len()), values.collect()).await?;
            }
            return Ok(self.transaction.commit().await?);
        }
        self.transaction.commit().await?;
        self.db.signal().publish(changes);
        drop(self.turn);
        match self.durability {
            Durability::Full => self.db.bring_to_disk().await,
            Durability::Relaxed => Ok(()),
        }
    }
}

/// The queries of one workspace. Nothing it reads or writes belongs to another.
#[derive(Debug)]
pub struct Tenant<'a, S: Source> {
    pub(crate) source: &'a S,
    pub(crate) id: WorkspaceId,
}

impl<S: Source> Clone for Tenant<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Source> Copy for Tenant<'_, S> {}

impl<'a, S: Source> Tenant<'a, S> {
    pub(crate) fn new(source: &'a S, id: WorkspaceId) -> Self {
        Self { source, id }
    }

    /// The workspace.
    #[must_use]
    pub fn id(&self) -> WorkspaceId {
        self.id
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.source.sources().now()
    }

    pub(crate) fn on(&self) -> &'a S::Connection {
        self.source.connection()
    }

    pub(crate) fn workspace(&self) -> uuid::Uuid {
        self.id.0
    }
}
