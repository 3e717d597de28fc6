//! The states of the insights worth looking at.

use super::*;

fn page(word: &str, is_empty: bool) -> InsightsPage {
    let stretch = |n: i64| Stretch {
        label: format!("{} Feb", n + 1),
        tickets: if is_empty { 0 } else { (n * 37) % 11 },
    };
    let tag = |name: &str, tickets| TagLine {
        name: name.to_owned(),
        tickets,
        href: "/w/quillwater/inbox?tag=bug".to_owned(),
    };
    let team = |name: Option<&str>, tickets, minutes| TeamLine {
        connection: None,
        name: name.map(str::to_owned),
        tickets,
        talks: tickets,
        answered: tickets - 1,
        median: Some(TimeDelta::minutes(minutes)),
    };
    let bucket = |label, talks| Bucket { label, talks };
    let full = Replies {
        buckets: vec![
            bucket("Within 15 minutes", 12),
            bucket("Within an hour", 31),
            bucket("Within 4 hours", 40),
            bucket("Within a day", 18),
            bucket("Within 3 days", 4),
            bucket("Later", 1),
            bucket("No reply yet", 7),
            bucket("Not known", 2),
        ],
        teams: vec![
            team(Some(word), 71, 47),
            team(Some("Invoicing"), 38, 204),
            team(None, 6, 3_100),
        ],
        talks: 115,
        answered: 106,
        unknown: 2,
        median: Some(TimeDelta::minutes(74)),
        is_cut: false,
    };
    InsightsPage {
        ws: "quillwater".to_owned(),
        query: InsightsQuery::default(),
        products: vec![
            Choice::new("", "All products", ""),
            Choice::new("ledger", word, ""),
        ],
        unit: "Day",
        stretches: (0..30).map(stretch).collect(),
        tags: match is_empty {
            true => Vec::new(),
            false => vec![
                tag(word, 84),
                tag("feature-request", 31),
                tag("churn-risk", 2),
            ],
        },
        replies: if is_empty { Replies::default() } else { full },
    }
}

pub(super) fn all() -> Vec<(&'static str, InsightsPage)> {
    let mut teamless = page("Ledger", false);
    teamless.replies.teams.drain(..2);
    teamless.replies.is_cut = true;
    vec![
        ("full", page("Ledger", false)),
        ("no-teams", teamless),
        ("none", page("Ledger", true)),
        ("hostile", page(HOSTILE, false)),
    ]
}
