//! What an erasure leaves to be done in the background, how often a job failed, and indexes for what pages ask.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    // Erasures of which the log of actions (`logged`) and the kept payloads (`walked_to`) were not gone through yet.
    "CREATE TABLE scrubs (
        workspace_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        subject_id text NOT NULL,
        is_contact boolean NOT NULL,
        texts text NOT NULL,
        removal_id {uuid},
        logged boolean NOT NULL,
        walked_to {uuid} NOT NULL,
        PRIMARY KEY (workspace_id, id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE INDEX scrubs_walk ON scrubs (workspace_id, connection_id, walked_to, id)",
    "ALTER TABLE jobs ADD COLUMN failures integer NOT NULL DEFAULT 0",
    "CREATE INDEX run_lines_subject ON run_lines (workspace_id, subject_id)",
    "CREATE INDEX company_tags_tag ON company_tags (workspace_id, connection_id, tag_id, company_id)",
    "CREATE INDEX messages_answers ON messages \
        (workspace_id, connection_id, conversation_id, author_kind, kind, created_at)",
    // With the outcome, so that counting by it reads no row, which may hold a body.
    "DROP INDEX deliveries_log",
    "CREATE INDEX deliveries_log ON deliveries (workspace_id, connection_id, id, outcome)",
    // With the id, so that the newest about one subject come in order.
    "DROP INDEX deliveries_subject",
    "CREATE INDEX deliveries_subject ON deliveries (workspace_id, connection_id, subject, id)",
];
