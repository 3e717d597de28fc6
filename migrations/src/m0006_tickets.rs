//! Tickets, the tags that made them, and what our own people wrote on them.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE tickets (
        workspace_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        number bigint NOT NULL,
        product_id {uuid} NOT NULL,
        origin_product_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        conversation_id text NOT NULL,
        message_id text NOT NULL,
        text_from text,
        status_id {uuid} NOT NULL,
        assignee_id {uuid},
        title text,
        title_by_member boolean NOT NULL,
        tagged_at {time} NOT NULL,
        tagged_by text,
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        source_gone_at {time},
        version integer NOT NULL,
        PRIMARY KEY (workspace_id, id),
        UNIQUE (workspace_id, number),
        UNIQUE (workspace_id, connection_id, conversation_id, message_id, origin_product_id),
        FOREIGN KEY (workspace_id, product_id) REFERENCES products (workspace_id, id),
        FOREIGN KEY (workspace_id, status_id) REFERENCES statuses (workspace_id, id),
        FOREIGN KEY (workspace_id, connection_id, conversation_id)
            REFERENCES conversations (workspace_id, connection_id, id)
    )",
    "CREATE INDEX tickets_product ON tickets (workspace_id, product_id, number)",
    "CREATE INDEX tickets_status ON tickets (workspace_id, status_id, number)",
    "CREATE INDEX tickets_assignee ON tickets (workspace_id, assignee_id, number)",
    "CREATE TABLE ticket_tags (
        workspace_id {uuid} NOT NULL,
        ticket_id {uuid} NOT NULL,
        tag_id text NOT NULL,
        name text NOT NULL,
        tagged_at {time} NOT NULL,
        tagged_by text,
        PRIMARY KEY (workspace_id, ticket_id, tag_id),
        FOREIGN KEY (workspace_id, ticket_id) REFERENCES tickets (workspace_id, id)
    )",
    "CREATE INDEX ticket_tags_name ON ticket_tags (workspace_id, name, ticket_id)",
    "CREATE TABLE comments (
        workspace_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ticket_id {uuid} NOT NULL,
        author_id {uuid} NOT NULL,
        body text NOT NULL,
        created_at {time} NOT NULL,
        PRIMARY KEY (workspace_id, id),
        FOREIGN KEY (workspace_id, ticket_id) REFERENCES tickets (workspace_id, id)
    )",
    "CREATE INDEX comments_ticket ON comments (workspace_id, ticket_id, id)",
];
