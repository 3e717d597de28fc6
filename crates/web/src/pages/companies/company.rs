//! `/w/{ws}/companies/{connection}/{company}`: one company.

use super::{CompanyQuery, shown_name};
use crate::pages::contacts::contact::TICKETS;
use crate::pages::contacts::{ContactQuery, ContactRow};
use crate::pages::inbox::{InboxQuery, all_tickets, ticket_rows};
use crate::pages::people::{Attributes, Content, Tickets, in_intercom, tags_of};
use crate::pages::prelude::*;
use earmark_connections::company_link;
use earmark_db::tenant::{
    Company, Connection, ContactFilter, CopySort, InboxFilter, Links, MirroredCompany,
};

/// People on the page.
const PEOPLE: usize = 25;

/// A company.
#[derive(Debug, Template)]
#[template(path = "pages/companies/company.html")]
pub struct CompanyPage {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub connection_name: String,
    /// The copy.
    pub company: Company,
    /// Since when it is archived.
    pub archived_at: Option<DateTime<Utc>>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The first of its people, by name.
    pub people: Vec<ContactRow>,
    /// Whether there are more.
    pub more_people: bool,
    /// Its tickets.
    pub tickets: Tickets,
    /// The customer's own attributes.
    pub custom: Attributes,
    /// What else Intercom says.
    pub more: Attributes,
    /// Its page in Intercom.
    pub intercom_url: Option<String>,
}

impl CompanyPage {
    async fn load(at: &At, connection: Connection, found: MirroredCompany) -> Result<Self, Failed> {
        let MirroredCompany {
            connection: of,
            company,
            archived_at,
        } = found;
        let (tenant, id) = (at.tenant(), company.id.as_str());
        let inbox = InboxFilter {
            company: Some((of, id.to_owned())),
            ..InboxFilter::default()
        };
        let people = ContactFilter {
            connection: Some(of),
            company: Some(id.to_owned()),
            archived: Some(false),
            ..ContactFilter::default()
        };
        let (tickets, count, mut people) = futures::try_join!(
            tenant.inbox(&inbox, None, TICKETS),
            tenant.inbox_count(&inbox),
            tenant.contacts(&people, CopySort::Name, None, PEOPLE as u64 + 1),
        )?;
        let more_people = people.len() > PEOPLE;
        people.truncate(PEOPLE);
        let content = Content::read(&company.content);
        Ok(Self {
            ws: at.ws().to_owned(),
            connection: of.to_string(),
            intercom_url: in_intercom(at, &connection, company_link, id)?
                .filter(|_| archived_at.is_none()),
            connection_name: connection.name,
            archived_at,
            tags: tags_of(at, Links::CompanyTags, of, id).await?,
            people: ContactRow::load(at, people).await?,
            more_people,
            tickets: Tickets {
                ws: at.ws().to_owned(),
                rows: ticket_rows(at, tickets).await?,
                count,
                all: all_tickets(at, &InboxQuery::of_company(&of.to_string(), id)),
            },
            custom: Attributes {
                rows: content.custom,
            },
            more: Attributes { rows: content.more },
            company,
        })
    }

    fn title(&self) -> &str {
        shown_name(self.company.name.as_deref(), &self.company.id)
    }

    fn people_href(&self) -> String {
        let query = ContactQuery::of_company(&self.connection, &self.company.id);
        url::with_query(url::contacts(&self.ws), &query)
    }

    fn plan_href(&self, plan: &str) -> String {
        url::with_query(url::companies(&self.ws), &CompanyQuery::of_plan(plan))
    }
}

/// Shows a company.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let found = at
        .tenant()
        .company(connection.id, at.segment("company"))
        .await?;
    let found = found.ok_or(Failed::NotFound)?;
    let here = url::company(at.ws(), &connection.id.to_string(), &found.company.id);
    let page = CompanyPage::load(&at, connection, found).await?;
    at.page(here, &page).await
}

impl Page for CompanyPage {
    const NAME: &'static str = "companies/company";

    fn head(&self) -> Head {
        let title = self.title().to_owned();
        Head {
            place: app(
                Current::Companies,
                vec![
                    Crumb::link("Companies", url::companies(&self.ws)),
                    Crumb::here(&title),
                ],
            ),
            title,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        super::samples::company()
    }
}
