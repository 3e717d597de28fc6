//! The durable queue. Claimed across tenants, so its indexes do not begin with one.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &[
    "CREATE TABLE jobs (
        id {uuid} PRIMARY KEY NOT NULL,
        workspace_id {uuid} NOT NULL,
        kind text NOT NULL,
        key text NOT NULL,
        payload text NOT NULL,
        state text NOT NULL,
        run_at {time} NOT NULL,
        asked bigint NOT NULL,
        attempts integer NOT NULL,
        lease_until {time},
        errors text NOT NULL,
        created_at {time} NOT NULL
    )",
    "CREATE UNIQUE INDEX jobs_one_pending ON jobs (key) WHERE state = 'pending'",
    "CREATE UNIQUE INDEX jobs_one_running ON jobs (key) WHERE state = 'running'",
    "CREATE INDEX jobs_due ON jobs (run_at, id) WHERE state = 'pending'",
    "CREATE INDEX jobs_leases ON jobs (lease_until) WHERE state = 'running'",
];
