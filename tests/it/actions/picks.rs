//! Ids are suggested from our copy, and nothing is asked of Intercom for that.

use super::{logged_in, path, requests};
use crate::support::{House, TAG, houses};
use earmark_db::tenant::Actor;
use earmark_model::Job;
use earmark_sync::set_contacts;

/// The suggestions of a field: id and name.
async fn offered(house: &House, action: &str, field: &str) -> Vec<(String, String)> {
    let mut owner = logged_in(house, &house.company.email).await;
    let page = owner.get(&path(house, &format!("/{action}"))).await.body;
    let Some((_, list)) = page.split_once(&format!("<datalist id=\"{field}-list\">")) else {
        return Vec::new();
    };
    let list = list.split("</datalist>").next().expect("a list");
    let options = list.split("<option value=\"").skip(1);
    let pair = |option: &str| {
        let (id, rest) = option.split_once("\">").expect("a value");
        let name = rest.split_once("</option>").expect("a name").0;
        (id.to_owned(), name.to_owned())
    };
    options.map(pair).collect()
}

houses! {
    async fn tags_teammates_ticket_types_and_companies_are_suggested(house: House) {
        let company = &house.company;
        assert!(offered(&house, "contacts.attach_tag", "tag_id").await.contains(&(TAG.0.to_owned(), TAG.1.to_owned())));
        let teammates = offered(&house, "conversations.assign", "admin_id").await;
        assert!(teammates.contains(&("5520188".to_owned(), "Jonas Weber".to_owned())), "{teammates:?}");
        assert_eq!(offered(&house, "contacts.attach_company", "company_id").await, [], "companies are not copied yet");
        assert_eq!(offered(&house, "tickets.create", "ticket_type_id").await, [], "there are no types yet");

        let made = r#"{"name": "Bug report", "description": "What went wrong", "category": "Customer"}"#;
        company.run_action(&house, "raw", &[("method", "POST"), ("url", "/ticket_types"), ("data", made)]).await;
        let tx = house.app.db.begin().await.unwrap();
        tx.workspace(company.workspace).enqueue(&Job::RefreshTags { connection: company.connection }).await.unwrap();
        tx.commit().await.unwrap();
        let (db, actor) = (&house.app.db, Actor::default());
        set_contacts(db, company.workspace, &actor, company.connection, true).await.unwrap();
        house.settle().await;
        let before = requests(&house).await;
        let types = offered(&house, "tickets.create", "ticket_type_id").await;
        assert_eq!(types.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["Bug report"]);
        let companies = offered(&house, "contacts.attach_company", "company_id").await;
        assert_eq!(companies, [("6a0fd1e2c3b4a59687706152".to_owned(), "Birchworks".to_owned())]);
        assert_eq!(requests(&house).await, before, "nothing was asked of Intercom");
        // A connection of another workspace has none of that.
        let stranger = house.another_company().await;
        let elsewhere = earmark_actions::Pick::Companies;
        assert_eq!(house.app.actions().suggestions(stranger.place(), elsewhere).await.unwrap(), []);
    }
}
