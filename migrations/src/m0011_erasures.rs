//! Erasing what was copied through a disconnected connection, and what Intercom says of a workspace's plan.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE erasures (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        total bigint NOT NULL,
        done bigint NOT NULL,
        asked_at {time} NOT NULL,
        finished_at {time},
        note text,
        PRIMARY KEY (workspace_id, connection_id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "ALTER TABLE connections ADD COLUMN plan_note text",
];
