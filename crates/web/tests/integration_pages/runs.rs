//! The contacts switch, the runs it asks for, and their pages.

use crate::support::{TALK, World};
use actix_web::http::StatusCode;
use earmark_db::tenant::{InboxFilter, Run, RunCounts, RunLine};
use earmark_model::{ConnectionId, RunKind, RunState};
use earmark_testkit::{both_databases, build};
use std::collections::HashSet;

/// The tag feature-request of the demo.
const REQUEST: &str = "9182731";

fn page(connection: ConnectionId) -> String {
    format!("settings/integrations/intercom/{connection}")
}

async fn last(world: &World, connection: ConnectionId, kind: RunKind) -> Run {
    let run = world.tenant().last_run(connection, kind).await;
    run.unwrap().unwrap()
}

both_databases! {
    async fn the_switch_copies_everything_and_its_run_can_be_watched(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await.id;
        let page = page(connection);
        browser.get("contacts").await.shows("Contacts and companies are not copied");
        let on = browser.post_and_follow(&format!("{page}/contacts"), &[("contacts", "on")]).await;
        on.shows("Contacts and companies are being copied").shows("About to copy from Intercom");
        let run = last(&world, connection, RunKind::Backfill).await;
        let path = format!("{page}/runs/{}", run.id);
        browser.get(&path).await.shows("Waiting").shows("Pause").has("sse:people").has("<progress");
        world.work().await;
        let run = last(&world, connection, RunKind::Backfill).await;
        assert_eq!(run.state, RunState::Done, "{:?}", run.note);
        browser.get(&path).await.shows("Done").shows("In Intercom").hides("Pause").hides("<progress");
        browser.get(&format!("{page}/runs")).await.shows("Copy everything").shows("Done").shows("The next catch-up is due at").shows("The next proof is due on").shows("It comes every week");
        let listed = browser.get("contacts").await;
        assert!(listed.body.contains("class=\"cover\""), "{}", listed.body);
        let report = browser.get(&format!("{path}/report")).await.body;
        let first: serde_json::Value = serde_json::from_str(report.lines().next().unwrap()).unwrap();
        assert_eq!((first["kind"].as_str(), first["state"].as_str()), (Some("backfill"), Some("done")));
        assert!(first["counts"]["looked_at"].as_i64().unwrap() > 0, "{first}");
        let runs = format!("{page}/runs");
        browser.get(&runs).await.shows("List every record that it looks at, up to 50,000");
        browser.post(&runs, &[("what", "full-proof"), ("every", "on")]).await;
        world.work().await;
        let proof = last(&world, connection, RunKind::Proof).await;
        assert_eq!(proof.state, RunState::Done, "{:?}", proof.note);
        let report = browser.get(&format!("{runs}/{}/report", proof.id)).await.body;
        let same = report.lines().filter(|line| line.contains("\"unchanged\"") && line.contains("\"contact\"")).count();
        assert!(same > 0, "{report}");
        let off = browser.post_and_follow(&format!("{page}/contacts"), &[]).await;
        off.shows("are copied no more");
        let connection = world.tenant().connection(connection).await.unwrap().unwrap();
        assert_eq!(connection.contacts_on_at, None);
    }

    async fn a_run_is_held_goes_on_and_ends_as_asked(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await.id;
        let page = page(connection);
        browser.post_and_follow(&format!("{page}/runs"), &[("what", "backfill")]).await.shows("Switch them on first");
        browser.post_and_follow(&format!("{page}/runs"), &[("what", "preview")]).await.shows("Choose at least one tag");
        let asked = browser.post(&format!("{page}/runs"), &[("what", "proof")]).await;
        let run = last(&world, connection, RunKind::Proof).await;
        assert!(asked.location.ends_with(&run.id.to_string()), "{}", asked.location);
        let path = format!("{page}/runs/{}", run.id);
        let held = browser.post_and_follow(&format!("{path}/pause"), &[]).await;
        held.shows("The run is paused").shows("Resume");
        world.work().await;
        assert_eq!(last(&world, connection, RunKind::Proof).await.state, RunState::Paused);
        browser.post_and_follow(&format!("{path}/pause"), &[]).await.shows("This run is paused, so that cannot be done.");
        browser.post_and_follow(&format!("{path}/resume"), &[]).await.shows("The run goes on");
        browser.get(&path).await.has(&format!("{path}/cancel"));
        browser.get(&format!("{path}/cancel")).await.shows("Cancel this run?").shows("Keep it going");
        browser.post_and_follow(&format!("{path}/cancel"), &[]).await.shows("Cancelled").hides("Resume");
        browser.get(&format!("{path}/cancel")).await.shows("nothing to cancel");
        let viewer = world.browser(&world.people.viewer).await;
        assert_eq!(viewer.post(&format!("{path}/resume"), &[]).await.status, StatusCode::FORBIDDEN);
        viewer.get(&path).await.shows("Proof").hides("Cancel the run");
    }

    async fn earlier_taggings_make_tickets_only_after_a_look(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await.id;
        let (page, mobile) = (page(connection), world.product("Mobile").await);
        let tag = format!("{connection}:{REQUEST}");
        let settings = format!("products/{}/settings/feedback", mobile.slug);
        browser.post(&settings, &[("enabled", "on"), ("tag", &tag)]).await;
        let runs = format!("{page}/runs");
        browser.post_and_follow(&runs, &[("what", "preview")]).await.shows("Feedback is switched off");
        browser.post(&format!("{page}/feedback"), &[("feedback", "on")]).await;
        browser.post_and_follow(&runs, &[("what", "tagged")]).await.shows("Look for conversations tagged earlier first");
        world.tag(TALK, REQUEST).await;
        browser.post(&runs, &[("what", "preview")]).await;
        world.work().await;
        let look = last(&world, connection, RunKind::Preview).await;
        assert_eq!((look.state, look.counts.added), (RunState::Done, 1), "{:?}", look.note);
        let path = format!("{runs}/{}", look.id);
        browser.get(&path).await.shows("Make these tickets").shows(TALK).hides("In Intercom");
        // A preview of a rule is not the look at what all rules would make.
        browser.post(&format!("{settings}/preview"), &[("tag", &tag)]).await;
        world.work().await;
        let rule = last(&world, connection, RunKind::Preview).await;
        browser.get(&format!("{runs}/{}", rule.id)).await.shows(TALK).hides("Make these tickets");
        browser.get(&path).await.shows("Make these tickets");
        // Other trigger tags than were looked at.
        let other = format!("{connection}:9182732");
        browser.post(&settings, &[("enabled", "on"), ("tag", &tag), ("tag", &other)]).await;
        browser.get(&path).await.hides("Make these tickets");
        browser.post_and_follow(&runs, &[("what", "tagged")]).await.shows("Look for conversations tagged earlier first");
        browser.post(&settings, &[("enabled", "on"), ("tag", &tag)]).await;
        browser.post(&runs, &[("what", "tagged")]).await;
        world.work().await;
        let run = last(&world, connection, RunKind::Tagged).await;
        assert_eq!((run.state, run.counts.added), (RunState::Done, 1), "{:?}", run.note);
        assert_eq!(world.tenant().inbox_count(&InboxFilter::default()).await.unwrap(), 1);
        browser.get(&format!("{runs}/{}", run.id)).await.hides("Why records were skipped");
        // Without the product nothing is made, and the run says why.
        browser.post(&settings, &[("tag", &tag)]).await;
        browser.post(&runs, &[("what", "preview")]).await;
        world.work().await;
        let look = last(&world, connection, RunKind::Preview).await;
        let path = format!("{runs}/{}", look.id);
        browser.get(&path).await.shows("Why records were skipped").shows("1: feedback is switched off for Mobile");
        let report = browser.get(&format!("{path}/report")).await.body;
        let first: serde_json::Value = serde_json::from_str(report.lines().next().unwrap()).unwrap();
        assert_eq!(first["skipped_because"]["feedback is switched off for Mobile"], 1, "{first}");
    }

    async fn a_tagging_of_unknown_time_is_listed_with_a_button(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await.id;
        let (page, mobile) = (page(connection), world.product("Mobile").await);
        let settings = format!("products/{}/settings/feedback", mobile.slug);
        let tag = format!("{connection}:{REQUEST}");
        browser.post(&settings, &[("enabled", "on"), ("tag", &tag)]).await;
        browser.post(&format!("{page}/feedback"), &[("feedback", "on")]).await;
        world.tag(TALK, REQUEST).await;
        let tx = build::begin(&world.db.db).await;
        let tenant = tx.workspace(world.people.workspace.id);
        let run = tenant.create_run(connection, RunKind::CatchUp, None, None).await.unwrap();
        for state in [RunState::Running, RunState::Done] {
            assert!(tenant.move_run(run, state, None).await.unwrap());
        }
        let line = RunLine {
            outcome: "time_unknown".to_owned(),
            subject_kind: "conversation".to_owned(),
            subject_id: TALK.to_owned(),
            note: Some("it made no ticket".to_owned()),
        };
        tenant.add_run_line(run, &line).await.unwrap();
        tx.commit().await.unwrap();
        let path = format!("{page}/runs/{run}");
        browser.get(&path).await.shows("time unknown").shows("Make its tickets");
        let viewer = world.browser(&world.people.viewer).await;
        viewer.get(&path).await.shows("time unknown").hides("Make its tickets");
        let make = format!("{path}/tickets");
        browser.post_and_follow(&make, &[("conversation", "215473908114002")]).await.shows("lists no such conversation");
        let asked = browser.post_and_follow(&make, &[("conversation", TALK)]).await;
        asked.shows("Tagged conversations").shows("Waiting");
        world.work().await;
        let made = last(&world, connection, RunKind::Tagged).await;
        assert_eq!((made.state, made.counts.added, made.counts.done), (RunState::Done, 1, 1), "{:?}", made.note);
        assert_eq!(world.tenant().inbox_count(&InboxFilter::default()).await.unwrap(), 1);
    }

    async fn what_failed_is_tried_again_by_whoever_may_ask_for_runs(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.admin).await;
        let connection = world.connected(&browser).await.id;
        let page = page(connection);
        let made = async |failed: i64| {
            let tx = build::begin(&world.db.db).await;
            let tenant = tx.workspace(world.people.workspace.id);
            let run = tenant.create_run(connection, RunKind::Proof, None, None).await.unwrap();
            assert!(tenant.move_run(run, RunState::Running, None).await.unwrap());
            for _ in 0..failed {
                let line = RunLine {
                    outcome: "failed".to_owned(),
                    subject_kind: "conversation".to_owned(),
                    subject_id: TALK.to_owned(),
                    note: None,
                };
                tenant.add_run_line(run, &line).await.unwrap();
            }
            let counts = RunCounts { failed: 2, ..RunCounts::default() };
            assert!(tenant.advance_run(run, "{}", counts, None).await.unwrap());
            assert!(tenant.move_run(run, RunState::Done, None).await.unwrap());
            tx.commit().await.unwrap();
            format!("{page}/runs/{run}")
        };
        // Entries that made no sense have no id to be asked for by.
        let none = made(0).await;
        browser.get(&none).await.shows("2 failed").hides("run-retry");
        browser.post_and_follow(&format!("{none}/retry"), &[]).await.shows("Nothing of this run failed that could be tried again");
        let path = made(2).await;
        browser.get(&path).await.shows("Retry the one that failed");
        for (member, may) in [(&world.people.viewer, false), (&world.people.agent, false), (&world.people.owner, true)] {
            let other = world.browser(member).await;
            if may {
                other.get(&path).await.shows("Retry the one that failed");
                continue;
            }
            other.get(&path).await.shows("2 failed").hides("Retry the one that failed");
            assert_eq!(other.post(&format!("{path}/retry"), &[]).await.status, StatusCode::FORBIDDEN);
        }
        browser.post_and_follow(&format!("{path}/retry"), &[]).await.shows("Retry of what failed").shows("Waiting");
        world.work().await;
        let again = last(&world, connection, RunKind::Retry).await;
        assert_eq!((again.state, again.counts.done, again.counts.failed), (RunState::Done, 1, 0), "{:?}", again.note);
        browser.get(&format!("{page}/runs/{}", again.id)).await.shows("Done").hides("Retry the").hides("In Intercom");
        // One that failed as a whole.
        let asked = browser.post(&format!("{page}/runs"), &[("what", "catch-up")]).await;
        let run = last(&world, connection, RunKind::CatchUp).await;
        let tx = build::begin(&world.db.db).await;
        tx.workspace(world.people.workspace.id).move_run(run.id, RunState::Failed, Some("why")).await.unwrap();
        tx.commit().await.unwrap();
        let failed = format!("{page}/runs/{}", run.id);
        assert!(asked.location.ends_with(&failed), "{}", asked.location);
        browser.get(&failed).await.shows("Start it again").shows("Resume");
        browser.post_and_follow(&format!("{failed}/retry"), &[]).await.shows("Catch-up").shows("Waiting");
        assert_ne!(last(&world, connection, RunKind::CatchUp).await.id, run.id);
    }

    async fn lines_are_paged_and_downloaded_whole(db: TestDb) {
        let world = World::new(db).await;
        let browser = world.browser(&world.people.viewer).await;
        let workspace = world.people.workspace.id;
        let connection = build::connection(&world.db.db, workspace, "abc123").await.id;
        let tx = build::begin(&world.db.db).await;
        let tenant = tx.workspace(workspace);
        let run = tenant.create_run(connection, RunKind::Proof, None, None).await.unwrap();
        for n in 0..1_050 {
            let line = RunLine {
                outcome: "would_make".to_owned(),
                subject_kind: "contact".to_owned(),
                subject_id: format!("p-{n}-"),
                note: Some("<b>why</b>".to_owned()),
            };
            tenant.add_run_line(run, &line).await.unwrap();
        }
        tx.commit().await.unwrap();
        let path = format!("{}/runs/{run}", page(connection));
        let first = browser.get(&path).await;
        first.shows("would make").shows(">p-0-<").shows(">p-99-<").hides(">p-100-<").has("?skip=100").hides("<b>why");
        browser.get(&format!("{path}?skip=1000")).await.shows(">p-1049-<").hides(">p-999-<").has("?skip=900");
        let report = browser.get(&format!("{path}/report")).await.body;
        let ids: HashSet<_> = report.lines().skip(1).map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["id"].as_str().unwrap().to_owned()
        }).collect();
        assert_eq!(ids.len(), 1_050);
        // Under another connection's address it is not found.
        let other = build::connection(&world.db.db, workspace, "def456").await.id;
        let elsewhere = format!("{}/runs/{run}", page(other));
        assert_eq!(browser.get(&elsewhere).await.status, StatusCode::NOT_FOUND);
    }
}
