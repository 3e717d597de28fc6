//! Products and the statuses of their tickets.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE products (
        workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
        id {uuid} NOT NULL,
        slug text NOT NULL,
        name text NOT NULL,
        feedback_on_at {time},
        archived_at {time},
        created_at {time} NOT NULL,
        PRIMARY KEY (workspace_id, id),
        UNIQUE (workspace_id, slug)
    )",
    "CREATE TABLE statuses (
        workspace_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        product_id {uuid} NOT NULL,
        key text NOT NULL,
        name text NOT NULL,
        category text NOT NULL,
        position integer NOT NULL,
        PRIMARY KEY (workspace_id, id),
        UNIQUE (workspace_id, product_id, key),
        FOREIGN KEY (workspace_id, product_id) REFERENCES products (workspace_id, id)
    )",
];
