//! What belongs to what: contacts to companies, tags and segments, companies to tags.

use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::ConnectionId;
use sea_orm::{FromQueryResult, Value};
use std::collections::{HashMap, HashSet};

/// Links that are added by one statement at most.
const MOST_ROWS: usize = 1_000;

/// A kind of link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Links {
    /// A contact's companies.
    Companies,
    /// A contact's tags.
    ContactTags,
    /// A company's tags.
    CompanyTags,
}

impl Links {
    /// The table, the column of the owner and that of what it has.
    pub(super) const fn table(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Companies => ("contact_companies", "contact_id", "company_id"),
            Self::ContactTags => ("contact_tags", "contact_id", "tag_id"),
            Self::CompanyTags => ("company_tags", "company_id", "tag_id"),
        }
    }
}

/// A segment of contacts or companies.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Segment {
    /// Intercom's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is made of, such as `user` or `contact`.
    pub person_type: Option<String>,
    /// When its members were last fetched.
    pub as_of: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct LinkRow {
    owner: String,
    has: String,
}

#[derive(FromQueryResult)]
struct TagRow {
    id: String,
    name: Option<String>,
}

impl<S: Source> Tenant<'_, S> {
    /// What these owners have, by owner.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn links(
        &self,
        kind: Links,
        connection: ConnectionId,
        owners: &[&str],
    ) -> Result<HashMap<String, HashSet<String>>> {
        let mut found: HashMap<String, HashSet<String>> = HashMap::new();
        if owners.is_empty() {
            return Ok(found);
        }
        let (table, owner, has) = kind.table();
        let sql = format!(
            "SELECT {owner} AS owner, {has} AS has FROM {table} \
            WHERE workspace_id = $1 AND connection_id = $2 AND {owner} IN {}",
            sql::places(1, owners.len(), 3)
        );
        let rows: Vec<LinkRow> = sql::all(self.on(), &sql, self.ids(connection, owners)).await?;
        for LinkRow { owner, has } in rows {
            found.entry(owner).or_default().insert(has);
        }
        Ok(found)
    }

    /// The tags of a contact or company: id and name, as far as the name is known.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn linked_tags(
        &self,
        kind: Links,
        connection: ConnectionId,
        owner: &str,
    ) -> Result<Vec<(String, Option<String>)>> {
        let (table, column, has) = kind.table();
        let sql = format!(
            "SELECT l.{has} AS id, g.name FROM {table} l LEFT JOIN tags g ON g.workspace_id = l.workspace_id \
            AND g.connection_id = l.connection_id AND g.id = l.{has} \
            WHERE l.workspace_id = $1 AND l.connection_id = $2 AND l.{column} = $3 ORDER BY g.name, l.{has}"
        );
        let rows: Vec<TagRow> = sql::all(self.on(), &sql, self.ids(connection, &[owner])).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
    }

    /// The segments of a connection, by name.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn segments(&self, connection: ConnectionId) -> Result<Vec<Segment>> {
        let sql = "SELECT id, name, person_type, as_of FROM segments WHERE workspace_id = $1 AND connection_id = $2 \
            ORDER BY name, id";
        sql::all(self.on(), sql, self.ids(connection, &[])).await
    }
}

impl Tenant<'_, Tx> {
    /// Makes our links equal what Intercom lists of these owners. Where a list is cut, links are added and none is taken
    /// away. Gives the owners whose links changed.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn put_links(
        &self,
        kind: Links,
        connection: ConnectionId,
        wanted: &[(&str, Vec<&str>, bool)],
    ) -> Result<HashSet<String>> {
        let owners: Vec<&str> = wanted.iter().map(|(owner, ..)| *owner).collect();
        let known = self.links(kind, connection, &owners).await?;
        let none = HashSet::new();
        let (mut added, mut gone) = (Vec::new(), Vec::new());
        for (owner, has, is_cut) in wanted {
            let known = known.get(*owner).unwrap_or(&none);
            let listed: HashSet<&str> = has.iter().copied().collect();
            added.extend(
                listed
                    .iter()
                    .filter(|one| !known.contains(**one))
                    .map(|one| (*owner, *one)),
            );
            if !is_cut {
                let left = known.iter().map(String::as_str);
                gone.extend(
                    left.filter(|one| !listed.contains(one))
                        .map(|one| (*owner, one)),
                );
            }
        }
        for pairs in added.chunks(MOST_ROWS) {
            self.add_links(kind, connection, pairs).await?;
        }
        for (owner, has) in &gone {
            self.remove_link(kind, connection, owner, has).await?;
        }
        let changed = added.iter().chain(&gone);
        Ok(changed.map(|(owner, _)| (*owner).to_owned()).collect())
    }

    async fn add_links(
        &self,
        kind: Links,
        connection: ConnectionId,
        pairs: &[(&str, &str)],
    ) -> Result<()> {
        let (table, owner, has) = kind.table();
        let sql = format!(
            "INSERT INTO {table} (workspace_id, connection_id, {owner}, {has}, since) VALUES {} \
            ON CONFLICT (workspace_id, connection_id, {owner}, {has}) DO NOTHING",
            sql::places(pairs.len(), 5, 1)
        );
        let mut values: Vec<Value> = Vec::with_capacity(pairs.len() * 5);
        for (owner, has) in pairs {
            values.extend([self.workspace().into(), connection.0.into()]);
            values.extend([(*owner).into(), (*has).into(), self.now().into()]);
        }
        sql::execute(self.on(), &sql, values).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(())
    }

    /// Adds one link.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn add_link(
        &self,
        kind: Links,
        connection: ConnectionId,
        owner: &str,
        has: &str,
    ) -> Result<()> {
        self.add_links(kind, connection, &[(owner, has)]).await
    }

    /// Takes one link away. True when it was there.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn remove_link(
        &self,
        kind: Links,
        connection: ConnectionId,
        owner: &str,
        has: &str,
    ) -> Result<bool> {
        let (table, column, other) = kind.table();
        let sql = format!(
            "DELETE FROM {table} WHERE workspace_id = $1 AND connection_id = $2 AND {column} = $3 AND {other} = $4"
        );
        let removed = sql::execute(self.on(), &sql, self.ids(connection, &[owner, has])).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(removed > 0)
    }

    /// Stores the segments of a connection in place of those known; members of one that is gone go with it.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn put_segments(&self, connection: ConnectionId, segments: &[Segment]) -> Result<()> {
        let known = self.segments(connection).await?;
        for old in known
            .iter()
            .filter(|old| segments.iter().all(|new| new.id != old.id))
        {
            for table in ["contact_segments", "segments"] {
                let column = if table == "segments" {
                    "id"
                } else {
                    "segment_id"
                };
                let sql = format!(
                    "DELETE FROM {table} WHERE workspace_id = $1 AND connection_id = $2 AND {column} = $3"
                );
                sql::execute(self.on(), &sql, self.ids(connection, &[&old.id])).await?;
            }
        }
        for Segment {
            id,
            name,
            person_type,
            as_of: _,
        } in segments
        {
            let sql = "INSERT INTO segments (workspace_id, connection_id, id, name, person_type) VALUES ($1, $2, $3, $4, $5) \
                ON CONFLICT (workspace_id, connection_id, id) DO UPDATE SET name = excluded.name, \
                person_type = excluded.person_type";
            let mut values = self.ids(connection, &[id, name]);
            values.push(person_type.clone().into());
            sql::execute(self.on(), sql, values).await?;
        }
        self.source.changed(self.id, ChangeKind::People);
        Ok(())
    }

    /// Notes that these contacts are members of a segment as of a time.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn put_segment_members(
        &self,
        connection: ConnectionId,
        segment: &str,
        as_of: DateTime<Utc>,
        contacts: &[&str],
    ) -> Result<()> {
        for contacts in contacts.chunks(MOST_ROWS) {
            let sql = format!(
                "INSERT INTO contact_segments (workspace_id, connection_id, contact_id, segment_id, as_of) VALUES {} \
                ON CONFLICT (workspace_id, connection_id, contact_id, segment_id) DO UPDATE SET as_of = excluded.as_of",
                sql::places(contacts.len(), 5, 1)
            );
            let mut values: Vec<Value> = Vec::with_capacity(contacts.len() * 5);
            for contact in contacts {
                values.extend([self.workspace().into(), connection.0.into()]);
                values.extend([(*contact).into(), segment.into(), as_of.into()]);
            }
            sql::execute(self.on(), &sql, values).await?;
        }
        Ok(())
    }

    /// Ends a pass over a segment's members that began at `as_of`: whoever it did not see is no member any more.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn end_segment_pass(
        &self,
        connection: ConnectionId,
        segment: &str,
        as_of: DateTime<Utc>,
    ) -> Result<()> {
        let values = || {
            let mut values = self.ids(connection, &[segment]);
            values.push(as_of.into());
            values
        };
        let sql = "DELETE FROM contact_segments WHERE workspace_id = $1 AND connection_id = $2 AND segment_id = $3 \
            AND as_of < $4";
        sql::execute(self.on(), sql, values()).await?;
        let sql = "UPDATE segments SET as_of = $4 WHERE workspace_id = $1 AND connection_id = $2 AND id = $3";
        sql::execute(self.on(), sql, values()).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(())
    }
}
