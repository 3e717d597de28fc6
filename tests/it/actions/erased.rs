//! Whoever was deleted leaves the log of actions, however we come to know; and old runs leave it by themselves.

use super::{logged_in, path};
use crate::support::{House, TAG, assert_nowhere, houses};
use earmark_db::tenant::{ActionRun, ActionRunFilter, Actor};
use earmark_jobs::Recurring;
use earmark_sync::{Ask, DailyPayloads, ask_run, set_contacts};
use serde_json::{Value, json};

async fn runs(house: &House) -> Vec<ActionRun> {
    let company = &house.company;
    let filter = ActionRunFilter::default();
    let tenant = company.tenant(house);
    let runs = tenant.action_runs(company.connection, &filter, 100);
    runs.await.expect("a query")
}

/// A contact of whom the log tells in many ways; gives the id.
async fn known_to_the_log(house: &House, role: &str, name: &str, email: &str) -> String {
    let company = &house.company;
    let fields = [("role", role), ("name", name), ("email", email)];
    let made = company.run_action(house, "contacts.create", &fields).await;
    let answer: Value = serde_json::from_str(&made.answer.expect("an answer")).unwrap();
    let id = answer["id"].as_str().expect("an id").to_owned();
    // Finds nobody, so that nothing but the address tells whom it is about.
    company
        .run_action(
            house,
            "contacts.search",
            &[("role", "lead"), ("name", "No One"), ("email", email)],
        )
        .await;
    company
        .run_action(
            house,
            "contacts.create_note",
            &[("contact_id", &id), ("body", "Called them.")],
        )
        .await;
    company
        .run_action(
            house,
            "contacts.list",
            &[("fetch_all", "true"), ("per_page", "2")],
        )
        .await;
    house.settle().await;
    id
}

houses! {
    async fn a_webhook_about_a_deleted_contact_clears_the_log(house: House) {
        house.subscribe().await;
        let id = known_to_the_log(&house, "user", "Greta Gone", "greta.gone@made.example").await;
        let bystander = known_to_the_log(&house, "user", "Bela Stays", "bela@made.example").await;
        let before = runs(&house).await.len();
        house.sandbox.order("contacts/delete", &json!({"app_id": house.company.app_id, "contact": id})).await;
        house.settle().await;
        assert_nowhere(&house.db, &["Greta Gone", "greta.gone@made.example"]).await;
        let left = runs(&house).await;
        assert_eq!(left.len(), before, "that there were runs, by whom and when, stays");
        let kept = left.iter().filter(|run| run.inputs.contains(&bystander) || run.inputs.contains("bela@made.example"));
        assert!(kept.count() >= 2, "what is about others stays");
    }

    async fn a_proof_that_finds_a_contact_gone_clears_the_log(house: House) {
        let company = &house.company;
        let (db, workspace) = (&house.app.db, company.workspace);
        let actor = Actor::default();
        set_contacts(db, workspace, &actor, company.connection, true).await.unwrap();
        house.settle().await;
        let id = known_to_the_log(&house, "user", "Pia Proved", "pia.proved@made.example").await;
        // No webhook tells of it.
        house.sandbox.order("contacts/delete", &json!({"app_id": company.app_id, "contact": id})).await;
        house.pass(3_600);
        let ask = Ask::Proof { full: true };
        ask_run(db, workspace, &actor, company.connection, &ask).await.unwrap();
        house.settle().await;
        assert_nowhere(&house.db, &["Pia Proved", "pia.proved@made.example"]).await;
    }

    async fn a_lead_that_was_merged_leaves_with_the_user(house: House) {
        let company = &house.company;
        let lead = known_to_the_log(&house, "lead", "Lena Lead", "lena.lead@made.example").await;
        let user = known_to_the_log(&house, "user", "Uma User", "uma@made.example").await;
        company.run_action(&house, "contacts.merge", &[("lead_id", &lead), ("user_id", &user)]).await;
        assert!(runs(&house).await.iter().any(|run| run.inputs.contains("lena.lead@made.example")), "nobody is deleted yet");
        company.run_action(&house, "contacts.delete", &[("contact_id", &user)]).await;
        assert_nowhere(&house.db, &["Lena Lead", "lena.lead@made.example", "Uma User", "uma@made.example"]).await;
    }

    async fn old_runs_leave_the_log_with_what_they_fetched(house: House) {
        let company = &house.company;
        company.run_action(&house, "contacts.list", &[("fetch_all", "true")]).await;
        house.settle().await;
        let round = async || {
            DailyPayloads.enqueue_due(&house.app.db).await.unwrap();
            house.settle().await;
        };
        house.pass(29 * 86_400);
        round().await;
        company.run_action(&house, "tags.create", &[("name", TAG.1)]).await;
        assert_eq!(runs(&house).await.len(), 2, "runs are kept for 30 days");
        let mut owner = logged_in(&house, &company.email).await;
        let page = owner.get(&path(&house, "/runs")).await;
        assert!(page.body.contains("kept for 30 days"), "{}", page.body);
        house.pass(2 * 86_400);
        round().await;
        let left = runs(&house).await;
        assert_eq!(left.iter().map(|run| run.action.as_str()).collect::<Vec<_>>(), ["tags.create"]);
        assert_nowhere(&house.db, &["\"type\":\"contact\""]).await;
    }
}
