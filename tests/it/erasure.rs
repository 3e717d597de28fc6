//! Disconnecting with erasure: everything that was copied goes, tickets stay with our own words; however often it is
//! broken off.

use crate::support::{
    CONTACT, House, Plan, TAG, Talk, VIP, Who, assert_nowhere, connect, houses, post,
};
use earmark_connections::Mirrored;
use earmark_db::tenant::{Admin, Conversation, Erasure, Links, Message, NewTicket, TicketChange};
use earmark_db::{Db, Tenant};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{
    AuthorKind, ClaimedJob, ConnectionId, DetailsState, Job, MessageKind, Outcome, WorkspaceId,
};
use earmark_sync::EraseHandler;
use earmark_testkit::{TestDb, both_databases, build};
use futures::poll;
use serde_json::json;
use std::pin::pin;
use std::task::Poll;

const OPENING: &str = "the-opening-mark asks for a currency of one's own";
const REPLY: &str = "the-reply-mark says since Tuesday it is wrong";
const PERSON: &str = "the-person-mark of Quillwater";
const TEAMMATE: &str = "Mina Okafor";
const OURS: &str = "our-own-words of a member";

async fn erasure(house: &House) -> Erasure {
    let tenant = house.company.tenant(house);
    let found = tenant.erasure(house.company.connection).await;
    found.unwrap().expect("an erasure")
}

async fn disconnect(house: &House, mirrored: Mirrored) {
    let company = &house.company;
    let actor = company.member.actor(None);
    let done = house
        .app
        .store
        .disconnect(company.workspace, &actor, company.connection, mirrored);
    done.await.unwrap();
}

/// Two tickets of one conversation, one with a title and a comment of ours.
async fn escalated(house: &House) -> Talk {
    let company = &house.company;
    let mut talk = Talk::open(OPENING, house.now().timestamp());
    talk.opening.attach("the-attached-mark.txt");
    let reply = talk.say(Who::Customer, REPLY);
    house.seed(&[&talk]).await;
    let tagged = talk.tagged(&talk.opening, TAG, house.now());
    house.deliver(&tagged).await;
    house.deliver(&talk.tagged(&reply, VIP, house.now())).await;
    house.deliver(&talk.told(&reply)).await;
    let cut = format!("{{\"part\": \"{}\", \"body\": \"{REPLY}", reply.id).into_bytes();
    let sent = post(&house.http, &company.hook, &company.client_secret, cut);
    assert_eq!(sent.await.status(), 200);
    house.settle().await;
    let ticket = company.tickets(house).await.pop().unwrap();
    let tx = house.app.db.begin().await.unwrap();
    let tenant = tx.workspace(company.workspace);
    let change = TicketChange {
        title: Some(OURS.to_owned()),
        ..TicketChange::default()
    };
    tenant.change_ticket(&ticket, &change).await.unwrap();
    let author = company.member.user().id;
    tenant.add_comment(ticket.id, author, OURS).await.unwrap();
    let contacts = ["1", "2"].map(|id| build::contact(id, PERSON, house.now()));
    let copied = tenant.put_contacts(company.connection, &contacts, true);
    copied.await.unwrap();
    for (kind, has) in [(Links::Companies, "acme"), (Links::ContactTags, "7")] {
        let linked = tenant.add_link(kind, company.connection, "1", has);
        linked.await.unwrap();
    }
    tx.commit().await.unwrap();
    talk
}

houses! {
    async fn erasing_keeps_tickets_and_our_words_and_nothing_else(house: House) {
        let company = &house.company;
        let talk = escalated(&house).await;
        let before = company.tickets(&house).await;
        assert_eq!(before.len(), 2);
        disconnect(&house, Mirrored::Erase).await;
        house.settle().await;
        let running = erasure(&house).await;
        assert_eq!((running.done, running.finished_at), (running.total, None), "it waits for stragglers");
        house.pass(16);
        house.settle().await;
        let done = erasure(&house).await;
        assert!(done.finished_at.is_some() && done.done == done.total && done.total >= 13, "{done:?}");

        let marks = ["the-opening-mark", "the-reply-mark", "the-attached-mark", "the-person-mark", CONTACT.1, CONTACT.2, TEAMMATE, "Birchworks"];
        assert_nowhere(&house.db, &marks).await;
        let after = company.tickets(&house).await;
        let kept = |tickets: &[earmark_db::tenant::Ticket]| {
            tickets.iter().map(|one| (one.number, one.product, one.status)).collect::<Vec<_>>()
        };
        assert_eq!(kept(&after), kept(&before));
        let mut titles: Vec<_> = after.iter().map(|one| one.title.as_deref()).collect();
        titles.sort();
        assert_eq!(titles, [None, Some(OURS)]);
        assert!(after.iter().all(|one| one.source_gone_at.is_some()));
        let commented = after.iter().find(|one| one.title.is_some()).unwrap();
        assert_eq!(company.tenant(&house).comments(commented.id).await.unwrap().len(), 1);
        let conversation = company.conversation(&house, &talk).await;
        assert!(conversation.details_note.unwrap().contains("erased after disconnecting"));
        assert_eq!(company.tenant(&house).mirrored(company.connection).await.unwrap(), 0);
    }

    async fn after_connecting_again_a_conversation_comes_back_when_it_is_tagged_anew(house: House) {
        let company = &house.company;
        let talk = escalated(&house).await;
        let reply = talk.parts[0].clone();
        house.deliver(&talk.redacted(&reply)).await;
        let deleted = Talk::open("the-deleted-mark is wrong", house.now().timestamp());
        house.seed(&[&deleted]).await;
        house.deliver(&deleted.tagged(&deleted.opening, TAG, house.now())).await;
        house.deliver(&deleted.deleted()).await;
        disconnect(&house, Mirrored::Erase).await;
        house.settle().await;
        house.pass(16);
        house.settle().await;
        assert!(erasure(&house).await.finished_at.is_some());
        let (erased_at, numbers) = (house.now(), company.tickets(&house).await.len());
        house.pass(60);
        let again = connect(&house.app, &company.member, &Plan::first()).await;
        assert_eq!(again.id, company.connection);
        house.settle().await;
        company.choose(&house.app).await;

        // Neither words without a tag nor a tag from before the erasure.
        let told = house.deliver(&talk.told(&reply)).await;
        assert!(told.note.unwrap().contains("was not tagged since"));
        let told = house.deliver(&talk.tagged(&talk.opening, TAG, erased_at)).await;
        assert!(told.note.unwrap().contains("before it counted"));
        assert!(company.thread(&house, &talk).await.is_empty());

        house.pass(1);
        let told = house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        assert_eq!(told.outcome, Outcome::Processed);
        assert!(told.note.unwrap().starts_with("brought the erased conversation of "));
        let tickets = company.tickets(&house).await;
        assert_eq!(tickets.len(), numbers, "it has its ticket");
        let of = |message: &str| tickets.iter().find(|one| one.message == message).unwrap();
        assert_eq!((of(&talk.opening.id).title.as_deref(), of(&talk.opening.id).source_gone_at), (Some(OPENING), None));
        let thread = company.thread(&house, &talk).await;
        let words: Vec<_> = thread.iter().map(|one| one.plain.as_deref()).collect();
        assert_eq!(words, [Some(OPENING), None], "what was redacted stays so");
        assert!(of(&reply.id).source_gone_at.is_some());
        let conversation = company.conversation(&house, &talk).await;
        assert_eq!((conversation.details, conversation.gone_at), (DetailsState::Complete, None));
        assert_eq!(conversation.contact_name.as_deref(), Some(CONTACT.1));

        // Another message of it makes a ticket as any other does, and words without a tag are kept again.
        let told = house.deliver(&talk.tagged(&talk.opening, VIP, house.now())).await;
        assert!(told.note.unwrap().starts_with("created ticket"));
        let new = company.tickets(&house).await.pop().unwrap();
        assert_eq!((new.title.as_deref(), new.source_gone_at), (Some(OPENING), None));

        // What Intercom deleted stays deleted.
        house.deliver(&deleted.tagged(&deleted.opening, VIP, house.now())).await;
        assert!(company.thread(&house, &deleted).await.is_empty());
        assert!(company.conversation(&house, &deleted).await.gone_at.is_some());
        assert_nowhere(&house.db, &["the-deleted-mark", "the-reply-mark"]).await;
    }

    async fn what_is_kept_stays_and_another_workspaces_copy_is_never_touched(house: House) {
        let other = house.another_company().await;
        let talk = Talk::open("their-own-mark is wrong", house.now().timestamp());
        let mut tagged = talk.tagged(&talk.opening, TAG, house.now());
        tagged["app_id"] = json!(other.app_id);
        let sent = post(&house.http, &other.hook, &other.client_secret, tagged.to_string().into_bytes());
        assert_eq!(sent.await.status(), 200);
        escalated(&house).await;
        let theirs = other.tenant(&house).mirrored(other.connection).await.unwrap();
        let ours = house.company.tenant(&house).mirrored(house.company.connection).await.unwrap();
        disconnect(&house, Mirrored::Keep).await;
        house.pass(60);
        house.settle().await;
        let tenant = house.company.tenant(&house);
        assert_eq!(tenant.mirrored(house.company.connection).await.unwrap(), ours);
        assert_eq!(tenant.erasure(house.company.connection).await.unwrap(), None);
        let actor = house.company.member.actor(None);
        house.app.store.erase(house.company.workspace, &actor, house.company.connection).await.unwrap();
        house.settle().await;
        assert!(erasure(&house).await.finished_at.is_some());
        assert_nowhere(&house.db, &["the-opening-mark", "the-reply-mark"]).await;
        assert_eq!(other.tenant(&house).mirrored(other.connection).await.unwrap(), theirs);
        assert_eq!(other.ticket(&house).await.title.as_deref(), Some("their-own-mark is wrong"));
    }

    async fn what_waits_when_it_is_disconnected_is_ignored_and_erased(house: House) {
        let company = &house.company;
        let talk = escalated(&house).await;
        // Stored while the lanes stand still: their jobs are due later.
        let late = Talk::open("the-late-mark is wrong", house.now().timestamp());
        let stored = build::delivery((company.workspace, company.connection), "late", &late.id, house.now());
        let body = late.tagged(&late.opening, TAG, house.now()).to_string().into_bytes();
        disconnect(&house, Mirrored::Erase).await;
        let tx = house.app.db.begin().await.unwrap();
        let stored = earmark_db::across::NewDelivery { body: Some(body), ..stored };
        tx.across().store_deliveries(&[stored]).await.unwrap();
        tx.commit().await.unwrap();
        house.settle().await;
        house.pass(16);
        house.settle().await;
        assert!(erasure(&house).await.finished_at.is_some());
        let all = company.deliveries(&house).await;
        let told = all.iter().find(|one| one.subject.as_deref() == Some(late.id.as_str())).unwrap();
        assert_eq!((told.outcome, told.note.as_deref()), (Outcome::Ignored, Some("ignored: disconnected")));
        assert_eq!(company.body_of(&house, told).await, None);
        assert_nowhere(&house.db, &["the-late-mark", "the-opening-mark"]).await;
        assert!(company.conversation(&house, &talk).await.gone_at.is_some());
    }
}

/// Conversations, messages, payloads, tags and teammates, more than a batch holds.
async fn copied(t: &TestDb, workspace: WorkspaceId, connection: ConnectionId) {
    let product = build::product(&t.db, workspace, "Ledger").await.id;
    build::tags(
        &t.db,
        workspace,
        connection,
        &[("7", "a-mark")],
        &[("9", "a-mark")],
    )
    .await;
    let tx = build::begin(&t.db).await;
    let tenant = tx.workspace(workspace);
    for n in 0..60 {
        let id = format!("conversation-{n}");
        let conversation = Conversation {
            contact_name: Some("a-mark".to_owned()),
            company_name: Some("a-mark".to_owned()),
            ..Conversation::new(id.clone())
        };
        tenant
            .put_conversation(connection, &conversation)
            .await
            .unwrap();
        tenant
            .put_message(connection, &id, &message())
            .await
            .unwrap();
        let new = NewTicket {
            product,
            connection,
            conversation: id,
            message: "1".to_owned(),
            text_from: None,
            title: Some("a-mark".to_owned()),
            tagged_at: tenant.now(),
            tagged_by: None,
        };
        tenant.create_ticket(new).await.unwrap();
    }
    let ada = Admin {
        id: "10".to_owned(),
        name: "a-mark".to_owned(),
    };
    tenant.put_admin(connection, &ada).await.unwrap();
    tx.commit().await.unwrap();
    delivered(t, workspace, connection).await;
}

/// Payloads of deliveries that were applied.
async fn delivered(t: &TestDb, workspace: WorkspaceId, connection: ConnectionId) {
    for n in 0..3 {
        let key = format!("notification-{n}");
        let new = earmark_db::across::NewDelivery {
            body: Some(b"a-mark".to_vec()),
            finished: Some((Outcome::Processed, "done".to_owned())),
            ..build::delivery(
                (workspace, connection),
                &key,
                "conversation-1",
                t.sources.now(),
            )
        };
        let tx = build::begin(&t.db).await;
        tx.across().store_deliveries(&[new]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn message() -> Message {
    Message {
        id: "1".to_owned(),
        kind: MessageKind::Source,
        author_kind: AuthorKind::Customer,
        author_id: None,
        author_name: Some("a-mark".to_owned()),
        html: None,
        plain: Some("a-mark".to_owned()),
        attachments: "[]".to_owned(),
        created_at: None,
        updated_at: None,
        redacted_at: None,
    }
}

async fn progress(tenant: Tenant<'_, Db>, connection: ConnectionId) -> Erasure {
    tenant.erasure(connection).await.unwrap().unwrap()
}

both_databases! {
    async fn broken_off_at_any_step_it_goes_on_and_counts_each_row_once(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let connection = build::connection(&t.db, workspace, "qw7tide3").await.id;
        copied(&t, workspace, connection).await;
        let tx = build::begin(&t.db).await;
        tx.workspace(workspace).disconnect(connection).await.unwrap();
        tx.workspace(workspace).begin_erasure(connection).await.unwrap();
        tx.commit().await.unwrap();
        let (handler, tenant) = (EraseHandler(t.db.clone()), t.db.workspace(workspace));
        let total = progress(tenant, connection).await.total;
        assert_eq!(total, 60 + 3 + 1 + 2);
        let job = ClaimedJob { id: t.sources.id(), workspace, job: Job::Erase { connection }, attempt: 1, claim: 1 };
        t.clock.advance(chrono::TimeDelta::minutes(1));
        let (mut last, mut broken) = (0, 0);
        for polls in 1.. {
            let ended = {
                let mut run = pin!(handler.run(&job));
                let mut ended = false;
                // A kill after so many steps: what is under way is dropped.
                for _ in 0..polls {
                    if let Poll::Ready(verdict) = poll!(run.as_mut()) {
                        assert_eq!(verdict, Verdict::Done);
                        ended = true;
                        break;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
                ended
            };
            let now = progress(tenant, connection).await;
            let left = tenant.mirrored(connection).await.unwrap();
            assert_eq!((now.total, now.done + left), (total, total), "each row is counted once");
            assert!(now.done >= last);
            last = now.done;
            if ended {
                break;
            }
            broken += 1;
        }
        assert!(broken > 3, "it was broken off {broken} times only");
        assert!(progress(tenant, connection).await.finished_at.is_some());
        assert_nowhere(&t, &["a-mark"]).await;
        assert_eq!(handler.run(&job).await, Verdict::Done, "once more does nothing");
        for n in 0..60 {
            let tickets = tenant.tickets_of_conversation(connection, &format!("conversation-{n}")).await.unwrap();
            assert_eq!(tickets.len(), 1, "tickets stay");
        }
    }

    async fn a_live_connection_is_never_erased(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let connection = build::connection(&t.db, workspace, "qw7tide3").await.id;
        copied(&t, workspace, connection).await;
        let tx = build::begin(&t.db).await;
        tx.workspace(workspace).begin_erasure(connection).await.unwrap();
        tx.commit().await.unwrap();
        let job = ClaimedJob { id: t.sources.id(), workspace, job: Job::Erase { connection }, attempt: 1, claim: 1 };
        assert_eq!(EraseHandler(t.db.clone()).run(&job).await, Verdict::Done);
        assert_eq!(t.db.workspace(workspace).mirrored(connection).await.unwrap(), 66);
    }
}
