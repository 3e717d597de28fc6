//! Lists that are fetched whole, broken off: stopped, cut, killed. What was fetched stays, once, and is told as what it is.

use super::{logged_in, newest, path};
use crate::kill;
use crate::support::{Browser, House, Plan, config, houses, options};
use earmark_actions::Format;
use earmark_db::Db;
use earmark_db::tenant::{ActionRun, ActionRunFilter};
use earmark_model::{ActionState, Sources};
use earmark_sandbox::{Generate, Options};
use earmark_seal::MasterKey;
use earmark_testkit::{TestSandbox, both_databases, eventually};
use futures::TryStreamExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(90);
/// A place in the list as the sandbox writes it, so that it answers the second call, too.
const CURSOR: &str = "Mj8wP3QxMDA=";
/// Contacts of the list, two a page, with the one of the seed.
const ALL: usize = 9;

async fn people(house: &House) {
    for n in 0..ALL - 1 {
        let id = format!("many-{n}");
        let fields = [("role", "user"), ("external_id", id.as_str())];
        house
            .company
            .run_action(house, "contacts.create", &fields)
            .await;
    }
}

/// Orders what becomes of the calls for the list, in their order.
async fn faults(house: &House, faults: &[Value]) {
    let of_list = |fault: &Value| {
        let mut fault = fault.clone();
        fault["match"] = json!("GET /contacts");
        fault
    };
    let faults: Vec<Value> = faults.iter().map(of_list).collect();
    house.sandbox.order("faults", &json!(faults)).await;
}

/// Two pages come, and then this.
async fn after_two_pages(house: &House, fault: Value) {
    faults(
        house,
        &[json!({"kind": "slow", "ms": 0, "count": 2}), fault],
    )
    .await;
}

async fn begin(house: &House, owner: &mut Browser) -> ActionRun {
    owner.get(&path(house, "/contacts.list")).await;
    let page = owner
        .post(
            &path(house, "/contacts.list"),
            &[("fetch_all", "true"), ("per_page", "2")],
        )
        .await;
    assert_eq!(page.status, 303, "{}", page.body);
    house.settle().await;
    newest(house, "contacts.list").await.expect("a run")
}

fn ids(lines: &str) -> Vec<String> {
    let id = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    lines.lines().map(id).collect()
}

/// Each id once.
fn assert_once(lines: &str, wanted: usize) {
    let ids = ids(lines);
    let once: BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), once.len()), (wanted, wanted), "{ids:?}");
}

houses! {
    async fn one_that_is_stopped_keeps_what_it_has(house: House) {
        people(&house).await;
        let mut owner = logged_in(&house, &house.company.email).await;
        after_two_pages(&house, json!({"kind": "status", "status": 429, "retry_after": 600, "count": 1})).await;
        let run = begin(&house, &mut owner).await;
        assert_eq!((run.state, run.fetched, run.total), (ActionState::Running, 4, Some(ALL as i64)));
        let at = path(&house, &format!("/runs/{}", run.id));
        let page = owner.get(&at).await;
        assert!(page.body.contains("4 of 9 fetched") && page.body.contains("Stop fetching"), "{}", page.body);
        let stopped = owner.post(&format!("{at}/stop"), &[]).await;
        assert_eq!(stopped.status, 303);
        let page = owner.get(&at).await;
        assert!(page.body.contains("was stopped") && page.body.contains("hold the first 4 entries"), "{}", page.body);
        house.pass(700);
        house.settle().await;
        let run = newest(&house, "contacts.list").await.unwrap();
        assert_eq!((run.state, run.fetched), (ActionState::Stopped, 4), "{run:?}");
        let file = owner.get(&format!("{at}/download?format=jsonl")).await;
        assert_once(&file.body, 4);
        let name = file.disposition.clone().expect("a name");
        assert!(name.contains("first-4.jsonl"), "{name}");
        assert_eq!(owner.get(&format!("{at}/download?format=csv")).await.body.lines().count(), 5);
        let page = owner.post(&format!("{at}/stop"), &[]).await;
        assert_eq!(page.status, 303, "stopping twice is no error");
    }

    async fn one_whose_connection_is_cut_goes_on_where_it_was(house: House) {
        people(&house).await;
        let mut owner = logged_in(&house, &house.company.email).await;
        for (kind, status) in [("cut", 0), ("drop", 0), ("wrong_json", 0), ("status", 500)] {
            // What cannot be read is given up sooner than what passes.
            let count = if kind == "wrong_json" { 3 } else { 9 };
            let mut fault = json!({"kind": kind, "count": count});
            if status > 0 {
                fault["status"] = json!(status);
            }
            after_two_pages(&house, fault).await;
            let mut run = begin(&house, &mut owner).await;
            assert_eq!((run.state, run.fetched), (ActionState::Running, 4), "{kind} {status}: {run:?}");
            for _ in 0..20 {
                if run.state != ActionState::Running {
                    break;
                }
                house.pass(900);
                house.settle().await;
                run = newest(&house, "contacts.list").await.unwrap();
            }
            assert_eq!((run.state, run.fetched), (ActionState::Done, ALL as i64), "{kind} {status}: {run:?}");
            let file = path(&house, &format!("/runs/{}/download?format=jsonl", run.id));
            assert_once(&owner.get(&file).await.body, ALL);
        }
    }

    async fn one_that_is_refused_says_why_and_what_its_files_hold(house: House) {
        people(&house).await;
        let mut owner = logged_in(&house, &house.company.email).await;
        after_two_pages(&house, json!({"kind": "status", "status": 403, "code": "api_plan_restricted", "count": 9})).await;
        let run = begin(&house, &mut owner).await;
        assert_eq!((run.state, run.status, run.fetched), (ActionState::Failed, Some(403), 4), "{run:?}");
        let page = owner.get(&path(&house, &format!("/runs/{}", run.id))).await;
        assert!(page.body.contains("broke off") && page.body.contains("hold the first 4 entries"), "{}", page.body);
    }

    async fn a_cursor_that_does_not_move_ends_the_run(house: House) {
        people(&house).await;
        let mut owner = logged_in(&house, &house.company.email).await;
        let stuck = json!({
            "type": "list", "data": [{"type": "contact", "id": "same"}], "total_count": 9,
            "pages": {"type": "pages", "next": {"page": 2, "starting_after": CURSOR}},
        });
        faults(&house, &[json!({"kind": "wrong_json", "body": stuck.to_string(), "count": 9})]).await;
        let run = begin(&house, &mut owner).await;
        assert_eq!((run.state, run.fetched), (ActionState::Failed, 1), "{run:?}");
        let advice = run.advice.as_deref().unwrap_or_default();
        assert!(advice.starts_with("Read the list again from its start"), "{run:?}");
    }
}

/// The newest run, as another process sees it.
async fn seen(db: &Db, company: &crate::support::Company) -> ActionRun {
    let (tenant, filter) = (db.workspace(company.workspace), ActionRunFilter::default());
    let runs = tenant.action_runs(company.connection, &filter, 1).await;
    runs.expect("a query").remove(0)
}

both_databases! {
    async fn one_whose_process_is_killed_goes_on_after_the_restart(db: TestDb) {
        const CONTACTS: usize = 60;
        let db = db.with_system_clock().await;
        let first = options(&db.sources, &Plan::first());
        let generate = Generate { contacts: CONTACTS as u32, companies: 0, conversations: 0 };
        let sandbox = TestSandbox::start(Options { generate, latency: Duration::from_millis(60), ..first }).await;
        let base = format!("http://127.0.0.1:{}", kill::free_port());
        let key = MasterKey::generate(&Sources::system()).to_text();
        let mut settings = config(&key, &db, &base, &sandbox.url());
        settings.push(("server.listen", base.trim_start_matches("http://").to_owned()));
        settings.push(("jobs.lease_seconds", "10".to_owned()));
        let company = kill::found(&db, &settings, &base).await;
        let connection = company.connection.to_string();
        let words = [
            "actions", "run", "contacts.list", "--connection", &connection, "--as", &company.email,
            "--input", "fetch_all=true", "--input", "per_page=1",
        ];
        let asked = kill::earmark(&words, &settings).output().expect("the command runs");
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));

        let read = db.another().await;
        let mut server = kill::Server::start(&settings);
        let before = eventually(PATIENCE, "some pages are fetched", async || {
            let run = seen(&read, &company).await;
            (run.fetched >= 5).then_some(run)
        })
        .await;
        server.kill();
        assert_eq!(before.state, ActionState::Running, "the list was over before the kill");
        let _server = kill::Server::start(&settings);
        let run = eventually(PATIENCE, "the rest is fetched", async || {
            let run = seen(&read, &company).await;
            (run.state != ActionState::Running).then_some(run)
        })
        .await;
        assert_eq!(run.state, ActionState::Done, "{run:?}");
        let mut config = earmark_server::config::Input::default();
        for (name, value) in &settings {
            config = config.with(name, value.clone());
        }
        let config = earmark_server::config::Config::load(&config).expect("a configuration");
        let app = earmark_server::app::App::over(read.clone(), &config).expect("the app");
        let pieces = app.actions().export(company.workspace, run.id, Format::JsonLines).await.unwrap();
        let lines = pieces.try_collect::<Vec<_>>().await.unwrap().concat();
        assert_once(&lines, CONTACTS + 1);
        read.close().await.unwrap();
        sandbox.stop().await;
    }
}
