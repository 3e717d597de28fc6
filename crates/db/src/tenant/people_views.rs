//! What stands beside contacts and companies on their pages: names of what they have, segments, tickets.

use crate::error::Result;
use crate::scope::{Source, Tenant};
use crate::sql;
use crate::tenant::people_links::Links;
use chrono::{DateTime, Utc};
use earmark_model::ConnectionId;
use sea_orm::{FromQueryResult, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// A mirrored contact or company: the connection it was copied through, and Intercom's id.
pub type CopyKey = (ConnectionId, String);

/// Something that a contact or company has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Intercom's id.
    pub id: String,
    /// Its name, as far as it is known.
    pub name: Option<String>,
}

/// A segment that a contact is in.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Membership {
    /// Intercom's id of the segment.
    pub id: String,
    /// The segment's name, as far as it is known.
    pub name: Option<String>,
    /// When Intercom last said so.
    pub as_of: DateTime<Utc>,
}

/// Whose tickets are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketsOf {
    /// Those that contacts wrote.
    Contacts,
    /// Those of companies' conversations.
    Companies,
}

#[derive(FromQueryResult)]
struct NamedRow {
    connection_id: Uuid,
    owner: String,
    id: String,
    name: Option<String>,
}

#[derive(FromQueryResult)]
struct CountRow {
    connection_id: Uuid,
    owner: String,
    tickets: i64,
}

/// Keys that are asked about by one statement at most.
pub(super) const MOST_KEYS: usize = 500;

impl<S: Source> Tenant<'_, S> {
    /// What each of these contacts or companies has, with names, by name.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn named_links(
        &self,
        kind: Links,
        owners: &[CopyKey],
    ) -> Result<HashMap<CopyKey, Vec<Named>>> {
        let (table, owner, has) = kind.table();
        let names = match kind {
            Links::Companies => "companies",
            Links::ContactTags | Links::CompanyTags => "tags",
        };
        let mut found: HashMap<CopyKey, Vec<Named>> = HashMap::new();
        for owners in owners.chunks(MOST_KEYS) {
            let sql = format!(
                "WITH o(connection_id, id) AS (VALUES {}) SELECT l.connection_id, l.{owner} AS owner, l.{has} AS id, n.name \
                FROM o JOIN {table} l ON l.workspace_id = $1 AND l.connection_id = o.connection_id AND l.{owner} = o.id \
                LEFT JOIN {names} n ON n.workspace_id = l.workspace_id AND n.connection_id = l.connection_id \
                AND n.id = l.{has} ORDER BY n.name, l.{has}",
                sql::places(owners.len(), 2, 2)
            );
            let rows: Vec<NamedRow> = sql::all(self.on(), &sql, self.keys(owners)).await?;
            for NamedRow {
                connection_id,
                owner,
                id,
                name,
            } in rows
            {
                let key = (ConnectionId(connection_id), owner);
                found.entry(key).or_default().push(Named { id, name });
            }
        }
        Ok(found)
    }

    /// The segments a contact was in when they were last asked for, by name.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn segments_of(
        &self,
        connection: ConnectionId,
        contact: &str,
    ) -> Result<Vec<Membership>> {
        let sql = "SELECT l.segment_id AS id, s.name, l.as_of FROM contact_segments l \
            LEFT JOIN segments s ON s.workspace_id = l.workspace_id AND s.connection_id = l.connection_id \
            AND s.id = l.segment_id \
            WHERE l.workspace_id = $1 AND l.connection_id = $2 AND l.contact_id = $3 ORDER BY s.name, l.segment_id";
        sql::all(self.on(), sql, self.ids(connection, &[contact])).await
    }

    /// How many tickets each of these has; those without any are left out.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn tickets_of(
        &self,
        whose: TicketsOf,
        keys: &[CopyKey],
    ) -> Result<HashMap<CopyKey, i64>> {
        let column = match whose {
            TicketsOf::Contacts => "contact_id",
            TicketsOf::Companies => "company_id",
        };
        let mut found = HashMap::new();
        for keys in keys.chunks(MOST_KEYS) {
            let sql = format!(
                "WITH o(connection_id, id) AS (VALUES {}) SELECT c.connection_id, c.{column} AS owner, count(*) AS tickets \
                FROM o JOIN conversations c ON c.workspace_id = $1 AND c.connection_id = o.connection_id \
                AND c.{column} = o.id JOIN tickets t ON t.workspace_id = c.workspace_id \
                AND t.connection_id = c.connection_id AND t.conversation_id = c.id \
                GROUP BY c.connection_id, c.{column}",
                sql::places(keys.len(), 2, 2)
            );
            let rows: Vec<CountRow> = sql::all(self.on(), &sql, self.keys(keys)).await?;
            for CountRow {
                connection_id,
                owner,
                tickets,
            } in rows
            {
                found.insert((ConnectionId(connection_id), owner), tickets);
            }
        }
        Ok(found)
    }

    /// The workspace and these keys, as values.
    pub(super) fn keys(&self, keys: &[CopyKey]) -> Vec<Value> {
        let mut values: Vec<Value> = vec![self.workspace().into()];
        for (connection, id) in keys {
            values.extend([connection.0.into(), id.as_str().into()]);
        }
        values
    }
}
