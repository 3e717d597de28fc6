//! The lists of contacts and companies as files, and the conversations.

use crate::people::{Ground, HOSTILE, contact};
use earmark_testkit::both_databases;

both_databases! {
    async fn exports_hold_the_filtered_list_whole(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        ground.furnish().await;
        ground.ticket().await;
        let file = ground.get("contacts.csv?tag=7").await;
        assert!(file.header("content-type").starts_with("text/csv"));
        let name = file.header("content-disposition");
        assert!(name.starts_with("attachment; filename=\"quillwater-contacts-") && name.ends_with(".csv\""), "{name}");
        let lines: Vec<_> = file.body.split("\r\n").collect();
        assert_eq!(lines.len(), 3, "{}", file.body);
        assert!(lines[0].starts_with("connection,id,external_id,role,name,"));
        // What a spreadsheet would take for a formula is text.
        assert!(lines[1].contains(",p2,ext-2,user,\"'=Ben, \"\"B\"\"\",p2@mail.example,"), "{}", lines[1]);
        assert!(lines[1].contains(",Osprey,vip,"), "{}", lines[1]);
        let file = ground.get("companies.csv?sort=name").await.body;
        assert!(file.contains(",\"'+Tidewell\",Scale,") && file.contains("\"{\"\"depot\"\":\"\"Lisbon\"\"}\""), "{file}");
        let file = ground.get("contacts.jsonl?q=ext-1").await;
        assert_eq!(file.header("content-type"), "application/x-ndjson");
        let ada: serde_json::Value = serde_json::from_str(&file.body).unwrap();
        assert_eq!(ada["content"]["custom_attributes"][HOSTILE], HOSTILE);
        assert_eq!(ada["companies"][0]["name"], "Osprey");
        let file = ground.get("companies.jsonl?tag=7").await.body;
        let company: serde_json::Value = serde_json::from_str(&file).unwrap();
        assert_eq!((company["id"].as_str(), company["tags"][0]["name"].as_str()), (Some("co2"), Some("vip")));
        let file = ground.get("conversations.jsonl").await.body;
        let talk: serde_json::Value = serde_json::from_str(&file).unwrap();
        assert_eq!(talk["id"], "70");
        assert_eq!(talk["contact"]["id"], "p1");
        let ticket = &talk["tickets"][0];
        assert_eq!((&ticket["key"], &ticket["product_name"]), (&"QU-1".into(), &"Mobile".into()));
        assert_eq!((&ticket["status"]["category"], &ticket["assignee"]), (&"new".into(), &serde_json::Value::Null));
        assert!(ticket["tagged_at"].is_string(), "{ticket}");
        let head = ground.browser.request(reqwest::Method::HEAD, "/w/quillwater/contacts.csv");
        assert_eq!(ground.browser.send(head).await.status, 200);
    }

    async fn a_file_holds_what_the_list_shows_when_a_filter_is_gone(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        ground.furnish().await;
        for filter in ["tag=gone", "segment=gone", "company=gone", "tag=7", "role=lead&q=p&sort=name", "q=1&archived=all"] {
            let mut listed = ground.ids(&format!("contacts?{filter}")).await;
            let file = ground.get(&format!("contacts.csv?{filter}")).await.body;
            let mut held: Vec<_> = file.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect();
            listed.sort();
            held.sort();
            assert_eq!(held, listed, "{filter}");
        }
        assert_eq!(ground.ids("contacts?tag=gone").await.len(), 4);
        let file = ground.get("companies.csv?tag=gone").await.body;
        assert_eq!(file.lines().count() - 1, ground.ids("companies?tag=gone").await.len(), "{file}");
    }

    async fn a_file_of_all_tells_who_is_no_more(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        ground.furnish().await;
        let c = ground.connection;
        ground.put(async |tenant| {
            tenant.merge_mirrored(c, ("p2", "p1"), contact(2, "").time).await.unwrap();
            tenant.remove_contact(c, "p4").await.unwrap();
            tenant.bury_contact(c, "p4").await.unwrap();
        }).await;
        let lines = |body: String| -> Vec<serde_json::Value> {
            body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let all = lines(ground.get("contacts.jsonl?archived=all").await.body);
        let told: Vec<_> = all.iter().map(|one| (one["type"].as_str().unwrap(), one["id"].as_str().unwrap())).collect();
        let listed = [("contact", "p1"), ("contact", "p3"), ("contact", "p5")];
        assert_eq!(told, [&listed[..], &[("contact_merged", "p2"), ("contact_deleted", "p4")]].concat());
        assert_eq!(all[3]["merged_into"], "p1");
        assert_eq!(all[1]["segments"][0]["name"], "Active");
        assert_eq!(lines(ground.get(&format!("contacts.jsonl?archived=all&connection={c}")).await.body).len(), 5);
        for some in ["contacts.jsonl", "contacts.jsonl?archived=all&q=p"] {
            let some = lines(ground.get(some).await.body);
            assert!(some.iter().all(|one| one["type"] == "contact"), "{some:?}");
        }
    }

    async fn an_export_is_as_long_as_the_list(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let all: Vec<_> = (0..1_203).map(|n| contact(n, "Same")).collect();
        ground.put(async |tenant| {
            tenant.put_contacts(ground.connection, &all, true).await.unwrap();
        }).await;
        let file = ground.get("contacts.csv?sort=name").await;
        assert_eq!(file.header("transfer-encoding"), "chunked");
        assert_eq!(file.body.lines().count(), 1_204);
        let file = ground.get("contacts.jsonl").await.body;
        let ids = file.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["id"].as_str().unwrap().to_owned()
        });
        assert_eq!(ids.collect::<std::collections::HashSet<_>>().len(), 1_203);
    }

    async fn an_export_keeps_its_order_while_people_are_seen(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let all: Vec<_> = (0..501).map(|n| contact(n, "Same")).collect();
        ground.put(async |tenant| {
            tenant.put_contacts(ground.connection, &all, true).await.unwrap();
        }).await;
        let file = ground.get("contacts.csv").await.body;
        let ids: Vec<_> = file.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect();
        assert_eq!(ids.len(), 501);
        assert!(ids.is_sorted(), "by the key, which never changes");
    }
}
