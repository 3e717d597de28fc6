//! What the log keeps, what our copy follows, what an erased person leaves, and lists that are fetched whole.

use super::{logged_in, newest, path};
use crate::support::{House, assert_nowhere, houses};
use chrono::TimeDelta;
use earmark_actions::{Format, LostActionRuns};
use earmark_db::tenant::NewActionRun;
use earmark_jobs::Recurring;
use earmark_model::{ActionState, ActionVia, Job, JobKind, Permission, PermissionState};
use futures::TryStreamExt;
use serde_json::{Value, json};

async fn file(house: &House, format: Format) -> String {
    let company = &house.company;
    let run = company.run_id(house).await;
    let pieces = house
        .app
        .actions()
        .export(company.workspace, run, format)
        .await
        .unwrap();
    pieces.try_collect::<Vec<_>>().await.unwrap().concat()
}

houses! {
    async fn what_intercom_refuses_is_logged_with_a_cure(house: House) {
        let company = &house.company;
        let gone = company.run_action(&house, "contacts.get", &[("contact_id", "5f0a1c2b3d4e5f6071829304")]).await;
        assert_eq!((gone.state, gone.status), (ActionState::Failed, Some(404)));
        assert!(gone.advice.is_some_and(|advice| advice.contains("Check the id")));
        let fault = json!({"kind": "status", "match": "/tags", "count": 10, "status": 429, "retry_after": 600});
        house.sandbox.order("faults", &fault).await;
        let wait = company.run_action(&house, "tags.list", &[]).await;
        assert_eq!((wait.state, wait.status), (ActionState::Failed, Some(429)));
        let mut owner = logged_in(&house, &company.email).await;
        let log = owner.get(&path(&house, "/runs?state=failed")).await;
        assert!(log.body.contains("404 Failed") && log.body.contains("429 Wait"), "{}", log.body);
        let one = owner.get(&path(&house, &format!("/runs/{}", gone.id))).await;
        assert!(one.body.contains("5f0a1c2b3d4e5f6071829304") && one.body.contains("earmark actions run contacts.get"));
        let again = owner.get(&path(&house, &format!("/contacts.get?again={}", gone.id))).await;
        assert!(again.body.contains("value=\"5f0a1c2b3d4e5f6071829304\""), "{}", again.body);
        assert!(owner.get(&path(&house, "/runs?q=no-such-words")).await.body.contains("No runs match"));
    }

    async fn tags_follow_at_once_and_writing_proves_its_permission(house: House) {
        let company = &house.company;
        company.run_action(&house, "tags.create", &[("name", "at once")]).await;
        let tenant = company.tenant(&house);
        let tags = tenant.tags().await.unwrap();
        let tag = tags.iter().find(|tag| tag.name == "at once").expect("the tag").clone();
        company.run_action(&house, "tags.update", &[("tag_id", &tag.id), ("name", "renamed")]).await;
        assert!(tenant.tags().await.unwrap().iter().any(|tag| tag.name == "renamed"));
        company.run_action(&house, "tags.delete", &[("tag_id", &tag.id)]).await;
        let tags = tenant.tags().await.unwrap();
        assert!(tags.iter().any(|one| one.id == tag.id && one.missing_since.is_some()));

        company.run_action(&house, "contacts.create", &[("role", "user"), ("external_id", "u-1")]).await;
        let checks = tenant.permission_checks(company.connection).await.unwrap();
        let writes = checks.iter().find(|check| check.permission == Permission::ReadWriteUsers);
        assert_eq!(writes.map(|check| check.state), Some(PermissionState::Granted));
    }

    async fn a_deleted_person_leaves_the_log_and_no_secret_is_in_it(house: House) {
        let company = &house.company;
        let person = [("role", "user"), ("email", "gone.person@made.example"), ("name", "Gone Person")];
        let made = company.run_action(&house, "contacts.create", &person).await;
        let answer: Value = serde_json::from_str(&made.answer.unwrap()).unwrap();
        let id = answer["id"].as_str().unwrap().to_owned();
        company.run_action(&house, "contacts.get", &[("contact_id", &id)]).await;
        company.run_action(&house, "contacts.list", &[("fetch_all", "true")]).await;
        house.settle().await;
        assert!(file(&house, Format::JsonLines).await.contains("Gone Person"));
        company.run_action(&house, "contacts.delete", &[("contact_id", &id)]).await;
        assert_nowhere(&house.db, &["Gone Person", "gone.person@made.example", company.token.as_str()]).await;
        assert!(!file(&house, Format::JsonLines).await.contains(&id));
        let run = company.tenant(&house).action_run(made.id).await.unwrap().unwrap();
        assert!(run.erased_at.is_some() && run.actor == company.actor().user, "{run:?}");
        let mut owner = logged_in(&house, &company.email).await;
        let page = owner.get(&path(&house, &format!("/runs/{}", made.id))).await;
        assert!(page.body.contains("was erased"), "{}", page.body);
    }

    async fn a_list_is_fetched_whole_and_comes_as_a_file(house: House) {
        let company = &house.company;
        for n in 0..7 {
            let name = format!("=person {n}");
            let id = format!("many-{n}");
            company.run_action(&house, "contacts.create", &[("role", "user"), ("external_id", &id), ("name", &name)]).await;
        }
        let mut owner = logged_in(&house, &company.email).await;
        owner.get(&path(&house, "/contacts.list")).await;
        let page = owner.post(&path(&house, "/contacts.list"), &[("fetch_all", "true"), ("per_page", "2")]).await;
        assert_eq!(page.status, 303, "{}", page.body);
        house.settle().await;
        let run = newest(&house, "contacts.list").await.unwrap();
        assert_eq!((run.state, run.fetched, run.total), (ActionState::Done, 8, Some(8)), "{run:?}");
        assert!(run.calls >= 4);
        let lines = file(&house, Format::JsonLines).await;
        assert_eq!(lines.lines().count(), 8);
        let csv = file(&house, Format::Csv).await;
        assert!(csv.lines().next().unwrap().contains("external_id"), "{csv}");
        assert!(csv.contains("'=person 3") && !csv.contains(",=person"), "{csv}");
        let download = path(&house, &format!("/runs/{}/download?format=csv", run.id));
        assert_eq!(owner.get(&download).await.body, csv);
        let page = owner.post(&path(&house, &format!("/runs/{}/stop", run.id)), &[]).await;
        assert_eq!(page.status, 303);
        assert_eq!(newest(&house, "contacts.list").await.unwrap().state, ActionState::Done);
    }

    async fn a_run_whose_process_ended_is_not_called_running_for_ever(house: House) {
        let company = &house.company;
        let begin = async |action: &str, inputs: Value| {
            let tx = house.app.db.begin().await.unwrap();
            let tenant = tx.workspace(company.workspace);
            let new = NewActionRun {
                connection: company.connection,
                action: action.to_owned(),
                actor: None,
                via: ActionVia::Page,
                inputs: inputs.to_string(),
                request: "{}".to_owned(),
            };
            let id = tenant.begin_action_run(&new).await.unwrap();
            if action == "contacts.list" {
                // Somebody has been fetching it since.
                tenant.enqueue(&Job::FetchAll { run: id }).await.unwrap();
                let lease = TimeDelta::days(1);
                tx.across().claim_jobs(&[JobKind::FetchAll], 1, lease).await.unwrap();
            }
            tx.commit().await.unwrap();
            id
        };
        let look = async || LostActionRuns.enqueue_due(&house.app.db).await.unwrap();
        let state = async |id| company.tenant(&house).action_run(id).await.unwrap().unwrap().state;
        let lost = begin("contacts.create", json!({})).await;
        look().await;
        assert_eq!(state(lost).await, ActionState::Running, "it may be under way");
        house.pass(2 * 3_600);
        let (fresh, list) = (begin("contacts.create", json!({})).await, begin("contacts.list", json!({"fetch_all": "true"})).await);
        house.pass(3_000);
        look().await;
        assert_eq!(state(lost).await, ActionState::Failed);
        assert_eq!(state(fresh).await, ActionState::Running);
        house.pass(3_000);
        look().await;
        assert_eq!([state(fresh).await, state(list).await], [ActionState::Failed, ActionState::Running]);
        let mut owner = logged_in(&house, &company.email).await;
        let page = owner.get(&path(&house, &format!("/runs/{lost}"))).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("it is not known whether it was done"), "{}", page.body);
        assert!(page.body.contains("Look in Intercom before you run it again."), "{}", page.body);
    }
}
