//! What the doctor last found of each connection, which verdicts changed, and when it comes round again.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE doctor_checks (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        name text NOT NULL,
        verdict text NOT NULL,
        evidence text NOT NULL,
        cure text,
        checked_at {time} NOT NULL,
        since {time} NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, name),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE TABLE doctor_changes (
        workspace_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        name text NOT NULL,
        verdict_before text NOT NULL,
        verdict_after text NOT NULL,
        evidence text NOT NULL,
        at {time} NOT NULL,
        PRIMARY KEY (workspace_id, id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE INDEX doctor_changes_connection ON doctor_changes (workspace_id, connection_id, id)",
    "CREATE TABLE doctor_rounds (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        ran_at {time},
        next_at {time},
        PRIMARY KEY (workspace_id, connection_id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
];
