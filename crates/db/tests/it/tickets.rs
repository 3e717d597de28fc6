//! Tickets, their tags and comments.

use crate::support::{assert_error, in_tx};
use chrono::TimeDelta;
use earmark_db::Error;
use earmark_db::tenant::{NewTicket, Ticket, TicketChange, TicketTag};
use earmark_model::{ConnectionId, ProductId, StatusId, TicketId, UserId};
use earmark_testkit::build::People;
use earmark_testkit::{TestDb, both_databases, build};
use uuid::Uuid;

struct Start {
    people: People,
    connection: ConnectionId,
    product: ProductId,
}

async fn start(t: &TestDb) -> Start {
    let people = build::people(&t.db, "Quillwater").await;
    let connection = build::connection(&t.db, people.workspace.id, "qw12ab34")
        .await
        .id;
    let product = build::product(&t.db, people.workspace.id, "App").await.id;
    Start {
        people,
        connection,
        product,
    }
}

impl Start {
    async fn ticket(&self, t: &TestDb, conversation: &str, message: &str) -> Ticket {
        build::ticket(
            &t.db,
            self.people.workspace.id,
            self.product,
            self.connection,
            (conversation, message),
        )
        .await
    }

    async fn read(&self, t: &TestDb, id: TicketId) -> Ticket {
        t.db.workspace(self.people.workspace.id)
            .ticket_by_id(id)
            .await
            .unwrap()
            .unwrap()
    }

    async fn status(&self, t: &TestDb, product: ProductId, key: &str) -> StatusId {
        let statuses =
            t.db.workspace(self.people.workspace.id)
                .statuses(product)
                .await
                .unwrap();
        statuses
            .into_iter()
            .find(|status| status.key == key)
            .unwrap()
            .id
    }

    async fn change(
        &self,
        t: &TestDb,
        ticket: &Ticket,
        change: &TicketChange,
    ) -> Result<(), Error> {
        let tx = t.db.begin().await?;
        tx.workspace(self.people.workspace.id)
            .change_ticket(ticket, change)
            .await?;
        tx.commit().await
    }

    fn new_ticket(&self, t: &TestDb, conversation: &str, message: &str) -> NewTicket {
        NewTicket {
            product: self.product,
            connection: self.connection,
            conversation: conversation.to_owned(),
            message: message.to_owned(),
            text_from: Some("m0".to_owned()),
            title: Some("A title".to_owned()),
            tagged_at: t.sources.now(),
            tagged_by: Some("814".to_owned()),
        }
    }
}

both_databases! {
    async fn a_ticket_is_made_in_the_first_status_and_found_again(t: TestDb) {
        let start = start(&t).await;
        start.ticket(&t, "c1", "m1").await;
        let new = start.new_ticket(&t, "c1", "m2");
        let workspace = start.people.workspace.id;
        let made = in_tx!(t, |tx| tx.workspace(workspace).create_ticket(new.clone()).await.unwrap());
        assert_eq!((made.number, made.version, made.origin_product), (2, 1, start.product));
        assert_eq!(made.status, start.status(&t, start.product, "new").await);
        assert_eq!((&made.text_from, &made.title, &made.tagged_by), (&new.text_from, &new.title, &new.tagged_by));
        assert_eq!(made.tagged_at, new.tagged_at);
        assert!(!made.title_by_member);
        let tenant = t.db.workspace(workspace);
        assert_eq!(start.read(&t, made.id).await, made);
        assert_eq!(tenant.ticket(2).await.unwrap(), Some(made.clone()));
        assert_eq!(tenant.ticket(3).await.unwrap(), None);
        assert_eq!(tenant.ticket_by_id(TicketId(Uuid::nil())).await.unwrap(), None);
        let of = tenant.tickets_of_conversation(start.connection, "c1").await.unwrap();
        assert_eq!(of.iter().map(|ticket| ticket.number).collect::<Vec<_>>(), [1, 2]);
    }

    async fn numbers_have_no_gaps_when_many_are_made_at_once(t: TestDb) {
        let start = start(&t).await;
        start.ticket(&t, "c1", "first").await;
        let tasks: Vec<_> = (0..40)
            .map(|n| {
                let (db, workspace) = (t.db.clone(), start.people.workspace.id);
                let new = start.new_ticket(&t, "c1", &format!("m{n}"));
                tokio::spawn(async move {
                    let tx = db.begin().await.unwrap();
                    let ticket = tx.workspace(workspace).create_ticket(new).await.unwrap();
                    if n % 4 == 0 {
                        return None;
                    }
                    tx.commit().await.unwrap();
                    Some(ticket.number)
                })
            })
            .collect();
        let mut numbers = vec![1];
        for task in tasks {
            numbers.extend(task.await.unwrap());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=31).collect::<Vec<_>>());
    }

    async fn a_message_has_one_ticket_of_a_product_wherever_it_is_now(t: TestDb) {
        let start = start(&t).await;
        let workspace = start.people.workspace.id;
        let ticket = start.ticket(&t, "c1", "m1").await;
        let web = build::product(&t.db, workspace, "Web").await.id;
        let of_web = build::ticket(&t.db, workspace, web, start.connection, ("c1", "m1")).await;
        assert_eq!(of_web.number, 2);
        let move_it = TicketChange { product: Some(web), ..TicketChange::default() };
        start.change(&t, &ticket, &move_it).await.unwrap();
        let tx = t.db.begin().await.unwrap();
        let again = tx.workspace(workspace).create_ticket(start.new_ticket(&t, "c1", "m1")).await;
        assert_error!(again, Error::Conflict);
        drop(tx);
        assert_eq!(start.ticket(&t, "c1", "m2").await.number, 3, "a refused one takes no number");
    }

    async fn a_ticket_needs_a_product_and_a_conversation(t: TestDb) {
        let start = start(&t).await;
        let workspace = start.people.workspace.id;
        let tx = t.db.begin().await.unwrap();
        let nowhere = NewTicket { product: ProductId(Uuid::nil()), ..start.new_ticket(&t, "c1", "m1") };
        assert_error!(tx.workspace(workspace).create_ticket(nowhere).await, Error::Missing);
        drop(tx);
        let tx = t.db.begin().await.unwrap();
        let unknown = tx.workspace(workspace).create_ticket(start.new_ticket(&t, "unknown", "m1")).await;
        assert_error!(unknown, Error::Missing);
    }

    async fn tags_are_put_on_once_and_stand_in_the_order_of_tagging(t: TestDb) {
        let start = start(&t).await;
        let workspace = start.people.workspace.id;
        let ticket = start.ticket(&t, "c1", "m1").await.id;
        let now = t.sources.now();
        let tag = |id: &str, name: &str, minutes| TicketTag {
            tag: id.to_owned(),
            name: name.to_owned(),
            tagged_at: now + TimeDelta::minutes(minutes),
            tagged_by: Some("814".to_owned()),
        };
        let (late, early) = (tag("1", "Bug", 2), tag("2", "Idea", 1));
        let add = async |tag: &TicketTag| in_tx!(t, |tx| tx.workspace(workspace).add_ticket_tag(ticket, tag).await.unwrap());
        assert!(add(&late).await);
        assert!(add(&early).await);
        assert!(!add(&tag("1", "Renamed", 9)).await);
        assert_eq!(t.db.workspace(workspace).ticket_tags(ticket).await.unwrap(), [early, late]);
    }

    async fn a_change_to_an_old_version_is_stale(t: TestDb) {
        let start = start(&t).await;
        let ticket = start.ticket(&t, "c1", "m1").await;
        let planned = start.status(&t, start.product, "planned").await;
        let change = TicketChange { status: Some(planned), ..TicketChange::default() };
        start.change(&t, &ticket, &change).await.unwrap();
        let after = start.read(&t, ticket.id).await;
        assert_eq!((after.status, after.version), (planned, 2));
        assert_error!(start.change(&t, &ticket, &change).await, Error::Stale);
        assert_eq!(start.read(&t, ticket.id).await, after);

        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let (db, workspace, after) = (t.db.clone(), start.people.workspace.id, after.clone());
                tokio::spawn(async move {
                    let tx = db.begin().await.unwrap();
                    let change = TicketChange { title: Some(format!("Title {n}")), ..TicketChange::default() };
                    tx.workspace(workspace).change_ticket(&after, &change).await?;
                    tx.commit().await
                })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => won += 1,
                Err(Error::Stale) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(start.read(&t, ticket.id).await.version, 3);
    }

    async fn a_move_keeps_the_number_and_takes_the_status_of_the_same_key(t: TestDb) {
        let start = start(&t).await;
        let web = build::product(&t.db, start.people.workspace.id, "Web").await.id;
        let ticket = start.ticket(&t, "c1", "m1").await;
        let change = TicketChange { status: Some(start.status(&t, start.product, "done").await), ..TicketChange::default() };
        start.change(&t, &ticket, &change).await.unwrap();
        let ticket = start.read(&t, ticket.id).await;
        let change = TicketChange { product: Some(web), ..TicketChange::default() };
        start.change(&t, &ticket, &change).await.unwrap();
        let moved = start.read(&t, ticket.id).await;
        assert_eq!((moved.product, moved.origin_product, moved.number), (web, start.product, ticket.number));
        assert_eq!(moved.status, start.status(&t, web, "done").await);

        let foreign = start.status(&t, start.product, "new").await;
        let change = TicketChange { status: Some(foreign), ..TicketChange::default() };
        assert_error!(start.change(&t, &moved, &change).await, Error::Missing);
    }

    async fn only_members_are_assigned(t: TestDb) {
        let start = start(&t).await;
        let ticket = start.ticket(&t, "c1", "m1").await;
        let agent = start.people.agent.id;
        let assign = |who| TicketChange { assignee: Some(who), ..TicketChange::default() };
        start.change(&t, &ticket, &assign(Some(agent))).await.unwrap();
        let assigned = start.read(&t, ticket.id).await;
        assert_eq!(assigned.assignee, Some(agent));
        let stranger = build::user(&t.db, "stranger@harrow.example", "Stranger", "a hash").await.id;
        assert_error!(start.change(&t, &assigned, &assign(Some(stranger))).await, Error::Missing);
        start.change(&t, &assigned, &assign(None)).await.unwrap();
        assert_eq!(start.read(&t, ticket.id).await.assignee, None);
    }

    async fn a_members_title_stays_when_the_source_goes(t: TestDb) {
        let start = start(&t).await;
        let workspace = start.people.workspace.id;
        let (derived, own) = (start.ticket(&t, "c1", "m1").await, start.ticket(&t, "c1", "m2").await);
        let change = TicketChange { title: Some("Ours".to_owned()), ..TicketChange::default() };
        start.change(&t, &own, &change).await.unwrap();
        for id in [derived.id, own.id] {
            in_tx!(t, |tx| tx.workspace(workspace).set_derived_text(id, Some("Theirs"), Some("m9")).await.unwrap());
        }
        let (one, two) = (start.read(&t, derived.id).await, start.read(&t, own.id).await);
        assert_eq!((one.title.as_deref(), one.text_from.as_deref()), (Some("Theirs"), Some("m9")));
        assert_eq!((two.title.as_deref(), two.title_by_member), (Some("Ours"), true));
        let gone = t.sources.now();
        for id in [derived.id, own.id, derived.id] {
            in_tx!(t, |tx| tx.workspace(workspace).mark_source_gone(id).await.unwrap());
        }
        let (one, two) = (start.read(&t, derived.id).await, start.read(&t, own.id).await);
        assert_eq!((one.title, one.text_from, one.source_gone_at), (None, None, Some(gone)), "the first time stays");
        assert_eq!(two.title.as_deref(), Some("Ours"));
        assert!(two.source_gone_at.is_some());
    }

    async fn comments_stand_oldest_first(t: TestDb) {
        let start = start(&t).await;
        let workspace = start.people.workspace.id;
        let ticket = start.ticket(&t, "c1", "m1").await.id;
        let other = start.ticket(&t, "c1", "m2").await.id;
        let author: UserId = start.people.agent.id;
        let at = t.sources.now();
        let add = async |ticket, body: &str| in_tx!(t, |tx| tx.workspace(workspace).add_comment(ticket, author, body).await.unwrap());
        let first = add(ticket, "Zebra ✓").await;
        add(ticket, "Apple").await;
        add(other, "Elsewhere").await;
        let found = t.db.workspace(workspace).comments(ticket).await.unwrap();
        let bodies: Vec<_> = found.iter().map(|comment| comment.body.as_str()).collect();
        assert_eq!(bodies, ["Zebra ✓", "Apple"]);
        assert_eq!((found[0].id, found[0].author, found[0].created_at), (first, author, at));
    }
}
