//! `{intercom}/{connection}/deliveries`: what Intercom sent, and what became of it.

mod open;
mod samples;

pub use open::{DeliveryView, PayloadView};

use super::super::prelude::*;
use actix_web::web::Query;
use earmark_connections::webhook::TOPICS;
use earmark_db::tenant::{Delivery, DeliveryFilter};
use earmark_model::Outcome;
use serde::Serialize;

/// Deliveries on a page.
const PAGE: usize = 50;

/// What the log shows; its fields are the query's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryQuery {
    /// A topic; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub topic: String,
    /// An outcome; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// The id of a notification, conversation or contact; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// Only deliveries before this id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// The id of the open delivery.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub delivery: String,
}

impl DeliveryQuery {
    const fn filters(&self) -> bool {
        !(self.topic.is_empty() && self.outcome.is_empty() && self.q.is_empty())
    }

    /// What the database is asked. A value that cannot be filters nothing.
    fn filter(&self) -> DeliveryFilter {
        let text = |text: &str| {
            let text = text.trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        DeliveryFilter {
            topic: text(&self.topic),
            outcome: self.outcome.parse().ok(),
            words: text(&self.q),
            before: self.before.parse().ok(),
        }
    }
}

/// A delivery in the log.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// Its topic, where it could be read.
    pub topic: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The outcome in words.
    pub note: Option<String>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// When its work was done.
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<Delivery> for DeliveryRow {
    fn from(delivery: Delivery) -> Self {
        let Delivery {
            id,
            connection: _,
            notification_id: _,
            topic,
            subject: _,
            outcome,
            note,
            ticket: _,
            repeat_of: _,
            received_at,
            finished_at,
        } = delivery;
        Self {
            id: id.to_string(),
            topic,
            outcome,
            note,
            received_at,
            finished_at,
        }
    }
}

/// A length of time in the unit that reads best.
pub(super) fn duration_words(milliseconds: i64) -> String {
    match milliseconds {
        ..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        _ => format!("{} min", milliseconds / 60_000),
    }
}

impl DeliveryRow {
    fn shown_topic(&self) -> &str {
        self.topic.as_deref().unwrap_or("unknown")
    }

    fn took(&self) -> String {
        self.finished_at.map_or_else(String::new, |finished| {
            duration_words((finished - self.received_at).num_milliseconds())
        })
    }
}

/// The log beside the open delivery.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/deliveries.html")]
pub struct DeliveriesPage {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// What is shown.
    pub query: DeliveryQuery,
    /// Newest first.
    pub rows: Vec<DeliveryRow>,
    /// The id below which the next page begins; `None` on the last.
    pub older: Option<String>,
    /// The open delivery.
    pub open: Option<DeliveryView>,
}

impl DeliveriesPage {
    async fn load(at: &At, query: DeliveryQuery) -> Result<Self, Failed> {
        let connection = at.connection().await?;
        let open = match query.delivery.as_str() {
            "" => None,
            id => Some(DeliveryView::load(at, &connection, id).await?),
        };
        // One more than a page tells whether there is another.
        let filter = query.filter();
        let mut rows = at
            .tenant()
            .deliveries(connection.id, &filter, PAGE as u64 + 1)
            .await?;
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        Ok(Self {
            ws: at.ws().to_owned(),
            connection: connection.id.to_string(),
            name: connection.name,
            older: rows.last().filter(|_| more).map(|row| row.id.to_string()),
            rows: rows.into_iter().map(DeliveryRow::from).collect(),
            query,
            open,
        })
    }

    fn base(&self) -> String {
        url::deliveries(&self.ws, &self.connection)
    }

    fn to(&self, before: &str, delivery: &str) -> String {
        let query = DeliveryQuery {
            before: before.to_owned(),
            delivery: delivery.to_owned(),
            ..self.query.clone()
        };
        url::with_query(self.base(), &query)
    }

    fn topics(&self) -> Vec<Choice> {
        let names = TOPICS.map(|topic| topic.name).into_iter().chain(["ping"]);
        let topics = names.map(|name| Choice::new(name, name, &self.query.topic));
        std::iter::once(Choice::new("", "All topics", &self.query.topic))
            .chain(topics)
            .collect()
    }

    fn outcomes(&self) -> Vec<Choice> {
        let words = |outcome: Outcome| match outcome {
            Outcome::Waiting => "Waiting",
            Outcome::Processed => "Processed",
            Outcome::Ignored => "Ignored",
            Outcome::Repeat => "Repeat",
            Outcome::Failed => "Failed",
            Outcome::Unreadable => "Unreadable",
        };
        let chosen = &self.query.outcome;
        let outcomes = Outcome::ALL
            .iter()
            .map(|&outcome| Choice::new(outcome.as_str(), words(outcome), chosen));
        std::iter::once(Choice::new("", "Any outcome", chosen))
            .chain(outcomes)
            .collect()
    }
}

/// Shows the log.
pub(crate) async fn get(at: At, query: Query<DeliveryQuery>) -> Result<HttpResponse, Failed> {
    let page = DeliveriesPage::load(&at, query.into_inner()).await?;
    let here = page.to(&page.query.before, &page.query.delivery);
    at.page(here, &page).await
}

impl Page for DeliveriesPage {
    const NAME: &'static str = "intercom/deliveries";

    fn head(&self) -> Head {
        let Self {
            ws,
            connection,
            name,
            ..
        } = self;
        let crumbs = vec![
            Crumb::link("Intercom", url::intercom(ws)),
            Crumb::link(name, url::connection(ws, connection)),
            Crumb::here("Deliveries"),
        ];
        Head {
            title: "Deliveries".to_owned(),
            place: Place::App {
                current: Current::Integrations,
                crumbs,
                main: Main::Fill,
            },
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}
