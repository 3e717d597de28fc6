//! Mirrored contacts.

use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use crate::tenant::mirror::{
    CopyChange, CopyPlace, CopySort, CopyTime, Listing, Mirror, Row, sort_name, sort_time,
};
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, RunId};
use sea_orm::FromQueryResult;
use std::collections::HashSet;
use uuid::Uuid;

pub(crate) const CONTACTS: Mirror = Mirror {
    table: "contacts",
    columns: &[
        "role",
        "external_id",
        "email",
        "phone",
        "name",
        "owner_id",
        "content",
        "created_at",
        "last_seen_at",
        "lists_cut",
        "sort_name",
        "sort_seen",
        "sort_created",
    ],
    merges: true,
};

/// A contact as it was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Intercom's id.
    pub id: String,
    /// `user` or `lead`, or what Intercom says.
    pub role: Option<String>,
    /// The customer's own id.
    pub external_id: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Id of the teammate who owns the contact.
    pub owner_id: Option<String>,
    /// Everything else that Intercom says, as a JSON object: attributes, location, dates, unknown fields.
    pub content: String,
    /// Tells this content from another.
    pub digest: String,
    /// When Intercom learned of them.
    pub created_at: Option<DateTime<Utc>>,
    /// When they were last seen.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Whether Intercom cut the lists of companies or tags.
    pub lists_cut: bool,
    /// When this was true.
    pub time: CopyTime,
}

/// A contact in our copy, with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirroredContact {
    /// The connection it was copied through.
    pub connection: ConnectionId,
    /// The copy.
    pub contact: Contact,
    /// Since when Intercom's API shows it no more.
    pub archived_at: Option<DateTime<Utc>>,
    /// The contact it was merged into; then nothing else is left of it.
    pub merged_into: Option<String>,
}

/// Which contacts a list shows; `None` does not filter. Merged ones are never listed.
#[derive(Debug, Clone, Default)]
pub struct ContactFilter {
    /// Only this connection's.
    pub connection: Option<ConnectionId>,
    /// Only this role.
    pub role: Option<String>,
    /// Only those of this company.
    pub company: Option<String>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those of this segment.
    pub segment: Option<String>,
    /// Only those with these words in name, e-mail address or external id.
    pub words: Option<String>,
    /// Only archived ones, or only live ones.
    pub archived: Option<bool>,
}

#[derive(FromQueryResult)]
struct ContactRow {
    connection_id: Uuid,
    id: String,
    role: Option<String>,
    external_id: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    name: Option<String>,
    owner_id: Option<String>,
    content: String,
    digest: String,
    created_at: Option<DateTime<Utc>>,
    last_seen_at: Option<DateTime<Utc>>,
    lists_cut: bool,
    updated_at: DateTime<Utc>,
    observed_at: DateTime<Utc>,
    archived_at: Option<DateTime<Utc>>,
    merged_into: Option<String>,
}

impl From<ContactRow> for MirroredContact {
    fn from(row: ContactRow) -> Self {
        let ContactRow {
            connection_id,
            id,
            role,
            external_id,
            email,
            phone,
            name,
            owner_id,
            content,
            digest,
            created_at,
            last_seen_at,
            lists_cut,
            updated_at,
            observed_at,
            archived_at,
            merged_into,
        } = row;
        let time = CopyTime {
            updated_at,
            observed_at,
        };
        Self {
            connection: ConnectionId(connection_id),
            contact: Contact {
                id,
                role,
                external_id,
                email,
                phone,
                name,
                owner_id,
                content,
                digest,
                created_at,
                last_seen_at,
                lists_cut,
                time,
            },
            archived_at,
            merged_into,
        }
    }
}

const COLUMNS: &str = "t.connection_id, t.id, t.role, t.external_id, t.email, t.phone, t.name, t.owner_id, t.content, \
    t.digest, t.created_at, t.last_seen_at, t.lists_cut, t.updated_at, t.observed_at, t.archived_at, t.merged_into";

fn listing(workspace: Uuid, filter: &ContactFilter) -> Listing {
    let ContactFilter {
        connection,
        role,
        company,
        tag,
        segment,
        words,
        archived,
    } = filter;
    let mut listing = Listing::of(workspace, *connection, *archived);
    listing.and("t.merged_into IS NULL", []);
    if let Some(role) = role {
        listing.and("t.role = {}", [role.as_str().into()]);
    }
    for (table, column, id) in [
        ("contact_companies", "company_id", company),
        ("contact_tags", "tag_id", tag),
        ("contact_segments", "segment_id", segment),
    ] {
        if let Some(id) = id {
            listing.and_linked((table, "contact_id"), *connection, (column, id));
        }
    }
    if let Some(words) = words {
        listing.and_words(&["name", "email", "external_id"], words);
    }
    listing
}

impl MirroredContact {
    /// Where it stands in a sorted listing.
    #[must_use]
    pub fn place(&self, sort: CopySort) -> CopyPlace {
        let shown = self
            .contact
            .name
            .as_deref()
            .or(self.contact.email.as_deref());
        CopyPlace {
            value: match sort {
                CopySort::Name => sort_name(shown),
                CopySort::Seen => sort_time(self.contact.last_seen_at).to_string(),
                CopySort::Created => sort_time(self.contact.created_at).to_string(),
                CopySort::Key => String::new(),
            },
            connection: self.connection,
            id: self.contact.id.clone(),
        }
    }
}

impl<S: Source> Tenant<'_, S> {
    /// A page of contacts, after a place.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn contacts(
        &self,
        filter: &ContactFilter,
        sort: CopySort,
        after: Option<&CopyPlace>,
        most: u64,
    ) -> Result<Vec<MirroredContact>> {
        let mut listing = listing(self.workspace(), filter);
        let end = listing.sorted(sort, after, most);
        let sql = format!("SELECT {COLUMNS} FROM contacts t {} {end}", listing.sql);
        let rows: Vec<ContactRow> = sql::all(self.on(), &sql, listing.values).await?;
        Ok(rows.into_iter().map(MirroredContact::from).collect())
    }

    /// How many contacts a filter leaves.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn contact_count(&self, filter: &ContactFilter) -> Result<i64> {
        let listing = listing(self.workspace(), filter);
        let sql = format!("SELECT count(*) FROM contacts t {}", listing.sql);
        sql::count(self.on(), &sql, listing.values).await
    }

    /// A contact, merged ones included.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn contact(
        &self,
        connection: ConnectionId,
        id: &str,
    ) -> Result<Option<MirroredContact>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM contacts t WHERE t.workspace_id = $1 AND t.connection_id = $2 AND t.id = $3"
        );
        let row: Option<ContactRow> =
            sql::one(self.on(), &sql, self.ids(connection, &[id])).await?;
        Ok(row.map(MirroredContact::from))
    }

    /// Contacts that were merged into this one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn merged_contacts(
        &self,
        connection: ConnectionId,
        into: &str,
    ) -> Result<Vec<String>> {
        let sql = "SELECT id FROM contacts WHERE workspace_id = $1 AND connection_id = $2 AND merged_into = $3 ORDER BY id";
        sql::column(self.on(), sql, self.ids(connection, &[into])).await
    }

    /// The e-mail addresses by which our copy knows a contact: of the contact itself, and on its conversations.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn contact_emails(&self, connection: ConnectionId, id: &str) -> Result<Vec<String>> {
        let sql = "SELECT email FROM contacts WHERE workspace_id = $1 AND connection_id = $2 AND id = $3 \
            AND email IS NOT NULL UNION SELECT contact_email AS email FROM conversations \
            WHERE workspace_id = $1 AND connection_id = $2 AND contact_id = $3 AND contact_email IS NOT NULL";
        sql::column(self.on(), sql, self.ids(connection, &[id])).await
    }
}

impl Tenant<'_, Tx> {
    /// Stores copies of contacts, each unless what is there is newer; says of each, in order, what that did. `is_live`
    /// says that Intercom showed them in a list or search, which it does with no archived one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_contacts(
        &self,
        connection: ConnectionId,
        contacts: &[Contact],
        is_live: bool,
    ) -> Result<Vec<CopyChange>> {
        let rows = contacts.iter().map(|contact| {
            let Contact {
                id,
                role,
                external_id,
                email,
                phone,
                name,
                owner_id,
                content,
                digest,
                created_at,
                last_seen_at,
                lists_cut,
                time,
            } = contact;
            let values = vec![
                role.clone().into(),
                external_id.clone().into(),
                email.clone().into(),
                phone.clone().into(),
                name.clone().into(),
                owner_id.clone().into(),
                content.as_str().into(),
                (*created_at).into(),
                (*last_seen_at).into(),
                (*lists_cut).into(),
                sort_name(name.as_deref().or(email.as_deref())).into(),
                sort_time(*last_seen_at).into(),
                sort_time(*created_at).into(),
            ];
            Row {
                id,
                digest,
                time: *time,
                is_live,
                values,
            }
        });
        let rows: Vec<Row<'_>> = rows.collect();
        self.put_copies(&CONTACTS, connection, &rows).await
    }

    /// Notes that a run saw these contacts; gives those that it had not seen before.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn see_contacts(
        &self,
        connection: ConnectionId,
        run: RunId,
        ids: &[&str],
    ) -> Result<HashSet<String>> {
        self.see_copies(&CONTACTS, connection, run, ids).await
    }

    /// Marks a contact archived, from `at`, unless it was seen later. True when that is news.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn archive_contact(
        &self,
        connection: ConnectionId,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        self.archive_copy(&CONTACTS, connection, id, at).await
    }

    /// Notes that a contact is archived no more.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn unarchive_contact(
        &self,
        connection: ConnectionId,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "UPDATE contacts SET archived_at = NULL WHERE workspace_id = $1 AND connection_id = $2 AND id = $3 \
            AND archived_at < $4";
        let mut values = self.ids(connection, &[id]);
        values.push(at.into());
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(())
    }

    /// Notes that a contact's companies and tags were fetched whole.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn completed_contact(&self, connection: ConnectionId, id: &str) -> Result<()> {
        let sql = "UPDATE contacts SET lists_cut = $4 WHERE workspace_id = $1 AND connection_id = $2 AND id = $3";
        let mut values = self.ids(connection, &[id]);
        values.push(false.into());
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Notes that a contact's companies or tags were changed at `at`, beside what its copy tells: whatever was seen
    /// earlier is older, and whatever is seen later is news.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn outdate_contact(
        &self,
        connection: ConnectionId,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "UPDATE contacts SET digest = '', observed_at = CASE WHEN observed_at < $4 THEN $4 ELSE observed_at END \
            WHERE workspace_id = $1 AND connection_id = $2 AND id = $3";
        let mut values = self.ids(connection, &[id]);
        values.push(at.into());
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(())
    }

    /// Removes a deleted contact with its links from our copy. True when it was there.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn remove_contact(&self, connection: ConnectionId, id: &str) -> Result<bool> {
        for table in ["contact_companies", "contact_tags", "contact_segments"] {
            let sql = format!(
                "DELETE FROM {table} WHERE workspace_id = $1 AND connection_id = $2 AND contact_id = $3"
            );
            sql::execute(self.on(), &sql, self.ids(connection, &[id])).await?;
        }
        let sql = "DELETE FROM contacts WHERE workspace_id = $1 AND connection_id = $2 AND id = $3";
        let removed = sql::execute(self.on(), sql, self.ids(connection, &[id])).await? > 0;
        self.source.changed(self.id, ChangeKind::People);
        Ok(removed)
    }

    /// Makes one contact's links those of the contact it was merged into, and leaves nothing of it but where it went, so
    /// that a late webhook does not bring it back.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn merge_mirrored(
        &self,
        connection: ConnectionId,
        (from, into): (&str, &str),
        time: CopyTime,
    ) -> Result<()> {
        if from == into {
            return Err(Error::Conflict);
        }
        for (table, column) in [
            ("contact_companies", "company_id"),
            ("contact_tags", "tag_id"),
        ] {
            let sql = format!(
                "INSERT INTO {table} (workspace_id, connection_id, contact_id, {column}, since) \
                SELECT workspace_id, connection_id, $4, {column}, since FROM {table} \
                WHERE workspace_id = $1 AND connection_id = $2 AND contact_id = $3 \
                ON CONFLICT (workspace_id, connection_id, contact_id, {column}) DO NOTHING"
            );
            sql::execute(self.on(), &sql, self.ids(connection, &[from, into])).await?;
        }
        self.remove_contact(connection, from).await?;
        let sql = "INSERT INTO contacts (workspace_id, connection_id, id, content, digest, updated_at, observed_at, \
            merged_into, lists_cut, sort_name, sort_seen, sort_created) \
            VALUES ($1, $2, $3, '{}', '', $5, $6, $4, $7, '', 0, 0)";
        let mut values = self.ids(connection, &[from, into]);
        values.extend([
            time.updated_at.into(),
            time.observed_at.into(),
            false.into(),
        ]);
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(())
    }
}
