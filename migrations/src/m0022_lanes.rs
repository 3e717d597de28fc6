//! A connection is one lane: its deliveries are applied in order, several in one transaction. Processes of an older version
//! cannot store deliveries any more, so they end before it.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "DROP INDEX deliveries_waiting",
    "ALTER TABLE deliveries DROP COLUMN shard",
    "CREATE INDEX deliveries_waiting ON deliveries (workspace_id, connection_id, id) WHERE outcome = 'waiting'",
    // Their keys name a part of a connection. A worker asks anew for whatever waits without a job.
    "DELETE FROM jobs WHERE kind = 'lane'",
];
