//! `{intercom}/{connection}/activity`: deliveries by hour and by day, which the connection's overview fetches once it
//! stands, since counting them takes as long as there are many.

use super::super::prelude::*;
use crate::pages::people::grouped;
use chrono::{DurationRound, TimeDelta};
use earmark_db::tenant::Received;
use earmark_model::Outcome;

/// The height of the charts in their own units.
const HEIGHT: i64 = 100;
/// The width of a bar with its gap.
const STEP: usize = 10;

/// Deliveries of an hour or a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bar {
    /// When, in words.
    pub label: String,
    /// Those that changed something.
    pub processed: i64,
    /// Those that changed nothing: ignored ones and repeats.
    pub ignored: i64,
    /// Those that failed or could not be read.
    pub failed: i64,
    /// Those that wait.
    pub waiting: i64,
}

impl Bar {
    fn add(&mut self, outcome: Outcome, count: i64) {
        let part = match outcome {
            Outcome::Processed => &mut self.processed,
            Outcome::Ignored | Outcome::Repeat => &mut self.ignored,
            Outcome::Failed | Outcome::Unreadable => &mut self.failed,
            Outcome::Waiting => &mut self.waiting,
        };
        *part += count;
    }

    const fn all(&self) -> i64 {
        self.processed + self.ignored + self.failed + self.waiting
    }
}

/// A bar as it is drawn.
struct Drawn {
    x: usize,
    y: i64,
    height: i64,
    bad_y: i64,
    bad_height: i64,
}

/// A chart with the same numbers in a table.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/intercom/activity_chart.html")]
pub struct Chart {
    /// Its id on the page.
    pub id: &'static str,
    /// Such as `Last 24 hours`.
    pub title: &'static str,
    /// `Hour` or `Day`.
    pub unit: &'static str,
    /// Oldest first.
    pub bars: Vec<Bar>,
}

ui::components!(Chart);

impl Chart {
    fn of(mut self, received: Vec<Received>) -> Self {
        for Received {
            stretch,
            outcome,
            count,
        } in received
        {
            if let Some(bar) = self.bars.get_mut(stretch) {
                bar.add(outcome, count);
            }
        }
        self
    }

    fn most(&self) -> i64 {
        self.bars.iter().map(Bar::all).max().unwrap_or_default()
    }

    fn width(&self) -> usize {
        self.bars.len() * STEP
    }

    /// The chart in a sentence.
    fn finding(&self) -> String {
        let all: i64 = self.bars.iter().map(Bar::all).sum();
        let failed: i64 = self.bars.iter().map(|bar| bar.failed).sum();
        let Some(top) = self.bars.iter().max_by_key(|bar| bar.all()) else {
            return String::new();
        };
        if all == 0 {
            return "No deliveries.".to_owned();
        }
        let failed = match failed {
            0 => "none failed".to_owned(),
            failed => format!("{} failed", grouped(failed)),
        };
        let most = grouped(top.all());
        let plural = if all == 1 { "y" } else { "ies" };
        format!(
            "{} deliver{plural}, {failed}. Busiest: {} with {most}.",
            grouped(all),
            top.label
        )
    }

    fn drawn(&self) -> Vec<Drawn> {
        let most = self.most().max(1);
        // What is there is seen, however little it is.
        let height = |count: i64| match count {
            0 => 0,
            count => (count * HEIGHT / most).max(2),
        };
        let bars = self.bars.iter().enumerate();
        bars.map(|(n, bar)| {
            let (whole, bad) = (height(bar.all()), height(bar.failed));
            Drawn {
                x: n * STEP + 1,
                y: HEIGHT - whole,
                height: whole - bad,
                bad_y: HEIGHT - bad,
                bad_height: bad,
            }
        })
        .collect()
    }

    /// The bars that have something to tell, newest first.
    fn told(&self) -> Vec<&Bar> {
        let told = self.bars.iter().rev().filter(|bar| bar.all() > 0);
        told.collect()
    }
}

/// The charts.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/activity.html")]
pub struct ActivityPage {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// The last 24 hours by hour, and the last 30 days by day.
    pub charts: [Chart; 2],
}

/// The edges of stretches up to the end of the one that `now` is in, and what each is called.
fn stretches(
    now: DateTime<Utc>,
    each: TimeDelta,
    count: i32,
    format: &str,
) -> (Vec<DateTime<Utc>>, Vec<Bar>) {
    let begin = now.duration_trunc(each).unwrap_or(now);
    let edges: Vec<_> = (0..=count)
        .map(|n| begin + each * (n + 1 - count))
        .collect();
    let bars = edges.iter().take(edges.len() - 1).map(|edge| Bar {
        label: edge.format(format).to_string(),
        ..Bar::default()
    });
    let bars = bars.collect();
    (edges, bars)
}

fn charts(hours: Vec<Bar>, days: Vec<Bar>) -> [Chart; 2] {
    [
        Chart {
            id: "hours",
            title: "Last 24 hours",
            unit: "Hour",
            bars: hours,
        },
        Chart {
            id: "days",
            title: "Last 30 days",
            unit: "Day",
            bars: days,
        },
    ]
}

/// Shows the charts.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let (hour_edges, hours) = stretches(at.now(), TimeDelta::hours(1), 24, "%H:%M UTC");
    let (day_edges, days) = stretches(at.now(), TimeDelta::days(1), 30, "%-d %b");
    let tenant = at.tenant();
    let (by_hour, by_day) = futures::try_join!(
        tenant.received(connection.id, &hour_edges),
        tenant.received(connection.id, &day_edges),
    )?;
    let [hours, days] = charts(hours, days);
    let page = ActivityPage {
        ws: at.ws().to_owned(),
        connection: connection.id.to_string(),
        name: connection.name,
        charts: [hours.of(by_hour), days.of(by_day)],
    };
    at.page(url::activity(at.ws(), &page.connection), &page)
        .await
}

impl Page for ActivityPage {
    const NAME: &'static str = "intercom/activity";

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
            Crumb::here("Activity"),
        ];
        Head {
            title: "Activity".to_owned(),
            place: app(Current::Integrations, crumbs),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let bars = |count: i64, label: &str| -> Vec<Bar> {
            let bar = |n: i64| Bar {
                label: format!("{n} {label}"),
                processed: (n * 37) % 23,
                ignored: (n * 11) % 7,
                failed: i64::from(n % 9 == 4) * 3,
                waiting: i64::from(n + 1 == count),
            };
            (0..count).map(bar).collect()
        };
        let page = |name: &str, hours, days| Self {
            ws: "quillwater".to_owned(),
            connection: "c1".to_owned(),
            name: name.to_owned(),
            charts: charts(hours, days),
        };
        let quiet = |count| vec![Bar::default(); count];
        vec![
            ("busy", page("Support EU", bars(24, "h"), bars(30, "Mar"))),
            ("quiet", page("Support EU", quiet(24), quiet(30))),
            ("hostile", page(HOSTILE, bars(24, HOSTILE), quiet(30))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_end_with_the_one_that_goes_on() {
        let now: DateTime<Utc> = "2026-11-21T12:30:00Z".parse().unwrap();
        let (edges, bars) = stretches(now, TimeDelta::hours(1), 24, "%H:%M");
        assert_eq!((edges.len(), bars.len()), (25, 24));
        assert_eq!(
            (bars[0].label.as_str(), bars[23].label.as_str()),
            ("13:00", "12:00")
        );
        assert_eq!(edges[24].to_rfc3339(), "2026-11-21T13:00:00+00:00");
    }

    #[test]
    fn a_chart_says_what_it_shows() {
        let [chart, _] = charts(vec![Bar::default(); 2], Vec::new());
        assert_eq!(chart.finding(), "No deliveries.");
        let received = |stretch, outcome, count| Received {
            stretch,
            outcome,
            count,
        };
        let mut chart = chart.of(vec![
            received(1, Outcome::Processed, 998),
            received(1, Outcome::Unreadable, 2),
            received(0, Outcome::Repeat, 1),
        ]);
        chart.bars[1].label = "12:00".to_owned();
        assert_eq!(
            chart.finding(),
            "1,001 deliveries, 2 failed. Busiest: 12:00 with 1,000."
        );
        let drawn = chart.drawn();
        assert_eq!(
            (drawn[1].y, drawn[1].height, drawn[1].bad_height),
            (0, 98, 2)
        );
        assert_eq!((drawn[0].height, drawn[0].bad_height), (2, 0));
    }
}
