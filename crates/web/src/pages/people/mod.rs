//! What the pages of contacts and of companies share: sorting and paging, how far the copying is, attributes.

mod attributes;
mod copying;

pub(in crate::pages) use attributes::Content;
pub use attributes::{Attribute, AttributeValue, Attributes};
pub use copying::{CopyNotices, CopyRun, CopyState, Nothing};

use super::prelude::*;
use crate::pages::inbox::TicketRow;
use earmark_db::tenant::{CopyPlace, CopySort, Links, Named};
use earmark_model::{ConnectionId, StatusCategory};

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

ui::components!(Tickets);

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

/// Empties a filter whose value is not among the choices: another connection's list offered it.
pub(super) fn keep_known(value: &mut String, choices: &[Choice]) {
    if !choices.iter().any(|choice| choice.value == *value) {
        value.clear();
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
