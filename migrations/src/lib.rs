//! One schema history for SQLite and PostgreSQL, one subject a file.
//!
//! Each migration is a list of SQL statements that both databases take after the words `{uuid}`, `{time}`, `{bytes}` and
//! `{bytewise}` (text that sorts by its bytes, as all text does on SQLite) are put in. Every tenant table has `workspace_id NOT NULL`, first in its indexes and part of its unique keys, so that
//! the schema can be distributed by tenant. [`SHARED_TABLES`] lists the tables that belong to no tenant.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

mod m0001_accounts;
mod m0002_products;
mod m0003_connections;
mod m0004_deliveries;
mod m0005_conversations;
mod m0006_tickets;
mod m0007_jobs;
mod m0008_oauth;
mod m0009_answer_times;
mod m0010_doctor;
mod m0011_erasures;
mod m0012_people;
mod m0013_refresh;
mod m0014_actions;
mod m0015_engine;
mod m0016_uninstalls;
mod m0018_pages;
mod m0019_ticket_types;
mod m0020_scrubs;
mod m0021_speed;
mod m0022_lanes;
mod m0023_action_runs;

/// Tables that are no tenant's: people and what finds a tenant, the queue, and what only the operator sees.
pub const SHARED_TABLES: &[&str] = &[
    "users",
    "user_workspaces",
    "sessions",
    "workspaces",
    "endpoints",
    "app_endpoints",
    "app_installs",
    "app_uninstalls",
    "installation_sightings",
    "installation_refusals",
    "jobs",
    "rate_budgets",
    "seaql_migrations",
];

/// The schema history.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Migration),
            Box::new(m0002_products::Migration),
            Box::new(m0003_connections::Migration),
            Box::new(m0004_deliveries::Migration),
            Box::new(m0005_conversations::Migration),
            Box::new(m0006_tickets::Migration),
            Box::new(m0007_jobs::Migration),
            Box::new(m0008_oauth::Migration),
            Box::new(m0009_answer_times::Migration),
            Box::new(m0010_doctor::Migration),
            Box::new(m0011_erasures::Migration),
            Box::new(m0012_people::Migration),
            Box::new(m0013_refresh::Migration),
            Box::new(m0014_actions::Migration),
            Box::new(m0015_engine::Migration),
            Box::new(m0016_uninstalls::Migration),
            Box::new(m0018_pages::Migration),
            Box::new(m0019_ticket_types::Migration),
            Box::new(m0020_scrubs::Migration),
            Box::new(m0021_speed::Migration),
            Box::new(m0022_lanes::Migration),
            Box::new(m0023_action_runs::Migration),
        ]
    }
}

/// Runs each statement with the database's own type names put in.
async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let (uuid, time, bytes, bytewise) = match connection.get_database_backend() {
        DbBackend::Postgres => ("uuid", "timestamptz", "bytea", "text COLLATE \"C\""),
        _ => ("uuid_text", "timestamp_with_timezone_text", "blob", "text"),
    };
    for statement in statements {
        let sql = statement
            .replace("{uuid}", uuid)
            .replace("{time}", time)
            .replace("{bytes}", bytes)
            .replace("{bytewise}", bytewise);
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Declares a migration that runs `UP`.
macro_rules! migration {
    () => {
        /// See the module.
        #[derive(DeriveMigrationName)]
        pub(crate) struct Migration;

        #[async_trait::async_trait]
        impl MigrationTrait for Migration {
            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                crate::run(manager, UP).await
            }
        }
    };
}
use migration;
