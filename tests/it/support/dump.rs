//! Every value of every table as text, whatever tables there are: what is nowhere here is stored nowhere.

use earmark_testkit::TestDb;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// A dump.
pub(crate) struct Dump(Vec<(String, String)>);

impl Dump {
    /// Reads the whole database.
    pub(crate) async fn of(db: &TestDb) -> Self {
        let on = Database::connect(&db.url).await.expect("the database opens");
        let mut values = Vec::new();
        for (table, column) in columns(&on).await {
            for value in column_texts(&on, &table, &column).await {
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

async fn texts(on: &DatabaseConnection, sql: &str) -> Vec<Vec<Option<String>>> {
    let statement = Statement::from_string(on.get_database_backend(), sql);
    let rows = on.query_all_raw(statement).await.expect("a query");
    let row_texts = |row: &sea_orm::QueryResult| {
        (0..row.column_names().len())
            .map(|at| row.try_get_by_index(at).expect("a text"))
            .collect()
    };
    rows.iter().map(row_texts).collect()
}

async fn columns(on: &DatabaseConnection) -> Vec<(String, String)> {
    let sql = match on.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' \
             AND t.name NOT LIKE 'sqlite_%'"
        }
        _ => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let pair = |row: Vec<Option<String>>| {
        let mut row = row.into_iter().flatten();
        row.next().zip(row.next()).expect("a table and a column")
    };
    texts(on, sql).await.into_iter().map(pair).collect()
}

async fn column_texts(on: &DatabaseConnection, table: &str, column: &str) -> Vec<String> {
    let value = match on.get_database_backend() {
        DbBackend::Sqlite => format!("CAST(\"{column}\" AS TEXT)"),
        // Bytes in escape form: what is ASCII stays readable.
        _ => format!(
            "CASE WHEN pg_typeof(\"{column}\") = 'bytea'::regtype THEN encode(\"{column}\"::text::bytea, 'escape') \
             ELSE \"{column}\"::text END"
        ),
    };
    let sql = format!("SELECT {value} FROM \"{table}\"");
    texts(on, &sql).await.into_iter().flatten().flatten().collect()
}
