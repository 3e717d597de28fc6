//! The walls: nothing of a tenant shows or changes another's rows, even when both use the same Intercom workspace.

use crate::support::tick;
use chrono::TimeDelta;
use earmark_db::tenant::{
    ActionEnd, Actor, Admin, Incomplete, Links, NewTicket, RunCounts, SecretKind, TicketChange,
    Via, WaitingPerson,
};
use earmark_db::{Error, Tx};
use earmark_model::{
    ActionState, CheckVerdict, ConnectionStatus, JobKind, Outcome, Role, RunKind, RunState,
};
use earmark_testkit::{TestDb, both_databases, build};
use serde_json::json;
use std::fmt::Write;

/// Writes a line for each query with what a tenant finds by it.
macro_rules! read {
    ($tenant:ident, $out:ident; $($query:ident($($argument:expr),*);)+) => {$(
        let found = $tenant.$query($($argument),*).await.unwrap();
        writeln!($out, concat!(stringify!($query), ": {:?}"), found).unwrap();
    )+};
}

mod people;
mod reads;
mod world;

use people::{firm, line, person, rest, ticket_type};
use reads::read_all;
use world::{
    CONVERSATION, SUBJECT, World, answer, check, conversation, finding, message, new_action,
    new_connection, new_secret, new_ticket, ticket_tag, world,
};

/// What a query that finds nothing gives.
const NOTHING: [&str; 7] = [
    "None",
    "{}",
    "[]",
    "false",
    "0",
    "Tombstones { whole: false, copy: false, messages: [] }",
    "AnswerTimes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])",
];

/// All of a world, with what finds it from outside.
async fn snapshot(t: &TestDb, world: &World) -> String {
    let mut out = read_all(t.db.workspace(world.workspace), world).await;
    let endpoint = t.db.across().endpoint(&world.endpoint_token).await.unwrap();
    writeln!(out, "endpoint: {endpoint:?}").unwrap();
    for user in [&world.people.owner, &world.people.viewer] {
        let memberships = t.db.across().memberships(user.id).await.unwrap();
        writeln!(out, "memberships: {memberships:?}").unwrap();
    }
    out
}

both_databases! {
    async fn a_tenant_reads_nothing_of_another(t: TestDb) {
        let (alpha, beta) = (world(&t, "alpha").await, world(&t, "beta").await);
        let own = read_all(t.db.workspace(alpha.workspace), &alpha).await;
        for line in own.lines() {
            let (query, found) = line.split_once(": ").unwrap();
            assert!(!NOTHING.contains(&found), "{query} finds its own");
        }
        let tx = t.db.begin().await.unwrap();
        for seen in [
            read_all(t.db.workspace(beta.workspace), &alpha).await,
            read_all(tx.workspace(beta.workspace), &alpha).await,
        ] {
            assert!(!seen.contains("alpha"), "{seen}");
            let under_way = |read: &str| {
                let line = read.lines().find(|line| line.starts_with("removals_under_way: "));
                line.expect("it is among the queries").to_owned()
            };
            assert_ne!(under_way(&own), under_way(&seen), "an id says whose it is");
            for line in seen.lines() {
                let (query, found) = line.split_once(": ").unwrap();
                let by_id = ![
                    "audit_lines", "connections", "inbox", "inbox_count", "ticket_counts", "inbox_tags", "products",
                    "product_by_slug", "tags", "ticket", "details", "members", "oauth_app", "contacts", "contact_count",
                    "companies", "company_count", "conversations", "removals", "removals_under_way",
                ].contains(&query);
                let nothing = NOTHING.contains(&found);
                assert!(!by_id || nothing, "{query} finds another's: {found}");
            }
        }
    }

    async fn a_tenant_changes_nothing_of_another(t: TestDb) {
        let (alpha, beta) = (world(&t, "alpha").await, world(&t, "beta").await);
        let guest = build::user(&t.db, "guest@gamma.example", "Guest", build::NO_PASSWORD).await.id;
        let before = snapshot(&t, &alpha).await;
        let alphas = t.db.workspace(alpha.workspace);
        let unlogged = alphas.unlogged_scrubs(alpha.connection, 1).await.unwrap().remove(0);
        let walk = alphas.scrub_walk(alpha.connection, 10).await.unwrap().unwrap();
        let removal = alphas.removals(None, 1).await.unwrap()[0].id;
        let (connection, product, ticket) = (alpha.connection, alpha.product.id, alpha.ticket.id);
        let mut tried = 0;
        // Each in a transaction of its own, which is committed when the write is accepted.
        macro_rules! attempt {
            ($($write:ident($($argument:expr),*);)+) => {$(
                // Boxed, as all of them together would not fit on a test's stack.
                Box::pin(async {
                    let tx = t.db.begin().await.unwrap();
                    if tx.workspace(beta.workspace).$write($($argument),*).await.is_ok() {
                        tx.commit().await.unwrap();
                    }
                })
                .await;
                assert_eq!(Box::pin(snapshot(&t, &alpha)).await, before, concat!(stringify!($write), " reached another tenant"));
                tick(&t);
                tried += 1;
            )+};
        }
        attempt! {
            prove_connection(connection, "beta", "EU");
            grant_connection(connection, &Via::Token, "beta", "EU", None);
            move_connection(connection, ConnectionStatus::Uninstalled, Some("beta"));
            rename_connection(connection, "beta");
            note_plan(connection, Some("beta"));
            begin_erasure(connection);
            count_erased(connection, 1);
            note_erasure(connection, "beta");
            finish_erasure(connection);
            wipe_deliveries(connection, 100);
            drop_tags_and_admins(connection);
            set_connection_feedback(connection, true);
            note_tags_failure(connection, "beta");
            disconnect(connection);
            add_secret(connection, new_secret(t.sources.id()));
            add_secret(beta.connection, new_secret(alpha.secret));
            wipe_secrets(connection);
            wipe_secrets(alpha.app);
            put_contacts(connection, &[person("beta", t.sources.now())], true);
            put_contacts(beta.connection, &[person("gamma", t.sources.now())], true);
            see_contacts(connection, beta.run, &["contact"]);
            archive_contact(connection, "contact", t.sources.now());
            unarchive_contact(connection, "contact", t.sources.now());
            outdate_contact(connection, "contact", t.sources.now());
            completed_contact(connection, "contact");
            await_person(connection, Incomplete::Contact, "alpha");
            waits_no_more(connection, Incomplete::Contact, "alpha");
            put_off_person(connection, Incomplete::Contact, &WaitingPerson { id: "alpha".to_owned(), asked_at: t.sources.now() }, t.sources.now());
            answered_person(connection, Incomplete::Contact, &WaitingPerson { id: "alpha".to_owned(), asked_at: t.sources.now() });
            merge_mirrored(connection, ("contact", "other"), person("beta", t.sources.now()).time);
            remove_contact(connection, "contact");
            remove_contact(beta.connection, "contact");
            put_companies(connection, &[firm("beta", t.sources.now())], true);
            put_companies(beta.connection, &[firm("gamma", t.sources.now())], true);
            see_companies(connection, beta.run, &["company"]);
            archive_company(connection, "company", t.sources.now());
            put_links(Links::Companies, connection, &[("contact", vec![], false)]);
            put_links(Links::Companies, beta.connection, &[("contact", vec![], false)]);
            add_link(Links::Companies, connection, "contact", "beta");
            remove_link(Links::Companies, connection, "contact", "company");
            put_segments(connection, &[]);
            put_segments(beta.connection, &[]);
            put_segment_members(connection, "segment", t.sources.now(), &["beta"]);
            end_segment_pass(connection, "segment", t.sources.now());
            erase_people(connection, 100);
            erase_people(beta.connection, 100);
            create_run(connection, RunKind::Proof, None, None);
            move_run(alpha.run, RunState::Cancelled, Some("beta"));
            ask_run_anew(alpha.run, "beta");
            advance_run(alpha.run, "beta", RunCounts::default(), None);
            report_run(alpha.run, "beta");
            add_run_line(alpha.run, &line("beta"));
            erase_run_lines(connection, "contact");
            drop_run_lines(alpha.run);
            set_connection_contacts(connection, true);
            remove_oauth_app(alpha.app);
            use_oauth("alpha");
            begin_oauth("beta", t.sources.now());
            create_oauth_app("beta");
            secret_verified(alpha.secret, t.sources.now());
            put_permission_check(connection, &check("beta"));
            saw_topic(connection, "alpha", t.sources.now());
            record_refusal(connection, "beta", None, 0);
            add_answer_times(connection, t.sources.now(), &[answer()]);
            saw_head(connection, t.sources.now());
            ask_uninstall(connection, TimeDelta::minutes(1));
            record_refusal(beta.connection, "beta", None, 0);
            lock_conversations(connection, &[CONVERSATION]);
            put_conversation(connection, &conversation("beta"));
            put_conversation(beta.connection, &conversation("gamma"));
            put_message(connection, CONVERSATION, &message("beta"));
            put_message(beta.connection, CONVERSATION, &message("gamma"));
            bury(connection, CONVERSATION, None);
            bury(beta.connection, CONVERSATION, None);
            bury_copy(connection, CONVERSATION);
            bury_copy(beta.connection, CONVERSATION);
            lift_copy(connection, CONVERSATION);
            lift_copy(beta.connection, CONVERSATION);
            redact_message(connection, CONVERSATION, "1");
            redact_message(beta.connection, CONVERSATION, "1");
            erase_conversation(connection, CONVERSATION, "beta");
            finish_delivery(alpha.delivery, Outcome::Failed, "beta", None);
            rewrite_bodies(connection, SUBJECT, |_| Some(b"beta".to_vec()));
            rewrite_bodies(beta.connection, SUBJECT, |_| Some(b"gamma".to_vec()));
            rewrite_body(connection, alpha.delivery, |_| Some(b"beta".to_vec()));
            rewrite_body(beta.connection, alpha.delivery, |_| Some(b"gamma".to_vec()));
            add_scrub(connection, &rest("alpha"));
            scrub_logged(&unlogged);
            scrub_walked(&walk);
            add_removed(removal, 1, 1);
            rewrite_unreadable_bodies(connection, |_| Some(b"beta".to_vec()));
            bury_contact(connection, "contact");
            erase_contact(connection, "contact");
            erase_contact(beta.connection, "contact");
            merge_contact(connection, ("contact", "other"), Some("beta"), None);
            name_contacts(connection, &["contact", "other"]);
            name_contacts(beta.connection, &["contact", "other"]);
            note_details_failure(connection, CONVERSATION, "beta");
            put_admin(connection, &Admin { id: "1".to_owned(), name: "beta".to_owned() });
            keep_secrets(connection, SecretKind::AccessToken, 0);
            keep_secrets(beta.connection, SecretKind::AccessToken, 0);
            drop_older_secrets(connection, SecretKind::AccessToken, t.sources.id());
            claim_secret(alpha.secret, t.sources.now());
            release_secret(alpha.secret);
            create_product("App");
            rename_product(product, "beta");
            set_product_feedback(product, false);
            set_product_archived(product, true);
            put_tags_and_admins(connection, &[], &[]);
            put_tags_and_admins(beta.connection, &[], &[]);
            put_ticket_types(connection, &[ticket_type("beta")]);
            put_ticket_types(beta.connection, &[ticket_type("gamma")]);
            choose_trigger_tags(product, &[]);
            choose_trigger_tags(product, &[(connection, "7".to_owned())]);
            choose_trigger_tags(beta.product.id, &[]);
            create_ticket(NewTicket { product, connection, ..new_ticket(&t, &beta) });
            create_ticket(new_ticket(&t, &beta));
            add_ticket_tag(ticket, &ticket_tag(&t, "beta"));
            set_derived_text(ticket, Some("beta"), None);
            mark_source_gone(ticket);
            change_ticket(&alpha.ticket, &TicketChange { title: Some("beta".to_owned()), ..TicketChange::default() });
            add_comment(ticket, beta.people.agent.id, "beta");
            audit(&Actor::default(), "beta", ("x", "beta"), json!({}));
            put_tag(connection, "7", "beta");
            put_tag(beta.connection, "7", "gamma");
            lose_tag(connection, "7");
            lose_tag(beta.connection, "7");
            begin_action_run(&new_action(connection, "beta"));
            begin_action_run(&new_action(beta.connection, "beta"));
            add_action_page(alpha.action, &["beta".to_owned()], None, Some(7));
            restart_action_run(alpha.action);
            restart_action_run(beta.action);
            erase_action_runs(connection, &["alpha"]);
            erase_action_runs(beta.connection, &["alpha", "beta"]);
            drop_action_runs(t.sources.now() + TimeDelta::days(99), 10);
            wipe_action_runs(connection);
            wipe_action_runs(beta.connection);
            end_action_run(alpha.action, ActionState::Failed, &ActionEnd::default());
            enqueue(&beta.details_job());
            add_member(guest, Role::Viewer);
            create_connection(new_connection());
            erase_conversation(beta.connection, CONVERSATION, "beta");
            wipe_deliveries(beta.connection, 100);
            drop_tags_and_admins(beta.connection);
            put_findings(connection, &[finding("beta", CheckVerdict::Warn)], 0);
            put_findings(beta.connection, &[finding("gamma", CheckVerdict::Warn)], 0);
            end_doctor_round(connection, &[]);
            end_doctor_round(beta.connection, &[]);
            plan_doctor_round(connection, None, t.sources.now());
            disconnect(beta.connection);
        }
        assert_eq!(tried, 150);
    }

    async fn a_tenants_ticket_goes_to_no_other_product_or_person(t: TestDb) {
        let (alpha, beta) = (world(&t, "alpha").await, world(&t, "beta").await);
        let alphas = t.db.workspace(alpha.workspace).statuses(alpha.product.id).await.unwrap();
        for change in [
            TicketChange { product: Some(alpha.product.id), ..TicketChange::default() },
            TicketChange { status: Some(alphas[0].id), ..TicketChange::default() },
            TicketChange { assignee: Some(Some(alpha.people.agent.id)), ..TicketChange::default() },
        ] {
            let tx = t.db.begin().await.unwrap();
            let ticket = tx.workspace(beta.workspace).ticket(1).await.unwrap().unwrap();
            let outcome = tx.workspace(beta.workspace).change_ticket(&ticket, &change).await;
            assert!(matches!(outcome, Err(Error::Missing)), "{change:?}: {outcome:?}");
        }
    }

    async fn a_tenants_job_stands_for_no_other_tenants(t: TestDb) {
        let (alpha, beta) = (world(&t, "alpha").await, world(&t, "beta").await);
        let tx: Tx = t.db.begin().await.unwrap();
        let claimed = tx.across().claim_jobs(JobKind::ALL, 100, TimeDelta::minutes(1)).await.unwrap();
        for one in &claimed {
            tx.across().finish_job(one).await.unwrap();
        }
        // A job that names another tenant's connection finds nothing there, and must not swallow the tenant's own.
        tx.workspace(beta.workspace).enqueue(&alpha.details_job()).await.unwrap();
        tx.workspace(alpha.workspace).enqueue(&alpha.details_job()).await.unwrap();
        let claimed = tx.across().claim_jobs(JobKind::ALL, 100, TimeDelta::minutes(1)).await.unwrap();
        assert!(claimed.iter().any(|one| one.workspace == alpha.workspace), "{claimed:?}");
    }
}
