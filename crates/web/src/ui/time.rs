//! Times: relative under a day, dates after, the exact time always in the markup.

use crate::render::Context;
use askama::filters::HtmlSafe;
use askama::{FastWritable, Template, Values};
use chrono::{DateTime, Datelike, Utc};
use std::fmt;

#[derive(Debug, Clone, Copy)]
enum Style {
    /// `3 min`, `11 Mar`: for lists.
    Short,
    /// `3 min ago`, `on 11 March 2026`: inside a sentence.
    Ago,
    /// `11 March 2026, 10:38:14 UTC`.
    Exact,
}

/// A point in time.
#[derive(Debug, Clone, Copy)]
pub struct Time<'a> {
    at: &'a DateTime<Utc>,
    style: Style,
}

/// A time in a list.
#[must_use]
pub const fn time(at: &DateTime<Utc>) -> Time<'_> {
    Time {
        at,
        style: Style::Short,
    }
}

/// A time inside a sentence.
#[must_use]
pub const fn ago(at: &DateTime<Utc>) -> Time<'_> {
    Time {
        at,
        style: Style::Ago,
    }
}

/// A time in full.
#[must_use]
pub const fn exact(at: &DateTime<Utc>) -> Time<'_> {
    Time {
        at,
        style: Style::Exact,
    }
}

impl Time<'_> {
    fn full(self) -> String {
        self.at.format("%-d %B %Y, %H:%M:%S UTC").to_string()
    }

    fn words(self, now: DateTime<Utc>) -> String {
        let minutes = (now - self.at).num_minutes();
        let recent = match minutes {
            ..1 => None,
            1..60 => Some(format!("{minutes} min")),
            _ => Some(format!("{} h", minutes / 60)),
        };
        match (self.style, recent) {
            (Style::Exact, _) => self.full(),
            (Style::Short, None) => "now".to_owned(),
            (Style::Ago, None) => "just now".to_owned(),
            (Style::Short, Some(recent)) if minutes < 24 * 60 => recent,
            (Style::Ago, Some(recent)) if minutes < 24 * 60 => format!("{recent} ago"),
            (Style::Short, _) if self.at.year() == now.year() => {
                self.at.format("%-d %b").to_string()
            }
            (Style::Short, _) => self.at.format("%-d %b %Y").to_string(),
            (Style::Ago, _) => self.at.format("on %-d %B %Y").to_string(),
        }
    }
}

#[derive(Template)]
#[template(path = "components/time.html")]
struct TimeElement<'a> {
    machine: &'a str,
    full: &'a str,
    words: &'a str,
}

impl FastWritable for Time<'_> {
    fn write_into(&self, out: &mut dyn fmt::Write, values: &dyn Values) -> askama::Result<()> {
        let element = TimeElement {
            machine: &self.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            full: &self.full(),
            words: &self.words(Context::of(values)?.now),
        };
        element.render_into(out)
    }
}

impl fmt::Display for Time<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full())
    }
}

impl HtmlSafe for Time<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn relative_under_a_day_dates_after() {
        let now: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        let words = |back: TimeDelta| {
            let at = now - back;
            (time(&at).words(now), ago(&at).words(now))
        };
        let expect = |back, short: &str, long: &str| {
            assert_eq!(words(back), (short.to_owned(), long.to_owned()));
        };
        expect(TimeDelta::seconds(-5), "now", "just now");
        expect(TimeDelta::seconds(59), "now", "just now");
        expect(TimeDelta::minutes(3), "3 min", "3 min ago");
        expect(TimeDelta::hours(23), "23 h", "23 h ago");
        expect(TimeDelta::hours(24), "20 Nov", "on 20 November 2026");
        expect(TimeDelta::days(365), "21 Nov 2025", "on 21 November 2025");
        assert_eq!(exact(&now).words(now), "21 November 2026, 12:00:00 UTC");
    }
}
