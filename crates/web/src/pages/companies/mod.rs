//! `/w/{ws}/companies`: the copied companies.

pub mod company;
mod export;
mod samples;

pub(crate) use export::{csv, jsonl};

use super::people::{Chip, Copied, CopyState, List, ListQuery, Listed, text};
use super::prelude::*;
use actix_web::web::Query;
use earmark_db::tenant::{CompanyFilter, CopyKey, CopyPlace, CopySort, MirroredCompany, TicketsOf};
use earmark_db::{Db, Tenant};
use earmark_model::ConnectionId;
use serde::Serialize;

/// What the list shows; its fields are the query's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompanyQuery {
    /// What both lists can show.
    #[serde(flatten)]
    pub list: ListQuery,
    /// The name of a plan; empty for any or none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub plan: String,
}

impl CompanyQuery {
    /// The companies of a plan.
    fn of_plan(plan: &str) -> Self {
        Self {
            plan: plan.to_owned(),
            ..Self::default()
        }
    }

    /// The plan of the filter.
    fn chips(&self, ws: &str) -> Vec<Chip> {
        if self.plan.is_empty() {
            return Vec::new();
        }
        let without = Self {
            plan: String::new(),
            ..self.first()
        };
        vec![Chip {
            label: format!("Plan {}", self.plan),
            field: "plan",
            value: self.plan.clone(),
            without: without.href(ws),
            rest: "show all plans",
        }]
    }
}

impl Copied for MirroredCompany {
    fn key(&self) -> CopyKey {
        (self.connection, self.company.id.clone())
    }

    fn place(&self, sort: CopySort) -> CopyPlace {
        self.place(sort)
    }
}

impl Listed for CompanyQuery {
    const WHAT: &'static str = "companies";
    type Record = MirroredCompany;
    type Filter = CompanyFilter;
    type More = ();

    fn list(&self) -> &ListQuery {
        &self.list
    }

    fn list_mut(&mut self) -> &mut ListQuery {
        &mut self.list
    }

    fn filters_more(&self) -> bool {
        !self.plan.is_empty()
    }

    fn names_ids(&self) -> bool {
        false
    }

    fn filter(&self) -> Result<CompanyFilter, Failed> {
        let connection = self.list.connection()?;
        Ok(CompanyFilter {
            tag: text(&self.list.tag).filter(|_| connection.is_some()),
            connection,
            plan: text(&self.plan),
            words: text(&self.list.q),
            archived: self.list.archived(),
        })
    }

    fn path(ws: &str) -> String {
        url::companies(ws)
    }

    fn csv(ws: &str) -> String {
        url::companies_csv(ws)
    }

    fn json(ws: &str) -> String {
        url::companies_json(ws)
    }

    async fn records(
        tenant: Tenant<'_, Db>,
        filter: &CompanyFilter,
        sort: CopySort,
        after: Option<&CopyPlace>,
        most: u64,
    ) -> Result<Vec<MirroredCompany>, Failed> {
        Ok(tenant.companies(filter, sort, after, most).await?)
    }

    async fn settle_more(
        &mut self,
        at: &At,
        _: Option<ConnectionId>,
        _: &[CopyState],
    ) -> Result<(Vec<Chip>, ()), Failed> {
        Ok((self.chips(at.ws()), ()))
    }
}

/// A company in the list.
#[derive(Debug, Clone)]
pub struct CompanyRow {
    /// The connection's id.
    pub connection: String,
    /// Intercom's id.
    pub id: String,
    /// Its name, or its id.
    pub name: String,
    /// Its website, if known.
    pub website: Option<String>,
    /// The name of its plan.
    pub plan: Option<String>,
    /// Users that Intercom counts for it.
    pub people: Option<i64>,
    /// How many tickets there are of its conversations.
    pub tickets: i64,
    /// When one of its people was last seen.
    pub last_request_at: Option<DateTime<Utc>>,
    /// Whether it is archived.
    pub archived: bool,
}

impl CompanyRow {
    async fn load(at: &At, found: Vec<MirroredCompany>) -> Result<Vec<Self>, Failed> {
        let keys: Vec<CopyKey> = found.iter().map(Copied::key).collect();
        let tickets = at.tenant().tickets_of(TicketsOf::Companies, &keys).await?;
        let rows = keys.into_iter().zip(found).map(|(key, mirrored)| {
            let company = mirrored.company;
            Self {
                connection: mirrored.connection.to_string(),
                name: shown_name(company.name.as_deref(), &company.id).to_owned(),
                id: company.id,
                website: company.website,
                plan: company.plan,
                people: company.user_count,
                tickets: tickets.get(&key).copied().unwrap_or_default(),
                last_request_at: company.last_request_at,
                archived: mirrored.archived_at.is_some(),
            }
        });
        Ok(rows.collect())
    }
}

/// What a company is called.
pub(in crate::pages) fn shown_name<'a>(name: Option<&'a str>, id: &'a str) -> &'a str {
    name.filter(|name| !name.trim().is_empty()).unwrap_or(id)
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "pages/companies/list.html")]
pub struct CompaniesPage {
    /// What it has in common with the list of contacts.
    pub(super) list: List<CompanyQuery>,
    /// The rows in their order.
    pub rows: Vec<CompanyRow>,
}

impl Page for CompaniesPage {
    const NAME: &'static str = "companies/list";

    fn head(&self) -> Head {
        Head {
            title: "Companies".to_owned(),
            place: app(Current::Companies, vec![Crumb::here("Companies")]),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}

/// Shows the list.
pub(crate) async fn get(at: At, query: Query<CompanyQuery>) -> Result<HttpResponse, Failed> {
    let query = query.into_inner();
    let here = query.href(at.ws());
    let (list, found, ()) = List::load(&at, query).await?;
    let rows = CompanyRow::load(&at, found).await?;
    at.page(here, &CompaniesPage { list, rows }).await
}
