//! The server is killed ten times: in the middle of a backfill, and in the middle of webhooks whose sender goes on while it
//! is down. In the end our copy is what Intercom has, and every tagging has its one ticket.

use crate::kill::{Server, drained, found, free_port, up};
use crate::support::{Company, Plan, TAG, config, options};
use earmark_db::Db;
use earmark_db::tenant::{Actor, CompanyFilter, ContactFilter, CopySort, Links};
use earmark_model::{RunKind, RunState, Sources};
use earmark_sandbox::{Generate, Options};
use earmark_seal::MasterKey;
use earmark_sync::{Ask, ask_run, set_contacts};
use earmark_testkit::{TestDb, TestSandbox, both_databases, eventually};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Kills during the backfill, and as many during webhooks.
const KILLS: usize = 5;
/// Enough to be copied by days side by side.
const CONTACTS: u32 = 4_500;
/// Copied between two kills at least.
const BETWEEN: u64 = 500;
/// What happens at Intercom before and after each kill.
const CHANGES: usize = 24;
const PATIENCE: Duration = Duration::from_secs(120);

/// What is compared: of a contact name, e-mail address, companies and tags; of a company its name.
type Copy = BTreeMap<
    String,
    (
        Option<String>,
        Option<String>,
        BTreeSet<String>,
        BTreeSet<String>,
    ),
>;

struct Scene {
    db: TestDb,
    sandbox: TestSandbox,
    settings: Vec<(&'static str, String)>,
    company: Company,
    /// (conversation, message) of each tagging.
    tagged: Vec<(String, String)>,
}

impl Scene {
    async fn set(db: TestDb) -> Self {
        let db = db.with_system_clock().await;
        let sandbox = TestSandbox::start(Options {
            generate: Generate {
                contacts: CONTACTS,
                companies: 150,
                conversations: 0,
            },
            latency: Duration::from_millis(60),
            ..options(&db.sources, &Plan::first())
        })
        .await;
        let base = format!("http://127.0.0.1:{}", free_port());
        let key = MasterKey::generate(&Sources::system()).to_text();
        let mut settings = config(&key, &db, &base, &sandbox.url());
        settings.push((
            "server.listen",
            base.trim_start_matches("http://").to_owned(),
        ));
        // On PostgreSQL the jobs of a process that died are taken over after this time.
        settings.push(("jobs.lease_seconds", "10".to_owned()));
        let company = found(&db, &settings, &base).await;
        Self {
            db,
            sandbox,
            settings,
            company,
            tagged: Vec::new(),
        }
    }

    /// The database, while no server may be writing.
    async fn meanwhile<T>(&self, act: impl AsyncFnOnce(&Db) -> T) -> T {
        let own = self.db.another().await;
        let done = act(&own).await;
        own.close().await.expect("the database closes");
        done
    }

    async fn start(&self) -> Server {
        let server = Server::start(&self.settings);
        up(&self.company).await;
        server
    }

    async fn copied(&self, db: &Db) -> u64 {
        let tenant = db.workspace(self.company.workspace);
        let count = tenant.contact_count(&ContactFilter::default()).await;
        u64::try_from(count.expect("a count")).expect("a number")
    }

    /// Starts the server, lets it copy some contacts and kills it.
    async fn kill_in_backfill(&self) {
        let mut server = self.start().await;
        let read = self.db.another().await;
        let before = self.copied(&read).await;
        let copied = eventually(PATIENCE, "some contacts are copied", async || {
            let copied = self.copied(&read).await;
            (copied >= before + BETWEEN).then_some(copied)
        })
        .await;
        server.kill();
        read.close().await.expect("the database closes");
        assert!(
            copied < u64::from(CONTACTS),
            "the backfill was over before the kill"
        );
    }

    async fn order(&self, path: &str, mut body: Value) -> Value {
        body["app_id"] = json!(self.company.app_id);
        self.sandbox.order(path, &body).await
    }

    /// Something happens at Intercom, which tells of it.
    async fn change(&mut self, n: usize, contact: &str) {
        match n % 6 {
            0 => {
                let fields = json!({"role": "user", "name": format!("New {n}"), "email": format!("new{n}@x.example")});
                self.order("contacts/create", json!({"fields": fields}))
                    .await;
            }
            1 => {
                let fields = json!({"name": format!("Renamed {n}")});
                self.order(
                    "contacts/update",
                    json!({"contact": contact, "fields": fields}),
                )
                .await;
            }
            2 => {
                self.order("contacts/tag", json!({"contact": contact, "tag": TAG.0}))
                    .await;
            }
            3 => {
                let fields =
                    json!({"company_id": format!("firm-{n}"), "name": format!("Firm {n}")});
                let made = self.order("companies/put", json!({"fields": fields})).await;
                self.order(
                    "contacts/attach",
                    json!({"contact": contact, "company": made["company"]}),
                )
                .await;
            }
            4 => {
                self.order("contacts/delete", json!({"contact": contact}))
                    .await;
            }
            _ => {
                let body = json!({"contact": contact, "body": format!("Wish number {n}")});
                let begun = self.order("start", body).await;
                let conversation = begun["conversation"].as_str().expect("an id").to_owned();
                let order = json!({"conversation": conversation, "part": null, "tag": TAG.0});
                self.order("tag", order).await;
                let message = begun["source"].as_str().expect("an id").to_owned();
                self.tagged.push((conversation, message));
            }
        }
    }

    /// Changes at Intercom before a kill and after it.
    async fn kill_in_webhooks(&mut self, round: usize, contacts: &[String]) {
        let mut server = self.start().await;
        let to = json!({"app": "earmark", "url": self.company.hook});
        self.sandbox.order("webhook", &to).await;
        for n in 0..2 * CHANGES {
            if n == CHANGES {
                server.kill();
            }
            let n = round * 2 * CHANGES + n;
            self.change(n, &contacts[n]).await;
        }
    }

    async fn state(&self) -> Value {
        let mut state = self.sandbox.ask("state").await;
        state["workspaces"][self.company.app_id].take()
    }

    /// Compares everything that was copied with the sandbox's own books.
    async fn assert_equal(&self, db: &Db) {
        let state = self.state().await;
        let (ours, firms) = ours(db, &self.company).await;
        let theirs: Copy = rows(&state["contacts"])
            .filter(|one| one["archived"] != true)
            .map(|one| {
                (
                    text(&one["id"]).expect("an id"),
                    (
                        text(&one["name"]),
                        text(&one["email"]),
                        ids(&one["companies"]),
                        ids(&one["tags"]),
                    ),
                )
            })
            .collect();
        assert_eq!(ours.len(), theirs.len(), "contacts");
        for (id, there) in &theirs {
            assert_eq!(ours.get(id), Some(there), "contact {id} (ours, Intercom's)");
        }
        let companies: BTreeMap<String, Option<String>> = rows(&state["companies"])
            .map(|one| (text(&one["id"]).expect("an id"), text(&one["name"])))
            .collect();
        assert_eq!(firms, companies, "companies (ours, Intercom's)");
        let tenant = db.workspace(self.company.workspace);
        for (conversation, message) in &self.tagged {
            let tickets = tenant
                .tickets_of_conversation(self.company.connection, conversation)
                .await;
            let messages: Vec<String> = tickets
                .expect("the tickets")
                .into_iter()
                .map(|one| one.message)
                .collect();
            assert_eq!(
                messages,
                std::slice::from_ref(message),
                "tickets of {conversation}"
            );
        }
    }
}

async fn ours(db: &Db, company: &Company) -> (Copy, BTreeMap<String, Option<String>>) {
    let tenant = db.workspace(company.workspace);
    let live = ContactFilter {
        archived: Some(false),
        ..ContactFilter::default()
    };
    let contacts = tenant
        .contacts(&live, CopySort::Name, None, 100_000)
        .await
        .expect("the contacts");
    let mut copy = Copy::new();
    for some in contacts.chunks(500) {
        let wanted: Vec<&str> = some.iter().map(|one| one.contact.id.as_str()).collect();
        let linked = async |kind| {
            tenant
                .links(kind, company.connection, &wanted)
                .await
                .expect("the links")
        };
        let (companies, tags) = (
            linked(Links::Companies).await,
            linked(Links::ContactTags).await,
        );
        for one in some {
            let one = one.contact.clone();
            let of = |links: &std::collections::HashMap<
                String,
                std::collections::HashSet<String>,
            >| links.get(&one.id).into_iter().flatten().cloned().collect();
            copy.insert(
                one.id.clone(),
                (
                    one.name.clone(),
                    one.email.clone(),
                    of(&companies),
                    of(&tags),
                ),
            );
        }
    }
    let live = CompanyFilter {
        archived: Some(false),
        ..CompanyFilter::default()
    };
    let firms = tenant
        .companies(&live, CopySort::Name, None, 100_000)
        .await
        .expect("the companies");
    let firms = firms
        .into_iter()
        .map(|one| (one.company.id, one.company.name));
    (copy, firms.collect())
}

fn rows(table: &Value) -> impl Iterator<Item = &Value> {
    let (map, list) = (table.as_object(), table.as_array());
    map.into_iter()
        .flat_map(|map| map.values())
        .chain(list.into_iter().flatten())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn ids(list: &Value) -> BTreeSet<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(text)
        .collect()
}

both_databases! {
    async fn ten_kills_during_backfill_and_webhooks_end_in_an_equal_copy(db: TestDb) {
        let mut scene = Scene::set(db).await;
        let (workspace, connection) = (scene.company.workspace, scene.company.connection);
        let actor = Actor::default();
        scene.meanwhile(async |db| set_contacts(db, workspace, &actor, connection, true).await.expect("contacts are on")).await;
        for _ in 0..KILLS {
            scene.kill_in_backfill().await;
        }
        let contacts: Vec<String> = rows(&scene.state().await["contacts"])
            .filter_map(|one| text(&one["id"]))
            .filter(|id| id != crate::support::CONTACT.0)
            .collect();
        for round in 0..KILLS {
            scene.kill_in_webhooks(round, &contacts).await;
        }
        scene.meanwhile(async |db| ask_run(db, workspace, &actor, connection, &Ask::CatchUp).await.expect("a run")).await;
        let _server = scene.start().await;
        drained(&scene.db).await;
        scene.meanwhile(async |db| {
            for kind in [RunKind::Backfill, RunKind::CatchUp] {
                let run = db.workspace(workspace).last_run(connection, kind).await;
                let run = run.expect("a query").expect("a run");
                assert_eq!(run.state, RunState::Done, "{run:#?}");
            }
            scene.assert_equal(db).await;
        }).await;
    }
}
