//! `/w/{ws}/contacts/{connection}/{contact}`: one contact.

use super::history::History;
use super::{role_words, shown_name};
use crate::pages::inbox::{InboxQuery, all_tickets, ticket_rows};
use crate::pages::people::{Attributes, Content, Tickets, in_intercom, tags_of};
use crate::pages::prelude::*;
use earmark_connections::contact_link;
use earmark_db::tenant::{
    Company, Connection, Contact, InboxFilter, Links, MirroredCompany, MirroredContact,
};

/// Tickets on the page.
pub(in crate::pages) const TICKETS: u32 = 25;

/// Webhooks in the history.
pub(super) const TOLD: usize = 20;

/// A company of the contact.
#[derive(Debug, Clone)]
pub struct CompanyLine {
    /// Intercom's id.
    pub id: String,
    /// Its name, or its id.
    pub name: String,
    /// Plan, size and industry, as far as known.
    pub about: String,
}

impl From<MirroredCompany> for CompanyLine {
    fn from(mirrored: MirroredCompany) -> Self {
        let Company {
            id,
            name,
            plan,
            size,
            industry,
            ..
        } = mirrored.company;
        let size = size.map(|size| format!("{size} people"));
        let about: Vec<String> = [plan, size, industry].into_iter().flatten().collect();
        Self {
            name: name.unwrap_or_else(|| id.clone()),
            id,
            about: about.join(", "),
        }
    }
}

/// A segment that the contact was in.
#[derive(Debug, Clone)]
pub struct SegmentLine {
    /// Its name, or its id.
    pub name: String,
    /// When Intercom last said so.
    pub as_of: DateTime<Utc>,
}

/// A contact.
#[derive(Debug, Template)]
#[template(path = "pages/contacts/contact.html")]
pub struct ContactPage {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub connection_name: String,
    /// The copy.
    pub contact: Contact,
    /// Since when Intercom's API shows it no more.
    pub archived_at: Option<DateTime<Utc>>,
    /// The name of the teammate who owns the contact.
    pub owner: Option<String>,
    /// Their tags.
    pub tags: Vec<String>,
    /// Their segments.
    pub segments: Vec<SegmentLine>,
    /// Their companies.
    pub companies: Vec<CompanyLine>,
    /// Their tickets.
    pub tickets: Tickets,
    /// What happened to them.
    pub history: History,
    /// City, region and country.
    pub place: Option<String>,
    /// The customer's own attributes.
    pub custom: Attributes,
    /// What else Intercom says.
    pub more: Attributes,
    /// Their page in Intercom.
    pub intercom_url: Option<String>,
}

impl ContactPage {
    async fn load(at: &At, connection: Connection, found: MirroredContact) -> Result<Self, Failed> {
        let MirroredContact {
            connection: of,
            contact,
            archived_at,
            merged_into: _,
        } = found;
        let (tenant, id) = (at.tenant(), contact.id.as_str());
        let filter = InboxFilter {
            contact: Some((of, id.to_owned())),
            ..InboxFilter::default()
        };
        let (companies, segments, tickets, count, told) = futures::try_join!(
            tenant.companies_of(of, id),
            tenant.segments_of(of, id),
            tenant.inbox(&filter, None, TICKETS),
            tenant.inbox_count(&filter),
            tenant.deliveries_about(of, id, TOLD as u64 + 1),
        )?;
        let tickets = ticket_rows(at, tickets).await?;
        let owner = match &contact.owner_id {
            Some(owner) => tenant.admin_name(of, owner).await?,
            None => None,
        };
        let content = Content::read(&contact.content);
        Ok(Self {
            ws: at.ws().to_owned(),
            connection: of.to_string(),
            archived_at,
            owner: owner.or_else(|| contact.owner_id.clone()),
            tags: tags_of(at, Links::ContactTags, of, id).await?,
            segments: segments
                .into_iter()
                .map(|one| SegmentLine {
                    name: one.name.unwrap_or(one.id),
                    as_of: one.as_of,
                })
                .collect(),
            companies: companies.into_iter().map(CompanyLine::from).collect(),
            history: History::of(at.ws(), (&of.to_string(), id), told, &tickets),
            tickets: Tickets {
                ws: at.ws().to_owned(),
                rows: tickets,
                count,
                all: all_tickets(at, &InboxQuery::of_contact(&of.to_string(), id)),
            },
            place: content.place,
            custom: Attributes {
                rows: content.custom,
            },
            more: Attributes { rows: content.more },
            intercom_url: in_intercom(at, &connection, contact_link, id)?
                .filter(|_| archived_at.is_none()),
            connection_name: connection.name,
            contact,
        })
    }

    fn title(&self) -> String {
        let Contact {
            name, email, role, ..
        } = &self.contact;
        shown_name(name.as_deref(), email.as_deref(), role.as_deref()).to_owned()
    }

    fn role_words(&self) -> String {
        role_words(self.contact.role.as_deref())
    }

    /// Role and company in a line.
    fn summary(&self) -> String {
        match self.companies.first() {
            Some(company) => format!("{} at {}", self.role_words(), company.name),
            None => self.role_words(),
        }
    }
}

/// Shows a contact. One that was merged into another leads there.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let of = connection.id.to_string();
    let found = at
        .tenant()
        .contact(connection.id, at.segment("contact"))
        .await?;
    let found = found.ok_or(Failed::NotFound)?;
    if let Some(survivor) = &found.merged_into {
        return Ok(at.see_other(url::contact(at.ws(), &of, survivor)));
    }
    let here = url::contact(at.ws(), &of, &found.contact.id);
    let page = ContactPage::load(&at, connection, found).await?;
    at.page(here, &page).await
}

impl Page for ContactPage {
    const NAME: &'static str = "contacts/contact";

    fn head(&self) -> Head {
        let title = self.title();
        Head {
            place: app(
                Current::Contacts,
                vec![
                    Crumb::link("Contacts", url::contacts(&self.ws)),
                    Crumb::here(&title),
                ],
            ),
            title,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        super::samples::contact()
    }
}
