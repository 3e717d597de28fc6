//! The states of the companies' pages worth looking at.

use super::company::CompanyPage;
use super::*;
use crate::pages::contacts::ContactRow;
use crate::pages::contacts::samples::{attributes, copying, state, tickets};
use crate::pages::people::{CopyState, List};
use earmark_db::tenant::{Company, CopyTime};
use earmark_model::RunState;

fn row(name: &str, plan: &str, people: i64, tickets: i64, seconds: i64) -> CompanyRow {
    CompanyRow {
        connection: "c1".to_owned(),
        id: format!("6{seconds}"),
        name: name.to_owned(),
        website: (people > 10)
            .then(|| format!("{}.example", name.to_lowercase().replace(' ', "-"))),
        plan: (!plan.is_empty()).then(|| plan.to_owned()),
        people: (people > 0).then_some(people),
        tickets,
        last_request_at: (people > 0).then(|| sample_ago(seconds)),
        archived: people == 0,
    }
}

fn page(rows: Vec<CompanyRow>, query: CompanyQuery, states: Vec<CopyState>) -> CompaniesPage {
    let chips = query.chips("quillwater");
    let mut list = List::of("quillwater", query, states, !rows.is_empty());
    list.chips = chips;
    CompaniesPage { list, rows }
}

pub(super) fn all() -> Vec<(&'static str, CompaniesPage)> {
    let on = || vec![state("Support EU", true, None)];
    let rows = vec![
        row("Tidewell Clinics", "Scale", 31, 7, 70),
        row("Osprey Freight", "Scale", 64, 4, 190),
        row("Olivar Sur", "Team", 5, 0, 860),
        row("Marigold Supplies", "", 0, 1, 93_000),
    ];
    let none = CompanyQuery::default;
    let mut full = page(rows.clone(), none(), on());
    full.list.next = Some(none());
    let copying = copying(RunState::Running, None);
    let hostile = CompanyRow {
        id: HOSTILE.to_owned(),
        website: Some(HOSTILE.to_owned()),
        ..row(HOSTILE, HOSTILE, 4, 1, 60)
    };
    let plan = CompanyQuery::of_plan;
    vec![
        ("list", full),
        (
            "copying",
            page(rows, none(), vec![state("Support EU", true, Some(copying))]),
        ),
        ("no-match", page(Vec::new(), plan("Scale"), on())),
        (
            "off",
            page(Vec::new(), none(), vec![state("Support EU", false, None)]),
        ),
        ("hostile", page(vec![hostile], plan(HOSTILE), on())),
    ]
}

fn one(word: &str, is_sparse: bool) -> CompanyPage {
    let given = |text: &str| Some(text.to_owned()).filter(|_| !is_sparse);
    let company = Company {
        id: "65f0a1c9d24e".to_owned(),
        company_id: given("osprey"),
        name: Some(word.to_owned()),
        plan: given("Scale"),
        industry: given("Logistics"),
        website: given("osprey-freight.example"),
        size: (!is_sparse).then_some(64),
        monthly_spend: (!is_sparse).then_some(1_180.5),
        user_count: (!is_sparse).then_some(12),
        content: "{}".to_owned(),
        digest: String::new(),
        created_at: Some(sample_ago(5_500_000)),
        last_request_at: (!is_sparse).then(|| sample_ago(190)),
        time: CopyTime {
            updated_at: sample_ago(700),
            observed_at: sample_ago(690),
        },
    };
    let person = ContactRow {
        connection: "c1".to_owned(),
        id: "65f0".to_owned(),
        name: Some(word.to_owned()),
        email: Some("ines@osprey-freight.example".to_owned()),
        role: Some("user".to_owned()),
        companies: Vec::new(),
        tickets: 2,
        last_seen_at: None,
        archived: false,
    };
    let mut found = tickets(word);
    let (mut custom, mut more) = (attributes("region", word), attributes("sessions", "12"));
    if is_sparse {
        found.rows.clear();
        found.count = 0;
        custom.rows.clear();
        more.rows.clear();
    }
    CompanyPage {
        ws: "quillwater".to_owned(),
        connection: "c1".to_owned(),
        connection_name: "Support EU".to_owned(),
        company,
        archived_at: is_sparse.then(|| sample_ago(86_400 * 3)),
        tags: given(word).into_iter().collect(),
        people: if is_sparse { Vec::new() } else { vec![person] },
        more_people: false,
        tickets: found,
        custom,
        more,
        intercom_url: given("https://app.eu.intercom.com/a/apps/q1w4ter0/companies/65f0a1c9d24e"),
    }
}

pub(super) fn company() -> Vec<(&'static str, CompanyPage)> {
    vec![
        ("company", one("Osprey Freight", false)),
        ("archived", one("Marigold Supplies", true)),
        ("hostile", one(HOSTILE, false)),
    ]
}
