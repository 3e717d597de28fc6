//! Runs of actions, and the pages of lists that were fetched whole.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE action_runs (
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        action text NOT NULL,
        actor_id {uuid},
        via text NOT NULL,
        at {time} NOT NULL,
        state text NOT NULL,
        inputs text NOT NULL,
        request text NOT NULL,
        status integer,
        request_id text,
        answer text,
        answer_bytes bigint,
        took_ms bigint,
        calls bigint NOT NULL,
        error text,
        advice text,
        position text,
        fetched bigint NOT NULL,
        total bigint,
        finished_at {time},
        erased_at {time},
        PRIMARY KEY (workspace_id, id)
    )",
    "CREATE INDEX action_runs_log ON action_runs (workspace_id, connection_id, id)",
    "CREATE TABLE action_pages (
        workspace_id {uuid} NOT NULL,
        run_id {uuid} NOT NULL,
        number bigint NOT NULL,
        lines text NOT NULL,
        PRIMARY KEY (workspace_id, run_id, number)
    )",
];
