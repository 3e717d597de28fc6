//! What the pages tell beyond the engine's own rows: previews of a rule, teams, and which lane used the rate budget.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    // Of a preview: the product it was asked for, and a JSON list of the tags' ids.
    "ALTER TABLE runs ADD COLUMN product_id {uuid}",
    "ALTER TABLE runs ADD COLUMN tag_ids text",
    "CREATE INDEX runs_product ON runs (workspace_id, product_id, connection_id, id)",
    "ALTER TABLE conversations ADD COLUMN team_id text",
    "CREATE TABLE teams (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        id text NOT NULL,
        name text NOT NULL,
        PRIMARY KEY (workspace_id, connection_id, id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE INDEX tickets_created ON tickets (workspace_id, created_at)",
    "CREATE INDEX audit_action ON audit (workspace_id, action, id)",
    // The parts of `leased` that each lane took.
    "ALTER TABLE rate_budgets ADD COLUMN interactive bigint NOT NULL DEFAULT 0",
    "ALTER TABLE rate_budgets ADD COLUMN webhook bigint NOT NULL DEFAULT 0",
    "ALTER TABLE rate_budgets ADD COLUMN backfill bigint NOT NULL DEFAULT 0",
];
