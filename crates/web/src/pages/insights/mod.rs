//! `/w/{ws}/insights`: tickets by tag, team and reply time.

mod replies;
mod samples;

pub use replies::{Bucket, Replies, TeamLine};

use super::people::grouped;
use super::prelude::*;
use crate::pages::inbox::InboxQuery;
use actix_web::web::Query;
use chrono::{DurationRound, TimeDelta};
use earmark_db::tenant::{Product, TagTickets, TicketsSince};
use serde::Serialize;

/// Tags that are listed.
const TAGS: u64 = 20;
/// Conversations whose replies are looked at; the page says when there are more.
const TALKS: usize = 20_000;
/// The width of a bar with its gap.
const STEP: usize = 10;
/// The height of the chart.
const HEIGHT: i64 = 100;

/// Which tickets are counted; its fields are the query's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InsightsQuery {
    /// `7`, `90`, `365` or empty for 30.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub days: String,
    /// A product's slug; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub product: String,
}

impl InsightsQuery {
    fn days(&self) -> i32 {
        match self.days.as_str() {
            "7" => 7,
            "90" => 90,
            "365" => 365,
            _ => 30,
        }
    }
}

/// Tickets of a day or a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// When it began, in words.
    pub label: String,
    /// How many tickets were made.
    pub tickets: i64,
}

/// A bar as it is drawn.
struct Drawn {
    x: usize,
    y: i64,
    height: i64,
}

/// Tickets with a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagLine {
    /// The tag's name.
    pub name: String,
    /// How many.
    pub tickets: i64,
    /// The inbox with them.
    pub href: String,
}

/// What tickets tell together.
#[derive(Debug, Template)]
#[template(path = "pages/insights.html")]
pub struct InsightsPage {
    /// The workspace's slug.
    pub ws: String,
    /// What is counted.
    pub query: InsightsQuery,
    /// Products to choose from.
    pub products: Vec<Choice>,
    /// `Day` or `Week of`.
    pub unit: &'static str,
    /// Oldest first.
    pub stretches: Vec<Stretch>,
    /// The most first.
    pub tags: Vec<TagLine>,
    /// How conversations were answered.
    pub replies: Replies,
}

impl InsightsPage {
    async fn load(at: &At, query: InsightsQuery) -> Result<Self, Failed> {
        let tenant = at.tenant();
        let all = tenant.products().await?;
        let product = match query.product.as_str() {
            "" => None,
            slug => Some(
                all.iter()
                    .find(|product| product.slug == slug)
                    .ok_or(Failed::NotFound)?
                    .id,
            ),
        };
        let (edges, unit) = edges(at.now(), query.days());
        let since = edges.first().copied().unwrap_or(at.now());
        let which = TicketsSince { since, product };
        let (counts, tags, talks) = futures::try_join!(
            tenant.tickets_between(&edges, product),
            tenant.tickets_by_tag(which, TAGS),
            tenant.answered_talks(which, TALKS as u64 + 1),
        )?;
        let mut replies = Replies::of(talks, TALKS);
        replies.tell_apart(&tenant.connections().await?);
        let stretches = edges.iter().zip(counts).map(|(edge, tickets)| Stretch {
            label: edge.format("%-d %b").to_string(),
            tickets,
        });
        let ws = at.ws().to_owned();
        Ok(Self {
            products: products(&all, &query.product),
            unit,
            stretches: stretches.collect(),
            tags: tags
                .into_iter()
                .map(|tag| TagLine::of(&ws, &query, tag))
                .collect(),
            replies,
            ws,
            query,
        })
    }

    fn periods(&self) -> Vec<Choice> {
        let days = &self.query.days;
        vec![
            Choice::new("7", "Last 7 days", days),
            Choice::new("", "Last 30 days", days),
            Choice::new("90", "Last 90 days", days),
            Choice::new("365", "Last 365 days", days),
        ]
    }

    fn tickets(&self) -> i64 {
        self.stretches.iter().map(|one| one.tickets).sum()
    }

    /// The chart in a sentence.
    fn finding(&self) -> String {
        let all = self.tickets();
        let plural = if all == 1 { "" } else { "s" };
        let top = self.stretches.iter().rev().max_by_key(|one| one.tickets);
        match top.filter(|top| top.tickets > 0) {
            None => "No ticket was made.".to_owned(),
            Some(top) => format!(
                "{} ticket{plural}. Most: {} {} with {}.",
                grouped(all),
                self.unit.to_lowercase(),
                top.label,
                grouped(top.tickets)
            ),
        }
    }

    fn width(&self) -> usize {
        self.stretches.len() * STEP
    }

    fn drawn(&self) -> Vec<Drawn> {
        let most = self.stretches.iter().map(|one| one.tickets).max();
        let most = most.unwrap_or_default().max(1);
        let bars = self.stretches.iter().enumerate();
        let bars = bars.filter(|(_, one)| one.tickets > 0).map(|(n, one)| {
            // What is there is seen, however little it is.
            let height = (one.tickets * HEIGHT / most).max(2);
            Drawn {
                x: n * STEP + 1,
                y: HEIGHT - height,
                height,
            }
        });
        bars.collect()
    }

    /// The stretches that have tickets, newest first.
    fn told(&self) -> Vec<&Stretch> {
        let told = self.stretches.iter().rev().filter(|one| one.tickets > 0);
        told.collect()
    }

    /// A count as part of the largest of its list, in percent.
    fn part(&self, count: &i64) -> i64 {
        let most = self.tags.iter().map(|tag| tag.tickets).max();
        percent(*count, most.unwrap_or_default())
    }
}

/// `count` as part of `most`, in percent; something is never nothing.
fn percent(count: i64, most: i64) -> i64 {
    match count {
        0 => 0,
        count => (count * 100 / most.max(1)).clamp(1, 100),
    }
}

impl TagLine {
    fn of(ws: &str, query: &InsightsQuery, tag: TagTickets) -> Self {
        let TagTickets { name, tickets } = tag;
        let shown = InboxQuery {
            product: query.product.clone(),
            status: "all".to_owned(),
            tag: name.clone(),
            ..InboxQuery::default()
        };
        Self {
            href: url::with_query(url::inbox(ws), &shown),
            name,
            tickets,
        }
    }
}

fn products(all: &[Product], current: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", "All products", current)];
    let each = all.iter();
    choices.extend(each.map(|one| Choice::new(&one.slug, &one.name, current)));
    choices
}

/// The edges of days, or of weeks when there would be too many, up to the end of today.
fn edges(now: DateTime<Utc>, days: i32) -> (Vec<DateTime<Utc>>, &'static str) {
    let (each, unit) = match days {
        ..=90 => (1, "Day"),
        _ => (7, "Week of"),
    };
    let count = (days + each - 1) / each;
    let day = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    let end = day + TimeDelta::days(1);
    let step = TimeDelta::days(i64::from(each));
    // The first week may be cut: the period begins where it says.
    let whole = TimeDelta::days(i64::from(days));
    let edges = (0..=count).map(|n| end - (step * (count - n)).min(whole));
    (edges.collect(), unit)
}

/// Shows it.
pub(crate) async fn get(at: At, query: Query<InsightsQuery>) -> Result<HttpResponse, Failed> {
    let query = query.into_inner();
    let here = url::with_query(url::insights(at.ws()), &query);
    let page = InsightsPage::load(&at, query).await?;
    at.page(here, &page).await
}

impl Page for InsightsPage {
    const NAME: &'static str = "insights";

    fn head(&self) -> Head {
        Head {
            title: "Insights".to_owned(),
            place: app(Current::Insights, vec![Crumb::here("Insights")]),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_end_with_today_and_long_periods_have_weeks() {
        let now: DateTime<Utc> = "2026-11-21T12:30:00Z".parse().unwrap();
        let (days, unit) = edges(now, 30);
        assert_eq!((days.len(), unit), (31, "Day"));
        assert_eq!(days[30].to_rfc3339(), "2026-11-22T00:00:00+00:00");
        let (weeks, unit) = edges(now, 365);
        assert_eq!((weeks.len(), unit), (54, "Week of"));
        assert_eq!(weeks[52].to_rfc3339(), "2026-11-15T00:00:00+00:00");
        assert_eq!(weeks[53] - weeks[0], TimeDelta::days(365));
    }

    #[test]
    fn a_part_is_seen_however_small() {
        assert_eq!(
            [percent(0, 9), percent(1, 900), percent(9, 9), percent(3, 0)],
            [0, 1, 100, 100]
        );
    }
}
