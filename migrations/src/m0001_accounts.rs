//! People, their sessions, workspaces and members.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE users (
        id {uuid} PRIMARY KEY NOT NULL,
        email text NOT NULL,
        email_key text NOT NULL UNIQUE,
        name text NOT NULL,
        password_hash text NOT NULL,
        created_at {time} NOT NULL
    )",
    "CREATE TABLE sessions (
        id text PRIMARY KEY NOT NULL,
        user_id {uuid} REFERENCES users (id) ON DELETE CASCADE,
        state text NOT NULL,
        created_at {time} NOT NULL,
        expires_at {time} NOT NULL
    )",
    "CREATE INDEX sessions_user ON sessions (user_id)",
    "CREATE INDEX sessions_expiry ON sessions (expires_at)",
    "CREATE TABLE workspaces (
        id {uuid} PRIMARY KEY NOT NULL,
        slug text NOT NULL UNIQUE,
        name text NOT NULL,
        ticket_prefix text NOT NULL,
        last_ticket_number bigint NOT NULL,
        created_at {time} NOT NULL
    )",
    "CREATE TABLE members (
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        user_id {uuid} NOT NULL REFERENCES users (id),
        role text NOT NULL,
        created_at {time} NOT NULL,
        PRIMARY KEY (workspace_id, user_id)
    )",
    "CREATE TABLE user_workspaces (
        user_id {uuid} NOT NULL REFERENCES users (id),
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        PRIMARY KEY (user_id, workspace_id)
    )",
    "CREATE TABLE audit (
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        id {uuid} NOT NULL,
        at {time} NOT NULL,
        actor_id {uuid},
        action text NOT NULL,
        subject_kind text NOT NULL,
        subject_id text NOT NULL,
        detail text NOT NULL,
        address text,
        PRIMARY KEY (workspace_id, id)
    )",
];
