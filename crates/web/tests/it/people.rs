//! The pages of contacts and companies over HTTP: filters, order, pages, exports.

use crate::support::{Answer, Browser, Server};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{
    Company, Contact, Conversation, CopyTime, DeliveryFilter, Links, Segment,
};
use earmark_db::{Tenant, Tx};
use earmark_model::{ConnectionId, Outcome, RunKind, RunState};
use earmark_testkit::build::{self, People};
use earmark_testkit::{TestDb, both_databases};

pub(crate) const HOSTILE: &str = "<script>alert(1)</script>";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

pub(crate) fn contact(n: i64, name: &str) -> Contact {
    Contact {
        id: format!("p{n}"),
        role: Some("user".to_owned()),
        external_id: Some(format!("ext-{n}")),
        email: Some(format!("p{n}@mail.example")),
        phone: None,
        name: (!name.is_empty()).then(|| name.to_owned()),
        owner_id: None,
        content: "{}".to_owned(),
        digest: format!("{n}{name}"),
        created_at: Some(at(1_000 - n)),
        last_seen_at: Some(at(n)),
        lists_cut: false,
        time: CopyTime {
            updated_at: at(0),
            observed_at: at(0),
        },
    }
}

fn company(id: &str, name: &str) -> Company {
    Company {
        id: id.to_owned(),
        company_id: Some(format!("own-{id}")),
        name: Some(name.to_owned()),
        plan: Some("Scale".to_owned()),
        industry: None,
        website: None,
        size: Some(64),
        monthly_spend: Some(12.5),
        user_count: Some(2),
        content: r#"{"custom_attributes":{"depot":"Lisbon"}}"#.to_owned(),
        digest: name.to_owned(),
        created_at: None,
        last_request_at: None,
        time: contact(0, "").time,
    }
}

pub(crate) struct Ground {
    server: Server,
    people: People,
    pub(crate) connection: ConnectionId,
    pub(crate) browser: Browser,
}

impl Ground {
    pub(crate) async fn lay(db: TestDb) -> Self {
        let server = Server::start(db).await;
        let people = build::people(&server.db.db, "Quillwater").await;
        let connection = build::connection(&server.db.db, people.workspace.id, "abc123").await;
        Self {
            browser: server.browser_of(people.viewer.id).await,
            connection: connection.id,
            people,
            server,
        }
    }

    /// Stores something in one transaction.
    pub(crate) async fn put(&self, put: impl AsyncFnOnce(Tenant<'_, Tx>)) {
        let tx = build::begin(&self.server.db.db).await;
        put(tx.workspace(self.people.workspace.id)).await;
        tx.commit().await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let page = self.browser.get(&format!("/w/quillwater/{path}")).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        page
    }

    /// The ids of a list's rows.
    pub(crate) async fn ids(&mut self, path: &str) -> Vec<String> {
        let page = self.get(path).await;
        let rows = page.body.split("class=\"cover\" href=\"").skip(1);
        let href = rows.map(|rest| rest.split('"').next().unwrap());
        href.map(|href| href.rsplit('/').next().unwrap().to_owned())
            .collect()
    }

    /// Five contacts: Ada and Ben of Osprey, Ben tagged, Cyd in a segment, a lead, and one archived.
    pub(crate) async fn furnish(&self) {
        let c = self.connection;
        let tags = [("7", "vip")];
        build::tags(
            &self.server.db.db,
            self.people.workspace.id,
            c,
            &tags,
            &[("9", "Tomasz")],
        )
        .await;
        self.put(async |tenant| {
            let ada = Contact {
                content: format!(
                    r#"{{"custom_attributes":{{"{HOSTILE}":"{HOSTILE}","renewed_at":1757000000}},"location":{{"city":"Lisbon"}}}}"#
                ),
                owner_id: Some("9".to_owned()),
                ..contact(1, &format!("Ada {HOSTILE}"))
            };
            let lead = Contact {
                role: Some("lead".to_owned()),
                email: None,
                ..contact(4, "")
            };
            let all = [ada, contact(2, "=Ben, \"B\""), contact(3, "Cyd"), lead, contact(5, "Eve")];
            tenant.put_contacts(c, &all, true).await.unwrap();
            tenant.archive_contact(c, "p5", at(10)).await.unwrap();
            tenant.put_companies(c, &[company("co1", "Osprey"), company("co2", "+Tidewell")], true).await.unwrap();
            for id in ["p1", "p2"] {
                tenant.add_link(Links::Companies, c, id, "co1").await.unwrap();
            }
            tenant.add_link(Links::ContactTags, c, "p2", "7").await.unwrap();
            tenant.add_link(Links::CompanyTags, c, "co2", "7").await.unwrap();
            let segment = Segment {
                id: "s1".to_owned(),
                name: "Active".to_owned(),
                person_type: None,
                as_of: None,
            };
            tenant.put_segments(c, &[segment]).await.unwrap();
            tenant.put_segment_members(c, "s1", at(20), &["p3"]).await.unwrap();
            tenant.end_segment_pass(c, "s1", at(20)).await.unwrap();
            tenant.set_connection_contacts(c, true).await.unwrap();
        })
        .await;
    }

    pub(crate) async fn ticket(&self) {
        let workspace = self.people.workspace.id;
        let product = build::product(&self.server.db.db, workspace, "Mobile").await;
        self.put(async |tenant| {
            let talk = Conversation {
                contact_id: Some("p1".to_owned()),
                contact_name: Some("Ada".to_owned()),
                company_id: Some("co1".to_owned()),
                ..Conversation::new("70".to_owned())
            };
            tenant
                .put_conversation(self.connection, &talk)
                .await
                .unwrap();
        })
        .await;
        let ids = ("70", "m1");
        build::ticket(
            &self.server.db.db,
            workspace,
            product.id,
            self.connection,
            ids,
        )
        .await;
    }
}

both_databases! {
    async fn filters_and_orders_find_what_they_say(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        ground.furnish().await;
        let of = format!("contacts?connection={}", ground.connection);
        let other = "contacts?connection=00000000-0000-7000-8000-000000000000";
        let both = format!("{of}&company=co1&tag=7");
        for (path, ids) in [
            ("contacts", vec!["p4", "p3", "p2", "p1"]),
            ("contacts?sort=newest", vec!["p1", "p2", "p3", "p4"]),
            ("contacts?sort=name", vec!["p2", "p1", "p3", "p4"]),
            ("contacts?archived=all", vec!["p5", "p4", "p3", "p2", "p1"]),
            ("contacts?archived=only", vec!["p5"]),
            ("contacts?role=lead", vec!["p4"]),
            ("contacts?tag=7", vec!["p2"]),
            ("contacts?segment=s1", vec!["p3"]),
            ("contacts?q=CYD", vec!["p3"]),
            ("contacts?q=ext-2", vec!["p2"]),
            ("contacts?q=nobody", vec![]),
            (of.as_str(), vec!["p4", "p3", "p2", "p1"]),
            (other, vec![]),
            (both.as_str(), vec!["p2"]),
            ("companies?sort=name", vec!["co2", "co1"]),
            ("companies?q=osp", vec!["co1"]),
            ("companies?tag=7", vec!["co2"]),
            ("companies?plan=Scale&q=own-co2", vec!["co2"]),
            ("companies?plan=Team", vec![]),
        ] {
            assert_eq!(ground.ids(path).await, ids, "{path}");
        }
        assert_eq!(ground.browser.get("/w/quillwater/contacts?connection=nonsense").await.status, 404);
        let page = ground.get("contacts?company=co1").await;
        assert!(page.body.contains("Osprey<svg") && page.body.contains("name=\"company\" value=\"co1\""));
        assert!(page.body.contains("Ada &#60;script&#62;") && !page.body.contains(HOSTILE));
        assert!(ground.get("contacts?q=nobody").await.body.contains("Clear filters"));
    }

    async fn pages_follow_each_other_in_every_order(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        // Names that are the same are told apart by their ids.
        let all: Vec<_> = (0..120).map(|n| contact(n, if n % 2 == 0 { "Same: name & all" } else { "" })).collect();
        ground.put(async |tenant| {
            tenant.put_contacts(ground.connection, &all, true).await.unwrap();
        }).await;
        for sort in ["", "newest", "name"] {
            let (mut path, mut seen, mut pages) = (format!("contacts?sort={sort}"), Vec::new(), 0);
            loop {
                seen.extend(ground.ids(&path).await);
                pages += 1;
                let page = ground.get(&path).await;
                let Some(at) = page.body.find("\">Next page") else { break };
                let href = &page.body[..at];
                let href = &href[href.rfind("href=\"").unwrap() + 6..];
                path = href.replace("&#38;", "&").trim_start_matches("/w/quillwater/").to_owned();
            }
            assert_eq!(pages, 3, "{sort}");
            assert_eq!(seen.len(), 120, "{sort}");
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 120, "{sort}: none twice");
        }
    }

    async fn a_contact_shows_what_is_known_and_a_merged_one_leads_on(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        ground.furnish().await;
        ground.ticket().await;
        let path = format!("contacts/{}", ground.connection);
        let ada = ground.get(&format!("{path}/p1")).await.body;
        for shown in ["Osprey", "Lisbon", "Tomasz", "QU-1", "1 ticket<", "4 September 2025", "/users/p1/all-conversations"] {
            assert!(ada.contains(shown), "{shown}: {ada}");
        }
        assert!(!ada.contains(HOSTILE));
        let cyd = ground.get(&format!("{path}/p3")).await.body;
        assert!(cyd.contains("Active <span class=\"muted\">as of ") && cyd.contains("No ticket was made from their conversations"));
        assert!(ground.get(&format!("{path}/p5")).await.body.contains("<b>Archived</b>"));
        let osprey = ground.get(&format!("companies/{}/co1", ground.connection)).await.body;
        for shown in ["Ada &#60;script", "p2@mail.example", "QU-1", "depot", "Show in Contacts", "/a/apps/abc123/companies/co1\""] {
            assert!(osprey.contains(shown), "{shown}");
        }
        ground.put(async |tenant| {
            tenant.merge_mirrored(ground.connection, ("p3", "p1"), contact(3, "").time).await.unwrap();
        }).await;
        let merged = ground.browser.get(&format!("/w/quillwater/{path}/p3")).await;
        assert_eq!(merged.location(), format!("/w/quillwater/{path}/p1"));
        assert_eq!(ground.browser.get(&format!("/w/quillwater/{path}/nobody")).await.status, 404);
    }

    async fn what_a_disconnected_connection_left_is_called_kept(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        ground.furnish().await;
        let (db, workspace) = (&ground.server.db.db, ground.people.workspace.id);
        let other = build::connection(db, workspace, "def456").await.id;
        let empty = build::connection(db, workspace, "ghi789").await.id;
        let one = ground.connection;
        ground.put(async |tenant| {
            tenant.put_contacts(other, &[contact(9, "Zoe")], true).await.unwrap();
            tenant.set_connection_contacts(other, true).await.unwrap();
            for gone in [other, empty] {
                tenant.disconnect(gone).await.unwrap();
            }
        }).await;
        let page = ground.get("contacts").await.body;
        assert!(page.contains("Intercom def456 was disconnected") && page.contains("is as it was then"), "{page}");
        assert!(page.contains("Intercom def456 (disconnected)</option>"), "{page}");
        assert!(!page.contains("ghi789"), "nothing of it is left");
        assert!(page.contains("kept up to date by webhook"));
        let gone = ground.get(&format!("contacts?connection={other}")).await.body;
        assert!(!gone.contains("kept up to date by webhook"), "{gone}");
        let live = ground.get(&format!("contacts?connection={one}")).await.body;
        assert!(live.contains("kept up to date by webhook"));
        // Its ids mean nothing in the list of both.
        assert_eq!(ground.ids("contacts?tag=7").await.len(), 5);
    }

    async fn a_company_is_found_by_its_name(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        ground.furnish().await;
        let c = ground.connection;
        ground.put(async |tenant| {
            tenant.put_companies(c, &[company("co3", "Osprey Air")], true).await.unwrap();
        }).await;
        // Its whole name, and a part that only it has.
        for typed in ["osprey", "tidew"] {
            let page = ground.get(&format!("contacts?of={typed}")).await.body;
            assert!(page.contains("name=\"company\" value=\"co") && !page.contains("Which company?"), "{page}");
        }
        assert_eq!(ground.ids("contacts?of=osprey&sort=name").await, ["p2", "p1"]);
        assert_eq!(ground.get("contacts.csv?of=osprey").await.body.lines().count(), 3);
        let several = ground.get("contacts?of=osp&role=user").await.body;
        assert!(several.contains("Which company?") && several.contains(">Osprey Air</a>"), "{several}");
        assert!(several.contains("role=user&#38;company=co3") && several.contains("value=\"osp\""), "{several}");
        let none = ground.get("contacts?of=nobody").await.body;
        assert!(none.contains("No company matches \"nobody\""), "{none}");
        assert!(ground.get("contacts").await.body.contains("<option value=\"Osprey Air\">"));
    }

    async fn what_a_page_cuts_can_be_read_whole(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        ground.furnish().await;
        ground.ticket().await;
        let (c, workspace) = (ground.connection, ground.people.workspace.id);
        let product = ground.server.db.db.workspace(workspace).products().await.unwrap()[0].id;
        for n in 2..27 {
            let message = format!("m{n}");
            build::ticket(&ground.server.db.db, workspace, product, c, ("70", message.as_str())).await;
        }
        let other = Conversation { contact_id: Some("p2".to_owned()), ..Conversation::new("71".to_owned()) };
        ground.put(async |tenant| {
            tenant.put_conversation(c, &other).await.unwrap();
        }).await;
        build::ticket(&ground.server.db.db, workspace, product, c, ("71", "m1")).await;
        let ada = ground.get(&format!("contacts/{c}/p1")).await.body;
        assert!(ada.contains("The newest 25 are shown.") && ada.contains("All 26 tickets</a>"), "{ada}");
        for (page, field) in [(format!("contacts/{c}/p1"), "contact"), (format!("companies/{c}/co1"), "company")] {
            let page = ground.get(&page).await.body;
            let link = &page[..page.find("\">All 26 tickets").unwrap()];
            let link = link[link.rfind("href=\"/w/quillwater/").unwrap() + 20..].replace("&#38;", "&");
            let inbox = ground.get(&link).await.body;
            assert!(inbox.contains(&format!("type=\"hidden\" name=\"{field}\"")), "{inbox}");
            assert!(!inbox.contains("ticket=QU-27&#34;") && inbox.contains("Older</a>"), "{inbox}");
            let older = ground.get(&format!("{link}&before=QU-2")).await.body;
            assert!(older.contains("QU-1"), "{older}");
        }
        let told: Vec<_> = (0..21).map(|n| build::delivery((workspace, c), &format!("n{n}"), "p1", at(n))).collect();
        let tx = build::begin(&ground.server.db.db).await;
        tx.across().store_deliveries(&told).await.unwrap();
        tx.commit().await.unwrap();
        let log = ground.server.db.db.workspace(workspace).deliveries(c, &DeliveryFilter::default(), 50).await.unwrap();
        ground.put(async |tenant| {
            for delivery in &log {
                tenant.finish_delivery(delivery.id, Outcome::Processed, "updated contact", None).await.unwrap();
            }
        }).await;
        let ada = ground.get(&format!("contacts/{c}/p1")).await.body;
        assert_eq!(ada.matches("Updated contact").count(), 20);
        assert!(ada.contains("/deliveries?q=p1\">All webhooks about the contact"), "{ada}");
        let only = ground.get(&format!("inbox?contact={c}:p2&status=all")).await.body;
        assert!(only.contains("row-QU-27") && !only.contains("row-QU-26"), "{only}");
        assert_eq!(ground.browser.get("/w/quillwater/inbox?contact=nonsense").await.status, 404);
    }

    async fn ids_of_one_connection_mean_nothing_in_another(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        ground.furnish().await;
        let (db, workspace) = (&ground.server.db.db, ground.people.workspace.id);
        let other = build::connection(db, workspace, "def456").await.id;
        let tx = build::begin(db).await;
        tx.workspace(workspace).put_contacts(other, &[contact(9, "Zoe")], true).await.unwrap();
        let linked = tx.workspace(workspace).add_link(Links::ContactTags, other, "p9", "7").await;
        linked.unwrap();
        tx.commit().await.unwrap();
        let one = ground.connection;
        assert_eq!(ground.ids(&format!("contacts?connection={one}&tag=7")).await, ["p2"]);
        assert_eq!(ground.ids(&format!("contacts?connection={one}&company=co1&sort=name")).await, ["p2", "p1"]);
        // The other connection has no such tag, segment or company in its lists, so nothing is filtered by it.
        for filter in ["tag=7", "segment=s1", "company=co1"] {
            let path = format!("contacts?connection={other}&{filter}");
            assert_eq!(ground.ids(&path).await, ["p9"], "{filter}");
            let all = ground.ids(&format!("contacts?{filter}")).await;
            assert_eq!(all.len(), 5, "{filter} without a connection: {all:?}");
        }
        let page = ground.get("contacts").await.body;
        assert!(page.contains("of Intercom def456 are not copied now"), "{page}");
    }

    async fn an_empty_list_says_why_it_is(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let off = ground.get("contacts").await.body;
        assert!(off.contains("Contacts and companies are not copied"));
        assert!(off.contains(&format!("/settings/integrations/intercom/{}\"", ground.connection)));
        let connection = ground.connection;
        ground.put(async |tenant| {
            tenant.set_connection_contacts(connection, true).await.unwrap();
            let run = tenant.create_run(connection, RunKind::Backfill, None, None).await.unwrap();
            tenant.move_run(run, RunState::Running, None).await.unwrap();
            let counts = earmark_db::tenant::RunCounts { done: 1_200, ..Default::default() };
            tenant.advance_run(run, "{}", counts, Some(18_240)).await.unwrap();
        }).await;
        let copying = ground.get("companies").await.body;
        assert!(copying.contains("1,200 of 18,240") && copying.contains("max=\"18240\" value=\"1200\""));
        assert!(copying.contains("Nothing copied yet"));
        // The list comes with the progress as long as it is empty.
        assert!(copying.contains("hx-select-oob=\"#found,#exports\""), "{copying}");
        ground.put(async |tenant| {
            tenant.put_companies(connection, &[company("co1", "Osprey")], true).await.unwrap();
        }).await;
        let filled = ground.get("companies").await.body;
        assert!(filled.contains("1,200 of 18,240") && !filled.contains("#found,#exports"), "{filled}");
        let run = ground.server.db.db.workspace(ground.people.workspace.id);
        let run = run.last_run(connection, RunKind::Backfill).await.unwrap().unwrap();
        ground.put(async |tenant| {
            tenant.move_run(run.id, RunState::Done, None).await.unwrap();
        }).await;
        let done = ground.get("contacts").await.body;
        assert!(done.contains("No contacts</h2>") && !done.contains("<progress"));
    }
}
