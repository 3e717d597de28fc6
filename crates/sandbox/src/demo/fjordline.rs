//! The second workspace of the demo: a ferry company in the EU.
//!
//! Some of its ids are those of the first workspace, on purpose: Intercom's are unique only inside one workspace.

use serde_json::{Value, json};

use super::DEMO_EU_APP_ID;

const SIGRID: &str = "7310044";
const JONAS: &str = "7310101";

pub(super) fn workspace(now: i64) -> Value {
    json!({
        "app_id": DEMO_EU_APP_ID,
        "name": "Fjordline Care",
        "region": "EU",
        "timezone": "Europe/Oslo",
        "utc_offset_minutes": 60,
        "admins": [
            {"id": SIGRID, "name": "Sigrid Halvorsen", "email": "sigrid@fjordline.example"},
            {"id": JONAS, "name": "Jonas Weber", "email": "jonas@fjordline.example"},
        ],
        "tags": [
            {"id": "9182731", "name": "booking-feedback"},
            {"id": "9182732", "name": "bug"},
            {"id": "9182740", "name": "refund"},
        ],
        "companies": [{
            "id": "66e9d0c1b2a3948576605101", "company_id": "nordkapp-tours", "name": "Nordkapp Tours",
            "industry": "Travel", "size": 35, "monthly_spend": 410, "plan": "Agency",
            "website": "https://nordkapp-tours.example",
            "created_at": now - 17_280_000, "updated_at": now - 17_280_000,
        }],
        "contacts": [
            contact(now, 1, "Liv Strand", "liv@nordkapp-tours.example", &["66e9d0c1b2a3948576605101"]),
            contact(now, 7, "Tomasz Zielinski", "tomasz@mailbox.example", &[]),
        ],
        "conversations": conversations(now),
    })
}

fn contact(now: i64, n: u32, name: &str, email: &str, companies: &[&str]) -> Value {
    let since = now - i64::from(n) * 8_640_000;
    json!({
        "id": format!("66f1a2b3c4d5e6f7081920{n:02}"), "external_id": format!("guest_{}", 700 + n),
        "role": "user", "name": name, "email": email, "companies": companies,
        "created_at": since, "updated_at": since, "signed_up_at": since, "last_seen_at": now - 5400,
    })
}

fn conversations(now: i64) -> Value {
    let ago = |minutes: i64| now - minutes * 60;
    json!([
        {
            "id": "215473908114001", "contact": "66f1a2b3c4d5e6f708192001", "created_at": ago(64),
            "body": "Can I move one passenger of a group booking to the next day? I only see a button for all of them.",
            "url": "https://booking.fjordline.example/",
            "parts": [
                {"by": "admin", "admin": SIGRID, "at": ago(58),
                    "body": "Not online, I am afraid. I can do it for you: who is it?"},
                {"by": "contact", "at": ago(55),
                    "body": "Guest 14. But this happens with every group, so a split button would spare us both the chat."},
            ],
        },
        {
            "id": "215473908114002", "contact": "66f1a2b3c4d5e6f708192007", "created_at": ago(130),
            "body": "The ticket mail shows 25:10 as departure of the night ferry.",
            "parts": [
                {"by": "admin", "admin": JONAS, "at": ago(121),
                    "body": "That is 01:10 on the day after. Thank you, the mail should not say it like that."},
                {"by": "note", "admin": JONAS, "at": ago(120),
                    "body": "All sailings after midnight look like this since the timetable change."},
            ],
        },
        {
            "id": "215473908114020", "contact": "66f1a2b3c4d5e6f708192001", "created_at": ago(1600),
            "body": "We would like one invoice a month for all our groups, not one for each sailing.",
            "parts": [
                {"by": "admin", "admin": SIGRID, "at": ago(1585),
                    "body": "I understand. Each sailing is its own contract today, so there is no such invoice yet."},
            ],
        },
    ])
}
