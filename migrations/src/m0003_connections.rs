//! Connections to Intercom workspaces, what they may and what they know.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE connections (
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        id {uuid} NOT NULL,
        name text NOT NULL,
        method text NOT NULL,
        app_id text NOT NULL,
        app_name text NOT NULL,
        region text NOT NULL,
        timezone text,
        status text NOT NULL,
        status_note text,
        endpoint_token text NOT NULL,
        feedback_on_at {time},
        tags_fetched_at {time},
        tags_note text,
        checked_at {time},
        created_at {time} NOT NULL,
        disconnected_at {time},
        PRIMARY KEY (workspace_id, id)
    )",
    "CREATE UNIQUE INDEX connections_app ON connections (workspace_id, app_id)",
    "CREATE TABLE secrets (
        workspace_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        kind text NOT NULL,
        sealed text NOT NULL,
        last4 text NOT NULL,
        created_at {time} NOT NULL,
        verified_at {time},
        PRIMARY KEY (workspace_id, id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE INDEX secrets_connection ON secrets (workspace_id, connection_id)",
    "CREATE TABLE endpoints (
        token text PRIMARY KEY NOT NULL,
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        connection_id {uuid} NOT NULL,
        closed_at {time}
    )",
    "CREATE TABLE permission_checks (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        permission text NOT NULL,
        state text NOT NULL,
        note text,
        took_ms bigint,
        checked_at {time} NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, permission),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE TABLE topics (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        topic text NOT NULL,
        last_received_at {time} NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, topic),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE TABLE tags (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        id text NOT NULL,
        name text NOT NULL,
        missing_since {time},
        PRIMARY KEY (workspace_id, connection_id, id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE TABLE admins (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        id text NOT NULL,
        name text NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE TABLE trigger_tags (
        workspace_id {uuid} NOT NULL,
        product_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        tag_id text NOT NULL,
        chosen_at {time} NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, tag_id, product_id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id),
        FOREIGN KEY (workspace_id, product_id) REFERENCES products (workspace_id, id)
    )",
    "CREATE INDEX trigger_tags_product ON trigger_tags (workspace_id, product_id)",
    "CREATE TABLE rate_budgets (
        key text PRIMARY KEY NOT NULL,
        window_at bigint NOT NULL,
        leased bigint NOT NULL,
        limit_seen bigint NOT NULL,
        remaining_seen bigint,
        refused_until {time}
    )",
];
