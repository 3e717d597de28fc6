//! Indexes for what every delivery asks.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    // With the number, which orders them: without it SQLite prefers to walk all tickets of the workspace in that order.
    "CREATE INDEX tickets_conversation ON tickets (workspace_id, connection_id, conversation_id, number)",
    // By kind: a lane is found however many calls to Intercom wait.
    "DROP INDEX jobs_due",
    "CREATE INDEX jobs_due ON jobs (kind, run_at, id) WHERE state = 'pending'",
];
