//! Mirrored contacts and companies, their links, and the runs that copy them.

use crate::support::in_tx;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{
    Company, CompanyFilter, Contact, ContactFilter, ContactPass, Conversation, CopyChange,
    CopySort, CopyTime, InboxFilter, Incomplete, Links, Named, RunCounts, RunLine, Segment,
    TicketsOf, WaitingPerson,
};
use earmark_model::{ConnectionId, RunId, RunKind, RunState, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};
use uuid::Uuid;

async fn start(t: &TestDb) -> (WorkspaceId, ConnectionId) {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw12ab34").await;
    (workspace, connection.id)
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn time(updated: i64, observed: i64) -> CopyTime {
    CopyTime {
        updated_at: at(updated),
        observed_at: at(observed),
    }
}

fn contact(id: &str, name: &str, time: CopyTime) -> Contact {
    Contact {
        id: id.to_owned(),
        role: Some("user".to_owned()),
        external_id: Some(format!("ext-{id}")),
        email: Some(format!("{}@mail.example", name.to_lowercase())),
        phone: None,
        name: Some(name.to_owned()),
        owner_id: None,
        content: "{}".to_owned(),
        digest: name.to_owned(),
        created_at: Some(at(0)),
        last_seen_at: None,
        lists_cut: false,
        time,
    }
}

fn company(id: &str, name: &str, time: CopyTime) -> Company {
    Company {
        id: id.to_owned(),
        company_id: Some(format!("own-{id}")),
        name: Some(name.to_owned()),
        plan: Some("Team".to_owned()),
        industry: None,
        website: None,
        size: Some(5),
        monthly_spend: Some(12.5),
        user_count: None,
        content: "{}".to_owned(),
        digest: name.to_owned(),
        created_at: Some(at(0)),
        last_request_at: None,
        time,
    }
}

async fn put(
    t: &TestDb,
    (workspace, connection): (WorkspaceId, ConnectionId),
    contacts: &[Contact],
) -> Vec<CopyChange> {
    in_tx!(t, |tx| {
        let tenant = tx.workspace(workspace);
        tenant
            .put_contacts(connection, contacts, true)
            .await
            .unwrap()
    })
}

async fn names(t: &TestDb, workspace: WorkspaceId, filter: &ContactFilter) -> Vec<String> {
    let tenant = t.db.workspace(workspace);
    let found = tenant.contacts(filter, CopySort::Name, None, 50).await;
    let found = found.unwrap();
    assert_eq!(
        tenant.contact_count(filter).await.unwrap(),
        found.len() as i64
    );
    found
        .into_iter()
        .filter_map(|one| one.contact.name)
        .collect()
}

both_databases! {
    async fn the_newer_copy_wins_whatever_the_order(t: TestDb) {
        let to = start(&t).await;
        assert_eq!(put(&t, to, &[contact("1", "Ines", time(10, 20))]).await, [CopyChange::New]);
        assert_eq!(put(&t, to, &[contact("1", "Ines", time(10, 20))]).await, [CopyChange::Unchanged]);
        assert_eq!(put(&t, to, &[contact("1", "Ina", time(9, 30))]).await, [CopyChange::Older]);
        assert_eq!(put(&t, to, &[contact("1", "Ina", time(10, 19))]).await, [CopyChange::Older]);
        assert_eq!(put(&t, to, &[contact("1", "Ina", time(10, 21))]).await, [CopyChange::Changed]);
        // The same again, but later: from then on, what is older does not win.
        assert_eq!(put(&t, to, &[contact("1", "Ina", time(12, 40))]).await, [CopyChange::Unchanged]);
        assert_eq!(put(&t, to, &[contact("1", "Iris", time(11, 41))]).await, [CopyChange::Older]);
        assert_eq!(names(&t, to.0, &ContactFilter::default()).await, ["Ina"]);
    }

    async fn who_stores_an_older_copy_while_a_newer_is_stored_is_told_so(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        put(&t, (workspace, connection), &[contact("1", "Ines", time(10, 20))]).await;
        let first = t.db.begin().await.unwrap();
        let newer = [contact("1", "Iris", time(12, 40)), contact("2", "Ole", time(12, 40))];
        first.workspace(workspace).put_contacts(connection, &newer, true).await.unwrap();
        let db = t.db.clone();
        let mut second = tokio::spawn(async move {
            let tx = db.begin().await.unwrap();
            let older = [contact("1", "Ina", time(11, 30)), contact("2", "Olga", time(11, 30)), contact("3", "New", time(11, 30))];
            let changes = tx.workspace(workspace).put_contacts(connection, &older, true).await.unwrap();
            tx.commit().await.unwrap();
            changes
        });
        let ended = tokio::time::timeout(std::time::Duration::from_millis(300), &mut second).await;
        assert!(ended.is_err());
        first.commit().await.unwrap();
        assert_eq!(second.await.unwrap(), [CopyChange::Older, CopyChange::Older, CopyChange::New]);
        assert_eq!(names(&t, workspace, &ContactFilter::default()).await, ["Iris", "New", "Ole"]);
    }

    async fn words_are_found_whatever_their_letters(t: TestDb) {
        let to = start(&t).await;
        let mut nameless = contact("3", "", time(1, 1));
        (nameless.name, nameless.email) = (None, Some("Ärger@X.example".to_owned()));
        put(&t, to, &[contact("1", "Élodie Øst", time(1, 1)), contact("2", "Eloise", time(1, 1)), nameless]).await;
        for connection in [None, Some(to.1)] {
            let with = |words: &str| ContactFilter { connection, words: Some(words.to_owned()), ..ContactFilter::default() };
            for words in ["élodie", "ÉLODIE", "øst", "Élodie ØST"] {
                assert_eq!(names(&t, to.0, &with(words)).await, ["Élodie Øst"], "{words}");
            }
            assert_eq!(names(&t, to.0, &with("ELO")).await, ["Eloise"]);
            assert_eq!(t.db.workspace(to.0).contact_count(&with("ärger@x")).await.unwrap(), 1);
        }
    }

    async fn people_who_are_put_off_wait_until_then(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        let kind = Incomplete::Contact;
        in_tx!(t, |tx| tx.workspace(workspace).await_person(connection, kind, "1").await.unwrap());
        let tenant = t.db.workspace(workspace);
        let waiting = tenant.waiting_people(connection, kind, 10).await.unwrap();
        let until = t.sources.now() + TimeDelta::minutes(1);
        in_tx!(t, |tx| tx.workspace(workspace).put_off_person(connection, kind, &waiting[0], until).await.unwrap());
        assert!(tenant.waiting_people(connection, kind, 10).await.unwrap().is_empty());
        assert_eq!(tenant.next_waiting_person(connection).await.unwrap(), Some(until));
        // Whoever asks anew does not wait.
        t.clock.advance(TimeDelta::seconds(1));
        in_tx!(t, |tx| tx.workspace(workspace).await_person(connection, kind, "1").await.unwrap());
        assert_eq!(tenant.waiting_people(connection, kind, 10).await.unwrap().len(), 1);
        in_tx!(t, |tx| tx.workspace(workspace).put_off_person(connection, kind, &waiting[0], until).await.unwrap());
        assert_eq!(tenant.waiting_people(connection, kind, 10).await.unwrap().len(), 1);
    }

    async fn what_was_seen_before_a_contact_was_linked_is_older(t: TestDb) {
        let to = start(&t).await;
        put(&t, to, &[contact("1", "Ines", time(10, 20))]).await;
        in_tx!(t, |tx| tx.workspace(to.0).outdate_contact(to.1, "1", at(30)).await.unwrap());
        assert_eq!(put(&t, to, &[contact("1", "Ines", time(10, 25))]).await, [CopyChange::Older]);
        assert_eq!(put(&t, to, &[contact("1", "Ines", time(10, 35))]).await, [CopyChange::Changed]);
        in_tx!(t, |tx| tx.workspace(to.0).outdate_contact(to.1, "1", at(31)).await.unwrap());
        assert_eq!(put(&t, to, &[contact("1", "Ines", time(10, 34))]).await, [CopyChange::Older], "no time goes back");
    }

    async fn an_archived_contact_comes_back_when_it_is_seen_later(t: TestDb) {
        let to = start(&t).await;
        put(&t, to, &[contact("1", "Ines", time(10, 20))]).await;
        assert!(in_tx!(t, |tx| tx.workspace(to.0).archive_contact(to.1, "1", at(30)).await.unwrap()));
        assert!(!in_tx!(t, |tx| tx.workspace(to.0).archive_contact(to.1, "1", at(31)).await.unwrap()));
        let live = ContactFilter { archived: Some(false), ..ContactFilter::default() };
        assert_eq!(names(&t, to.0, &live).await.len(), 0);
        put(&t, to, &[contact("1", "Ines", time(10, 25))]).await;
        assert_eq!(names(&t, to.0, &live).await.len(), 0, "seen before it was archived");
        put(&t, to, &[contact("1", "Ines", time(10, 35))]).await;
        assert_eq!(names(&t, to.0, &live).await, ["Ines"]);
    }

    async fn a_copy_that_was_seen_later_is_not_archived(t: TestDb) {
        let to = start(&t).await;
        put(&t, to, &[contact("1", "Ines", time(10, 20))]).await;
        let archive = async |seconds| in_tx!(t, |tx| tx.workspace(to.0).archive_contact(to.1, "1", at(seconds)).await.unwrap());
        assert!(!archive(19).await);
        assert!(archive(20).await);
    }

    async fn an_answer_ends_the_waiting_of_no_later_question(t: TestDb) {
        let to = start(&t).await;
        let kind = Incomplete::Contact;
        let ask = async || in_tx!(t, |tx| tx.workspace(to.0).await_person(to.1, kind, "1").await.unwrap());
        let waiting = async || t.db.workspace(to.0).waiting_people(to.1, kind, 10).await.unwrap();
        let answer = async |one: &WaitingPerson| in_tx!(t, |tx| tx.workspace(to.0).answered_person(to.1, kind, one).await.unwrap());
        ask().await;
        let first = waiting().await;
        t.clock.advance(TimeDelta::milliseconds(1));
        ask().await;
        let second = waiting().await;
        assert_eq!((first.len(), second.len()), (1, 1));
        answer(&first[0]).await;
        assert_eq!(waiting().await, second);
        answer(&second[0]).await;
        assert!(waiting().await.is_empty());
    }

    async fn links_follow_a_merge_and_the_merged_contact_stays_away(t: TestDb) {
        let to = start(&t).await;
        put(&t, to, &[contact("1", "Lead", time(10, 20)), contact("2", "Ines", time(10, 20))]).await;
        in_tx!(t, |tx| {
            let tenant = tx.workspace(to.0);
            let wanted = [("1", vec!["a", "b"], false), ("2", vec!["b"], false)];
            assert_eq!(tenant.put_links(Links::Companies, to.1, &wanted).await.unwrap().len(), 2);
            assert_eq!(tenant.put_links(Links::Companies, to.1, &wanted).await.unwrap().len(), 0);
            tenant.merge_mirrored(to.1, ("1", "2"), time(30, 30)).await.unwrap();
        });
        let tenant = t.db.workspace(to.0);
        let links = tenant.links(Links::Companies, to.1, &["1", "2"]).await.unwrap();
        assert_eq!(links.get("1"), None);
        assert_eq!(links["2"].len(), 2);
        assert_eq!(put(&t, to, &[contact("1", "Lead", time(99, 99))]).await, [CopyChange::Older]);
        let gone = tenant.contact(to.1, "1").await.unwrap().unwrap();
        assert_eq!((gone.merged_into.as_deref(), gone.contact.name), (Some("2"), None));
        assert_eq!(names(&t, to.0, &ContactFilter::default()).await, ["Ines"]);
    }

    async fn a_cut_list_takes_no_link_away(t: TestDb) {
        let to = start(&t).await;
        let links = async |has: Vec<&str>, cut| {
            in_tx!(t, |tx| tx.workspace(to.0).put_links(Links::ContactTags, to.1, &[("1", has, cut)]).await.unwrap());
            let links = t.db.workspace(to.0).links(Links::ContactTags, to.1, &["1"]).await.unwrap();
            links["1"].len()
        };
        assert_eq!(links(vec!["a", "b"], false).await, 2);
        assert_eq!(links(vec!["c"], true).await, 3);
        assert_eq!(links(vec!["c"], false).await, 1);
    }

    async fn lists_are_filtered_sorted_and_paged(t: TestDb) {
        let to = start(&t).await;
        let mut many: Vec<Contact> = ["Ines", "Bela", "Zoe", "Anna"].iter().enumerate()
            .map(|(n, name)| contact(&n.to_string(), name, time(10, 20))).collect();
        many[1].role = Some("lead".to_owned());
        many[2].last_seen_at = Some(at(500));
        put(&t, to, &many).await;
        let tenant = t.db.workspace(to.0);
        let all = ContactFilter::default();
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = tenant.contacts(&all, CopySort::Name, after.as_ref(), 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.place(CopySort::Name));
            paged.extend(page.into_iter().filter_map(|one| one.contact.name));
        }
        assert_eq!(paged, ["Anna", "Bela", "Ines", "Zoe"]);
        let seen = tenant.contacts(&all, CopySort::Seen, None, 1).await.unwrap();
        assert_eq!(seen[0].contact.name.as_deref(), Some("Zoe"));
        let of = async |filter| names(&t, to.0, &filter).await;
        assert_eq!(of(ContactFilter { role: Some("lead".to_owned()), ..all.clone() }).await, ["Bela"]);
        assert_eq!(of(ContactFilter { words: Some("ZOE@".to_owned()), ..all.clone() }).await, ["Zoe"]);
        assert_eq!(of(ContactFilter { words: Some("ext-3".to_owned()), ..all.clone() }).await, ["Anna"]);
        in_tx!(t, |tx| tx.workspace(to.0).add_link(Links::Companies, to.1, "0", "acme").await.unwrap());
        assert_eq!(of(ContactFilter { company: Some("acme".to_owned()), ..all.clone() }).await, ["Ines"]);
    }

    async fn segments_forget_whom_a_pass_did_not_see(t: TestDb) {
        let to = start(&t).await;
        put(&t, to, &[contact("1", "Ines", time(10, 20)), contact("2", "Zoe", time(10, 20))]).await;
        let segment = |id: &str| Segment { id: id.to_owned(), name: id.to_owned(), person_type: None, as_of: None };
        let pass = async |as_of, members: &[&str]| in_tx!(t, |tx| {
            let tenant = tx.workspace(to.0);
            tenant.put_segment_members(to.1, "s", as_of, members).await.unwrap();
            tenant.end_segment_pass(to.1, "s", as_of).await.unwrap();
        });
        in_tx!(t, |tx| tx.workspace(to.0).put_segments(to.1, &[segment("s"), segment("x")]).await.unwrap());
        let of = ContactFilter { segment: Some("s".to_owned()), ..ContactFilter::default() };
        pass(at(1), &["1", "2"]).await;
        assert_eq!(names(&t, to.0, &of).await, ["Ines", "Zoe"]);
        pass(at(2), &["2"]).await;
        assert_eq!(names(&t, to.0, &of).await, ["Zoe"]);
        assert_eq!(t.db.workspace(to.0).segments(to.1).await.unwrap()[0].as_of, Some(at(2)));
        in_tx!(t, |tx| tx.workspace(to.0).put_segments(to.1, &[segment("x")]).await.unwrap());
        assert_eq!(names(&t, to.0, &of).await.len(), 0);
    }

    async fn what_a_pass_did_not_see_is_found(t: TestDb) {
        let to = start(&t).await;
        put(&t, to, &[contact("1", "Ines", time(10, 20)), contact("2", "Zoe", time(10, 20)), contact("3", "New", time(10, 90))]).await;
        let run = RunId(Uuid::from_u128(7));
        in_tx!(t, |tx| tx.workspace(to.0).see_contacts(to.1, run, &["1"]).await.unwrap());
        let unseen = t.db.workspace(to.0).unseen_contacts(to.1, run, at(50), "", 10).await.unwrap();
        assert_eq!(unseen, ["2"], "the third came after the run began");
        let seen = async |began| t.db.workspace(to.0).seen_contacts(to.1, run, began).await.unwrap();
        assert_eq!(seen(at(50)).await, 2);
        assert_eq!(seen(at(0)).await, 0, "none was there before");
        let places = async |first| t.db.workspace(to.0).contact_ids_at(to.1, ContactPass::Live, first, 2).await.unwrap();
        assert_eq!(places(0).await, ["1", "2"]);
        assert_eq!(places(2).await, ["3"]);
    }

    async fn companies_are_copied_listed_and_archived(t: TestDb) {
        let to = start(&t).await;
        let both = [company("a", "Acme", time(1, 1)), company("b", "Bolt", time(1, 1))];
        let put = async |rows: &[Company]| in_tx!(t, |tx| tx.workspace(to.0).put_companies(to.1, rows, true).await.unwrap());
        assert_eq!(put(&both).await, [CopyChange::New, CopyChange::New]);
        assert_eq!(put(&both).await, [CopyChange::Unchanged, CopyChange::Unchanged]);
        in_tx!(t, |tx| {
            let tenant = tx.workspace(to.0);
            tenant.add_link(Links::Companies, to.1, "1", "b").await.unwrap();
            tenant.add_link(Links::CompanyTags, to.1, "a", "7").await.unwrap();
            assert!(tenant.archive_company(to.1, "b", at(5)).await.unwrap());
        });
        let tenant = t.db.workspace(to.0);
        let tagged = CompanyFilter { tag: Some("7".to_owned()), ..CompanyFilter::default() };
        assert_eq!(tenant.companies(&tagged, CopySort::Name, None, 9).await.unwrap()[0].company, both[0]);
        assert_eq!(tenant.company_count(&CompanyFilter::default()).await.unwrap(), 2);
        assert_eq!(tenant.peopled_companies(to.1).await.unwrap(), 0, "Intercom counted no people");
        put(&[Company { user_count: Some(3), digest: "more".to_owned(), ..company("a", "Acme", time(2, 2)) }]).await;
        assert_eq!(tenant.peopled_companies(to.1).await.unwrap(), 1);
        put(&[Company { digest: "as before".to_owned(), ..company("a", "Acme", time(3, 3)) }]).await;
        assert_eq!(tenant.companies_of(to.1, "1").await.unwrap()[0].archived_at, Some(at(5)));
        assert_eq!(tenant.company(to.1, "a").await.unwrap().unwrap().company.monthly_spend, Some(12.5));
        let mut erased = 1;
        while erased > 0 {
            erased = in_tx!(t, |tx| tx.workspace(to.0).erase_people(to.1, 1).await.unwrap());
        }
        assert_eq!(tenant.company_count(&CompanyFilter::default()).await.unwrap(), 0);
    }

    async fn a_run_advances_only_while_it_runs(t: TestDb) {
        let to = start(&t).await;
        let run = in_tx!(t, |tx| tx.workspace(to.0).create_run(to.1, RunKind::Backfill, None, None).await.unwrap());
        let step = RunCounts { done: 2, added: 1, calls: 1, ..RunCounts::default() };
        let advance = async || in_tx!(t, |tx| tx.workspace(to.0).advance_run(run, "{}", step, Some(9)).await.unwrap());
        let go = async |state| in_tx!(t, |tx| tx.workspace(to.0).move_run(run, state, Some("why")).await.unwrap());
        let anew = async || in_tx!(t, |tx| tx.workspace(to.0).ask_run_anew(run, "{\"full\":true}").await.unwrap());
        assert!(!advance().await, "it waits");
        assert!(anew().await);
        assert!(go(RunState::Running).await);
        assert!(!anew().await, "it began");
        assert!(advance().await && advance().await);
        assert!(go(RunState::Paused).await);
        assert!(!advance().await && !go(RunState::Done).await);
        assert!(go(RunState::Cancelled).await && !go(RunState::Running).await);
        let line = RunLine { outcome: "failed".to_owned(), subject_kind: "contact".to_owned(), subject_id: "1".to_owned(), note: Some("Ines".to_owned()) };
        in_tx!(t, |tx| {
            let tenant = tx.workspace(to.0);
            tenant.add_run_line(run, &line).await.unwrap();
            tenant.report_run(run, "{\"counts\":1}").await.unwrap();
            assert_eq!(tenant.erase_run_lines(to.1, "1").await.unwrap(), 1);
        });
        let tenant = t.db.workspace(to.0);
        let found = tenant.last_run(to.1, RunKind::Backfill).await.unwrap().unwrap();
        assert_eq!((found.counts.done, found.counts.added, found.total), (4, 2, Some(9)));
        assert!(found.started_at.is_some() && found.finished_at.is_some() && found.report.is_some());
        assert_eq!(tenant.runs(Some(to.1), None, 5).await.unwrap(), [found]);
        assert_eq!(tenant.run_lines(run, 0, 5).await.unwrap()[0].note.as_deref(), Some("erased"));
    }

    async fn tickets_names_and_segments_stand_beside_people(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        let other = build::connection(&t.db, workspace, "other").await.id;
        build::tags(&t.db, workspace, connection, &[("7", "vip")], &[]).await;
        in_tx!(t, |tx| {
            let tenant = tx.workspace(workspace);
            tenant.put_contacts(connection, &[contact("1", "Ada", time(1, 1)), contact("2", "Ben", time(1, 1))], true).await.unwrap();
            tenant.put_companies(connection, &[company("co", "Osprey", time(1, 1))], true).await.unwrap();
            for (kind, has) in [(Links::Companies, "co"), (Links::Companies, "unknown"), (Links::ContactTags, "7")] {
                tenant.add_link(kind, connection, "1", has).await.unwrap();
            }
            tenant.put_segment_members(connection, "s", at(5), &["1"]).await.unwrap();
            // The same ids in another Intercom workspace are others.
            for (connection, id) in [(connection, "70"), (other, "71")] {
                let talk = Conversation {
                    contact_id: Some("1".to_owned()),
                    company_id: Some("co".to_owned()),
                    ..Conversation::new(id.to_owned())
                };
                tenant.put_conversation(connection, &talk).await.unwrap();
            }
        });
        let product = build::product(&t.db, workspace, "Mobile").await.id;
        for (connection, ids) in [(connection, ("70", "a")), (connection, ("70", "b")), (other, ("71", "c"))] {
            build::ticket(&t.db, workspace, product, connection, ids).await;
        }
        in_tx!(t, |tx| tx.workspace(workspace).set_product_archived(product, true).await.unwrap());
        let tenant = t.db.workspace(workspace);
        let key = |id: &str| (connection, id.to_owned());
        let keys = [key("1"), key("2")];
        let names = tenant.named_links(Links::Companies, &keys).await.unwrap();
        let named = |id: &str, name: Option<&str>| Named { id: id.to_owned(), name: name.map(str::to_owned) };
        let mut companies = names[&key("1")].clone();
        companies.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(companies, [named("co", Some("Osprey")), named("unknown", None)]);
        assert_eq!(names.len(), 1);
        let names = tenant.named_links(Links::ContactTags, &keys).await.unwrap();
        assert_eq!(names[&key("1")], [named("7", Some("vip"))]);
        let segments = tenant.segments_of(connection, "1").await.unwrap();
        assert_eq!((segments.len(), segments[0].as_of), (1, at(5)));
        for (whose, id, filter) in [
            (TicketsOf::Contacts, "1", InboxFilter { contact: Some(key("1")), ..InboxFilter::default() }),
            (TicketsOf::Companies, "co", InboxFilter { company: Some(key("co")), ..InboxFilter::default() }),
        ] {
            let counted = tenant.tickets_of(whose, &[key(id), key("nobody")]).await.unwrap();
            assert_eq!(counted.into_iter().collect::<Vec<_>>(), [(key(id), 2)]);
            // Of archived products too.
            assert_eq!(tenant.inbox_count(&filter).await.unwrap(), 2);
        }
        let all = tenant.conversations(None, 10).await.unwrap();
        let ids: Vec<_> = all.iter().map(|(connection, talk)| (*connection, talk.id.clone())).collect();
        assert_eq!(ids.len(), 2);
        let rest = tenant.conversations(Some(&ids[0]), 10).await.unwrap();
        assert_eq!(rest, all[1..]);
    }
}
