//! OAuth: workspaces' own apps, flows under way, which connection was made through which app, and where the webhooks of
//! an app arrive. Secrets belong to a connection or to an app.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE oauth_apps (
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        id {uuid} NOT NULL,
        client_key text NOT NULL,
        endpoint_token text NOT NULL,
        created_at {time} NOT NULL,
        removed_at {time},
        PRIMARY KEY (workspace_id, id)
    )",
    "CREATE TABLE oauth_states (
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        hash text NOT NULL,
        expires_at {time} NOT NULL,
        used_at {time},
        PRIMARY KEY (workspace_id, hash)
    )",
    "CREATE TABLE app_endpoints (
        token text PRIMARY KEY NOT NULL,
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        oauth_app_id {uuid} NOT NULL,
        closed_at {time}
    )",
    "CREATE TABLE app_installs (
        client_key text NOT NULL,
        app_id text NOT NULL,
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        connection_id {uuid} NOT NULL,
        PRIMARY KEY (client_key, app_id, workspace_id, connection_id)
    )",
    "CREATE TABLE installation_sightings (
        kind text PRIMARY KEY NOT NULL,
        seen bigint NOT NULL,
        last_at {time} NOT NULL
    )",
    "ALTER TABLE connections ADD COLUMN oauth_app_id {uuid}",
    "ALTER TABLE connections ADD COLUMN client_key text",
    "ALTER TABLE connections ADD COLUMN status_since {time}",
    "UPDATE connections SET status_since = coalesce(checked_at, created_at)",
    "UPDATE connections SET status = 'needs_reconnecting' WHERE status = 'refused'",
    "CREATE TABLE owned_secrets (
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        id {uuid} NOT NULL,
        owner_id {uuid} NOT NULL,
        kind text NOT NULL,
        sealed text NOT NULL,
        last4 text NOT NULL,
        created_at {time} NOT NULL,
        verified_at {time},
        expires_at {time},
        PRIMARY KEY (workspace_id, id)
    )",
    "INSERT INTO owned_secrets (workspace_id, id, owner_id, kind, sealed, last4, created_at, verified_at)
        SELECT workspace_id, id, connection_id, kind, sealed, last4, created_at, verified_at FROM secrets",
    "DROP TABLE secrets",
    "ALTER TABLE owned_secrets RENAME TO secrets",
    "CREATE INDEX secrets_owner ON secrets (workspace_id, owner_id)",
];
