//! The demo: a small accounting product with the people who write to its support team, and a second company in the EU.

mod fjordline;

use serde_json::{Value, json};

/// The `app_id` of the demo's Intercom workspace.
pub const DEMO_APP_ID: &str = "qw7tide3";

/// The `app_id` of the demo's second Intercom workspace, which lies in the EU.
pub const DEMO_EU_APP_ID: &str = "tz4fjord";

/// The client id of the demo's OAuth app that an installation of Earmark uses.
pub const DEMO_OAUTH_CLIENT_ID: &str = "earmark-oauth";

/// The client id of the demo's OAuth app that plays the own app of a company.
pub const DEMO_OWN_CLIENT_ID: &str = "quillwater-oauth";

const ADA: &str = "7310044";
const MILO: &str = "7310052";
const YARA: &str = "7310061";

/// The secrets of the demo's apps. The caller decides whether they are fixed or random.
#[derive(Clone, Copy)]
pub struct DemoSecrets<'a> {
    /// The access token of the private app.
    pub token: &'a str,
    /// The client secret of the private app.
    pub client_secret: &'a str,
    /// The client secret of the OAuth app [`DEMO_OAUTH_CLIENT_ID`].
    pub oauth_secret: &'a str,
    /// The client secret of the OAuth app [`DEMO_OWN_CLIENT_ID`].
    pub own_secret: &'a str,
}

/// Seeds two Intercom workspaces, "Quillwater Support" in the US and "Fjordline Care" in the EU.
///
/// On the first one a private app is installed that has every permission and topic but no webhook URL yet. Two OAuth apps are
/// installed nowhere yet and have no URLs either: "Earmark (sandbox)", and one that a company could have made for itself.
///
/// `now` is in Unix seconds: the conversations lie in the hours and days before it.
#[must_use]
pub fn demo_seed(now: i64, secrets: DemoSecrets<'_>) -> Value {
    json!({
        "workspaces": [quillwater(now, secrets), fjordline::workspace(now)],
        "oauth_apps": [
            {
                "client_id": DEMO_OAUTH_CLIENT_ID,
                "name": "Earmark (sandbox)",
                "client_secret": secrets.oauth_secret,
            },
            {
                "client_id": DEMO_OWN_CLIENT_ID,
                "name": "Quillwater's own app",
                "client_secret": secrets.own_secret,
            },
        ],
    })
}

fn quillwater(now: i64, secrets: DemoSecrets<'_>) -> Value {
    json!({
        "app_id": DEMO_APP_ID,
        "name": "Quillwater Support",
        "region": "US",
        "timezone": "America/New_York",
        "utc_offset_minutes": -300,
        "admins": [
            {"id": ADA, "name": "Ada Lindqvist", "email": "ada@quillwater.example"},
            {"id": MILO, "name": "Milo Brandt", "email": "milo@quillwater.example"},
            {"id": YARA, "name": "Yara Osei", "email": "yara@quillwater.example"},
        ],
        "tags": [
            {"id": "9182731", "name": "feature-request"},
            {"id": "9182732", "name": "bug"},
            {"id": "9182733", "name": "product-feedback"},
            {"id": "9182734", "name": "vip"},
            {"id": "9182735", "name": "churn-risk"},
        ],
        "companies": companies(now),
        "contacts": contacts(now),
        "conversations": conversations(now),
        "apps": [{
            "client_id": "earmark-demo",
            "name": "Earmark (private app)",
            "token": secrets.token,
            "client_secret": secrets.client_secret,
        }],
    })
}

fn companies(now: i64) -> Value {
    let day = 86_400;
    let one = |id: &str, own: &str, name: &str, industry: &str, size: i64, spend: i64, age: i64| {
        json!({
            "id": id, "company_id": own, "name": name, "industry": industry, "size": size,
            "monthly_spend": spend, "plan": if spend > 500 { "Scale" } else { "Starter" },
            "website": format!("https://{own}.example"),
            "created_at": now - age * day, "updated_at": now - age * day, "last_request_at": now - 3600,
        })
    };
    json!([
        one(
            "66e9d0c1b2a3948576605101",
            "osprey-freight",
            "Osprey Freight",
            "Logistics",
            180,
            1490,
            400
        ),
        one(
            "66e9d0c1b2a3948576605102",
            "lumen-dental",
            "Lumen Dental Group",
            "Healthcare",
            64,
            620,
            310
        ),
        one(
            "66e9d0c1b2a3948576605103",
            "two-rivers-bakery",
            "Two Rivers Bakery",
            "Food",
            22,
            190,
            120
        ),
        one(
            "66e9d0c1b2a3948576605104",
            "northlight-studio",
            "Northlight Studio",
            "Design",
            9,
            90,
            45
        ),
    ])
}

fn contacts(now: i64) -> Value {
    let day = 86_400;
    let one = |n: u32, name: &str, email: &str, company: u32, age: i64| {
        json!({
            "id": format!("66f1a2b3c4d5e6f7081920{n:02}"), "external_id": format!("usr_{}", 2040 + n),
            "role": "user", "name": name, "email": email,
            "companies": [format!("66e9d0c1b2a39485766051{company:02}")],
            "created_at": now - age * day, "updated_at": now - age * day, "signed_up_at": now - age * day,
            "last_seen_at": now - 1800,
        })
    };
    json!([
        one(1, "Ines Carvalho", "ines@osprey-freight.example", 1, 390),
        one(2, "Marcus Oyelaran", "marcus@osprey-freight.example", 1, 200),
        one(3, "Sunniva Aasen", "sunniva@lumen-dental.example", 2, 300),
        one(4, "Theo Marchetti", "theo@two-rivers-bakery.example", 3, 110),
        one(5, "Priya Raman", "priya@northlight-studio.example", 4, 40),
        {
            "id": "66f1a2b3c4d5e6f708192006", "external_id": "84c1f0aa-5b1e-4f0e-9d3c-2f6f9c0e7a11",
            "role": "lead", "created_at": now - 9000, "updated_at": now - 9000,
        },
    ])
}

fn conversations(now: i64) -> Vec<Value> {
    THREADS
        .iter()
        .zip(215_473_908_114_001_u64..)
        .map(|((contact, lines), id)| conversation(now, id, *contact, lines))
        .collect()
}

fn conversation(now: i64, id: u64, contact: u32, lines: &[Line]) -> Value {
    let parts: Vec<Value> = lines.iter().skip(1).map(|line| part(now, *line)).collect();
    let (ago, _, body) = lines.first().copied().unwrap_or((0, "contact", ""));
    json!({
        "id": id.to_string(),
        "contact": format!("66f1a2b3c4d5e6f7081920{contact:02}"),
        "created_at": now - ago * 60,
        "body": body,
        "url": "https://app.quillwater.example/",
        "parts": parts,
    })
}

fn part(now: i64, (ago, who, body): Line) -> Value {
    let (by, admin) = match who {
        "ada" => ("admin", Some(ADA)),
        "milo" => ("admin", Some(MILO)),
        "yara" => ("admin", Some(YARA)),
        "note" => ("note", Some(MILO)),
        "bot" => ("bot", None),
        _ => ("contact", None),
    };
    json!({"by": by, "admin": admin, "body": body, "at": now - ago * 60})
}

/// One message: minutes before now, who wrote it (an admin by name, `note` for an internal one), the text.
type Line = (i64, &'static str, &'static str);

/// The contact's number and the messages of each conversation.
const THREADS: [(u32, &[Line]); 8] = [
    (
        1,
        &[
            (
                22,
                "contact",
                "Hi, can I set a cost centre on part of a bank line?",
            ),
            (
                20,
                "bot",
                "Cost centres can be set per bank rule. Did that answer the question?",
            ),
            (
                18,
                "contact",
                "Not really. Our fuel card comes through as one line a week, but the cost belongs to six depots. \
                If I could split the line where I see it, I would get my Friday back.",
            ),
            (
                12,
                "ada",
                "Thanks Ines, that is very clear. I am passing it to the Ledger team as it stands.",
            ),
        ],
    ),
    (
        2,
        &[
            (
                51,
                "contact",
                "The customer's address is missing on the PDF when the invoice goes to a branch office. \
                On screen it is there.",
            ),
            (
                44,
                "milo",
                "Could you tell me which invoice? Then I can look at the file we made.",
            ),
            (
                41,
                "contact",
                "2291 and 2294, both to the Porto branch. Invoices to the head office are fine.",
            ),
            (
                37,
                "note",
                "Reproduced with 2294: the branch address has no second line, and the template drops the block.",
            ),
            (
                31,
                "milo",
                "Found it, thank you. It happens when the second address line is empty; I have told the team.",
            ),
        ],
    ),
    (
        3,
        &[
            (
                118,
                "contact",
                "Is there a report of VAT by quarter? I only find months, and our accountant wants quarters.",
            ),
            (
                109,
                "yara",
                "Only months for now, I am afraid. You can export three months and add them up.",
            ),
            (
                104,
                "contact",
                "That is what I do today, for four practices. A quarter in the period list would save me an \
                afternoon each time.",
            ),
        ],
    ),
    (
        4,
        &[
            (
                310,
                "contact",
                "We were billed twice for October. Can somebody look?",
            ),
            (
                295,
                "ada",
                "I am sorry about that. The second charge was a failed card that was tried again; it is refunded.",
            ),
            (280, "contact", "Got it, thanks for the quick help."),
        ],
    ),
    (
        5,
        &[
            (
                150,
                "contact",
                "The mobile app forgets the receipt photo if I switch to the camera roll and back.",
            ),
            (
                141,
                "bot",
                "Receipts are kept as drafts for seven days. Did that answer the question?",
            ),
            (
                139,
                "contact",
                "No, the draft is there but the photo is gone. Pixel 8, newest version.",
            ),
            (
                120,
                "yara",
                "Thank you, that detail helps. I can see the same on a test phone.",
            ),
        ],
    ),
    (
        6,
        &[
            (
                145,
                "contact",
                "Can Quillwater fetch invoices from a mailbox, or do I have to forward each one?",
            ),
            (
                132,
                "milo",
                "Forwarding only, at present. How many would arrive in a month?",
            ),
            (
                125,
                "contact",
                "Around 200, from 30 suppliers. Forwarding is a job in itself.",
            ),
        ],
    ),
    (
        1,
        &[
            (
                1500,
                "contact",
                "Dark mode on the bank page shows white numbers on a yellow row. I cannot read the amounts.",
            ),
            (
                1480,
                "ada",
                "That looks wrong, thanks for the report. Does it go away with the light theme?",
            ),
            (1475, "contact", "Yes, in light mode it is fine."),
        ],
    ),
    (
        3,
        &[
            (
                2900,
                "contact",
                "Two of my colleagues may approve payments but must not see salaries. Is there a role for that?",
            ),
            (
                2870,
                "yara",
                "Not yet: whoever approves sees all payments of the account.",
            ),
            (
                2860,
                "contact",
                "Then we have to keep payroll elsewhere, which is a pity. We may look at other tools in spring.",
            ),
            (2850, "note", "Lumen renews in March, worth a call."),
        ],
    ),
];
