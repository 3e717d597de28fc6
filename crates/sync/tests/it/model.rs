//! Histories of changes at Intercom, made up from a seed, with webhooks dropped, repeated, delayed and shuffled, work dropped
//! in the middle and the database cut off from it. After a catch-up our copy is what the API shows.
//!
//! A failure names its seed: `EARMARK_MODEL_SEED=7` plays that history alone, `EARMARK_MODEL_HISTORIES=2000` plays so many,
//! beginning with `EARMARK_MODEL_FROM`. `just soak` sets them.

mod comparing;
mod dice;

use crate::same::assert_same;
use crate::support::{Breach, Engine, OTHER_TAG, TAG, assert_done};
use chrono::{DateTime, TimeDelta, Utc};
use dice::Dice;
use earmark_sync::Ask;
use earmark_testkit::TestDb;
use futures::FutureExt;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;

/// Histories for each database unless the environment says otherwise.
const HISTORIES: u64 = 200;
/// Conversations from before tags counted.
const OLD: u64 = 3;
/// Work that breaks off before it is over: at one of its first so many steps.
const STEPS: u64 = 80;
/// How long Intercom may take to make a new contact searchable.
const YOUNG: TimeDelta = TimeDelta::minutes(15);
/// Acts of a history.
const ACTS: u64 = 40;

/// What there is at the sandbox, as far as acts need to know.
#[derive(Default)]
struct Known {
    contacts: Vec<String>,
    archived: Vec<String>,
    /// When contacts were made.
    born: HashMap<String, DateTime<Utc>>,
    companies: Vec<String>,
    conversations: Vec<String>,
    /// Messages by conversation that can be redacted.
    parts: HashMap<String, Vec<String>>,
    /// (conversation, message) that were tagged since the tag counts.
    tagged: Vec<(String, String)>,
    /// Conversations that are deleted: their tickets stay if they were made.
    deleted: Vec<String>,
    sources: HashMap<String, String>,
    /// Who began a conversation.
    starters: HashMap<String, String>,
    /// Messages from before tags counted.
    old: HashSet<String>,
    /// When parts were written.
    written: HashMap<String, DateTime<Utc>>,
    /// When conversations got the tag.
    first_tagged: HashMap<String, DateTime<Utc>>,
}

struct History<'a> {
    engine: &'a Engine,
    dice: Dice,
    known: Known,
    held: Vec<Vec<u8>>,
    log: Vec<String>,
}

impl History<'_> {
    async fn order(&mut self, path: &str, body: Value) -> Value {
        self.log.push(format!("{path} {body}"));
        self.engine.order(path, body).await
    }

    async fn act(&mut self) {
        let what = self.dice.roll(20);
        match what {
            0..=2 => self.create().await,
            3 | 4 => self.update().await,
            5 => {
                self.with_contact("contacts/tag", json!({"tag": OTHER_TAG.0}))
                    .await
            }
            6 => self.untag().await,
            7 | 8 => self.membership().await,
            9 => self.archive().await,
            10 => self.merge().await,
            11 => self.delete_contact().await,
            12 => self.company().await,
            13 | 14 => self.start().await,
            15 | 16 => self.tag().await,
            17 => self.reply().await,
            18 => self.redact().await,
            _ => self.delete_conversation().await,
        }
    }

    async fn create(&mut self) {
        let n = self.dice.roll(1_000_000);
        let role = if n.is_multiple_of(2) { "user" } else { "lead" };
        let fields = json!({"role": role, "name": format!("Person {n}"), "email": format!("p{n}@x.example")});
        let made = self
            .order("contacts/create", json!({"fields": fields}))
            .await;
        let id = made["contact"].as_str().unwrap().to_owned();
        self.known
            .born
            .insert(id.clone(), self.engine.t.sources.now());
        self.known.contacts.push(id);
    }

    fn contact(&mut self) -> Option<String> {
        self.dice.pick(&self.known.contacts).cloned()
    }

    async fn update(&mut self) {
        let n = self.dice.roll(1_000_000);
        let fields = match n % 3 {
            0 => json!({"name": format!("Renamed {n}")}),
            1 => json!({"phone": format!("+3531{n}")}),
            _ => json!({"custom_attributes": {"score": n}}),
        };
        self.with_contact("contacts/update", json!({"fields": fields}))
            .await;
    }

    async fn with_contact(&mut self, path: &str, mut body: Value) {
        if let Some(contact) = self.contact() {
            body["contact"] = json!(contact);
            self.order(path, body).await;
        }
    }

    async fn membership(&mut self) {
        let Some(company) = self.dice.pick(&self.known.companies).cloned() else {
            return self.company().await;
        };
        let path = match self.dice.roll(3) {
            0 => "contacts/detach",
            _ => "contacts/attach",
        };
        if path == "contacts/detach" {
            // Whoever is a member leaves; who is not, cannot.
            let Some(member) = self.holder("companies", &company).await else {
                return;
            };
            self.order(path, json!({"contact": member, "company": company}))
                .await;
        } else {
            self.with_contact(path, json!({"company": company})).await;
        }
    }

    /// A contact that has one of these in a list.
    async fn holder(&self, list: &str, id: &str) -> Option<String> {
        let state = self.engine.sandbox.ask("state").await;
        let contacts = &state["workspaces"][crate::support::APP]["contacts"];
        let all: Vec<&Value> = match contacts {
            Value::Object(map) => map.values().collect(),
            Value::Array(list) => list.iter().collect(),
            other => panic!("the sandbox's state has no contacts: {other}"),
        };
        let holds = |one: &&Value| {
            one[list]
                .as_array()
                .is_some_and(|ids| ids.contains(&json!(id)))
        };
        let holder = all.into_iter().find(holds)?;
        holder["id"].as_str().map(ToOwned::to_owned)
    }

    async fn untag(&mut self) {
        if let Some(contact) = self.holder("tags", OTHER_TAG.0).await {
            self.order(
                "contacts/untag",
                json!({"contact": contact, "tag": OTHER_TAG.0}),
            )
            .await;
        }
    }

    async fn archive(&mut self) {
        if self.dice.roll(3) == 0
            && let Some(id) = self.known.archived.pop()
        {
            self.order("contacts/unarchive", json!({"contact": id}))
                .await;
            self.known.contacts.push(id);
        } else if let Some(id) = self.contact() {
            self.order("contacts/archive", json!({"contact": id})).await;
            self.known.contacts.retain(|one| *one != id);
            self.known.archived.push(id);
        }
    }

    async fn merge(&mut self) {
        let (Some(from), Some(into)) = (self.contact(), self.contact()) else {
            return;
        };
        if from != into {
            self.order("contacts/merge", json!({"contact": from, "into": into}))
                .await;
            self.known.contacts.retain(|one| *one != from);
        }
    }

    async fn delete_contact(&mut self) {
        let from_archive = self.dice.roll(3) == 0;
        let id = match self.known.archived.pop() {
            Some(id) if from_archive => id,
            other => {
                self.known.archived.extend(other);
                let Some(id) = self.contact() else {
                    return;
                };
                id
            }
        };
        self.order("contacts/delete", json!({"contact": id})).await;
        self.known.contacts.retain(|one| *one != id);
    }

    async fn company(&mut self) {
        let n = self.dice.roll(1_000_000);
        match (
            self.dice.roll(4),
            self.dice.pick(&self.known.companies).cloned(),
        ) {
            (0, Some(id)) => {
                self.order(
                    "companies/update",
                    json!({"company": id, "fields": {"name": format!("Firm {n}")}}),
                )
                .await;
            }
            (1, Some(id)) => {
                self.order("companies/delete", json!({"company": id})).await;
                self.known.companies.retain(|one| *one != id);
            }
            _ => {
                let fields =
                    json!({"company_id": format!("firm-{n}"), "name": format!("Firm {n}")});
                let made = self.order("companies/put", json!({"fields": fields})).await;
                self.known
                    .companies
                    .push(made["company"].as_str().unwrap().to_owned());
            }
        }
    }

    async fn start(&mut self) {
        let n = self.dice.roll(1_000_000);
        if let Some(contact) = self.contact() {
            let made = self
                .order(
                    "start",
                    json!({"contact": contact, "body": format!("Wish number {n}")}),
                )
                .await;
            let id = made["conversation"].as_str().unwrap().to_owned();
            let source = made["source"].as_str().unwrap().to_owned();
            self.known.sources.insert(id.clone(), source);
            self.known.starters.insert(id.clone(), contact);
            self.known.conversations.push(id);
        }
    }

    fn conversation(&mut self) -> Option<String> {
        self.dice.pick(&self.known.conversations).cloned()
    }

    async fn tag(&mut self) {
        let Some(conversation) = self.conversation() else {
            return self.start().await;
        };
        let parts = self
            .known
            .parts
            .get(&conversation)
            .cloned()
            .unwrap_or_default();
        let part = self.dice.pick(&parts).cloned();
        let message = part
            .clone()
            .unwrap_or_else(|| self.known.sources[&conversation].clone());
        let tagging = (conversation, message);
        if self.known.tagged.contains(&tagging) {
            return;
        }
        self.order(
            "tag",
            json!({"conversation": tagging.0, "part": part, "tag": TAG.0}),
        )
        .await;
        let now = self.engine.t.sources.now();
        let first = self.known.first_tagged.entry(tagging.0.clone());
        first.or_insert(now);
        self.known.tagged.push(tagging);
    }

    async fn reply(&mut self) {
        let n = self.dice.roll(1_000_000);
        if let Some(conversation) = self.conversation() {
            let mut body =
                json!({"conversation": conversation, "body": format!("<p>Reply {n}</p>")});
            // Whoever is gone writes no more.
            let is_there = self
                .known
                .contacts
                .contains(&self.known.starters[&conversation]);
            if n.is_multiple_of(2) || !is_there {
                body["admin"] = json!("7310044");
            }
            let made = self.order("reply", body).await;
            let part = made["part"].as_str().unwrap().to_owned();
            let now = self.engine.t.sources.now();
            self.known.written.insert(part.clone(), now);
            self.known.parts.entry(conversation).or_default().push(part);
        }
    }

    async fn redact(&mut self) {
        if let Some(conversation) = self.conversation()
            && let Some(part) = self.known.parts.get_mut(&conversation).and_then(Vec::pop)
        {
            self.order(
                "redact",
                json!({"conversation": conversation, "part": part}),
            )
            .await;
        }
    }

    async fn delete_conversation(&mut self) {
        if let Some(id) = self.conversation() {
            self.order("delete", json!({"conversation": id})).await;
            self.known.conversations.retain(|one| *one != id);
            self.known.deleted.push(id);
        }
    }

    /// What becomes of the webhooks on their way.
    async fn post(&mut self) {
        let mut letters = std::mem::take(&mut self.held);
        letters.extend(self.engine.letters().await);
        for _ in 0..letters.len() {
            let (a, b) = (
                self.dice.roll(letters.len() as u64),
                self.dice.roll(letters.len() as u64),
            );
            letters.swap(usize::try_from(a).unwrap(), usize::try_from(b).unwrap());
        }
        for letter in letters {
            match self.dice.roll(10) {
                0 | 1 => {}
                2 | 3 => self.held.push(letter),
                4 => {
                    self.engine.receive(&letter).await;
                    self.engine.receive(&letter).await;
                }
                _ => self.engine.receive(&letter).await,
            }
        }
        self.work().await;
    }

    /// Does the work that waits; some of it breaks off first.
    async fn work(&mut self) {
        for _ in 0..self.dice.roll(4) {
            let after = self.dice.roll(STEPS);
            let breach = match self.dice.roll(2) {
                0 => Breach::Dropped,
                _ => Breach::DatabaseCut,
            };
            self.engine.break_off(breach, after).await;
        }
        self.engine.drain().await;
    }

    /// What happened before anything was connected.
    async fn before(&mut self) {
        for _ in 0..OLD {
            self.create().await;
            self.start().await;
            self.reply().await;
            self.reply().await;
        }
        self.engine.pass(60);
        self.engine.letters().await;
    }

    async fn play(&mut self) {
        for _ in 0..ACTS {
            self.engine.pass(i64::try_from(self.dice.roll(40)).unwrap());
            self.act().await;
            if self.dice.roll(4) == 0 {
                self.post().await;
            }
        }
        self.post().await;
        // Late ones come when they come; the catch-up is after them or before.
        let late = std::mem::take(&mut self.held);
        let after = self.dice.roll(2) == 0;
        if after {
            self.catch_up().await;
        }
        let young = self.engine.t.sources.now() - YOUNG;
        for letter in late {
            self.engine.receive(&letter).await;
        }
        self.work().await;
        if !after {
            self.catch_up().await;
        }
        // Known by a late webhook, or because another was merged into it.
        if self.shows_one_born_since(young).await {
            self.catch_up().await;
        }
    }

    async fn catch_up(&mut self) {
        self.engine.pass(5);
        let run = self.engine.ask(Ask::CatchUp).await;
        self.work().await;
        let run = self.engine.run(run).await;
        assert_done(&run);
    }
}

async fn history(engine: &Engine, seed: u64, what: &str) {
    let mut history = History {
        engine,
        dice: Dice(seed),
        known: Known::default(),
        held: Vec::new(),
        log: Vec::new(),
    };
    history.before().await;
    let known = &mut history.known;
    known.old = known.parts.values().flatten().cloned().collect();
    known.old.extend(known.sources.values().cloned());
    engine.take_feedback().await;
    engine.copy_contacts().await;
    engine.pass(60);
    history.play().await;
    if number("EARMARK_MODEL_SEED").is_some() {
        eprintln!("{}", history.log.join("\n"));
    }
    history.taggings(what).await;
    assert_same(engine, what).await;
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Plays histories, each from nothing, to the last of them, and fails with the seeds of those that failed.
async fn play(fresh: impl AsyncFn() -> TestDb) {
    let seeds = match number("EARMARK_MODEL_SEED") {
        Some(seed) => seed..=seed,
        None => {
            let from = number("EARMARK_MODEL_FROM").unwrap_or(1);
            from..=from + number("EARMARK_MODEL_HISTORIES").unwrap_or(HISTORIES) - 1
        }
    };
    let mut failed = Vec::new();
    for seed in seeds {
        let what = format!("replay with EARMARK_MODEL_SEED={seed}");
        eprintln!("{what}");
        let whole = async {
            let engine = Engine::breakable(fresh().await).await;
            history(&engine, seed, &what).await;
        };
        if AssertUnwindSafe(whole).catch_unwind().await.is_err() {
            eprintln!("FAILED: {what}");
            failed.push(seed);
        }
    }
    assert_eq!(
        failed,
        Vec::<u64>::new(),
        "replay these with EARMARK_MODEL_SEED"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_catch_up_our_copy_is_what_the_api_shows_sqlite() {
    play(TestDb::sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_catch_up_our_copy_is_what_the_api_shows_postgres() {
    play(TestDb::postgres).await;
}
