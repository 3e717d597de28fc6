//! Every tenant table can be distributed by tenant, on both databases.

use earmark_migrations::SHARED_TABLES;
use earmark_testkit::TestDb;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use std::collections::BTreeMap;

/// An index: its columns in order, and what it demands.
#[derive(Debug)]
struct Index {
    name: String,
    unique: bool,
    primary: bool,
    columns: Vec<String>,
}

#[derive(Debug, Default)]
struct Table {
    /// Columns that may not be null.
    required: Vec<String>,
    indexes: Vec<Index>,
}

type Tables = BTreeMap<String, Table>;

async fn texts(on: &DatabaseConnection, sql: &str) -> Vec<Vec<String>> {
    let statement = Statement::from_string(on.get_database_backend(), sql);
    let rows = on.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| {
            let columns = row.column_names();
            columns
                .iter()
                .map(|name| row.try_get::<String>("", name).unwrap())
                .collect()
        })
        .collect()
}

/// Table and column of each column that may not be null; table, index, `t` for unique, `t` for primary, and column of
/// each index's columns in order.
fn queries(backend: DbBackend) -> [&'static str; 3] {
    match backend {
        DbBackend::Postgres => [
            "SELECT tablename::text AS a FROM pg_tables WHERE schemaname = 'public'",
            "SELECT table_name::text AS a, column_name::text AS b FROM information_schema.columns \
             WHERE table_schema = 'public' AND is_nullable = 'NO'",
            "SELECT t.relname::text AS a, i.relname::text AS b, left(x.indisunique::text, 1) AS c, \
             left(x.indisprimary::text, 1) AS d, a.attname::text AS e FROM pg_index x \
             JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
             JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public' \
             CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY k (attnum, place) \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum ORDER BY 1, 2, k.place",
        ],
        _ => [
            "SELECT name AS a FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            "SELECT m.name AS a, c.name AS b FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND c.\"notnull\" = 1",
            "SELECT m.name AS a, l.name AS b, CASE l.\"unique\" WHEN 1 THEN 't' ELSE 'f' END AS c, \
             CASE l.origin WHEN 'pk' THEN 't' ELSE 'f' END AS d, i.name AS e FROM sqlite_master m \
             JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i WHERE m.type = 'table' \
             ORDER BY m.name, l.name, i.seqno",
        ],
    }
}

async fn tables(url: &str) -> Tables {
    let on = Database::connect(url).await.unwrap();
    let [names, required, indexes] = queries(on.get_database_backend());
    let mut tables = Tables::new();
    for row in texts(&on, names).await {
        tables.insert(row[0].clone(), Table::default());
    }
    for row in texts(&on, required).await {
        if let Some(table) = tables.get_mut(&row[0]) {
            table.required.push(row[1].clone());
        }
    }
    for row in texts(&on, indexes).await {
        let Some(table) = tables.get_mut(&row[0]) else {
            continue;
        };
        match table.indexes.iter_mut().find(|index| index.name == row[1]) {
            Some(index) => index.columns.push(row[4].clone()),
            None => table.indexes.push(Index {
                name: row[1].clone(),
                unique: row[2] == "t",
                primary: row[3] == "t",
                columns: vec![row[4].clone()],
            }),
        }
    }
    on.close().await.unwrap();
    tables
}

fn every_tenant_table_begins_with_its_workspace(tables: &Tables) {
    for shared in SHARED_TABLES {
        assert!(tables.contains_key(*shared), "there is no table {shared}");
    }
    let tenants: Vec<_> = tables
        .iter()
        .filter(|(name, _)| !SHARED_TABLES.contains(&name.as_str()))
        .collect();
    assert!(tenants.len() >= 15, "{tenants:?}");
    for (name, table) in tenants {
        assert!(
            table.required.iter().any(|column| column == "workspace_id"),
            "{name}.workspace_id may be null"
        );
        assert!(
            table.indexes.iter().any(|index| index.primary),
            "{name} has no primary key"
        );
        for index in &table.indexes {
            let first = index.columns.first().map(String::as_str);
            assert_eq!(first, Some("workspace_id"), "{name}: {index:?}");
            assert!(
                !index.unique || index.columns.len() > 1,
                "{name}: one row a workspace: {index:?}"
            );
        }
    }
}

#[tokio::test]
async fn sqlite() {
    let t = TestDb::sqlite().await;
    every_tenant_table_begins_with_its_workspace(&tables(&t.url).await);
}

#[tokio::test]
async fn postgres() {
    let t = TestDb::postgres().await;
    every_tenant_table_begins_with_its_workspace(&tables(&t.url).await);
}

/// The two kinds of database have the same tables with the same keys and indexes.
#[tokio::test]
async fn both_have_the_same_tables_and_indexes() {
    let (sqlite, postgres) = (TestDb::sqlite().await, TestDb::postgres().await);
    let shape = |tables: Tables| {
        let shapes = tables.into_iter().map(|(name, mut table)| {
            table.required.sort();
            let mut indexes: Vec<_> = table
                .indexes
                .into_iter()
                .map(|i| (i.columns, i.unique, i.primary))
                .collect();
            indexes.sort();
            (name, table.required, indexes)
        });
        shapes
            .filter(|(name, ..)| name != "seaql_migrations")
            .collect::<Vec<_>>()
    };
    assert_eq!(
        shape(tables(&sqlite.url).await),
        shape(tables(&postgres.url).await)
    );
}
