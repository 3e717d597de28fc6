//! The inbox.

use crate::support::in_tx;
use chrono::TimeDelta;
use earmark_db::tenant::{Assignee, Conversation, InboxFilter, TicketChange, TicketTag};
use earmark_model::{ConnectionId, DetailsState, ProductId, StatusCategory, WorkspaceId};
use earmark_testkit::build::People;
use earmark_testkit::{TestDb, both_databases, build};

struct Start {
    people: People,
    connection: ConnectionId,
    app: ProductId,
    web: ProductId,
}

async fn start(t: &TestDb) -> Start {
    let people = build::people(&t.db, "Quillwater").await;
    let workspace = people.workspace.id;
    Start {
        connection: build::connection(&t.db, workspace, "qw12ab34").await.id,
        app: build::product(&t.db, workspace, "App").await.id,
        web: build::product(&t.db, workspace, "Web").await.id,
        people,
    }
}

impl Start {
    fn workspace(&self) -> WorkspaceId {
        self.people.workspace.id
    }

    /// A ticket with this title, of a conversation of its own with this contact, address and company.
    async fn ticket(
        &self,
        t: &TestDb,
        product: ProductId,
        title: &str,
        [contact, email, company]: [&str; 3],
    ) -> i64 {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let id = t.sources.token();
        let conversation = Conversation {
            contact_name: some(contact),
            contact_email: some(email),
            company_name: some(company),
            ..Conversation::new(id.clone())
        };
        in_tx!(t, |tx| tx
            .workspace(self.workspace())
            .put_conversation(self.connection, &conversation)
            .await
            .unwrap());
        let ticket = build::ticket(
            &t.db,
            self.workspace(),
            product,
            self.connection,
            (&id, "m1"),
        )
        .await;
        in_tx!(t, |tx| tx
            .workspace(self.workspace())
            .set_derived_text(ticket.id, Some(title), None)
            .await
            .unwrap());
        ticket.number
    }

    async fn change(&self, t: &TestDb, number: i64, change: TicketChange) {
        let ticket =
            t.db.workspace(self.workspace())
                .ticket(number)
                .await
                .unwrap()
                .unwrap();
        in_tx!(t, |tx| tx
            .workspace(self.workspace())
            .change_ticket(&ticket, &change)
            .await
            .unwrap());
    }

    async fn set_status(&self, t: &TestDb, number: i64, product: ProductId, key: &str) {
        let statuses =
            t.db.workspace(self.workspace())
                .statuses(product)
                .await
                .unwrap();
        let status = statuses
            .into_iter()
            .find(|status| status.key == key)
            .unwrap()
            .id;
        self.change(
            t,
            number,
            TicketChange {
                status: Some(status),
                ..TicketChange::default()
            },
        )
        .await;
    }

    async fn tag(&self, t: &TestDb, number: i64, name: &str) {
        let ticket =
            t.db.workspace(self.workspace())
                .ticket(number)
                .await
                .unwrap()
                .unwrap();
        let tag = TicketTag {
            tag: name.to_owned(),
            name: name.to_owned(),
            tagged_at: t.sources.now(),
            tagged_by: None,
        };
        in_tx!(t, |tx| tx
            .workspace(self.workspace())
            .add_ticket_tag(ticket.id, &tag)
            .await
            .unwrap());
    }

    /// The numbers a filter finds; its count must say the same.
    async fn found(&self, t: &TestDb, filter: InboxFilter) -> Vec<i64> {
        let tenant = t.db.workspace(self.workspace());
        let rows = tenant.inbox(&filter, None, 100).await.unwrap();
        let count = tenant.inbox_count(&filter).await.unwrap();
        assert_eq!(count, i64::try_from(rows.len()).unwrap(), "{filter:?}");
        rows.into_iter().map(|row| row.number).collect()
    }

    async fn words(&self, t: &TestDb, words: &str) -> Vec<i64> {
        self.found(
            t,
            InboxFilter {
                words: Some(words.to_owned()),
                ..InboxFilter::default()
            },
        )
        .await
    }
}

const NOBODY: [&str; 3] = ["", "", ""];

both_databases! {
    async fn a_row_shows_the_whole_line(t: TestDb) {
        let start = start(&t).await;
        let number = start.ticket(&t, start.app, "Dark mode", ["Ines", "ines@harrow.example", "Harrow"]).await;
        start.tag(&t, number, "Zeal").await;
        start.tag(&t, number, "Bug").await;
        start.change(&t, number, TicketChange { assignee: Some(Some(start.people.agent.id)), ..TicketChange::default() }).await;
        let anonymous = start.ticket(&t, start.web, "Export", ["", "jo@harrow.example", ""]).await;
        let tenant = t.db.workspace(start.workspace());
        let rows = tenant.inbox(&InboxFilter::default(), None, 10).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [anonymous, number]);
        let row = &rows[1];
        assert_eq!(row.title.as_deref(), Some("Dark mode"));
        assert_eq!((row.product_name.as_str(), row.status_name.as_str(), row.category), ("App", "New", StatusCategory::New));
        assert_eq!((row.contact.as_deref(), row.company.as_deref(), row.assignee_name.as_deref()),
            (Some("Ines"), Some("Harrow"), Some("Grace")));
        assert_eq!((row.details, row.source_gone), (DetailsState::Following, false));
        assert_eq!(row.tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["Zeal", "Bug"], "in the order of tagging");
        assert_eq!(rows[0].contact.as_deref(), Some("jo@harrow.example"));
        assert_eq!(rows[0].tags, []);
        assert_eq!(tenant.ticket_by_id(row.id).await.unwrap().unwrap().number, number);

        in_tx!(t, |tx| tx.workspace(start.workspace()).mark_source_gone(row.id).await.unwrap());
        let rows = tenant.inbox(&InboxFilter::default(), None, 10).await.unwrap();
        assert_eq!((rows[1].title.as_deref(), rows[1].source_gone), (None, true));
    }

    async fn filters_narrow_alone_and_together(t: TestDb) {
        let start = start(&t).await;
        let mut n = Vec::new();
        for (product, title) in [(start.app, "one"), (start.app, "two"), (start.web, "three"), (start.web, "four")] {
            n.push(start.ticket(&t, product, title, NOBODY).await);
        }
        start.set_status(&t, n[1], start.app, "done").await;
        start.set_status(&t, n[2], start.web, "planned").await;
        start.tag(&t, n[0], "Bug").await;
        start.tag(&t, n[2], "Bug").await;
        start.tag(&t, n[2], "Idea").await;
        let agent = start.people.agent.id;
        start.change(&t, n[2], TicketChange { assignee: Some(Some(agent)), ..TicketChange::default() }).await;

        let all = InboxFilter::default;
        let (bug, done) = (Some("Bug".to_owned()), Some("done".to_owned()));
        for (filter, expected) in [
            (all(), vec![n[3], n[2], n[1], n[0]]),
            (InboxFilter { product: Some(start.app), ..all() }, vec![n[1], n[0]]),
            (InboxFilter { status: done.clone(), ..all() }, vec![n[1]]),
            (InboxFilter { open_only: true, ..all() }, vec![n[3], n[2], n[0]]),
            (InboxFilter { tag: bug.clone(), ..all() }, vec![n[2], n[0]]),
            (InboxFilter { tag: Some("bu%".to_owned()), ..all() }, vec![]),
            (InboxFilter { assignee: Some(Assignee::User(agent)), ..all() }, vec![n[2]]),
            (InboxFilter { assignee: Some(Assignee::Nobody), ..all() }, vec![n[3], n[1], n[0]]),
            (InboxFilter { words: Some("THREE".to_owned()), ..all() }, vec![n[2]]),
            (InboxFilter { product: Some(start.web), tag: bug.clone(), open_only: true, words: Some("t".to_owned()),
                assignee: Some(Assignee::User(agent)), status: Some("planned".to_owned()), ..all() }, vec![n[2]]),
            (InboxFilter { product: Some(start.app), tag: bug, status: done, ..all() }, vec![]),
        ] {
            assert_eq!(start.found(&t, filter.clone()).await, expected, "{filter:?}");
        }
        let tags = t.db.workspace(start.workspace()).inbox_tags().await.unwrap();
        assert_eq!(tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["Bug", "Idea"]);
    }

    async fn archived_products_show_only_when_asked_for(t: TestDb) {
        let start = start(&t).await;
        let old = start.ticket(&t, start.app, "old", NOBODY).await;
        let new = start.ticket(&t, start.web, "new", NOBODY).await;
        in_tx!(t, |tx| tx.workspace(start.workspace()).set_product_archived(start.app, true).await.unwrap());
        assert_eq!(start.found(&t, InboxFilter::default()).await, [new]);
        assert_eq!(start.found(&t, InboxFilter { product: Some(start.app), ..InboxFilter::default() }).await, [old]);
    }

    async fn words_are_taken_literally_in_title_contact_address_and_company(t: TestDb) {
        let start = start(&t).await;
        let percent = start.ticket(&t, start.app, "100% wrong", NOBODY).await;
        let plain = start.ticket(&t, start.app, "1000 wrong", NOBODY).await;
        let score = start.ticket(&t, start.app, "snake_case", NOBODY).await;
        let slash = start.ticket(&t, start.app, r"C:\new", NOBODY).await;
        let person = start.ticket(&t, start.app, "x", ["Ines Quill", "iq@harrow.example", "Harrow Lane"]).await;
        let quote = start.ticket(&t, start.app, "it's \"so\" {} $1 ?", NOBODY).await;
        assert_eq!(start.words(&t, "100%").await, [percent]);
        assert_eq!(start.words(&t, "100").await, [plain, percent]);
        assert_eq!(start.words(&t, "e_c").await, [score]);
        assert_eq!(start.words(&t, "_").await, [score]);
        assert_eq!(start.words(&t, r"\n").await, [slash]);
        assert_eq!(start.words(&t, r"\").await, [slash]);
        assert_eq!(start.words(&t, r"\%").await, Vec::<i64>::new());
        assert_eq!(start.words(&t, "ines q").await, [person]);
        assert_eq!(start.words(&t, "IQ@harrow").await, [person]);
        assert_eq!(start.words(&t, "lane").await, [person]);
        assert_eq!(start.words(&t, "it's \"so\" {} $1 ?").await, [quote]);
    }

    async fn words_beyond_ascii_are_found_whatever_their_case(t: TestDb) {
        let start = start(&t).await;
        let person = ["Łukasz", "élodie@harrow.example", "ŻABKA"];
        let number = start.ticket(&t, start.app, "Ärger mit Ökostrom", person).await;
        for words in ["Ärger", "ärger", "MIT Ö", "łukasz", "ŁUKASZ", "ÉLODIE@", "Żabka"] {
            assert_eq!(start.words(&t, words).await, [number], "{words}");
        }
        assert_eq!(start.words(&t, "arger").await, Vec::<i64>::new());
    }

    async fn pages_follow_each_other_without_gap_or_repeat(t: TestDb) {
        let start = start(&t).await;
        let mut all = Vec::new();
        for n in 0..7 {
            all.push(start.ticket(&t, start.app, &format!("{n}"), NOBODY).await);
        }
        all.reverse();
        let tenant = t.db.workspace(start.workspace());
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = tenant.inbox(&InboxFilter::default(), before, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= 3);
            before = Some(last.number);
            seen.extend(page.iter().map(|row| row.number));
            if seen.len() == 3 {
                start.ticket(&t, start.app, "comes meanwhile", NOBODY).await;
            }
        }
        assert_eq!(seen, all);
    }

    async fn counts_stand_by_product_and_category(t: TestDb) {
        let start = start(&t).await;
        for (product, status) in [(start.app, "new"), (start.app, "planned"), (start.app, "triaged"), (start.web, "declined")] {
            let number = start.ticket(&t, product, "x", NOBODY).await;
            start.set_status(&t, number, product, status).await;
            t.clock.advance(TimeDelta::milliseconds(1));
        }
        let mut counts = t.db.workspace(start.workspace()).ticket_counts().await.unwrap();
        counts.sort();
        let mut expected = vec![
            (start.app, StatusCategory::New, 1),
            (start.app, StatusCategory::Open, 2),
            (start.web, StatusCategory::Closed, 1),
        ];
        expected.sort();
        assert_eq!(counts, expected);
    }
}
