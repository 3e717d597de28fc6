//! `/w/{ws}/companies`: the copied companies.

pub mod company;
mod export;
mod samples;

pub(crate) use export::{csv, jsonl};

use super::people::{
    Chip, CopyNotices, CopyState, Nothing, PAGE, archived_choices, archived_of, connection_choices,
    connection_of, keep_known, place_fields, place_of, single, sort_choices, sort_of, tag_choices,
    text,
};
use super::prelude::*;
use actix_web::web::Query;
use earmark_db::tenant::{CompanyFilter, CopyKey, CopySort, MirroredCompany, TicketsOf};
use earmark_model::ConnectionId;
use serde::Serialize;

/// What the list shows; its fields are the query's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompanyQuery {
    /// Words in name, own id or website; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// A connection's id; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub connection: String,
    /// Intercom's id of a tag; empty for any or none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// The name of a plan; empty for any or none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub plan: String,
    /// `all`, `only` or empty for those that are not archived.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub archived: String,
    /// `name`, `newest` or empty for those whose people were seen last.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
    /// The row that the page begins after, with its connection.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// What that row is sorted by.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
}

impl CompanyQuery {
    const fn filters(&self) -> bool {
        !(self.q.is_empty()
            && self.connection.is_empty()
            && self.tag.is_empty()
            && self.plan.is_empty()
            && self.archived.is_empty())
    }

    fn filter(&self) -> Result<CompanyFilter, Failed> {
        let connection = connection_of(&self.connection)?;
        Ok(CompanyFilter {
            // Its id means something inside one connection only.
            tag: text(&self.tag).filter(|_| connection.is_some()),
            connection,
            plan: text(&self.plan),
            words: text(&self.q),
            archived: archived_of(&self.archived),
        })
    }

    /// Names the connection that a tag means something in: the chosen one, or the only one.
    fn bind(&mut self, one: Option<ConnectionId>) {
        if let Some(one) = one.filter(|_| !self.tag.is_empty()) {
            self.connection = one.to_string();
        }
    }

    fn sort(&self) -> CopySort {
        sort_of(&self.sort)
    }

    /// The page that begins after a row.
    fn after(&self, company: &MirroredCompany) -> Self {
        let (after, from) = place_fields(&company.place(self.sort()));
        Self {
            after,
            from,
            ..self.clone()
        }
    }

    /// The top of the list.
    fn first(&self) -> Self {
        Self {
            after: String::new(),
            from: String::new(),
            ..self.clone()
        }
    }

    /// The companies of a plan.
    fn of_plan(plan: &str) -> Self {
        Self {
            plan: plan.to_owned(),
            ..Self::default()
        }
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
        let keys: Vec<CopyKey> = found.iter().map(key).collect();
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

fn key(mirrored: &MirroredCompany) -> CopyKey {
    (mirrored.connection, mirrored.company.id.clone())
}

/// What a company is called.
fn shown_name<'a>(name: Option<&'a str>, id: &'a str) -> &'a str {
    name.filter(|name| !name.trim().is_empty()).unwrap_or(id)
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "pages/companies/list.html")]
pub struct CompaniesPage {
    /// The workspace's slug.
    pub ws: String,
    /// What is shown.
    pub query: CompanyQuery,
    /// The rows in their order.
    pub rows: Vec<CompanyRow>,
    /// The next page; `None` on the last.
    pub next: Option<CompanyQuery>,
    /// How far the copies are.
    pub notices: CopyNotices,
    /// What stands in place of no rows.
    pub nothing: Nothing,
    /// Connections to choose from; empty when there is one.
    pub connections: Vec<Choice>,
    /// Tags to choose from; empty when there are none, or the connection is not chosen.
    pub tags: Vec<Choice>,
    /// Filters that have no field.
    pub chips: Vec<Chip>,
}

impl CompaniesPage {
    async fn load(at: &At, mut query: CompanyQuery) -> Result<Self, Failed> {
        let states = CopyState::load(at).await?;
        let one = single(&states, connection_of(&query.connection)?);
        let tags = tag_choices(at, one, &query.tag).await?;
        keep_known(&mut query.tag, &tags);
        query.bind(one);
        let place = place_of(&query.after, &query.from);
        // One more than a page tells whether there is another.
        let mut found = at
            .tenant()
            .companies(
                &query.filter()?,
                query.sort(),
                place.as_ref(),
                PAGE as u64 + 1,
            )
            .await?;
        let more = found.len() > PAGE;
        found.truncate(PAGE);
        let next = found.last().filter(|_| more).map(|last| query.after(last));
        let unfiltered = query.filters().then(|| url::companies(at.ws()));
        Ok(Self {
            ws: at.ws().to_owned(),
            nothing: Nothing::of(at, "companies", unfiltered, &states),
            connections: connection_choices(&states, &query.connection),
            notices: CopyNotices {
                ws: at.ws().to_owned(),
                // Without the filters, which the progress does not need.
                here: url::companies(at.ws()),
                has_rows: !found.is_empty(),
                states,
            },
            rows: CompanyRow::load(at, found).await?,
            next,
            chips: chips(at.ws(), &query),
            tags,
            query,
        })
    }

    fn href(&self, query: &CompanyQuery) -> String {
        url::with_query(url::companies(&self.ws), query)
    }

    fn csv_href(&self) -> String {
        url::with_query(url::companies_csv(&self.ws), &self.query.first())
    }

    fn json_href(&self) -> String {
        url::with_query(url::companies_json(&self.ws), &self.query.first())
    }

    fn sorts(&self) -> Vec<Choice> {
        sort_choices(&self.query.sort)
    }

    fn archived(&self) -> Vec<Choice> {
        archived_choices(&self.query.archived)
    }
}

/// The plan of the filter.
fn chips(ws: &str, query: &CompanyQuery) -> Vec<Chip> {
    if query.plan.is_empty() {
        return Vec::new();
    }
    let without = CompanyQuery {
        plan: String::new(),
        ..query.first()
    };
    vec![Chip {
        label: format!("Plan {}", query.plan),
        field: "plan",
        value: query.plan.clone(),
        without: url::with_query(url::companies(ws), &without),
    }]
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
    let here = url::with_query(url::companies(at.ws()), &query);
    let page = CompaniesPage::load(&at, query).await?;
    at.page(here, &page).await
}
