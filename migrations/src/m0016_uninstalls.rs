//! When Intercom was told to uninstall an OAuth app: what was granted through it before is void.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &["CREATE TABLE app_uninstalls (
    client_key text NOT NULL,
    app_id text NOT NULL,
    begun_at {time} NOT NULL,
    answered_at {time},
    PRIMARY KEY (client_key, app_id)
)"];
