//! What contacts and companies have in common as copies of Intercom's: the newer copy wins, whatever the order.

use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, RunId};
use sea_orm::{FromQueryResult, Value};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Rows of one statement: SQLite takes 32,766 parameters.
const MOST_ROWS: usize = 500;

/// What storing a copy did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopyChange {
    /// It was not there.
    New,
    /// It differs from what was there.
    Changed,
    /// It is what was there.
    Unchanged,
    /// What was there is newer, or stands for one that was merged into another: nothing was stored.
    Older,
}

/// When a copy was true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CopyTime {
    /// When Intercom says that it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was seen: the webhook's own time, or when the API was asked. Decides between two of the same second.
    pub observed_at: DateTime<Utc>,
}

/// How a listing is sorted. Ties go by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CopySort {
    /// By name, or e-mail address.
    #[default]
    Name,
    /// Last seen first.
    Seen,
    /// Newest first.
    Created,
    /// By connection and id, which never change: nothing moves while a file is written.
    Key,
}

impl CopySort {
    /// The column that stands before connection and id.
    pub(crate) const fn column(self) -> Option<&'static str> {
        match self {
            Self::Name => Some("sort_name"),
            Self::Seen => Some("sort_seen"),
            Self::Created => Some("sort_created"),
            Self::Key => None,
        }
    }

    const fn is_descending(self) -> bool {
        matches!(self, Self::Seen | Self::Created)
    }
}

/// The place of a row in a sorted listing, from which the next page goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyPlace {
    /// The sorted value: a name, or Unix seconds as text.
    pub value: String,
    /// The connection.
    pub connection: ConnectionId,
    /// Intercom's id.
    pub id: String,
}

/// One of the two tables.
pub(crate) struct Mirror {
    pub(crate) table: &'static str,
    /// Its own columns, in the order of [`Row::values`].
    pub(crate) columns: &'static [&'static str],
    /// Whether a row can stand for one that was merged away.
    pub(crate) merges: bool,
}

/// A copy to be stored.
pub(crate) struct Row<'a> {
    pub(crate) id: &'a str,
    pub(crate) digest: &'a str,
    pub(crate) time: CopyTime,
    /// Whether it proves that the object is not archived.
    pub(crate) is_live: bool,
    pub(crate) values: Vec<Value>,
}

#[derive(FromQueryResult)]
struct Known {
    id: String,
    digest: String,
    updated_at: DateTime<Utc>,
    observed_at: DateTime<Utc>,
    archived_at: Option<DateTime<Utc>>,
    merged_into: Option<String>,
}

impl Known {
    fn time(&self) -> CopyTime {
        CopyTime {
            updated_at: self.updated_at,
            observed_at: self.observed_at,
        }
    }
}

fn change(known: Option<&Known>, row: &Row<'_>) -> CopyChange {
    match known {
        None => CopyChange::New,
        Some(known) if known.merged_into.is_some() => CopyChange::Older,
        Some(known) if known.digest == row.digest => CopyChange::Unchanged,
        Some(known) if known.time() > row.time => CopyChange::Older,
        Some(_) => CopyChange::Changed,
    }
}

impl<S: Source> Tenant<'_, S> {
    async fn known_copies(
        &self,
        mirror: &Mirror,
        connection: ConnectionId,
        ids: &[&str],
    ) -> Result<HashMap<String, Known>> {
        let merged = if mirror.merges {
            "merged_into"
        } else {
            "NULL AS merged_into"
        };
        let sql = format!(
            "SELECT id, digest, updated_at, observed_at, archived_at, {merged} FROM {} \
            WHERE workspace_id = $1 AND connection_id = $2 AND id IN {}",
            mirror.table,
            sql::places(1, ids.len(), 3)
        );
        let rows: Vec<Known> = sql::all(self.on(), &sql, self.ids(connection, ids)).await?;
        Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
    }

    /// The workspace, the connection and these ids, as values.
    pub(crate) fn ids(&self, connection: ConnectionId, ids: &[&str]) -> Vec<Value> {
        let mut values: Vec<Value> = vec![self.workspace().into(), connection.0.into()];
        values.extend(ids.iter().map(|id| Value::from(*id)));
        values
    }
}

impl Tenant<'_, Tx> {
    /// Stores copies, each unless what is there is newer. A row may not stand twice in `rows`.
    pub(crate) async fn put_copies(
        &self,
        mirror: &Mirror,
        connection: ConnectionId,
        rows: &[Row<'_>],
    ) -> Result<Vec<CopyChange>> {
        let mut changes = Vec::with_capacity(rows.len());
        for rows in rows.chunks(MOST_ROWS) {
            changes.extend(self.put_chunk(mirror, connection, rows).await?);
        }
        if changes
            .iter()
            .any(|one| matches!(one, CopyChange::New | CopyChange::Changed))
        {
            self.source.changed(self.id, ChangeKind::People);
        }
        Ok(changes)
    }

    async fn put_chunk(
        &self,
        mirror: &Mirror,
        connection: ConnectionId,
        rows: &[Row<'_>],
    ) -> Result<Vec<CopyChange>> {
        let ids: Vec<&str> = rows.iter().map(|row| row.id).collect();
        let known = self.known_copies(mirror, connection, &ids).await?;
        let (mut changes, mut fresh, mut revived) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let known = known.get(row.id);
            let change = change(known, row);
            changes.push(change);
            // What is the same but newer is stored too: else an older change could still win.
            let is_newer = known.is_none_or(|known| known.time() < row.time);
            if change == CopyChange::Changed || (change != CopyChange::Older && is_newer) {
                fresh.push(row);
            }
            let archived = known.and_then(|known| known.archived_at);
            if row.is_live && archived.is_some_and(|at| at < row.time.observed_at) {
                revived.push(row.id);
            }
        }
        if !fresh.is_empty() {
            let stored = self.upsert(mirror, connection, &fresh).await?;
            let is_fresh: HashSet<&str> = fresh.iter().map(|row| row.id).collect();
            for (row, change) in rows.iter().zip(&mut changes) {
                // Somebody stored a newer one since it was looked for.
                if is_fresh.contains(row.id) && !stored.contains(row.id) {
                    *change = CopyChange::Older;
                }
            }
        }
        if !revived.is_empty() {
            let sql = format!(
                "UPDATE {} SET archived_at = NULL WHERE workspace_id = $1 AND connection_id = $2 AND id IN {}",
                mirror.table,
                sql::places(1, revived.len(), 3)
            );
            sql::execute(self.on(), &sql, self.ids(connection, &revived)).await?;
        }
        Ok(changes)
    }

    /// Stores rows where what is there is not newer; gives the ids of those that were stored.
    async fn upsert(
        &self,
        mirror: &Mirror,
        connection: ConnectionId,
        rows: &[&Row<'_>],
    ) -> Result<HashSet<String>> {
        let Mirror { table, columns, .. } = mirror;
        let all = columns
            .iter()
            .chain(&["digest", "updated_at", "observed_at"]);
        let (names, sets): (Vec<&str>, Vec<String>) = all
            .map(|name| (*name, format!("{name} = excluded.{name}")))
            .unzip();
        let sql = format!(
            "INSERT INTO {table} (workspace_id, connection_id, id, {}) VALUES {} \
            ON CONFLICT (workspace_id, connection_id, id) DO UPDATE SET {} \
            WHERE {table}.updated_at < excluded.updated_at OR ({table}.updated_at = excluded.updated_at \
            AND {table}.observed_at <= excluded.observed_at) RETURNING id",
            names.join(", "),
            sql::places(rows.len(), names.len() + 3, 1),
            sets.join(", ")
        );
        let mut values: Vec<Value> = Vec::new();
        for row in rows {
            values.extend([self.workspace().into(), connection.0.into(), row.id.into()]);
            values.extend(row.values.iter().cloned());
            values.extend([
                row.digest.into(),
                row.time.updated_at.into(),
                row.time.observed_at.into(),
            ]);
        }
        let stored: Vec<String> = sql::column(self.on(), &sql, values).await?;
        Ok(stored.into_iter().collect())
    }

    /// Notes that these were seen in a run, so that those it did not see can be found. Gives those that it had not seen.
    pub(crate) async fn see_copies(
        &self,
        mirror: &Mirror,
        connection: ConnectionId,
        run: RunId,
        ids: &[&str],
    ) -> Result<HashSet<String>> {
        let mut fresh = HashSet::new();
        for ids in ids.chunks(MOST_ROWS) {
            let sql = format!(
                "UPDATE {} SET seen_in = ${n} WHERE workspace_id = $1 AND connection_id = $2 AND id IN {} \
                AND (seen_in IS NULL OR seen_in <> ${n}) RETURNING id",
                mirror.table,
                sql::places(1, ids.len(), 3),
                n = ids.len() + 3,
            );
            let mut values = self.ids(connection, ids);
            values.push(run.0.into());
            fresh.extend(sql::column::<String>(self.on(), &sql, values).await?);
        }
        Ok(fresh)
    }

    /// Marks a copy archived at `at`, unless it was seen later. True when that is news.
    pub(crate) async fn archive_copy(
        &self,
        mirror: &Mirror,
        connection: ConnectionId,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = format!(
            "UPDATE {} SET archived_at = $4 WHERE workspace_id = $1 AND connection_id = $2 AND id = $3 \
            AND archived_at IS NULL AND observed_at <= $4",
            mirror.table
        );
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            id.into(),
            at.into(),
        ];
        let news = sql::execute(self.on(), &sql, values).await? > 0;
        self.source.changed(self.id, ChangeKind::People);
        Ok(news)
    }
}

/// The conditions of a listing, with their values.
pub(crate) struct Listing {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Listing {
    /// Of a workspace; of one connection, and only archived or only live ones, when that is given.
    pub(crate) fn of(
        workspace: Uuid,
        connection: Option<ConnectionId>,
        archived: Option<bool>,
    ) -> Self {
        let mut listing = Self {
            sql: "WHERE t.workspace_id = $1".to_owned(),
            values: vec![workspace.into()],
        };
        if let Some(connection) = connection {
            listing.and("t.connection_id = {}", [connection.0.into()]);
        }
        match archived {
            Some(true) => listing.and("t.archived_at IS NOT NULL", []),
            Some(false) => listing.and("t.archived_at IS NULL", []),
            None => {}
        }
        listing
    }

    /// Those with `words` in the name that they are sorted by, which is stored in lower case, or in one of the columns,
    /// whatever the letters' case.
    pub(crate) fn and_words(&mut self, columns: &[&str], words: &str) {
        let mut any = vec!["t.sort_name LIKE {} ESCAPE '\\'".to_owned()];
        let columns = columns.iter().map(|column| format!("t.{column}"));
        any.extend(columns.map(|column| sql::holds(&column, words)));
        let pattern = sql::containing_lower(words);
        let values = any.iter().map(|_| pattern.as_str().into());
        let values: Vec<Value> = values.collect();
        self.and(&format!("({})", any.join(" OR ")), values);
    }

    /// Those that a table links with an id. The few that are linked are looked up, rather than each asked for its links; with
    /// their connection, when that is known, by the index.
    pub(crate) fn and_linked(
        &mut self,
        (table, key): (&str, &str),
        connection: Option<ConnectionId>,
        (column, id): (&str, &str),
    ) {
        let of_connection = match connection {
            Some(_) => "AND l.connection_id = {} ",
            None => "",
        };
        let linked = format!(
            "(t.connection_id, t.id) IN (SELECT l.connection_id, l.{key} FROM {table} l \
            WHERE l.workspace_id = $1 {of_connection}AND l.{column} = {{}})"
        );
        let connection = connection.map(|connection| connection.0.into());
        self.and(&linked, connection.into_iter().chain([id.into()]));
    }

    /// Adds a condition; each `{}` in it is the next of `values`.
    pub(crate) fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        let mut values = values.into_iter();
        for (n, piece) in condition.split("{}").enumerate() {
            if n > 0
                && let Some(value) = values.next()
            {
                self.values.push(value);
                self.sql.push_str(&format!("${}", self.values.len()));
            }
            self.sql.push_str(piece);
        }
    }

    /// Goes on after a place and sorts; gives the end of the statement.
    pub(crate) fn sorted(
        &mut self,
        sort: CopySort,
        after: Option<&CopyPlace>,
        most: u64,
    ) -> String {
        let column = sort.column();
        let (than, order) = if sort.is_descending() {
            ("<", "DESC")
        } else {
            (">", "ASC")
        };
        if let Some(CopyPlace {
            value,
            connection,
            id,
        }) = after
        {
            let key = [connection.0.into(), id.as_str().into()];
            let value: Option<Value> = match sort {
                CopySort::Name => Some(value.as_str().into()),
                CopySort::Seen | CopySort::Created => {
                    Some(value.parse::<i64>().unwrap_or(0).into())
                }
                CopySort::Key => None,
            };
            let (columns, places) = match column {
                Some(column) => (format!("t.{column}, "), "{}, {}, {}"),
                None => (String::new(), "{}, {}"),
            };
            self.and(
                &format!("({columns}t.connection_id, t.id) {than} ({places})"),
                value.into_iter().chain(key),
            );
        }
        let first = column.map_or_else(String::new, |column| format!("t.{column} {order}, "));
        format!("ORDER BY {first}t.connection_id {order}, t.id {order} LIMIT {most}")
    }
}

/// What a name is sorted by: its lower-case letters, cut to a length that an index takes.
pub(crate) fn sort_name(name: Option<&str>) -> String {
    // After every letter, so that those without a name stand last.
    const NAMELESS: &str = "\u{ffff}";
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => name.to_lowercase().chars().take(200).collect(),
        None => NAMELESS.to_owned(),
    }
}

/// What a time is sorted by: its Unix seconds.
pub(crate) fn sort_time(at: Option<DateTime<Utc>>) -> i64 {
    at.map_or(0, |at| at.timestamp())
}
