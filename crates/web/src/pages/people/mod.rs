//! What the pages of contacts and of companies share: sorting and paging, how far the copying is, attributes.

mod attributes;
mod copying;
mod export;
mod list;

pub(in crate::pages) use attributes::Content;
pub use attributes::{Attribute, AttributeValue, Attributes};
pub use copying::{CopyNotices, CopyRun, CopyState, Nothing};
pub(in crate::pages) use export::{Exported, custom, export, named, names, of, parsed};
pub use list::{Chip, ListQuery};
pub(in crate::pages) use list::{Copied, List, Listed, keep_known, text};

use super::prelude::*;
use crate::pages::inbox::TicketRow;
use ::url::Url;
use earmark_connections::Region;
use earmark_db::tenant::{Connection, Links, Named};
use earmark_model::{ConnectionId, StatusCategory};

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
    /// All of them in the inbox.
    pub all: String,
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

/// The page in Intercom of something of a connection, on the host of its region; none once it is disconnected.
pub(super) fn in_intercom(
    at: &At,
    connection: &Connection,
    link: impl Fn(&Url, &str, &str) -> Url,
    id: &str,
) -> Result<Option<String>, Failed> {
    if connection.disconnected_at.is_some() {
        return Ok(None);
    }
    let region: Region = connection.region.parse().map_err(Failed::internal)?;
    let web = &at.web().store().hosts().of(region).web;
    Ok(Some(link(web, &connection.app_id, id).into()))
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
}
