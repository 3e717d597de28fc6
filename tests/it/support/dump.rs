//! Every value of every table as text, whatever tables there are: what is nowhere here is stored nowhere.

use earmark_testkit::TestDb;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, QueryResult, Statement};

/// A dump.
pub(crate) struct Dump(Vec<(String, String)>);

impl Dump {
    /// Reads the whole database.
    pub(crate) async fn of(db: &TestDb) -> Self {
        let on = Database::connect(&db.url)
            .await
            .expect("the database opens");
        let mut values = Vec::new();
        for (table, column, bytes) in columns(&on).await {
            for value in values_of(&on, &table, &bytes).await {
                values.push((format!("{table}.{column}"), value));
            }
        }
        on.close().await.expect("the database closes");
        assert!(
            values.iter().any(|(place, _)| place == "workspaces.slug"),
            "the dump found nothing"
        );
        Self(values)
    }

    /// Where a text stands.
    pub(crate) fn places_of(&self, text: &str) -> Vec<&str> {
        let found = self.0.iter().filter(|(_, value)| value.contains(text));
        found.map(|(place, _)| place.as_str()).collect()
    }
}

/// Fails with the places at which one of the texts stands.
pub(crate) async fn assert_nowhere(db: &TestDb, texts: &[&str]) {
    let dump = Dump::of(db).await;
    for text in texts {
        let places = dump.places_of(text);
        assert!(places.is_empty(), "{text:?} stands in {places:?}");
    }
}

async fn rows(on: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(on.get_database_backend(), sql);
    on.query_all_raw(statement).await.expect("a query")
}

/// Tables with their columns, each with the expression that gives its bytes.
async fn columns(on: &DatabaseConnection) -> Vec<(String, String, String)> {
    let sql = match on.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT t.name AS name, c.name AS part, 'CAST(\"' || c.name || '\" AS BLOB)' AS bytes \
             FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
        }
        _ => {
            "SELECT table_name::text AS name, column_name::text AS part, CASE data_type WHEN 'bytea' \
             THEN '\"' || column_name || '\"' ELSE 'convert_to(\"' || column_name || '\"::text, ''UTF8'')' END AS bytes \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let column = |row: &QueryResult| {
        let text = |name| row.try_get("", name).expect("a text");
        (text("name"), text("part"), text("bytes"))
    };
    rows(on, sql).await.iter().map(column).collect()
}

async fn values_of(on: &DatabaseConnection, table: &str, bytes: &str) -> Vec<String> {
    let sql = format!("SELECT {bytes} AS bytes FROM \"{table}\"");
    let text = |row: &QueryResult| {
        let bytes: Option<Vec<u8>> = row.try_get("", "bytes").expect("bytes");
        Some(String::from_utf8_lossy(&bytes?).into_owned())
    };
    rows(on, &sql).await.iter().filter_map(text).collect()
}
