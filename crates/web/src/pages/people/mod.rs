//! What the pages of contacts and of companies share: sorting and paging, how far the copying is, attributes.

mod attributes;

pub(in crate::pages) use attributes::Content;
pub use attributes::{Attribute, AttributeValue, Attributes};

use super::prelude::*;
use crate::pages::inbox::TicketRow;
use earmark_db::tenant::{Connection, CopyPlace, CopySort, Links, Named};
use earmark_model::{ConnectionId, ConnectionStatus, Right, RunKind, RunState, StatusCategory};

/// Rows on a page.
pub(super) const PAGE: usize = 50;

/// How a list is sorted; anything unknown is by who was seen last.
pub(super) fn sort_of(text: &str) -> CopySort {
    match text {
        "name" => CopySort::Name,
        "newest" => CopySort::Created,
        _ => CopySort::Seen,
    }
}

/// What lists can be sorted by.
pub(super) fn sort_choices(current: &str) -> Vec<Choice> {
    vec![
        Choice::new("", "Last seen first", current),
        Choice::new("newest", "Newest first", current),
        Choice::new("name", "By name", current),
    ]
}

/// Whether archived ones are shown: not at all, too, or alone.
pub(super) fn archived_of(text: &str) -> Option<bool> {
    match text {
        "all" => None,
        "only" => Some(true),
        _ => Some(false),
    }
}

/// What archived ones a list can show.
pub(super) fn archived_choices(current: &str) -> Vec<Choice> {
    vec![
        Choice::new("", "Not archived", current),
        Choice::new("only", "Archived", current),
        Choice::new("all", "Archived or not", current),
    ]
}

/// A text field of a query; blanks are none.
pub(super) fn text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A connection named by a query.
pub(super) fn connection_of(text: &str) -> Result<Option<ConnectionId>, Failed> {
    match text {
        "" => Ok(None),
        id => Ok(Some(id.parse().map_err(|_| Failed::NotFound)?)),
    }
}

/// The place that a page of a list begins after, as two fields of its query: the row, and the value it is sorted by.
pub(super) fn place_fields(place: &CopyPlace) -> (String, String) {
    let CopyPlace {
        value,
        connection,
        id,
    } = place;
    (format!("{connection}:{id}"), value.clone())
}

/// The place that the fields name. Fields that name none begin at the top.
pub(super) fn place_of(after: &str, from: &str) -> Option<CopyPlace> {
    let (connection, id) = after.split_once(':')?;
    Some(CopyPlace {
        value: from.to_owned(),
        connection: connection.parse().ok()?,
        id: id.to_owned(),
    })
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
}

/// How far the copying of a connection's contacts and companies is.
#[derive(Debug, Clone)]
pub struct CopyState {
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// Whether the switch is on.
    pub on: bool,
    /// The first pass, until it is done.
    pub run: Option<CopyRun>,
}

/// A first pass that is not done.
#[derive(Debug, Clone)]
pub struct CopyRun {
    /// Its id.
    pub id: String,
    /// How it is.
    pub state: RunState,
    /// Records looked at.
    pub done: i64,
    /// Records there are, as far as known.
    pub total: Option<i64>,
    /// Why it waits or failed, in words.
    pub note: Option<String>,
}

impl CopyState {
    /// That of every connection that is not disconnected, by name.
    pub(super) async fn load(at: &At) -> Result<Vec<Self>, Failed> {
        let (tenant, mut states) = (at.tenant(), Vec::new());
        for connection in tenant.connections().await? {
            if connection.status == ConnectionStatus::Disconnected {
                continue;
            }
            states.push(Self::of(at, &connection).await?);
        }
        Ok(states)
    }

    /// That of one connection.
    pub(crate) async fn of(at: &At, connection: &Connection) -> Result<Self, Failed> {
        let on = connection.contacts_on_at.is_some();
        let run = match on {
            true => {
                at.tenant()
                    .last_run(connection.id, RunKind::Backfill)
                    .await?
            }
            false => None,
        };
        let run = run.filter(|run| !matches!(run.state, RunState::Done | RunState::Cancelled));
        Ok(Self {
            connection: connection.id.to_string(),
            name: connection.name.clone(),
            on,
            run: run.map(|run| CopyRun {
                id: run.id.to_string(),
                state: run.state,
                done: run.counts.done,
                total: run.total,
                note: run.note,
            }),
        })
    }
}

impl CopyRun {
    const fn tone(&self) -> Tone {
        match self.state {
            RunState::Failed => Tone::Bad,
            RunState::Paused => Tone::Warn,
            RunState::Waiting | RunState::Running | RunState::Done | RunState::Cancelled => {
                Tone::Info
            }
        }
    }

    const fn words(&self) -> &'static str {
        match self.state {
            RunState::Waiting => "About to copy from Intercom",
            RunState::Running => "Still copying from Intercom",
            RunState::Paused => "Copying from Intercom is paused",
            RunState::Failed => "Copying from Intercom stopped",
            RunState::Done | RunState::Cancelled => "Copied from Intercom",
        }
    }

    fn progress(&self) -> String {
        progress_words(self.done, self.total)
    }
}

/// How far a pass is: `11,312 of 18,240`.
pub(crate) fn progress_words(done: i64, total: Option<i64>) -> String {
    match total {
        Some(total) => format!("{} of {}", grouped(done), grouped(total.max(done))),
        None => format!("{} so far", grouped(done)),
    }
}

/// A count with its thousands apart.
pub(crate) fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::from(if count < 0 { "-" } else { "" });
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What stands above a list while its copy is not whole.
#[derive(Debug, Template)]
#[template(path = "pages/people/notices.html")]
pub struct CopyNotices {
    /// The workspace's slug.
    pub ws: String,
    /// The page itself, which is asked for again while a copy goes on.
    pub here: String,
    /// How far each connection is.
    pub states: Vec<CopyState>,
}

impl CopyNotices {
    fn has_runs(&self) -> bool {
        self.runs().next().is_some()
    }

    /// The connections that are not switched on, when others are: with none on, the empty list says so.
    fn off(&self) -> Vec<&CopyState> {
        let some_on = self.states.iter().any(|state| state.on);
        let off = self.states.iter().filter(|state| some_on && !state.on);
        off.collect()
    }

    fn runs(&self) -> impl Iterator<Item = (&CopyState, &CopyRun)> {
        self.states
            .iter()
            .filter_map(|state| Some((state, state.run.as_ref()?)))
    }

    /// Whether each has to be named.
    fn several(&self) -> bool {
        self.states.len() > 1
    }
}

/// What stands in place of an empty list: why it is, and what helps.
#[derive(Debug, Template)]
#[template(path = "pages/people/nothing.html")]
pub struct Nothing {
    /// The workspace's slug.
    pub ws: String,
    /// `contacts` or `companies`.
    pub what: &'static str,
    /// The list without filters, when there are some.
    pub unfiltered: Option<String>,
    /// How far each connection is.
    pub states: Vec<CopyState>,
    /// Whether the reader may connect and switch.
    pub may: bool,
}

impl Nothing {
    pub(super) fn of(
        at: &At,
        what: &'static str,
        unfiltered: Option<String>,
        states: &[CopyState],
    ) -> Self {
        Self {
            ws: at.ws().to_owned(),
            what,
            unfiltered,
            states: states.to_vec(),
            may: at.may(Right::ManageConnections),
        }
    }

    /// The first connection that could be switched on, if none is.
    fn off(&self) -> Option<&CopyState> {
        let none_on = self.states.iter().all(|state| !state.on);
        self.states.first().filter(|_| none_on)
    }

    fn copying(&self) -> bool {
        self.states.iter().any(|state| state.run.is_some())
    }
}

/// The tickets of a contact or company.
#[derive(Debug, Template)]
#[template(path = "pages/people/tickets.html")]
pub struct Tickets {
    /// The workspace's slug.
    pub ws: String,
    /// The newest, newest first.
    pub rows: Vec<TicketRow>,
    /// How many there are.
    pub count: i64,
}

impl Tickets {
    fn are_cut(&self) -> bool {
        usize::try_from(self.count).is_ok_and(|count| self.rows.len() < count)
    }
}

ui::components!(CopyNotices, Nothing, Tickets);

/// The name of something, or its id.
pub(super) fn shown(named: &Named) -> String {
    named.name.clone().unwrap_or_else(|| named.id.clone())
}

/// The connections to choose from, with one for all; empty when there is no choice.
pub(super) fn connection_choices(states: &[CopyState], current: &str) -> Vec<Choice> {
    if states.len() < 2 {
        return Vec::new();
    }
    let first = Choice::new("", "All connections", current);
    let rest = states
        .iter()
        .map(|state| Choice::new(&state.connection, &state.name, current));
    std::iter::once(first).chain(rest).collect()
}

/// The connection whose tags and segments a list can be filtered by: the chosen one, or the only one. Their ids mean
/// something inside one Intercom workspace only.
pub(super) fn single(states: &[CopyState], chosen: Option<ConnectionId>) -> Option<ConnectionId> {
    match (chosen, states) {
        (Some(chosen), _) => Some(chosen),
        (None, [only]) => only.connection.parse().ok(),
        (None, _) => None,
    }
}

/// The tags of a connection to choose from, with one for any; empty when there are none.
pub(super) async fn tag_choices(
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

/// The names of a contact's or company's tags.
pub(super) async fn tags_of(
    at: &At,
    kind: Links,
    connection: ConnectionId,
    id: &str,
) -> Result<Vec<String>, Failed> {
    let tags = at.tenant().linked_tags(kind, connection, id).await?;
    Ok(tags
        .into_iter()
        .map(|(id, name)| name.unwrap_or(id))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "-1,234,567"),
        ] {
            assert_eq!(grouped(count), text);
        }
        assert_eq!(progress_words(5, Some(3)), "5 of 5");
    }

    #[test]
    fn a_place_survives_its_fields() {
        let place = CopyPlace {
            value: "ines: & co".to_owned(),
            connection: "00000000-0000-7000-8000-000000000007".parse().unwrap(),
            id: "65f0:a1".to_owned(),
        };
        let (after, from) = place_fields(&place);
        assert_eq!(place_of(&after, &from), Some(place));
        assert_eq!(place_of("", ""), None);
        assert_eq!(place_of("nonsense:1", "x"), None);
    }
}
