//! An index for what is looked for every minute: runs of actions that nobody ends any more.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE INDEX action_runs_running ON action_runs (workspace_id, at, id) WHERE state = 'running'",
];
