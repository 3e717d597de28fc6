//! `/w/{ws}/contacts`: the copied contacts.

mod company;
pub mod contact;
mod export;
pub mod history;
pub(super) mod samples;

pub(crate) use export::{csv, jsonl};

pub use company::Asked;

use super::people::{Chip, Copied, CopyState, List, ListQuery, Listed, keep_known, shown, text};
use super::prelude::*;
use actix_web::web::Query;
use earmark_db::tenant::{
    ContactFilter, CopyKey, CopyPlace, CopySort, Links, MirroredContact, Named, TicketsOf,
};
use earmark_db::{Db, Tenant};
use earmark_model::ConnectionId;
use serde::Serialize;

/// What the list shows; its fields are the query's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactQuery {
    /// What both lists can show.
    #[serde(flatten)]
    pub list: ListQuery,
    /// `user`, `lead` or empty for both.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Intercom's id of a company; empty for any or none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub company: String,
    /// The name of a company as somebody typed it; once it means one, that one is the filter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// Intercom's id of a segment; empty for any or none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub segment: String,
}

impl ContactQuery {
    /// The contacts of a company.
    pub(super) fn of_company(connection: &str, company: &str) -> Self {
        Self {
            list: ListQuery {
                connection: connection.to_owned(),
                ..ListQuery::default()
            },
            company: company.to_owned(),
            ..Self::default()
        }
    }
}

impl Copied for MirroredContact {
    fn key(&self) -> CopyKey {
        (self.connection, self.contact.id.clone())
    }

    fn place(&self, sort: CopySort) -> CopyPlace {
        self.place(sort)
    }
}

impl Listed for ContactQuery {
    const WHAT: &'static str = "contacts";
    type Record = MirroredContact;
    type Filter = ContactFilter;
    type More = ContactMore;

    fn list(&self) -> &ListQuery {
        &self.list
    }

    fn list_mut(&mut self) -> &mut ListQuery {
        &mut self.list
    }

    fn filters_more(&self) -> bool {
        !(self.role.is_empty() && self.company.is_empty() && self.segment.is_empty())
    }

    fn names_ids(&self) -> bool {
        !(self.company.is_empty() && self.segment.is_empty())
    }

    fn filter(&self) -> Result<ContactFilter, Failed> {
        let connection = self.list.connection()?;
        let of_one = |id: &str| text(id).filter(|_| connection.is_some());
        Ok(ContactFilter {
            connection,
            role: text(&self.role),
            company: of_one(&self.company),
            tag: of_one(&self.list.tag),
            segment: of_one(&self.segment),
            words: text(&self.list.q),
            archived: self.list.archived(),
        })
    }

    fn path(ws: &str) -> String {
        url::contacts(ws)
    }

    fn csv(ws: &str) -> String {
        url::contacts_csv(ws)
    }

    fn json(ws: &str) -> String {
        url::contacts_json(ws)
    }

    async fn records(
        tenant: Tenant<'_, Db>,
        filter: &ContactFilter,
        sort: CopySort,
        after: Option<&CopyPlace>,
        most: u64,
    ) -> Result<Vec<MirroredContact>, Failed> {
        Ok(tenant.contacts(filter, sort, after, most).await?)
    }

    async fn settle_more(
        &mut self,
        at: &At,
        one: Option<ConnectionId>,
        states: &[CopyState],
    ) -> Result<(Vec<Chip>, ContactMore), Failed> {
        let segments = segment_choices(at, one, &self.segment).await?;
        keep_known(&mut self.segment, &segments);
        let asked = company::ask(self, at, one, states).await?;
        let one = self.list.connection()?.or(one);
        let chips = company::chips(self, at, one).await?;
        Ok((chips, ContactMore { segments, asked }))
    }
}

/// What only the list of contacts shows.
pub(crate) struct ContactMore {
    segments: Vec<Choice>,
    asked: Option<Asked>,
}

/// A contact in the list.
#[derive(Debug, Clone)]
pub struct ContactRow {
    /// The connection's id.
    pub connection: String,
    /// Intercom's id.
    pub id: String,
    /// Name, if known.
    pub name: Option<String>,
    /// E-mail address, if known.
    pub email: Option<String>,
    /// `user`, `lead` or what Intercom says.
    pub role: Option<String>,
    /// The companies' names.
    pub companies: Vec<String>,
    /// How many tickets there are of their messages.
    pub tickets: i64,
    /// When they were last seen.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Whether Intercom's API shows them no more.
    pub archived: bool,
}

impl ContactRow {
    /// Rows with the companies and the number of tickets of each.
    pub(super) async fn load(at: &At, found: Vec<MirroredContact>) -> Result<Vec<Self>, Failed> {
        let keys: Vec<CopyKey> = found.iter().map(Copied::key).collect();
        let tenant = at.tenant();
        let (mut companies, tickets) = futures::try_join!(
            tenant.named_links(Links::Companies, &keys),
            tenant.tickets_of(TicketsOf::Contacts, &keys),
        )?;
        let rows = found.into_iter().map(|mirrored| {
            let key = mirrored.key();
            let companies: Vec<Named> = companies.remove(&key).unwrap_or_default();
            Self {
                connection: mirrored.connection.to_string(),
                id: mirrored.contact.id,
                name: mirrored.contact.name,
                email: mirrored.contact.email,
                role: mirrored.contact.role,
                companies: companies.iter().map(shown).collect(),
                tickets: tickets.get(&key).copied().unwrap_or_default(),
                last_seen_at: mirrored.contact.last_seen_at,
                archived: mirrored.archived_at.is_some(),
            }
        });
        Ok(rows.collect())
    }

    pub(super) fn shown_name(&self) -> &str {
        shown_name(
            self.name.as_deref(),
            self.email.as_deref(),
            self.role.as_deref(),
        )
    }

    pub(super) fn under_name(&self) -> &str {
        match (&self.name, &self.email) {
            (_, None) => "No e-mail address",
            (None, Some(_)) => "No name",
            (Some(_), Some(email)) => email,
        }
    }

    pub(super) fn role_words(&self) -> String {
        role_words(self.role.as_deref())
    }
}

/// What a contact is called: by name, else by e-mail address.
pub(in crate::pages) fn shown_name<'a>(
    name: Option<&'a str>,
    email: Option<&'a str>,
    role: Option<&str>,
) -> &'a str {
    let name = name.filter(|name| !name.trim().is_empty());
    name.or(email).unwrap_or(match role {
        Some("lead") => "Unnamed lead",
        _ => "Unnamed contact",
    })
}

/// A contact's role in words.
fn role_words(role: Option<&str>) -> String {
    match role {
        Some("user") => "User".to_owned(),
        Some("lead") => "Lead".to_owned(),
        Some(other) => other.to_owned(),
        None => "Unknown".to_owned(),
    }
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "pages/contacts/list.html")]
pub struct ContactsPage {
    /// What it has in common with the list of companies.
    pub(super) list: List<ContactQuery>,
    /// The rows in their order.
    pub rows: Vec<ContactRow>,
    /// Segments to choose from, like the tags.
    pub segments: Vec<Choice>,
    /// Names of companies that the field for one offers.
    pub companies: Vec<String>,
    /// What the field was asked for, when that does not mean one company.
    pub asked: Option<Asked>,
}

impl ContactsPage {
    fn roles(&self) -> Vec<Choice> {
        let role = &self.list.query.role;
        vec![
            Choice::new("", "Users and leads", role),
            Choice::new("user", "Users", role),
            Choice::new("lead", "Leads", role),
        ]
    }
}

/// The segments of a connection to choose from, each with when its members were last fetched.
async fn segment_choices(
    at: &At,
    connection: Option<ConnectionId>,
    current: &str,
) -> Result<Vec<Choice>, Failed> {
    let Some(connection) = connection else {
        return Ok(Vec::new());
    };
    let segments = at.tenant().segments(connection).await?;
    // The members of companies' segments are not fetched.
    let fetched = segments.iter().filter_map(|one| Some((one, one.as_of?)));
    let mut choices: Vec<_> = fetched
        .map(|(segment, as_of)| {
            let label = format!(
                "{}, as of {}",
                segment.name,
                as_of.format("%-d %b, %H:%M UTC")
            );
            Choice::new(&segment.id, label, current)
        })
        .collect();
    if !choices.is_empty() {
        choices.insert(0, Choice::new("", "Any segment", current));
    }
    Ok(choices)
}

impl Page for ContactsPage {
    const NAME: &'static str = "contacts/list";

    fn head(&self) -> Head {
        Head {
            title: "Contacts".to_owned(),
            place: app(Current::Contacts, vec![Crumb::here("Contacts")]),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}

/// Shows the list.
pub(crate) async fn get(at: At, query: Query<ContactQuery>) -> Result<HttpResponse, Failed> {
    let query = query.into_inner();
    let here = query.href(at.ws());
    let (list, found, more) = List::load(&at, query).await?;
    let page = ContactsPage {
        companies: company::suggested(&at, &list.query).await?,
        rows: ContactRow::load(&at, found).await?,
        segments: more.segments,
        asked: more.asked,
        list,
    };
    at.page(here, &page).await
}
