//! `/w/{ws}/inbox`: the list of tickets beside the one that is open.

mod list;
mod samples;

use super::people::Chip;
use super::prelude::*;
use super::tickets::{self, TicketView, Untitled};
use crate::render::{BannerPlace, Nav};
use actix_web::web::Query;
use earmark_model::StatusCategory;
use list::Ground;
pub(crate) use list::{number, ticket_rows};
use serde::Serialize;

/// What the inbox shows; its fields are the query's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InboxQuery {
    /// A product's slug; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// A status' key, `all`, or empty for those that are not closed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// A tag's name; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// A member's id, `me`, `none`, or empty for anyone.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub assignee: String,
    /// A contact, as connection and Intercom's id with a colon between; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub contact: String,
    /// A company, in the same way; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub company: String,
    /// Words in title, contact or company; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// Only tickets older than this key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// The key of the open ticket.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ticket: String,
}

impl InboxQuery {
    /// Whether anything is filtered out beyond what the inbox shows by itself.
    #[must_use]
    pub const fn filters(&self) -> bool {
        !(self.product.is_empty()
            && self.status.is_empty()
            && self.tag.is_empty()
            && self.assignee.is_empty()
            && self.contact.is_empty()
            && self.company.is_empty()
            && self.q.is_empty())
    }

    /// Every ticket of a contact.
    #[must_use]
    pub fn of_contact(connection: &str, id: &str) -> Self {
        Self {
            status: "all".to_owned(),
            contact: format!("{connection}:{id}"),
            ..Self::default()
        }
    }

    /// Every ticket of a company.
    #[must_use]
    pub fn of_company(connection: &str, id: &str) -> Self {
        Self {
            status: "all".to_owned(),
            company: format!("{connection}:{id}"),
            ..Self::default()
        }
    }

    /// The same list with another ticket open.
    #[must_use]
    pub fn with_ticket(&self, key: &str) -> Self {
        Self {
            ticket: key.to_owned(),
            ..self.clone()
        }
    }

    /// The page of the list below `key`.
    #[must_use]
    pub fn older_than(&self, key: &str) -> Self {
        Self {
            before: key.to_owned(),
            ticket: String::new(),
            ..self.clone()
        }
    }

    /// The top of the list.
    #[must_use]
    pub fn newest(&self) -> Self {
        self.older_than("")
    }

    /// Which entry of the sidebar it is.
    #[must_use]
    pub fn current(&self) -> Current {
        match (self.product.as_str(), self.assignee.as_str()) {
            ("", "me") => Current::Mine,
            ("", _) => Current::Inbox,
            (product, _) => Current::Product(product.to_owned()),
        }
    }
}

/// Where a list of tickets is shown whole.
pub(crate) fn all_tickets(at: &At, query: &InboxQuery) -> String {
    url::with_query(url::inbox(at.ws()), query)
}

/// A ticket in the list.
#[derive(Debug, Clone)]
pub struct TicketRow {
    /// Its key.
    pub key: String,
    /// Its title; `None` when its text is gone or it never had one, and no member wrote a title.
    pub title: Option<String>,
    /// What stands for a title that is not there.
    pub untitled: Untitled,
    /// The contact's name, where known.
    pub contact: Option<String>,
    /// The contact's company, where known.
    pub company: Option<String>,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Its product.
    pub product: String,
    /// Its status' name.
    pub status: String,
    /// What the status means.
    pub category: StatusCategory,
    /// The names of its tags.
    pub tags: Vec<String>,
    /// Who works on it.
    pub assignee: Option<String>,
}

impl TicketRow {
    pub(crate) fn shown_title(&self) -> &str {
        self.untitled.or(self.title.as_deref())
    }

    fn from(&self) -> String {
        let contact = self.contact.as_deref().unwrap_or("Unknown contact");
        match &self.company {
            Some(company) => format!("{contact} · {company}"),
            None => contact.to_owned(),
        }
    }

    fn assignee_words(&self) -> String {
        match &self.assignee {
            Some(name) => format!("Assigned to {name}"),
            None => "Assigned to nobody".to_owned(),
        }
    }
}

/// The list, which also stands alone as the answer that live arrival fetches.
#[derive(Debug, Template)]
#[template(path = "pages/inbox_rows.html")]
pub struct InboxRows {
    /// The workspace's slug.
    pub ws: String,
    /// What is shown.
    pub query: InboxQuery,
    /// Newest first.
    pub rows: Vec<TicketRow>,
    /// New tickets among all that the query covers.
    pub new: u64,
    /// The key below which the next page begins; `None` on the last.
    pub older: Option<String>,
    /// What keeps a workspace without tickets from having some; `None` when it has tickets.
    pub set_up: Option<SetUp>,
    /// Whether this answers htmx: then the heading comes along out of band.
    pub alone: bool,
}

impl InboxRows {
    fn heading(&self) -> String {
        match (self.rows.len(), self.new) {
            (0, _) => "No tickets".to_owned(),
            (_, 0) => "Nothing new".to_owned(),
            (_, new) => format!("{new} new"),
        }
    }

    fn href(&self, key: &str) -> String {
        url::with_query(url::inbox(&self.ws), &self.query.with_ticket(key))
    }

    fn older_href(&self, key: &str) -> String {
        url::with_query(url::inbox(&self.ws), &self.query.older_than(key))
    }

    fn list_href(&self) -> String {
        url::with_query(url::inbox(&self.ws), &self.query.with_ticket(""))
    }

    fn newest_href(&self) -> String {
        url::with_query(url::inbox(&self.ws), &self.query.newest())
    }
}

/// The list with the sidebar's counts, as htmx fetches it.
#[derive(Debug, Template)]
#[template(source = "{{ rows }}{{ nav }}{{ banner }}", ext = "html")]
pub struct InboxUpdate<'a> {
    /// The list.
    pub rows: &'a InboxRows,
    /// The sidebar.
    pub nav: Nav<'a>,
    /// What is wrong with the connections.
    pub banner: BannerPlace<'a>,
}

ui::components!(InboxRows);

/// How far a workspace without tickets has come.
#[derive(Debug, Clone, Default)]
pub struct SetUp {
    /// The id of its connection, if it has one.
    pub connection: Option<String>,
    /// Whether the connection has a client secret.
    pub secret: bool,
    /// Whether the connection's feedback switch is on.
    pub feedback: bool,
    /// The slug of a product, if there is one.
    pub product: Option<String>,
    /// Whether a product is switched on and has a trigger tag.
    pub tags: bool,
    /// Whether the reader may do these steps.
    pub may: bool,
}

impl SetUp {
    /// The steps: done or not, in words, and where each is done.
    fn steps(&self, ws: &str) -> Vec<Step> {
        // A step whose ground is not laid yet leads to where that is done.
        let connection = match &self.connection {
            Some(id) => url::connection(ws, id),
            None => url::intercom_connect(ws),
        };
        let products = url::products(ws);
        let tags = match &self.product {
            Some(product) => url::feedback(ws, product),
            None => products.clone(),
        };
        let step = |done, label, href: &String| Step {
            done,
            label,
            href: href.clone(),
        };
        vec![
            step(self.connection.is_some(), "Connect Intercom", &connection),
            step(
                self.secret,
                "Paste the client secret, give Intercom the webhook URL",
                &connection,
            ),
            step(
                self.feedback,
                "Switch feedback on for the connection",
                &connection,
            ),
            step(self.product.is_some(), "Create a product", &products),
            step(self.tags, "Choose the product's trigger tags", &tags),
        ]
    }
}

struct Step {
    done: bool,
    label: &'static str,
    href: String,
}

/// The inbox.
#[derive(Debug, Template)]
#[template(path = "pages/inbox.html")]
pub struct InboxPage {
    /// The list, with workspace and query.
    pub list: InboxRows,
    /// The open ticket.
    pub ticket: Option<TicketView>,
    /// Products to choose from, with one for all.
    pub products: Vec<Choice>,
    /// Statuses to choose from, with one for all that are open.
    pub statuses: Vec<Choice>,
    /// Tags to choose from, with one for any.
    pub tags: Vec<Choice>,
    /// Assignees to choose from, with one for anyone.
    pub assignees: Vec<Choice>,
    /// Filters that have no field.
    pub chips: Vec<Chip>,
}

impl InboxPage {
    fn rows_href(&self) -> String {
        url::with_query(url::inbox_rows(&self.list.ws), &self.list.query)
    }
}

impl Page for InboxPage {
    const NAME: &'static str = "inbox";

    fn head(&self) -> Head {
        let query = &self.list.query;
        let product = self
            .products
            .iter()
            .find(|choice| choice.chosen && !choice.value.is_empty());
        let title = match (query.current(), product) {
            (Current::Product(_), Some(product)) => product.label.clone(),
            (Current::Mine, _) => "Assigned to me".to_owned(),
            _ => "Inbox".to_owned(),
        };
        Head {
            title: title.clone(),
            place: Place::App {
                current: query.current(),
                crumbs: vec![Crumb::here(title)],
                main: Main::Fill,
            },
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}

/// The inbox, with the ticket that the query names.
pub(crate) async fn get(at: At, query: Query<InboxQuery>) -> Result<HttpResponse, Failed> {
    let query = query.into_inner();
    let here = url::with_query(url::inbox(at.ws()), &query);
    let ground = Ground::load(&at, &query).await?;
    let ticket = match query.ticket.as_str() {
        "" => None,
        key => Some(tickets::view(&at, key, &here, false).await?),
    };
    let list = ground.rows(&at, query, false).await?;
    at.page(here, &ground.page(&at, list, ticket).await?).await
}

/// The list alone with the sidebar, for live arrival.
pub(crate) async fn rows(at: At, query: Query<InboxQuery>) -> Result<HttpResponse, Failed> {
    let query = query.into_inner();
    let current = query.current();
    let ground = Ground::load(&at, &query).await?;
    let (rows, nav) = (ground.rows(&at, query, true).await?, at.nav().await?);
    at.part(&InboxUpdate {
        rows: &rows,
        nav: Nav::out_of_band(&nav, &current),
        banner: BannerPlace::out_of_band(&nav),
    })
}
