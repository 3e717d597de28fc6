//! What the sync engine has still to ask Intercom for, and how long payloads are kept.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    // Contacts and companies of which a payload told the id alone.
    "CREATE TABLE people_waiting (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        kind text NOT NULL,
        id text NOT NULL,
        asked_at {time} NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, kind, id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE INDEX contacts_merged ON contacts (workspace_id, connection_id, merged_into) WHERE merged_into IS NOT NULL",
    "ALTER TABLE workspaces ADD COLUMN payload_days int NOT NULL DEFAULT 30",
    "ALTER TABLE workspaces ADD COLUMN payloads_dropped_at {time}",
    "CREATE INDEX deliveries_payloads ON deliveries (workspace_id, received_at) WHERE body IS NOT NULL",
];
