//! Our copy follows an action at once, and whatever comes later does not undo it.

use super::{Company, House};
use crate::support::houses;
use earmark_actions::Action;
use earmark_db::tenant::{ActionRun, Actor, Links, MirroredContact};
use earmark_sync::set_contacts;
use serde_json::{Value, json};

/// Switches copying on or off and lets the first copy come to its end.
async fn switch(house: &House, on: bool) {
    let company = &house.company;
    let actor = Actor::default();
    let (db, workspace) = (&house.app.db, company.workspace);
    let switched = set_contacts(db, workspace, &actor, company.connection, on).await;
    switched.expect("the switch");
    house.settle().await;
}

async fn copy(house: &House, id: &str) -> Option<MirroredContact> {
    let tenant = house.company.tenant(house);
    let found = tenant.contact(house.company.connection, id).await;
    found.expect("a query")
}

async fn name(house: &House, id: &str) -> Option<String> {
    copy(house, id).await?.contact.name
}

async fn linked(house: &House, kind: Links, contact: &str) -> Vec<String> {
    let tenant = house.company.tenant(house);
    let owners = [contact];
    let links = tenant.links(kind, house.company.connection, &owners);
    let mut links = links.await.expect("a query");
    let found = links.remove(contact).unwrap_or_default();
    found.into_iter().collect()
}

async fn company_name(house: &House, id: &str) -> Option<(Option<String>, bool)> {
    let tenant = house.company.tenant(house);
    let found = tenant.company(house.company.connection, id).await;
    let found = found.expect("a query")?;
    Some((found.company.name, found.archived_at.is_some()))
}

fn id_of(run: &ActionRun) -> String {
    let answer: Value = serde_json::from_str(run.answer.as_deref().expect("an answer")).unwrap();
    answer["id"].as_str().expect("an id").to_owned()
}

/// A contact made by an action.
async fn person(house: &House, role: &str, name: &str) -> String {
    let fields = [("role", role), ("name", name)];
    let email = format!("{}@made.example", name.to_lowercase());
    let fields = [&fields[..], &[("email", email.as_str())]].concat();
    id_of(
        &house
            .company
            .run_action(house, "contacts.create", &fields)
            .await,
    )
}

/// A company made by an action.
async fn firm(house: &House, name: &str) -> String {
    let fields = [("company_id", name), ("name", name)];
    id_of(
        &house
            .company
            .run_action(house, "companies.create", &fields)
            .await,
    )
}

/// One raw request.
/// Once all that was told before is dealt with: the clock stands still, so that a late webhook would be no older.
async fn raw(company: &Company, house: &House, method: &str, url: &str, data: &str) -> ActionRun {
    house.settle().await;
    let fields = [("method", method), ("url", url), ("data", data)];
    let fields: Vec<_> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    company.run_action(house, "raw", &fields).await
}

houses! {
    async fn contacts_and_companies_follow_at_once(house: House) {
        let company = &house.company;
        switch(&house, true).await;
        house.subscribe().await;
        let run = async |action: &str, fields: &[(&str, &str)]| company.run_action(&house, action, fields).await;
        let (ines, lead) = (person(&house, "user", "Ines").await, person(&house, "lead", "Bo").await);
        assert_eq!(name(&house, &ines).await.as_deref(), Some("Ines"));
        run("contacts.update", &[("contact_id", &ines), ("name", "Ines Maria")]).await;
        assert_eq!(name(&house, &ines).await.as_deref(), Some("Ines Maria"));

        let firm = firm(&house, "lumen").await;
        assert_eq!(company_name(&house, &firm).await, Some((Some("lumen".to_owned()), false)));
        run("companies.update", &[("company_id", "lumen"), ("name", "Lumen Dental")]).await;
        run("companies.update", &[("id", &firm), ("plan", "Team")]).await;
        assert_eq!(company_name(&house, &firm).await, Some((Some("Lumen Dental".to_owned()), false)));

        let tag = [("contact_id", ines.as_str()), ("tag_id", crate::support::TAG.0)];
        let member = [("contact_id", ines.as_str()), ("company_id", firm.as_str())];
        for _ in 0..2 {
            run("contacts.attach_company", &member).await;
            run("contacts.attach_tag", &tag).await;
            assert_eq!(linked(&house, Links::Companies, &ines).await, [firm.as_str()]);
            assert_eq!(linked(&house, Links::ContactTags, &ines).await, [crate::support::TAG.0]);
            house.settle().await;
            assert_eq!(linked(&house, Links::Companies, &ines).await, [firm.as_str()], "after its webhook");
            run("contacts.detach_company", &member).await;
            run("contacts.detach_tag", &tag).await;
            assert_eq!(linked(&house, Links::Companies, &ines).await.len(), 0);
            assert_eq!(linked(&house, Links::ContactTags, &ines).await.len(), 0);
            house.settle().await;
            assert_eq!(linked(&house, Links::ContactTags, &ines).await.len(), 0, "after its webhook");
        }

        run("contacts.archive", &[("contact_id", &ines)]).await;
        assert!(copy(&house, &ines).await.unwrap().archived_at.is_some());
        house.pass(1);
        run("contacts.unarchive", &[("contact_id", &ines)]).await;
        assert_eq!(copy(&house, &ines).await.unwrap().archived_at, None);
        run("contacts.merge", &[("lead_id", &lead), ("user_id", &ines)]).await;
        assert_eq!(copy(&house, &lead).await.unwrap().merged_into, Some(ines.clone()));
        run("companies.delete", &[("company_id", &firm)]).await;
        assert_eq!(company_name(&house, &firm).await, Some((Some("Lumen Dental".to_owned()), true)));
        run("contacts.delete", &[("contact_id", &ines)]).await;
        assert_eq!(copy(&house, &ines).await, None);
        house.settle().await;
        assert_eq!(copy(&house, &ines).await, None, "no webhook brings it back");
    }

    async fn a_raw_request_is_followed_like_an_action(house: House) {
        let company = &house.company;
        switch(&house, true).await;
        let made = raw(company, &house, "POST", "/contacts", r#"{"role": "user", "name": "Rawley", "email": "raw@made.example"}"#).await;
        let id = id_of(&made);
        assert_eq!(name(&house, &id).await.as_deref(), Some("Rawley"));
        raw(company, &house, "put", &format!("/contacts/{id}?x=1"), r#"{"name": "Rawdon"}"#).await;
        assert_eq!(name(&house, &id).await.as_deref(), Some("Rawdon"));
        let firm = id_of(&raw(company, &house, "POST", "/companies", r#"{"company_id": "rw", "name": "Raw & Co"}"#).await);
        raw(company, &house, "POST", &format!("/contacts/{id}/companies"), &json!({"id": firm}).to_string()).await;
        raw(company, &house, "POST", &format!("/contacts/{id}/tags"), &json!({"id": crate::support::TAG.0}).to_string()).await;
        assert_eq!(linked(&house, Links::Companies, &id).await, [firm.as_str()]);
        assert_eq!(linked(&house, Links::ContactTags, &id).await, [crate::support::TAG.0]);
        raw(company, &house, "DELETE", &format!("/contacts/{id}/companies/{firm}"), "").await;
        raw(company, &house, "DELETE", &format!("/contacts/{id}/tags/{}", crate::support::TAG.0), "").await;
        assert_eq!(linked(&house, Links::Companies, &id).await.len() + linked(&house, Links::ContactTags, &id).await.len(), 0);
        raw(company, &house, "POST", &format!("/contacts/{id}/archive"), "").await;
        assert!(copy(&house, &id).await.unwrap().archived_at.is_some());
        let lead = person(&house, "lead", "Lea").await;
        raw(company, &house, "POST", &format!("/contacts/{id}/unarchive"), "").await;
        raw(company, &house, "POST", "/contacts/merge", &json!({"from": lead, "into": id}).to_string()).await;
        assert_eq!(copy(&house, &lead).await.unwrap().merged_into, Some(id.clone()));
        raw(company, &house, "DELETE", &format!("/companies/{firm}"), "").await;
        assert!(company_name(&house, &firm).await.unwrap().1);
        let tag = id_of(&raw(company, &house, "POST", "/tags", r#"{"name": "by hand"}"#).await);
        let tags = company.tenant(&house).tags().await.unwrap();
        assert!(tags.iter().any(|one| one.id == tag && one.name == "by hand"));
        raw(company, &house, "DELETE", &format!("/contacts/{id}"), "").await;
        assert_eq!(copy(&house, &id).await, None);
        // What only reads, and what Intercom refuses, changes nothing.
        assert_eq!(raw(company, &house, "GET", &format!("/contacts/{id}"), "").await.status, Some(404));
        assert!(Action::find("raw").is_some());
    }

    async fn what_is_not_copied_stays_so_and_deletions_are_followed_always(house: House) {
        let company = &house.company;
        let run = async |action: &str, fields: &[(&str, &str)]| company.run_action(&house, action, fields).await;
        let nobody = person(&house, "user", "Nobody").await;
        run("contacts.update", &[("contact_id", &nobody), ("name", "Somebody")]).await;
        run("contacts.attach_tag", &[("contact_id", &nobody), ("tag_id", crate::support::TAG.0)]).await;
        let firm = firm(&house, "nowhere").await;
        run("contacts.attach_company", &[("contact_id", &nobody), ("company_id", &firm)]).await;
        run("contacts.archive", &[("contact_id", &nobody)]).await;
        house.settle().await;
        assert_eq!((copy(&house, &nobody).await, company_name(&house, &firm).await), (None, None));

        switch(&house, true).await;
        let (kept, lead) = (person(&house, "user", "Kept").await, person(&house, "lead", "Lead").await);
        switch(&house, false).await;
        run("contacts.update", &[("contact_id", &kept), ("name", "Changed")]).await;
        assert_eq!(name(&house, &kept).await.as_deref(), Some("Kept"), "it is not copied any more");
        run("contacts.merge", &[("lead_id", &lead), ("user_id", &kept)]).await;
        assert_eq!(copy(&house, &lead).await.unwrap().merged_into, Some(kept.clone()));
        run("contacts.delete", &[("contact_id", &kept)]).await;
        assert_eq!(copy(&house, &kept).await, None);
    }
}
