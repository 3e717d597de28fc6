//! Contacts, companies and conversations made up from nothing but a number and a time: the same ones each time.

use serde_json::{Map, json};

use crate::options::Generate;
use crate::state::attribute::Model;
use crate::state::conversation::{Author, Conversation, Part, PartKind, Source};
use crate::state::groups::{Segment, Team};
use crate::state::people::{Admin, Company, Contact, Profile, Role, Tag};
use crate::state::{IdKind, Workspace};

const DAY: i64 = 86_400;
const YEARS: i64 = 3 * 365 * DAY;
/// How long ago the day lies on which a fifth of the contacts came.
const BUSY_DAY: i64 = 400 * DAY;
/// Tags made, more than a contact shows.
const TAGS: u64 = 14;
/// Every so many contacts one has all tags and as many companies.
const RICH: u64 = 1000;

const FIRST: [&str; 24] = [
    "Ada", "Bo", "Carla", "Deniz", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kaya",
    "Liam", "Mina", "Noor", "Otto", "Pia", "Quinn", "Rosa", "Sven", "Tariq", "Uma", "Vera",
    "Wanda", "Yusuf",
];
const LAST: [&str; 24] = [
    "Abel",
    "Brandt",
    "Costa",
    "Dahl",
    "Eriksen",
    "Fischer",
    "Grant",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Mehta",
    "Novak",
    "Osei",
    "Petrov",
    "Quist",
    "Rossi",
    "Silva",
    "Tanaka",
    "Urban",
    "Varga",
    "Weber",
    "Zhou",
];
const TRADES: [&str; 12] = [
    "Freight",
    "Dental",
    "Bakery",
    "Studio",
    "Foods",
    "Energy",
    "Optics",
    "Logistics",
    "Press",
    "Robotics",
    "Textiles",
    "Water",
];
const PLACES: [(&str, &str); 6] = [
    ("Ireland", "Dublin"),
    ("Germany", "Leipzig"),
    ("Brazil", "Recife"),
    ("Japan", "Osaka"),
    ("Kenya", "Nairobi"),
    ("Canada", "Halifax"),
];
const PLANS: [&str; 3] = ["Starter", "Growth", "Scale"];
const ASKS: [&str; 6] = [
    "Could the export keep the order of my columns?",
    "The report is empty when I pick last quarter.",
    "Is there a way to invite a colleague for one project only?",
    "Search finds nothing when a word has an accent.",
    "It would help to have a dark theme.",
    "Where do I change the address on our invoices?",
];

/// Numbers that look random and are the same for the same seed (SplitMix64).
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn pick<T: Copy>(from: &[T], number: u64) -> T {
    let at = number % from.len() as u64;
    from[usize::try_from(at).unwrap_or_default()]
}

/// A number below a bound.
fn below(number: u64, bound: i64) -> i64 {
    i64::try_from(number % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or_default()
}

/// Fills a workspace.
pub(super) fn fill(workspace: &mut Workspace, wanted: Generate, now: i64) {
    let admins = admins(workspace);
    let tags = groups(workspace, &admins, now);
    let companies: Vec<String> = (0..u64::from(wanted.companies))
        .map(|number| company(workspace, number, &tags, now))
        .collect();
    let mut contacts = Vec::with_capacity(wanted.contacts as usize);
    let about = json!({"plan_name": "Growth", "seats": 5});
    if let Some(about) = about.as_object() {
        workspace.define(Model::Contact, about, now);
    }
    for number in 0..u64::from(wanted.contacts) {
        let one = contact(number, &companies, &tags, now);
        contacts.push(one.id.clone());
        workspace.contacts.insert(one);
    }
    if contacts.is_empty() {
        contacts.extend(workspace.contacts.values().map(|one| one.id.clone()));
    }
    for number in 0..u64::from(wanted.conversations) {
        conversation(workspace, number, &contacts, &admins, now);
    }
}

fn admins(workspace: &mut Workspace) -> Vec<Admin> {
    if workspace.admins.is_empty() {
        let id = workspace.digits(IdKind::Admin);
        workspace.admins.push(Admin {
            id,
            name: "Ada Lindqvist".to_owned(),
            email: "ada@support.example".to_owned(),
        });
    }
    workspace.admins.clone()
}

fn groups(workspace: &mut Workspace, admins: &[Admin], now: i64) -> Vec<String> {
    let mut tags = Vec::new();
    for number in 1..=TAGS {
        let id = workspace.digits(IdKind::Tag);
        let name = format!("group-{number:02}");
        tags.push(id.clone());
        workspace.tags.push(Tag { id, name });
    }
    let seen = now - 30 * DAY;
    let segments = [
        (
            "Active",
            json!({"field": "last_seen_at", "operator": ">", "value": seen}),
        ),
        (
            "Leads",
            json!({"field": "role", "operator": "=", "value": "lead"}),
        ),
        (
            "Large teams",
            json!({"field": "custom_attributes.seats", "operator": ">", "value": 40}),
        ),
    ];
    for (name, query) in segments {
        let id = workspace.digits(IdKind::Segment);
        workspace.segments.push(Segment {
            id,
            name: name.to_owned(),
            created_at: now - YEARS,
            updated_at: now - YEARS,
            query,
        });
    }
    let id = workspace.digits(IdKind::Team);
    workspace.teams.push(Team {
        id,
        name: "First line".to_owned(),
        admins: admins.iter().map(|admin| admin.id.clone()).collect(),
    });
    tags
}

/// When the thing of a number came: spread over three years, a fifth of them on one day.
fn came(number: u64, salt: u64, now: i64) -> i64 {
    let random = mix(number ^ salt);
    let busy = now - BUSY_DAY;
    if number.is_multiple_of(5) {
        return busy - busy.rem_euclid(DAY) + below(random, DAY);
    }
    now - 60 - below(random, YEARS)
}

fn hex(at: i64, number: u64) -> String {
    format!("{:08x}{:016x}", at & 0xffff_ffff, mix(number))
}

fn company(workspace: &mut Workspace, number: u64, tags: &[String], now: i64) -> String {
    let random = mix(number ^ 0xc0);
    let created_at = now - 60 - below(random, YEARS);
    let name = format!(
        "{} {} {number}",
        pick(&LAST, random),
        pick(&TRADES, random >> 8)
    );
    let id = hex(created_at, number ^ 0xc0_0000_0000);
    workspace.companies.insert(Company {
        id: id.clone(),
        company_id: format!("co-{number}"),
        name,
        created_at,
        updated_at: created_at + below(random >> 16, now - created_at),
        remote_created_at: Some(created_at),
        last_request_at: Some(now - below(random >> 20, 90 * DAY)),
        plan: Some(pick(&PLANS, random >> 4).to_owned()),
        size: Some(below(random >> 12, 900) + 1),
        website: Some(format!("https://co-{number}.example")),
        industry: Some(pick(&TRADES, random >> 8).to_owned()),
        monthly_spend: below(random >> 24, 5000),
        tags: Vec::from_iter(random.is_multiple_of(7).then(|| tags[0].clone())),
        custom_attributes: Map::new(),
    });
    id
}

fn contact(number: u64, companies: &[String], tags: &[String], now: i64) -> Contact {
    let random = mix(number);
    let created_at = came(number, 0x5eed, now);
    let lead = random.is_multiple_of(10);
    let rich = number % RICH == RICH - 1;
    let (first, last) = (pick(&FIRST, random >> 8), pick(&LAST, random >> 16));
    let (country, city) = pick(&PLACES, random >> 24);
    let email = format!(
        "{}.{}.{number}@mail.example",
        first.to_lowercase(),
        last.to_lowercase()
    );
    let own: Vec<String> = match (companies.len() as u64, rich) {
        (0, _) => Vec::new(),
        (many, true) => (0..many.min(12))
            .map(|step| companies[usize::try_from((number + step) % many).unwrap_or(0)].clone())
            .collect(),
        _ if lead => Vec::new(),
        (many, false) => vec![companies[usize::try_from(number % many).unwrap_or(0)].clone()],
    };
    let attributes =
        json!({"plan_name": pick(&PLANS, random >> 4), "seats": below(random >> 28, 60)});
    Contact {
        id: hex(created_at, number),
        external_id: Some(match lead {
            true => uuid::Uuid::from_u64_pair(random, number).to_string(),
            false => format!("usr-{number}"),
        }),
        role: if lead { Role::Lead } else { Role::User },
        // Some leads have told nobody their address.
        email: (!lead || random.is_multiple_of(20)).then_some(email),
        name: (!lead).then(|| format!("{first} {last}")),
        phone: random
            .is_multiple_of(9)
            .then(|| format!("+353 1 {:07}", number % 10_000_000)),
        created_at,
        updated_at: created_at + below(random >> 32, now - created_at),
        signed_up_at: (!lead).then_some(created_at),
        last_seen_at: Some(created_at + below(random >> 36, now - created_at)),
        companies: own,
        tags: match (rich, random % 4) {
            (true, _) => tags.to_vec(),
            (false, 0) => vec![pick_one(tags, random >> 40)],
            _ => Vec::new(),
        },
        custom_attributes: attributes.as_object().cloned().unwrap_or_default(),
        profile: random.is_multiple_of(3).then(|| {
            Box::new(Profile {
                country: Some(country.to_owned()),
                city: Some(city.to_owned()),
                browser: Some("firefox".to_owned()),
                ..Profile::default()
            })
        }),
        ..Contact::default()
    }
}

fn pick_one(from: &[String], number: u64) -> String {
    let at = number % from.len().max(1) as u64;
    let found = from.get(usize::try_from(at).unwrap_or_default());
    found.cloned().unwrap_or_default()
}

fn conversation(
    workspace: &mut Workspace,
    number: u64,
    contacts: &[String],
    admins: &[Admin],
    now: i64,
) {
    let random = mix(number ^ 0xaa);
    let Some(contact) = workspace.contacts.get(&pick_one(contacts, random >> 4)) else {
        return;
    };
    let opener = Author::from(contact);
    let admin = &admins[usize::try_from(random % admins.len() as u64).unwrap_or_default()];
    let contact = contact.id.clone();
    let created_at = now - 3600 - below(random >> 8, 365 * DAY);
    let id = workspace.digits(IdKind::Conversation);
    let source = Source {
        id: workspace.digits(IdKind::Message),
        subject: String::new(),
        body: format!("<p>{}</p>", pick(&ASKS, random >> 16)),
        author: opener.clone(),
        attachments: Vec::new(),
        url: None,
        redacted: false,
        tags: Vec::new(),
    };
    let mut one = Conversation::new(id, contact, source, created_at);
    for step in 0..below(random >> 20, 4) {
        let at = created_at + (step + 1) * 600;
        let teammate = step % 2 == 0;
        let author = match teammate {
            true => Author::from(admin),
            false => opener.clone(),
        };
        one.parts.push(Part {
            id: workspace.digits(IdKind::Part),
            kind: PartKind::Comment,
            body: Some(format!(
                "<p>{}</p>",
                pick(&ASKS, mix(random).wrapping_add(step.unsigned_abs()))
            )),
            author,
            created_at: at,
            updated_at: at,
            attachments: Vec::new(),
            redacted: false,
            tags: Vec::new(),
            assigned_to: None,
        });
        one.waiting_since = (!teammate).then_some(at);
        one.updated_at = at;
        one.assignee = Some(admin.id.clone());
    }
    workspace.conversations.insert(one);
}
