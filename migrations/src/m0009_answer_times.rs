//! How long our own answers to webhooks took, when Intercom last tested an address, and when it was last asked whether an
//! app was uninstalled.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE answer_times (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        hour {time} NOT NULL,
        bucket integer NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, hour, bucket),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "ALTER TABLE connections ADD COLUMN last_head_at {time}",
    "ALTER TABLE connections ADD COLUMN uninstall_asked_at {time}",
];
