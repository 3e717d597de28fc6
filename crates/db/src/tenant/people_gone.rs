//! Contacts that are no more: merged into another, or deleted in Intercom.

use crate::error::Result;
use crate::scope::{Source, Tenant};
use crate::sql;
use crate::tenant::people_views::{CopyKey, MOST_KEYS, Named};
use chrono::{DateTime, Utc};
use earmark_model::ConnectionId;
use sea_orm::FromQueryResult;
use std::collections::HashMap;
use uuid::Uuid;

/// A contact that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoneContact {
    /// The connection it was copied through, and Intercom's id.
    pub key: CopyKey,
    /// The contact it was merged into; `None` when it was deleted.
    pub merged_into: Option<String>,
    /// When we learned of it.
    pub at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct GoneRow {
    connection_id: Uuid,
    id: String,
    merged_into: Option<String>,
    at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct SegmentRow {
    connection_id: Uuid,
    contact_id: String,
    id: String,
    name: Option<String>,
}

impl<S: Source> Tenant<'_, S> {
    /// Contacts that were merged or deleted, by connection and id, after a key.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn gone_contacts(
        &self,
        connection: Option<ConnectionId>,
        after: Option<&CopyKey>,
        most: u64,
    ) -> Result<Vec<GoneContact>> {
        let mut values = vec![self.workspace().into()];
        let mut place = |value: sea_orm::Value| {
            values.push(value);
            values.len()
        };
        let of = connection.map(|one| format!(" AND connection_id = ${}", place(one.0.into())));
        let of = of.unwrap_or_default();
        let after = after.map(|(connection, id)| {
            let (connection, id) = (place(connection.0.into()), place(id.as_str().into()));
            format!(" WHERE (connection_id, id) > (${connection}, ${id})")
        });
        let after = after.unwrap_or_default();
        let sql = format!(
            "SELECT connection_id, id, merged_into, at FROM (SELECT connection_id, id, merged_into, observed_at AS at \
            FROM contacts WHERE workspace_id = $1 AND merged_into IS NOT NULL{of} UNION ALL \
            SELECT connection_id, subject_id AS id, NULL AS merged_into, at FROM tombstones b \
            WHERE workspace_id = $1 AND kind = 'contact' AND message_id = ''{of} \
            AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.workspace_id = b.workspace_id \
            AND c.connection_id = b.connection_id AND c.id = b.subject_id)) g{after} \
            ORDER BY connection_id, id LIMIT {most}"
        );
        let rows: Vec<GoneRow> = sql::all(self.on(), &sql, values).await?;
        let gone = rows.into_iter().map(|row| {
            let GoneRow {
                connection_id,
                id,
                merged_into,
                at,
            } = row;
            GoneContact {
                key: (ConnectionId(connection_id), id),
                merged_into,
                at,
            }
        });
        Ok(gone.collect())
    }

    /// The segments that each of these contacts was in when they were last asked for, by name.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn segments_of_all(
        &self,
        contacts: &[CopyKey],
    ) -> Result<HashMap<CopyKey, Vec<Named>>> {
        let mut found: HashMap<CopyKey, Vec<Named>> = HashMap::new();
        for contacts in contacts.chunks(MOST_KEYS) {
            let sql = format!(
                "WITH o(connection_id, id) AS (VALUES {}) SELECT l.connection_id, l.contact_id, l.segment_id AS id, s.name \
                FROM o JOIN contact_segments l ON l.workspace_id = $1 AND l.connection_id = o.connection_id \
                AND l.contact_id = o.id LEFT JOIN segments s ON s.workspace_id = l.workspace_id \
                AND s.connection_id = l.connection_id AND s.id = l.segment_id ORDER BY s.name, l.segment_id",
                sql::places(contacts.len(), 2, 2)
            );
            let rows: Vec<SegmentRow> = sql::all(self.on(), &sql, self.keys(contacts)).await?;
            for row in rows {
                let SegmentRow {
                    connection_id,
                    contact_id,
                    id,
                    name,
                } = row;
                let key = (ConnectionId(connection_id), contact_id);
                found.entry(key).or_default().push(Named { id, name });
            }
        }
        Ok(found)
    }
}
