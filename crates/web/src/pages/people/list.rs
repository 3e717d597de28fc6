//! The lists of contacts and of companies: what their queries, pages and files share.

use super::copying::{CopyNotices, CopyState, Nothing};
use crate::pages::prelude::*;
use earmark_db::tenant::{CopyKey, CopyPlace, CopySort};
use earmark_db::{Db, Tenant};
use earmark_model::ConnectionId;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Rows on a page.
const PAGE: usize = 50;

/// What both lists can show; its fields are part of the query's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// Words in what a record is called or known by; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// A connection's id; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub connection: String,
    /// Intercom's id of a tag; empty for any or none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
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

impl ListQuery {
    const fn filters(&self) -> bool {
        !(self.q.is_empty()
            && self.connection.is_empty()
            && self.tag.is_empty()
            && self.archived.is_empty())
    }

    /// The connection that it names.
    pub(in crate::pages) fn connection(&self) -> Result<Option<ConnectionId>, Failed> {
        match self.connection.as_str() {
            "" => Ok(None),
            id => Ok(Some(id.parse().map_err(|_| Failed::NotFound)?)),
        }
    }

    /// Whether archived ones are shown: not at all, too, or alone.
    pub(in crate::pages) fn archived(&self) -> Option<bool> {
        match self.archived.as_str() {
            "all" => None,
            "only" => Some(true),
            _ => Some(false),
        }
    }

    /// How it is sorted; anything unknown is by who was seen last.
    fn sort(&self) -> CopySort {
        match self.sort.as_str() {
            "name" => CopySort::Name,
            "newest" => CopySort::Created,
            _ => CopySort::Seen,
        }
    }

    /// The place that the page begins after. Fields that name none begin at the top.
    fn place(&self) -> Option<CopyPlace> {
        let (connection, id) = self.after.split_once(':')?;
        Some(CopyPlace {
            value: self.from.clone(),
            connection: connection.parse().ok()?,
            id: id.to_owned(),
        })
    }

    fn begin_after(&mut self, place: CopyPlace) {
        let CopyPlace {
            value,
            connection,
            id,
        } = place;
        self.after = format!("{connection}:{id}");
        self.from = value;
    }
}

/// A text field of a query; blanks are none.
pub(in crate::pages) fn text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A copied record, as it is listed.
pub(crate) trait Copied: 'static {
    fn key(&self) -> CopyKey;
    fn place(&self, sort: CopySort) -> CopyPlace;
}

/// The query of a list, and what it is a list of.
pub(crate) trait Listed: Clone + Serialize + DeserializeOwned + 'static {
    /// What is listed, in the plural; its file's name, too.
    const WHAT: &'static str;
    /// What is listed.
    type Record: Copied;
    /// What the database filters by.
    type Filter: 'static;
    /// What only this list's page shows.
    type More;

    fn list(&self) -> &ListQuery;
    fn list_mut(&mut self) -> &mut ListQuery;
    /// Whether it filters by what only this list has.
    fn filters_more(&self) -> bool;
    /// Whether it names something by an id of Intercom's, which means something inside one connection only.
    fn names_ids(&self) -> bool;
    fn filter(&self) -> Result<Self::Filter, Failed>;
    fn path(ws: &str) -> String;
    fn csv(ws: &str) -> String;
    fn json(ws: &str) -> String;
    async fn records(
        tenant: Tenant<'_, Db>,
        filter: &Self::Filter,
        sort: CopySort,
        after: Option<&CopyPlace>,
        most: u64,
    ) -> Result<Vec<Self::Record>, Failed>;
    /// Empties what names nothing that the connection has, and finds what the page shows of the rest.
    async fn settle_more(
        &mut self,
        at: &At,
        one: Option<ConnectionId>,
        states: &[CopyState],
    ) -> Result<(Vec<Chip>, Self::More), Failed>;

    /// Whether it shows less than all that is not archived.
    fn filters(&self) -> bool {
        self.list().filters() || self.filters_more()
    }

    /// The top of the list.
    fn first(&self) -> Self {
        let mut first = self.clone();
        first.list_mut().after.clear();
        first.list_mut().from.clear();
        first
    }

    fn href(&self, ws: &str) -> String {
        url::with_query(Self::path(ws), self)
    }
}

/// A filter that no field of the form shows, with the list without it.
#[derive(Debug, Clone)]
pub struct Chip {
    /// In words.
    pub label: String,
    /// Its field in the query.
    pub field: &'static str,
    /// The field's value.
    pub value: String,
    /// The list without it.
    pub without: String,
    /// What that is, in words.
    pub rest: &'static str,
}

/// What a query came to.
pub(crate) struct Settled<M> {
    tags: Vec<Choice>,
    chips: Vec<Chip>,
    more: M,
}

/// Makes a query mean the same to the list and to its file: what names nothing filters nothing, and ids are held against the
/// connection that they mean something in, the chosen one or the only one.
pub(crate) async fn settle<Q: Listed>(
    query: &mut Q,
    at: &At,
    states: &[CopyState],
) -> Result<Settled<Q::More>, Failed> {
    let one = single(states, query.list().connection()?);
    let tags = tag_choices(at, one, &query.list().tag).await?;
    keep_known(&mut query.list_mut().tag, &tags);
    let (chips, more) = query.settle_more(at, one, states).await?;
    let one = single(states, query.list().connection()?);
    let named = query.names_ids() || !query.list().tag.is_empty();
    if let Some(one) = one.filter(|_| named) {
        query.list_mut().connection = one.to_string();
    }
    Ok(Settled { tags, chips, more })
}

/// What both lists' pages hold beside their rows.
#[derive(Debug)]
pub(crate) struct List<Q> {
    /// The workspace's slug.
    pub ws: String,
    /// What is shown.
    pub query: Q,
    /// The next page; `None` on the last.
    pub next: Option<Q>,
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

impl<Q: Listed> List<Q> {
    /// A page with the records on it.
    pub(crate) async fn load(
        at: &At,
        mut query: Q,
    ) -> Result<(Self, Vec<Q::Record>, Q::More), Failed> {
        let states = CopyState::load(at).await?;
        let settled = settle(&mut query, at, &states).await?;
        let (sort, place) = (query.list().sort(), query.list().place());
        let filter = query.filter()?;
        // One more than a page tells whether there is another.
        let most = PAGE as u64 + 1;
        let mut found = Q::records(at.tenant(), &filter, sort, place.as_ref(), most).await?;
        let more = found.len() > PAGE;
        found.truncate(PAGE);
        let next = found.last().filter(|_| more).map(|last| {
            let mut next = query.clone();
            next.list_mut().begin_after(last.place(sort));
            next
        });
        let mut list = Self::of(at.ws(), query, states, !found.is_empty());
        list.nothing.may = at.may(earmark_model::Right::ManageConnections);
        list.next = next;
        list.tags = settled.tags;
        list.chips = settled.chips;
        Ok((list, found, settled.more))
    }

    /// A page without choices and without a next one.
    pub(in crate::pages) fn of(ws: &str, query: Q, states: Vec<CopyState>, has_rows: bool) -> Self {
        // The progress alone does not need the filters.
        let here = if has_rows {
            Q::path(ws)
        } else {
            query.href(ws)
        };
        Self {
            ws: ws.to_owned(),
            nothing: Nothing {
                ws: ws.to_owned(),
                what: Q::WHAT,
                unfiltered: query.filters().then(|| Q::path(ws)),
                states: states.clone(),
                may: false,
            },
            connections: connection_choices(&states, &query.list().connection),
            notices: CopyNotices {
                ws: ws.to_owned(),
                here,
                has_rows,
                fills_list: !has_rows,
                states,
            },
            next: None,
            tags: Vec::new(),
            chips: Vec::new(),
            query,
        }
    }

    /// Whether what is shown is kept up to date.
    pub(in crate::pages) fn is_fed(&self) -> bool {
        self.notices.is_fed(&self.list().connection)
    }

    pub(in crate::pages) fn path(&self) -> String {
        Q::path(&self.ws)
    }

    pub(in crate::pages) fn csv_href(&self) -> String {
        url::with_query(Q::csv(&self.ws), &self.query.first())
    }

    pub(in crate::pages) fn json_href(&self) -> String {
        url::with_query(Q::json(&self.ws), &self.query.first())
    }

    pub(in crate::pages) fn list(&self) -> &ListQuery {
        self.query.list()
    }

    /// The pages before and after this one.
    pub(in crate::pages) fn around(&self) -> (Option<String>, Option<String>) {
        let is_first = self.list().after.is_empty();
        (
            (!is_first).then(|| self.query.first().href(&self.ws)),
            self.next.as_ref().map(|next| next.href(&self.ws)),
        )
    }

    pub(in crate::pages) fn sorts(&self) -> Vec<Choice> {
        let current = &self.list().sort;
        vec![
            Choice::new("", "Last seen first", current),
            Choice::new("newest", "Newest first", current),
            Choice::new("name", "By name", current),
        ]
    }

    pub(in crate::pages) fn archived(&self) -> Vec<Choice> {
        let current = &self.list().archived;
        vec![
            Choice::new("", "Not archived", current),
            Choice::new("only", "Archived", current),
            Choice::new("all", "Archived or not", current),
        ]
    }
}

/// The connections to choose from, with one for all; empty when there is no choice.
fn connection_choices(states: &[CopyState], current: &str) -> Vec<Choice> {
    if states.len() < 2 {
        return Vec::new();
    }
    let first = Choice::new("", "All connections", current);
    let rest = states
        .iter()
        .map(|state| Choice::new(&state.connection, state.shown_name(), current));
    std::iter::once(first).chain(rest).collect()
}

/// The connection whose tags and segments a list can be filtered by: the chosen one, or the only one. Their ids mean
/// something inside one Intercom workspace only.
fn single(states: &[CopyState], chosen: Option<ConnectionId>) -> Option<ConnectionId> {
    match (chosen, states) {
        (Some(chosen), _) => Some(chosen),
        (None, [only]) => only.connection.parse().ok(),
        (None, _) => None,
    }
}

/// Empties a filter whose value is not among the choices: it is gone, or another connection's list offered it.
pub(in crate::pages) fn keep_known(value: &mut String, choices: &[Choice]) {
    if !choices.iter().any(|choice| choice.value == *value) {
        value.clear();
    }
}

/// The tags of a connection to choose from, with one for any; empty when there are none.
async fn tag_choices(
    at: &At,
    connection: Option<ConnectionId>,
    current: &str,
) -> Result<Vec<Choice>, Failed> {
    let Some(connection) = connection else {
        return Ok(Vec::new());
    };
    let tags = at.tenant().tags().await?;
    let of = tags.iter().filter(|tag| tag.connection == connection);
    let mut choices: Vec<_> = of
        .map(|tag| Choice::new(&tag.id, &tag.name, current))
        .collect();
    if !choices.is_empty() {
        choices.insert(0, Choice::new("", "Any tag", current));
    }
    Ok(choices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_fields() {
        let place = CopyPlace {
            value: "ines: & co".to_owned(),
            connection: "00000000-0000-7000-8000-000000000007".parse().unwrap(),
            id: "65f0:a1".to_owned(),
        };
        let mut query = ListQuery::default();
        assert_eq!(query.place(), None);
        query.begin_after(place.clone());
        assert_eq!(query.place(), Some(place));
        query.after = "nonsense:1".to_owned();
        assert_eq!(query.place(), None);
    }
}
