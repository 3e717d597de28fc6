//! Names of ticket types, for suggesting them.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &["CREATE TABLE ticket_types (
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        connection_id {uuid} NOT NULL,
        id text NOT NULL,
        name text NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, id)
    )"];
