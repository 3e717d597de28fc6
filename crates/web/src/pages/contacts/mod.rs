//! `/w/{ws}/contacts`: the copied contacts.

pub mod contact;
mod export;
pub mod history;
pub(super) mod samples;

pub(crate) use export::{csv, jsonl};
pub(super) use export::{custom, named, names, parsed};

use super::people::{
    Chip, CopyNotices, CopyState, Nothing, PAGE, archived_choices, archived_of, connection_choices,
    connection_of, keep_known, place_fields, place_of, shown, single, sort_choices, sort_of,
    tag_choices, text,
};
use super::prelude::*;
use actix_web::web::Query;
use earmark_db::tenant::{
    ContactFilter, CopyKey, CopySort, Links, MirroredContact, Named, TicketsOf,
};
use earmark_model::ConnectionId;
use serde::Serialize;

/// What the list shows; its fields are the query's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactQuery {
    /// Words in name, e-mail address or external id; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// `user`, `lead` or empty for both.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// A connection's id; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub connection: String,
    /// Intercom's id of a company; empty for any or none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub company: String,
    /// Intercom's id of a tag; empty for any or none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// Intercom's id of a segment; empty for any or none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub segment: String,
    /// `all`, `only` or empty for those that are not archived.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub archived: String,
    /// `name`, `newest` or empty for those that were seen last.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
    /// The row that the page begins after, with its connection.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// What that row is sorted by.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
}

impl ContactQuery {
    const fn filters(&self) -> bool {
        !(self.q.is_empty()
            && self.role.is_empty()
            && self.connection.is_empty()
            && self.company.is_empty()
            && self.tag.is_empty()
            && self.segment.is_empty()
            && self.archived.is_empty())
    }

    /// Companies, tags and segments are known by ids that mean something inside one connection only.
    fn filter(&self) -> Result<ContactFilter, Failed> {
        let connection = connection_of(&self.connection)?;
        let of_one = |id: &str| text(id).filter(|_| connection.is_some());
        Ok(ContactFilter {
            connection,
            role: text(&self.role),
            company: of_one(&self.company),
            tag: of_one(&self.tag),
            segment: of_one(&self.segment),
            words: text(&self.q),
            archived: archived_of(&self.archived),
        })
    }

    /// Names the connection that a company, tag or segment means something in: the chosen one, or the only one.
    fn bind(&mut self, one: Option<ConnectionId>) {
        let ids = [&self.company, &self.tag, &self.segment];
        let has_ids = ids.iter().any(|id| !id.is_empty());
        if let Some(one) = one.filter(|_| has_ids) {
            self.connection = one.to_string();
        }
    }

    fn sort(&self) -> CopySort {
        sort_of(&self.sort)
    }

    /// The page that begins after a row.
    fn after(&self, contact: &MirroredContact) -> Self {
        let (after, from) = place_fields(&contact.place(self.sort()));
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

    /// The contacts of a company.
    pub(super) fn of_company(connection: &str, company: &str) -> Self {
        Self {
            connection: connection.to_owned(),
            company: company.to_owned(),
            ..Self::default()
        }
    }
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
        let keys: Vec<CopyKey> = found.iter().map(key).collect();
        let tenant = at.tenant();
        let (mut companies, tickets) = futures::try_join!(
            tenant.named_links(Links::Companies, &keys),
            tenant.tickets_of(TicketsOf::Contacts, &keys),
        )?;
        let rows = found.into_iter().map(|mirrored| {
            let key = key(&mirrored);
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

fn key(mirrored: &MirroredContact) -> CopyKey {
    (mirrored.connection, mirrored.contact.id.clone())
}

/// What a contact is called: by name, else by e-mail address.
fn shown_name<'a>(name: Option<&'a str>, email: Option<&'a str>, role: Option<&str>) -> &'a str {
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
    /// The workspace's slug.
    pub ws: String,
    /// What is shown.
    pub query: ContactQuery,
    /// The rows in their order.
    pub rows: Vec<ContactRow>,
    /// The next page; `None` on the last.
    pub next: Option<ContactQuery>,
    /// How far the copies are.
    pub notices: CopyNotices,
    /// What stands in place of no rows.
    pub nothing: Nothing,
    /// Connections to choose from; empty when there is one.
    pub connections: Vec<Choice>,
    /// Tags to choose from; empty when there are none, or the connection is not chosen.
    pub tags: Vec<Choice>,
    /// Segments to choose from, like the tags.
    pub segments: Vec<Choice>,
    /// Filters that have no field.
    pub chips: Vec<Chip>,
}

impl ContactsPage {
    async fn load(at: &At, mut query: ContactQuery) -> Result<Self, Failed> {
        let states = CopyState::load(at).await?;
        let one = single(&states, connection_of(&query.connection)?);
        let tags = tag_choices(at, one, &query.tag).await?;
        let segments = segment_choices(at, one, &query.segment).await?;
        keep_known(&mut query.tag, &tags);
        keep_known(&mut query.segment, &segments);
        let chips = chips(at, &mut query, one).await?;
        query.bind(one);
        let place = place_of(&query.after, &query.from);
        // One more than a page tells whether there is another.
        let mut found = at
            .tenant()
            .contacts(
                &query.filter()?,
                query.sort(),
                place.as_ref(),
                PAGE as u64 + 1,
            )
            .await?;
        let more = found.len() > PAGE;
        found.truncate(PAGE);
        let next = found.last().filter(|_| more).map(|last| query.after(last));
        let unfiltered = query.filters().then(|| url::contacts(at.ws()));
        Ok(Self {
            ws: at.ws().to_owned(),
            nothing: Nothing::of(at, "contacts", unfiltered, &states),
            connections: connection_choices(&states, &query.connection),
            notices: CopyNotices {
                ws: at.ws().to_owned(),
                // Without the filters, which the progress does not need.
                here: url::contacts(at.ws()),
                has_rows: !found.is_empty(),
                states,
            },
            rows: ContactRow::load(at, found).await?,
            next,
            tags,
            segments,
            chips,
            query,
        })
    }

    fn href(&self, query: &ContactQuery) -> String {
        url::with_query(url::contacts(&self.ws), query)
    }

    fn csv_href(&self) -> String {
        url::with_query(url::contacts_csv(&self.ws), &self.query.first())
    }

    fn json_href(&self) -> String {
        url::with_query(url::contacts_json(&self.ws), &self.query.first())
    }

    fn roles(&self) -> Vec<Choice> {
        let role = &self.query.role;
        vec![
            Choice::new("", "Users and leads", role),
            Choice::new("user", "Users", role),
            Choice::new("lead", "Leads", role),
        ]
    }

    fn sorts(&self) -> Vec<Choice> {
        sort_choices(&self.query.sort)
    }

    fn archived(&self) -> Vec<Choice> {
        archived_choices(&self.query.archived)
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

/// The company of the filter, by name; one that the connection does not have is no filter.
async fn chips(
    at: &At,
    query: &mut ContactQuery,
    connection: Option<ConnectionId>,
) -> Result<Vec<Chip>, Failed> {
    let company = match connection {
        Some(connection) if !query.company.is_empty() => {
            at.tenant().company(connection, &query.company).await?
        }
        _ => None,
    };
    let Some(company) = company else {
        query.company.clear();
        return Ok(Vec::new());
    };
    let without = ContactQuery {
        company: String::new(),
        ..query.first()
    };
    Ok(vec![Chip {
        label: company.company.name.unwrap_or(company.company.id),
        field: "company",
        value: query.company.clone(),
        without: url::with_query(url::contacts(at.ws()), &without),
    }])
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
    let here = url::with_query(url::contacts(at.ws()), &query);
    let page = ContactsPage::load(&at, query).await?;
    at.page(here, &page).await
}
