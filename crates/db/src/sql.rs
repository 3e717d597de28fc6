//! Small helpers for hand-written statements. `$1` style places work on both databases.

use crate::error::Result;
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Func};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, FromQueryResult, Statement, TryGetable, Value,
};
use std::collections::BTreeSet;

/// Runs a statement and gives the number of rows it changed.
pub(crate) async fn execute(
    on: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<u64> {
    let statement = Statement::from_sql_and_values(on.get_database_backend(), sql, values);
    Ok(on.execute_raw(statement).await?.rows_affected())
}

/// Takes PostgreSQL's advisory locks of these keys until the transaction ends, with the function of that kind. SQLite has
/// one writer and needs none.
pub(crate) async fn advisory_locks(
    on: &impl ConnectionTrait,
    function: &str,
    mut keys: Vec<String>,
) -> Result<()> {
    if keys.is_empty() || on.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    // Everybody takes them in the same order.
    keys.sort_unstable();
    let keys = padded(&keys);
    let sql = format!(
        "SELECT count({function}(hashtextextended(key, 0))) FROM (VALUES {}) AS keys (key)",
        places(keys.len(), 1, 1)
    );
    let keys = keys.into_iter().map(Value::from).collect();
    execute(on, &sql, keys).await.map(drop)
}

/// The list, its last one repeated until their number is a power of two: so a few prepared statements serve lists of any
/// length.
pub(crate) fn padded<T: Clone>(list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    if let Some(last) = list.last().cloned() {
        list.resize(list.len().next_power_of_two(), last);
    }
    list
}

/// The list in parts of at most `most`, a power of two, whose sizes are powers of two: so a few prepared statements serve
/// lists of any length.
pub(crate) fn parts<T>(list: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let size = std::cmp::min(1 << rest.len().checked_ilog2()?, most);
        let (part, others) = rest.split_at(size);
        rest = others;
        Some(part)
    })
}

/// What locks the rows that a query finds until the transaction ends. SQLite has one writer and needs none.
pub(crate) fn for_update(on: &impl ConnectionTrait) -> &'static str {
    match on.get_database_backend() {
        DbBackend::Postgres => "FOR UPDATE",
        _ => "",
    }
}

/// All rows of a query.
pub(crate) async fn all<R: FromQueryResult>(
    on: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<R>> {
    let statement = Statement::from_sql_and_values(on.get_database_backend(), sql, values);
    let rows = on.query_all_raw(statement).await?;
    Ok(rows
        .iter()
        .map(|row| R::from_query_result(row, ""))
        .collect::<Result<_, _>>()?)
}

/// The one column of all rows of a query.
pub(crate) async fn column<T: TryGetable>(
    on: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<T>> {
    let statement = Statement::from_sql_and_values(on.get_database_backend(), sql, values);
    let rows = on.query_all_raw(statement).await?;
    Ok(rows
        .iter()
        .map(|row| row.try_get_by_index(0))
        .collect::<Result<_, _>>()?)
}

/// What a query of one `count(*)` counts.
pub(crate) async fn count(on: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<i64> {
    Ok(column(on, sql, values).await?.first().copied().unwrap_or(0))
}

/// The first row of a query.
pub(crate) async fn one<R: FromQueryResult>(
    on: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<R>> {
    let statement = Statement::from_sql_and_values(on.get_database_backend(), sql, values);
    let row = on.query_one_raw(statement).await?;
    Ok(row.map(|row| R::from_query_result(&row, "")).transpose()?)
}

/// `($1, $2), ($3, $4)`: places for `rows` rows of `columns` columns, numbered from `first`.
pub(crate) fn places(rows: usize, columns: usize, first: usize) -> String {
    let mut sql = String::new();
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                sql.push_str(", ");
            }
            sql.push('$');
            sql.push_str(&(first + row * columns + column).to_string());
        }
        sql.push(')');
    }
    sql
}

/// Letters of a search beyond ASCII that are told apart from their capitals at most: each is one more call in the statement.
const MOST_LETTERS: usize = 32;

/// The LIKE pattern, with `\` as its escape, of texts that contain `words` as they are written.
pub(crate) fn containing(words: &str) -> String {
    let escaped = words
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}

/// The same of texts in lower case: the pattern that [`holds`] takes.
pub(crate) fn containing_lower(words: &str) -> String {
    containing(&lower(words))
}

/// The condition that a column contains `words`, whatever the letters' case, with `{}` as the place of
/// [`containing_lower`]. The database's own lower() may know ASCII letters only, as SQLite's does; so the others that are
/// looked for are put in lower case one by one.
pub(crate) fn holds(column: &str, words: &str) -> String {
    let lower = format!("lower({column})");
    let text = capitals(words).into_iter().fold(lower, |text, pair| {
        format!("replace({text}, '{}', '{}')", pair.0, pair.1)
    });
    format!("{text} LIKE {{}} ESCAPE '\\'")
}

/// In lower case letter by letter, whatever stands beside it, as [`holds`] does it.
fn lower(words: &str) -> String {
    words.chars().flat_map(char::to_lowercase).collect()
}

/// The letters of `words` beyond ASCII that have one capital: that, and the letter in lower case.
fn capitals(words: &str) -> Vec<(char, char)> {
    let words = lower(words);
    let letters: BTreeSet<char> = words.chars().filter(|letter| !letter.is_ascii()).collect();
    let capital = |small: char| {
        let mut capital = small.to_uppercase();
        match (capital.next(), capital.next()) {
            (Some(one), None) if one != small && !one.is_ascii() => Some((one, small)),
            _ => None,
        }
    };
    let capitals = letters.into_iter().filter_map(capital);
    capitals.take(MOST_LETTERS).collect()
}

/// The same condition as [`holds`], for a query that is built.
pub(crate) fn contains(column: impl ColumnTrait, words: &str) -> Expr {
    let column = Expr::from(Func::lower(Expr::col(column.as_column_ref())));
    let text = capitals(words).into_iter().fold(column, |text, pair| {
        let (capital, small) = (pair.0.to_string(), pair.1.to_string());
        let replaced = Func::cust("replace").args([text, Expr::val(capital), Expr::val(small)]);
        Expr::from(replaced)
    });
    let pattern = Expr::val(containing_lower(words));
    text.binary(
        BinOper::Like,
        pattern.binary(BinOper::Escape, Expr::Constant('\\'.into())),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn places_count_on() {
        assert_eq!(super::places(2, 2, 3), "($3, $4), ($5, $6)");
    }

    #[test]
    fn parts_are_powers_of_two() {
        let sizes = |count, most| {
            let list = vec![0; count];
            let parts = super::parts(&list, most);
            Vec::from_iter(parts.map(<[i32]>::len))
        };
        assert!(sizes(0, 8).is_empty());
        assert_eq!(sizes(7, 8), [4, 2, 1]);
        assert_eq!(sizes(21, 8), [8, 8, 4, 1]);
    }

    #[test]
    fn letters_beyond_ascii_are_put_in_lower_case_one_by_one() {
        let holds = super::holds;
        let plain = "lower(a) LIKE {} ESCAPE '\\'";
        assert_eq!(holds("a", "Ada's"), plain);
        assert_eq!(
            holds("a", "ß ı ſ 名"),
            plain,
            "they have no capital of their own"
        );
        let wanted = "replace(replace(lower(a), 'É', 'é'), 'Ж', 'ж') LIKE {} ESCAPE '\\'";
        assert_eq!(holds("a", "ÉlodieЖé"), wanted);
    }

    #[test]
    fn patterns_escape_what_like_would_read() {
        assert_eq!(super::containing(r"50%_\"), r"%50\%\_\\%");
    }
}
