//! What happened to a contact, as far as Earmark was told or did it.

use super::contact::TOLD;
use crate::pages::inbox::TicketRow;
use crate::pages::intercom::deliveries::DeliveryQuery;
use crate::{ui, url};
use askama::Template;
use chrono::{DateTime, Utc};
use earmark_db::tenant::Delivery;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// When.
    pub at: DateTime<Utc>,
    /// What, in words.
    pub words: String,
    /// The webhook that told of it.
    pub topic: Option<String>,
    /// The ticket it made.
    pub ticket: Option<String>,
}

/// The history of a contact.
#[derive(Debug, Template)]
#[template(path = "pages/contacts/history.html")]
pub struct History {
    /// The workspace's slug.
    pub ws: String,
    /// Newest first.
    pub lines: Vec<HistoryLine>,
    /// Where all webhooks about the contact are, when there are more.
    pub all: Option<String>,
}

ui::components!(History);

impl History {
    /// From the webhooks about the contact, the tickets of their conversations, and when the copy was last told to change.
    pub(super) fn of(
        ws: &str,
        (connection, contact): (&str, &str),
        mut told: Vec<Delivery>,
        tickets: &[TicketRow],
    ) -> Self {
        let all = (told.len() > TOLD).then(|| {
            let query = DeliveryQuery {
                q: contact.to_owned(),
                ..DeliveryQuery::default()
            };
            url::with_query(url::deliveries(ws, connection), &query)
        });
        told.truncate(TOLD);
        let told = told.into_iter().map(|delivery| HistoryLine {
            at: delivery.received_at,
            words: first_upper(delivery.note.as_deref().unwrap_or("applied")),
            topic: delivery.topic,
            ticket: None,
        });
        let made = tickets.iter().map(|ticket| HistoryLine {
            at: ticket.at,
            words: format!("Ticket made in {}", ticket.product),
            topic: None,
            ticket: Some(ticket.key.clone()),
        });
        let mut lines: Vec<_> = told.chain(made).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        Self {
            ws: ws.to_owned(),
            lines,
            all,
        }
    }
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
