//! Escalated conversations and their messages, as Intercom has them.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE conversations (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        id text NOT NULL,
        contact_id text,
        contact_name text,
        contact_email text,
        contact_role text,
        company_id text,
        company_name text,
        details text NOT NULL,
        details_note text,
        details_at {time},
        gone_at {time},
        PRIMARY KEY (workspace_id, connection_id, id),
        FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id)
    )",
    "CREATE INDEX conversations_contact ON conversations (workspace_id, connection_id, contact_id)",
    "CREATE TABLE messages (
        workspace_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        conversation_id text NOT NULL,
        id text NOT NULL,
        kind text NOT NULL,
        author_kind text NOT NULL,
        author_id text,
        author_name text,
        html text,
        plain text,
        attachments text NOT NULL,
        created_at {time},
        updated_at {time},
        redacted_at {time},
        PRIMARY KEY (workspace_id, connection_id, conversation_id, id),
        FOREIGN KEY (workspace_id, connection_id, conversation_id)
            REFERENCES conversations (workspace_id, connection_id, id)
    )",
    "CREATE INDEX messages_author ON messages (workspace_id, connection_id, author_id)",
];
