//! The states of the inbox worth looking at.

use super::*;

fn row(number: u32, title: &str, contact: &str, company: &str, seconds: i64) -> TicketRow {
    let is_new = number > 315;
    TicketRow {
        key: format!("QW-{number}"),
        title: Some(title.to_owned()),
        untitled: Untitled::NoText,
        contact: Some(contact.to_owned()),
        company: (!company.is_empty()).then(|| company.to_owned()),
        at: sample_ago(seconds),
        product: "Ledger".to_owned(),
        status: if is_new { "New" } else { "Planned" }.to_owned(),
        category: if is_new {
            StatusCategory::New
        } else {
            StatusCategory::Open
        },
        tags: vec!["feature-request".to_owned()],
        assignee: (number % 2 == 1).then(|| "Tomasz Bielak".to_owned()),
    }
}

fn rows() -> Vec<TicketRow> {
    let gone = TicketRow {
        title: None,
        untitled: Untitled::Deleted,
        contact: None,
        company: None,
        ..row(310, "", "", "", 190_000)
    };
    let pdf = "Invoice PDF drops the second address line when it is longer than 40 characters";
    vec![
        row(
            318,
            "Split one bank line across several cost centres",
            "Ines Carvalho",
            "Osprey Freight",
            40,
        ),
        row(317, pdf, "Marcus Oyelaran", "Tidewell Clinics", 1_240),
        row(
            316,
            "Would like a quarterly view of VAT",
            "Sunniva Aasen",
            "Nordlys Bakeri",
            2_980,
        ),
        row(
            314,
            "Undo for bulk categorise",
            "Gwen Abara",
            "Kestrel Studio",
            8_800,
        ),
        row(
            313,
            "Receipt scanner reads commas as full stops",
            "Piotr Zieliński",
            "Marigold Supplies",
            13_200,
        ),
        row(
            312,
            "Asks whether statements can be imported from a shared mailbox",
            "Lead from pricing page",
            "",
            73_000,
        ),
        gone,
    ]
}

fn choices(first: &str, rest: &[&str]) -> Vec<Choice> {
    let all = std::iter::once(Choice::new("", first, ""));
    all.chain(rest.iter().map(|&name| Choice::new(name, name, "")))
        .collect()
}

fn page(rows: Vec<TicketRow>, query: InboxQuery, ticket: Option<TicketView>) -> InboxPage {
    InboxPage {
        list: InboxRows {
            ws: "quillwater".to_owned(),
            query,
            new: rows
                .iter()
                .filter(|row| row.category == StatusCategory::New)
                .count() as u64,
            older: (rows.len() > 5).then(|| "QW-310".to_owned()),
            rows,
            set_up: None,
            alone: false,
        },
        ticket,
        products: choices("All products", &["Ledger", "Invoicing", "Mobile"]),
        statuses: choices(
            "Open",
            &["New", "Triaged", "Planned", "Done", "Declined", "All"],
        ),
        tags: choices("Any tag", &["feature-request", "bug"]),
        assignees: choices("Anyone", &["Me", "Nobody yet", "Dana Whitlock"]),
        chips: Vec::new(),
    }
}

fn empty(set_up: SetUp) -> InboxPage {
    let mut page = page(Vec::new(), InboxQuery::default(), None);
    page.list.set_up = Some(set_up);
    page
}

pub(super) fn all() -> Vec<(&'static str, InboxPage)> {
    let open = |key: &str| InboxQuery::default().with_ticket(key);
    let hostile = TicketRow {
        product: HOSTILE.to_owned(),
        status: HOSTILE.to_owned(),
        tags: vec![HOSTILE.to_owned()],
        assignee: Some(HOSTILE.to_owned()),
        ..row(319, HOSTILE, HOSTILE, HOSTILE, 5)
    };
    let no_match = InboxQuery {
        q: "kiosk".to_owned(),
        ..InboxQuery::default()
    };
    let begun = SetUp {
        connection: Some("0195".to_owned()),
        may: true,
        ..SetUp::default()
    };
    let waiting = SetUp {
        secret: true,
        feedback: true,
        product: Some("ledger".to_owned()),
        tags: true,
        ..begun.clone()
    };
    let mut of_one = page(rows(), InboxQuery::of_contact("c1", "65f0a1c9d24e"), None);
    of_one.chips = vec![Chip {
        label: "Ines Carvalho".to_owned(),
        field: "contact",
        value: of_one.list.query.contact.clone(),
        without: url::inbox("quillwater"),
        rest: "show those of all contacts",
    }];
    vec![
        ("of-one-contact", of_one),
        ("list", page(rows(), InboxQuery::default(), None)),
        (
            "open",
            page(rows(), open("QW-318"), Some(TicketView::sample(false))),
        ),
        ("no-match", page(Vec::new(), no_match, None)),
        (
            "fresh",
            empty(SetUp {
                may: true,
                ..SetUp::default()
            }),
        ),
        ("begun", empty(begun)),
        ("waiting", empty(waiting)),
        ("viewer", empty(SetUp::default())),
        (
            "hostile",
            page(
                vec![hostile],
                open("QW-319"),
                Some(TicketView::hostile_sample(false)),
            ),
        ),
    ]
}
