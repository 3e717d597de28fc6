//! Mirrored companies.

use crate::error::Result;
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

pub(crate) const COMPANIES: Mirror = Mirror {
    table: "companies",
    columns: &[
        "company_id",
        "name",
        "plan",
        "industry",
        "website",
        "size",
        "monthly_spend",
        "user_count",
        "content",
        "created_at",
        "last_request_at",
        "sort_name",
        "sort_seen",
        "sort_created",
    ],
    merges: false,
};

/// The tables that hold nothing but mirrored people, each with what tells its rows within a connection: links first.
pub(crate) const PEOPLE: [(&str, &str); 8] = [
    ("people_waiting", "(kind, id)"),
    ("contact_companies", "(contact_id, company_id)"),
    ("contact_tags", "(contact_id, tag_id)"),
    ("company_tags", "(company_id, tag_id)"),
    ("contact_segments", "(contact_id, segment_id)"),
    ("segments", "id"),
    ("contacts", "id"),
    ("companies", "id"),
];

/// A company as it was copied.
#[derive(Debug, Clone, PartialEq)]
pub struct Company {
    /// Intercom's id.
    pub id: String,
    /// The customer's own id.
    pub company_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Name of its plan.
    pub plan: Option<String>,
    /// Industry.
    pub industry: Option<String>,
    /// Website.
    pub website: Option<String>,
    /// Number of employees.
    pub size: Option<i64>,
    /// What it pays a month, in the customer's own unit.
    pub monthly_spend: Option<f64>,
    /// Number of users Intercom counts for it.
    pub user_count: Option<i64>,
    /// Everything else that Intercom says, as a JSON object.
    pub content: String,
    /// Tells this content from another.
    pub digest: String,
    /// When Intercom learned of it.
    pub created_at: Option<DateTime<Utc>>,
    /// When one of its users was last seen.
    pub last_request_at: Option<DateTime<Utc>>,
    /// When this was true.
    pub time: CopyTime,
}

/// A company in our copy, with where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct MirroredCompany {
    /// The connection it was copied through.
    pub connection: ConnectionId,
    /// The copy.
    pub company: Company,
    /// Since when it is archived: deleting a company archives it.
    pub archived_at: Option<DateTime<Utc>>,
}

/// Which companies a list shows; `None` does not filter.
#[derive(Debug, Clone, Default)]
pub struct CompanyFilter {
    /// Only this connection's.
    pub connection: Option<ConnectionId>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those of this plan.
    pub plan: Option<String>,
    /// Only those with these words in name, own id or website.
    pub words: Option<String>,
    /// Only archived ones, or only live ones.
    pub archived: Option<bool>,
}

#[derive(FromQueryResult)]
struct CompanyRow {
    connection_id: Uuid,
    id: String,
    company_id: Option<String>,
    name: Option<String>,
    plan: Option<String>,
    industry: Option<String>,
    website: Option<String>,
    size: Option<i64>,
    monthly_spend: Option<f64>,
    user_count: Option<i64>,
    content: String,
    digest: String,
    created_at: Option<DateTime<Utc>>,
    last_request_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
    observed_at: DateTime<Utc>,
    archived_at: Option<DateTime<Utc>>,
}

impl From<CompanyRow> for MirroredCompany {
    fn from(row: CompanyRow) -> Self {
        let CompanyRow {
            connection_id,
            id,
            company_id,
            name,
            plan,
            industry,
            website,
            size,
            monthly_spend,
            user_count,
            content,
            digest,
            created_at,
            last_request_at,
            updated_at,
            observed_at,
            archived_at,
        } = row;
        let time = CopyTime {
            updated_at,
            observed_at,
        };
        Self {
            connection: ConnectionId(connection_id),
            company: Company {
                id,
                company_id,
                name,
                plan,
                industry,
                website,
                size,
                monthly_spend,
                user_count,
                content,
                digest,
                created_at,
                last_request_at,
                time,
            },
            archived_at,
        }
    }
}

const COLUMNS: &str = "t.connection_id, t.id, t.company_id, t.name, t.plan, t.industry, t.website, t.size, \
    t.monthly_spend, t.user_count, t.content, t.digest, t.created_at, t.last_request_at, t.updated_at, t.observed_at, \
    t.archived_at";

fn listing(workspace: Uuid, filter: &CompanyFilter) -> Listing {
    let CompanyFilter {
        connection,
        tag,
        plan,
        words,
        archived,
    } = filter;
    let mut listing = Listing::of(workspace, *connection, *archived);
    if let Some(tag) = tag {
        let table = ("company_tags", "company_id");
        listing.and_linked(table, *connection, ("tag_id", tag));
    }
    if let Some(plan) = plan {
        listing.and("t.plan = {}", [plan.as_str().into()]);
    }
    if let Some(words) = words {
        listing.and_words(&["name", "company_id", "website"], words);
    }
    listing
}

impl MirroredCompany {
    /// Where it stands in a sorted listing.
    #[must_use]
    pub fn place(&self, sort: CopySort) -> CopyPlace {
        CopyPlace {
            value: match sort {
                CopySort::Name => sort_name(self.company.name.as_deref()),
                CopySort::Seen => sort_time(self.company.last_request_at).to_string(),
                CopySort::Created => sort_time(self.company.created_at).to_string(),
                CopySort::Key => String::new(),
            },
            connection: self.connection,
            id: self.company.id.clone(),
        }
    }
}

impl<S: Source> Tenant<'_, S> {
    /// A page of companies, after a place.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn companies(
        &self,
        filter: &CompanyFilter,
        sort: CopySort,
        after: Option<&CopyPlace>,
        most: u64,
    ) -> Result<Vec<MirroredCompany>> {
        let mut listing = listing(self.workspace(), filter);
        let end = listing.sorted(sort, after, most);
        let sql = format!("SELECT {COLUMNS} FROM companies t {} {end}", listing.sql);
        let rows: Vec<CompanyRow> = sql::all(self.on(), &sql, listing.values).await?;
        Ok(rows.into_iter().map(MirroredCompany::from).collect())
    }

    /// How many companies a filter leaves.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn company_count(&self, filter: &CompanyFilter) -> Result<i64> {
        let listing = listing(self.workspace(), filter);
        let sql = format!("SELECT count(*) FROM companies t {}", listing.sql);
        sql::count(self.on(), &sql, listing.values).await
    }

    /// A company.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn company(
        &self,
        connection: ConnectionId,
        id: &str,
    ) -> Result<Option<MirroredCompany>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM companies t WHERE t.workspace_id = $1 AND t.connection_id = $2 AND t.id = $3"
        );
        let row: Option<CompanyRow> =
            sql::one(self.on(), &sql, self.ids(connection, &[id])).await?;
        Ok(row.map(MirroredCompany::from))
    }

    /// The companies of a contact, by name.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn companies_of(
        &self,
        connection: ConnectionId,
        contact: &str,
    ) -> Result<Vec<MirroredCompany>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM contact_companies l JOIN companies t ON t.workspace_id = l.workspace_id \
            AND t.connection_id = l.connection_id AND t.id = l.company_id \
            WHERE l.workspace_id = $1 AND l.connection_id = $2 AND l.contact_id = $3 ORDER BY t.sort_name, t.id"
        );
        let rows: Vec<CompanyRow> =
            sql::all(self.on(), &sql, self.ids(connection, &[contact])).await?;
        Ok(rows.into_iter().map(MirroredCompany::from).collect())
    }

    /// Which of these companies are archived: nobody belongs to them any more.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn archived_companies(
        &self,
        connection: ConnectionId,
        ids: &[&str],
    ) -> Result<Vec<String>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT id FROM companies WHERE workspace_id = $1 AND connection_id = $2 AND archived_at IS NOT NULL AND id IN {}",
            sql::places(1, ids.len(), 3)
        );
        sql::column(self.on(), &sql, self.ids(connection, ids)).await
    }
}

impl Tenant<'_, Tx> {
    /// Takes everybody out of a company that is gone.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn empty_company(&self, connection: ConnectionId, id: &str) -> Result<u64> {
        let sql = "DELETE FROM contact_companies WHERE workspace_id = $1 AND connection_id = $2 AND company_id = $3";
        let emptied = sql::execute(self.on(), sql, self.ids(connection, &[id])).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(emptied)
    }

    /// Stores copies of companies, each unless what is there is newer; says of each, in order, what that did. `is_live`
    /// says that Intercom showed them in a list, which it does with no archived one.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn put_companies(
        &self,
        connection: ConnectionId,
        companies: &[Company],
        is_live: bool,
    ) -> Result<Vec<CopyChange>> {
        let rows = companies.iter().map(|company| {
            let Company {
                id,
                company_id,
                name,
                plan,
                industry,
                website,
                size,
                monthly_spend,
                user_count,
                content,
                digest,
                created_at,
                last_request_at,
                time,
            } = company;
            let values = vec![
                company_id.clone().into(),
                name.clone().into(),
                plan.clone().into(),
                industry.clone().into(),
                website.clone().into(),
                (*size).into(),
                (*monthly_spend).into(),
                (*user_count).into(),
                content.as_str().into(),
                (*created_at).into(),
                (*last_request_at).into(),
                sort_name(name.as_deref()).into(),
                sort_time(*last_request_at).into(),
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
        self.put_copies(&COMPANIES, connection, &rows).await
    }

    /// Notes that a run saw these companies; gives those that it had not seen before.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn see_companies(
        &self,
        connection: ConnectionId,
        run: RunId,
        ids: &[&str],
    ) -> Result<HashSet<String>> {
        self.see_copies(&COMPANIES, connection, run, ids).await
    }

    /// Marks a company archived, from `at`, unless it was seen later. True when that is news.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn archive_company(
        &self,
        connection: ConnectionId,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        self.archive_copy(&COMPANIES, connection, id, at).await
    }

    /// Removes all contacts and companies of a connection from our copy, with everything that links them and what runs
    /// report of single ones; gives their number. At most `most` of either at once.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn erase_people(&self, connection: ConnectionId, most: u64) -> Result<u64> {
        let mut erased = 0;
        for (table, key) in PEOPLE {
            let columns = key.trim_matches(['(', ')']);
            let sql = format!(
                "DELETE FROM {table} WHERE workspace_id = $1 AND connection_id = $2 AND {key} IN (SELECT {columns} \
                FROM {table} WHERE workspace_id = $1 AND connection_id = $2 LIMIT {most})"
            );
            erased += sql::execute(self.on(), &sql, self.ids(connection, &[])).await?;
        }
        let sql = format!(
            "DELETE FROM run_lines WHERE workspace_id = $1 AND id IN (SELECT l.id FROM run_lines l JOIN runs r \
            ON r.workspace_id = l.workspace_id AND r.id = l.run_id \
            WHERE l.workspace_id = $1 AND r.connection_id = $2 LIMIT {most})"
        );
        erased += sql::execute(self.on(), &sql, self.ids(connection, &[])).await?;
        self.source.changed(self.id, ChangeKind::People);
        Ok(erased)
    }
}
