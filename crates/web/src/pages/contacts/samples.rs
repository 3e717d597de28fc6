//! The states of the contacts' pages worth looking at.

use super::contact::{CompanyLine, ContactPage, SegmentLine};
use super::history::{History, HistoryLine};
use super::*;
use crate::pages::inbox::TicketRow;
use crate::pages::people::{
    Attribute, AttributeValue, Attributes, CopyRun, CopyState, List, ListQuery, Tickets,
};
use crate::pages::tickets::Untitled;
use earmark_db::tenant::{Contact, CopyTime};
use earmark_model::{RunState, StatusCategory};

fn row(name: &str, email: &str, companies: &[&str], tickets: i64, seconds: i64) -> ContactRow {
    ContactRow {
        connection: "c1".to_owned(),
        id: format!("65f0{seconds}"),
        name: (!name.is_empty()).then(|| name.to_owned()),
        email: (!email.is_empty()).then(|| email.to_owned()),
        role: Some(if email.is_empty() { "lead" } else { "user" }.to_owned()),
        companies: companies.iter().map(|&name| name.to_owned()).collect(),
        tickets,
        last_seen_at: Some(sample_ago(seconds)),
        archived: false,
    }
}

fn rows() -> Vec<ContactRow> {
    let never = ContactRow {
        last_seen_at: None,
        archived: true,
        ..row("", "accounts@marigold.example", &[], 0, 400_000)
    };
    vec![
        row(
            "Amara Diallo",
            "amara@tidewell-clinics.example",
            &["Tidewell Clinics"],
            2,
            70,
        ),
        row(
            "Ines Carvalho",
            "ines@osprey-freight.example",
            &["Osprey Freight"],
            3,
            190,
        ),
        row(
            "Lucía Benítez",
            "lucia@olivar-sur.example",
            &["Olivar Sur"],
            0,
            860,
        ),
        row("Lead from pricing page", "", &[], 1, 93_000),
        row(
            "Gwen Abara",
            "gwen@kestrel.example",
            &["Kestrel Studio", "Harrow Lane"],
            12,
            98_000,
        ),
        never,
    ]
}

pub(in crate::pages) fn state(name: &str, on: bool, run: Option<CopyRun>) -> CopyState {
    CopyState {
        connection: "c1".to_owned(),
        name: name.to_owned(),
        on,
        disconnected_at: None,
        run,
    }
}

pub(in crate::pages) fn copying(state: RunState, note: Option<&str>) -> CopyRun {
    CopyRun {
        id: "r1".to_owned(),
        state,
        done: 11_312,
        total: Some(18_240),
        note: note.map(str::to_owned),
    }
}

fn page(rows: Vec<ContactRow>, query: ContactQuery, states: Vec<CopyState>) -> ContactsPage {
    let choices = |first: &str, rest: &[&str]| {
        let rest = rest.iter().map(|&name| Choice::new(name, name, ""));
        std::iter::once(Choice::new("", first, ""))
            .chain(rest)
            .collect()
    };
    let mut list = List::of("quillwater", query, states, !rows.is_empty());
    list.nothing.may = true;
    list.tags = choices("Any tag", &["beta-group", "freight"]);
    ContactsPage {
        list,
        rows,
        segments: choices("Any segment", &["Active, as of 12 Mar, 10:00 UTC"]),
        companies: vec!["Osprey Freight".to_owned()],
        asked: None,
    }
}

fn asked(words: &str, names: &[&str]) -> ContactsPage {
    let query = ContactQuery {
        of: words.to_owned(),
        ..ContactQuery::default()
    };
    let mut page = page(rows(), query, vec![state("Support EU", true, None)]);
    let offered = names.iter();
    page.asked = Some(Asked {
        words: words.to_owned(),
        offered: offered
            .map(|&name| (name.to_owned(), url::contacts("quillwater")))
            .collect(),
        more: false,
    });
    page
}

fn words(q: &str) -> ListQuery {
    ListQuery {
        q: q.to_owned(),
        ..ListQuery::default()
    }
}

fn hostile() -> ContactsPage {
    let hostile_query = ContactQuery {
        list: words(HOSTILE),
        ..ContactQuery::default()
    };
    let hostile_row = ContactRow {
        id: HOSTILE.to_owned(),
        role: Some(HOSTILE.to_owned()),
        ..row(HOSTILE, HOSTILE, &[HOSTILE], 1, 60)
    };
    let note = copying(RunState::Failed, Some(HOSTILE));
    let mut hostile = page(
        vec![hostile_row],
        hostile_query,
        vec![state(HOSTILE, true, Some(note))],
    );
    hostile.asked = asked(HOSTILE, &[HOSTILE]).asked;
    hostile.list.chips = vec![Chip {
        label: HOSTILE.to_owned(),
        field: "company",
        value: HOSTILE.to_owned(),
        without: url::contacts("quillwater"),
        rest: "show all companies",
    }];
    hostile
}

pub(super) fn all() -> Vec<(&'static str, ContactsPage)> {
    let on = || vec![state("Support EU", true, None)];
    let none = ContactQuery::default;
    let mut full = page(rows(), none(), on());
    full.list.next = Some(none());
    let run = copying(RunState::Running, None);
    let several = vec![
        state("Support EU", true, Some(run.clone())),
        state("Support US", false, None),
        state(
            "Support AU",
            true,
            Some(CopyRun {
                id: "r2".to_owned(),
                ..copying(RunState::Paused, Some("Paused by Priya Raman."))
            }),
        ),
    ];
    let gone = CopyState {
        connection: "c2".to_owned(),
        disconnected_at: Some(sample_ago(86_400 * 12)),
        ..state("Support US", false, None)
    };
    let filtered = ContactQuery {
        list: words("nobody"),
        ..none()
    };
    vec![
        ("list", full),
        ("copying", page(rows(), none(), several)),
        (
            "disconnected",
            page(rows(), none(), vec![state("Support EU", true, None), gone]),
        ),
        (
            "first",
            page(
                Vec::new(),
                none(),
                vec![state("Support EU", true, Some(run))],
            ),
        ),
        ("no-match", page(Vec::new(), filtered, on())),
        (
            "off",
            page(Vec::new(), none(), vec![state("Support EU", false, None)]),
        ),
        ("not-connected", page(Vec::new(), none(), Vec::new())),
        ("none", page(Vec::new(), none(), on())),
        (
            "which-company",
            asked("osprey", &["Osprey Air", "Osprey Freight"]),
        ),
        ("no-company", asked("ospray", &[])),
        ("hostile", hostile()),
    ]
}

pub(in crate::pages) fn tickets(title: &str) -> Tickets {
    let row = |key: &str, title: &str, status: &str, category, seconds| TicketRow {
        key: key.to_owned(),
        title: Some(title.to_owned()),
        untitled: Untitled::NoText,
        contact: None,
        company: None,
        at: sample_ago(seconds),
        product: "Ledger".to_owned(),
        status: status.to_owned(),
        category,
        tags: vec!["feature-request".to_owned()],
        assignee: None,
    };
    Tickets {
        ws: "quillwater".to_owned(),
        rows: vec![
            row("QW-318", title, "New", StatusCategory::New, 190),
            row(
                "QW-251",
                "Depot names are cut off in the export",
                "Planned",
                StatusCategory::Open,
                1_900_000,
            ),
        ],
        count: 31,
        all: url::inbox("quillwater"),
    }
}

pub(in crate::pages) fn attributes(name: &str, text: &str) -> Attributes {
    let row = |name: &str, value| Attribute {
        name: name.to_owned(),
        value,
    };
    Attributes {
        rows: vec![
            row(name, AttributeValue::Text(text.to_owned())),
            row("renewed_at", AttributeValue::Time(sample_ago(5_000_000))),
            row("seats", AttributeValue::Text("64".to_owned())),
        ],
    }
}

fn history(word: &str, is_empty: bool) -> History {
    let told = |seconds, words: &str, topic: &str| HistoryLine {
        at: sample_ago(seconds),
        words: words.to_owned(),
        topic: Some(topic.to_owned()),
        ticket: None,
    };
    let made = HistoryLine {
        at: sample_ago(190),
        words: "Ticket made in Ledger".to_owned(),
        topic: None,
        ticket: Some("QW-318".to_owned()),
    };
    let lines = vec![
        made,
        told(700, word, "company.contact.attached"),
        told(90_000, "Updated contact", "contact.user.updated"),
    ];
    History {
        ws: "quillwater".to_owned(),
        lines: if is_empty { Vec::new() } else { lines },
        all: (!is_empty).then(|| url::deliveries("quillwater", "c1")),
    }
}

fn one(word: &str, is_sparse: bool) -> ContactPage {
    let given = |text: &str| Some(text.to_owned()).filter(|_| !is_sparse);
    let contact = Contact {
        id: "65f0a1c9d24e".to_owned(),
        role: Some(if is_sparse { "lead" } else { "user" }.to_owned()),
        external_id: given("usr_20418"),
        email: given("ines@osprey-freight.example"),
        phone: given("+351 210 555 014"),
        name: given(word),
        owner_id: None,
        content: "{}".to_owned(),
        digest: String::new(),
        created_at: Some(sample_ago(5_500_000)),
        last_seen_at: (!is_sparse).then(|| sample_ago(190)),
        lists_cut: false,
        time: CopyTime {
            updated_at: sample_ago(700),
            observed_at: sample_ago(690),
        },
    };
    let (mut companies, mut tags, mut segments) = (Vec::new(), Vec::new(), Vec::new());
    let none = || Attributes { rows: Vec::new() };
    let (mut custom, mut more) = (none(), none());
    let mut found = tickets(word);
    if is_sparse {
        found.rows.clear();
        found.count = 0;
    } else {
        companies.push(CompanyLine {
            id: "c9".to_owned(),
            name: "Osprey Freight".to_owned(),
            about: "Scale, 64 people, Logistics".to_owned(),
        });
        tags.extend([word.to_owned(), "freight".to_owned()]);
        segments.push(SegmentLine {
            name: "Active".to_owned(),
            as_of: sample_ago(9_000),
        });
        custom = attributes("department", word);
        more = attributes("browser", "Firefox");
    }
    ContactPage {
        history: history(word, is_sparse),
        ws: "quillwater".to_owned(),
        connection: "c1".to_owned(),
        connection_name: "Support EU".to_owned(),
        contact,
        archived_at: is_sparse.then(|| sample_ago(86_400 * 3)),
        owner: given("Tomasz Bielak"),
        tags,
        segments,
        companies,
        tickets: found,
        place: given("Lisbon, Portugal"),
        custom,
        more,
        intercom_url: given(
            "https://app.eu.intercom.com/a/apps/q1w4ter0/users/65f0a1c9/all-conversations",
        ),
    }
}

pub(super) fn contact() -> Vec<(&'static str, ContactPage)> {
    let mut hostile = one(HOSTILE, false);
    hostile.custom = attributes(HOSTILE, HOSTILE);
    hostile.companies[0].name = HOSTILE.to_owned();
    hostile.companies[0].about = HOSTILE.to_owned();
    hostile.owner = Some(HOSTILE.to_owned());
    vec![
        ("contact", one("Ines Carvalho", false)),
        ("archived", one("", true)),
        ("hostile", hostile),
    ]
}
