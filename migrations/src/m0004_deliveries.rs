//! Webhook requests as they were received, refused ones, and what must never be stored again.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE deliveries (
        workspace_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        dedupe_key text,
        notification_id text,
        topic text,
        subject text,
        shard integer NOT NULL,
        outcome text NOT NULL,
        note text,
        ticket_id {uuid},
        repeat_of {uuid},
        received_at {time} NOT NULL,
        finished_at {time},
        body {bytes},
        PRIMARY KEY (workspace_id, id),
        UNIQUE (workspace_id, connection_id, dedupe_key),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE INDEX deliveries_waiting ON deliveries (workspace_id, connection_id, shard, id) WHERE outcome = 'waiting'",
    "CREATE INDEX deliveries_log ON deliveries (workspace_id, connection_id, id)",
    "CREATE INDEX deliveries_subject ON deliveries (workspace_id, connection_id, subject)",
    "CREATE TABLE refusals (
        workspace_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        at {time} NOT NULL,
        cause text NOT NULL,
        address text,
        PRIMARY KEY (workspace_id, id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE INDEX refusals_connection ON refusals (workspace_id, connection_id, id)",
    "CREATE TABLE installation_refusals (
        id {uuid} PRIMARY KEY NOT NULL,
        at {time} NOT NULL,
        cause text NOT NULL,
        address text
    )",
    "CREATE TABLE tombstones (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        kind text NOT NULL,
        subject_id text NOT NULL,
        message_id text NOT NULL,
        at {time} NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, kind, subject_id, message_id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
];
