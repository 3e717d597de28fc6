//! Redaction and deletion reach every stored copy, payloads included; our own words stay.

use crate::support::{House, OTHER_TAG, TAG, Talk, Who, assert_nowhere, houses};
use earmark_db::tenant::{Ticket, TicketChange};
use earmark_model::Outcome;
use serde_json::json;

const OPENING: &str = "the-opening-mark asks for a currency of one's own";
const REPLY: &str = "the-reply-mark says since Tuesday it is wrong";
const ATTACHED: &str = "the-attached-mark.txt";

/// A tagged conversation with a reply, both with an attachment.
async fn escalated(house: &House) -> (Talk, Ticket) {
    let mut talk = Talk::open(OPENING, house.now().timestamp());
    talk.opening.attach(ATTACHED);
    house.seed(&[&talk]).await;
    house
        .deliver(&talk.tagged(&talk.opening, TAG, house.now()))
        .await;
    let reply = talk.say(Who::Customer, REPLY);
    house.deliver(&talk.told(&reply)).await;
    let ticket = house.company.ticket(house).await;
    assert_eq!(ticket.title.as_deref(), Some(OPENING));
    assert_eq!(house.company.thread(house, &talk).await.len(), 2);
    (talk, ticket)
}

/// Changes a ticket as a member would.
async fn change(house: &House, change: &TicketChange) {
    let ticket = house.company.ticket(house).await;
    let tx = house.app.db.begin().await.unwrap();
    let tenant = tx.workspace(house.company.workspace);
    tenant.change_ticket(&ticket, change).await.unwrap();
    tx.commit().await.unwrap();
}

async fn comment(house: &House, ticket: &Ticket, text: &str) {
    let tx = house.app.db.begin().await.unwrap();
    let tenant = tx.workspace(house.company.workspace);
    let author = house.company.member.user().id;
    tenant.add_comment(ticket.id, author, text).await.unwrap();
    tx.commit().await.unwrap();
}

houses! {
    async fn the_redaction_of_the_tagged_message_empties_the_ticket_and_keeps_its_key_and_status(house: House) {
        let company = &house.company;
        let (talk, before) = escalated(&house).await;
        let told = house.deliver(&talk.redacted(&talk.opening)).await;
        assert_eq!(told.outcome, Outcome::Processed);
        let after = company.ticket(&house).await;
        assert_eq!((after.id, after.number, after.status), (before.id, before.number, before.status));
        assert_eq!(after.title, None);
        assert!(after.source_gone_at.is_some());
        let thread = company.thread(&house, &talk).await;
        let redacted = thread.iter().find(|message| message.id == talk.opening.id).unwrap();
        assert!(redacted.redacted_at.is_some());
        assert_eq!(thread.iter().filter(|message| message.plain.is_some()).count(), 1);
        assert_nowhere(&house.db, &["the-opening-mark", ATTACHED]).await;
    }

    async fn the_redaction_of_a_neighbour_leaves_the_ticket_and_takes_the_words(house: House) {
        let company = &house.company;
        let (talk, before) = escalated(&house).await;
        house.deliver(&talk.redacted(&talk.parts[0])).await;
        let after = company.ticket(&house).await;
        assert_eq!((after.title, after.source_gone_at), (before.title, None));
        assert_nowhere(&house.db, &["the-reply-mark"]).await;
    }

    async fn the_redaction_of_the_message_whose_text_stood_in_takes_the_title_too(house: House) {
        let company = &house.company;
        let mut talk = Talk::open(OPENING, house.now().timestamp());
        let silent = talk.say(Who::Teammate, "");
        house.seed(&[&talk]).await;
        house.deliver(&talk.tagged(&silent, TAG, house.now())).await;
        assert_eq!(company.ticket(&house).await.title.as_deref(), Some(OPENING));
        house.deliver(&talk.redacted(&talk.opening)).await;
        let after = company.ticket(&house).await;
        assert_eq!((after.title, after.text_from), (None, None));
        assert_nowhere(&house.db, &["the-opening-mark"]).await;
    }

    async fn a_deleted_conversation_takes_message_title_thread_author_and_attachments(house: House) {
        let company = &house.company;
        let (talk, before) = escalated(&house).await;
        let told = house.deliver(&talk.deleted()).await;
        assert_eq!(told.outcome, Outcome::Processed);
        let after = company.ticket(&house).await;
        assert_eq!((after.id, after.number, after.status), (before.id, before.number, before.status));
        assert_eq!(after.title, None);
        assert!(after.source_gone_at.is_some());
        assert!(company.thread(&house, &talk).await.is_empty());
        let conversation = company.conversation(&house, &talk).await;
        assert!(conversation.gone_at.is_some());
        let marks = ["the-opening-mark", "the-reply-mark", ATTACHED, "Tomas Hale", "tomas@birchworks.example"];
        assert_nowhere(&house.db, &marks).await;
    }

    async fn a_members_title_comments_and_status_survive_a_deletion(house: House) {
        let company = &house.company;
        let (talk, ticket) = escalated(&house).await;
        let statuses = company.tenant(&house).statuses(company.invoicing).await.unwrap();
        let planned = statuses.iter().find(|status| status.key == "planned").unwrap().id;
        let ours = TicketChange {
            title: Some("Currency per invoice".to_owned()),
            status: Some(planned),
            ..TicketChange::default()
        };
        change(&house, &ours).await;
        comment(&house, &ticket, "Planned for spring.").await;
        house.deliver(&talk.deleted()).await;
        let after = company.ticket(&house).await;
        assert_eq!((after.title.as_deref(), after.status), (Some("Currency per invoice"), planned));
        let comments = company.tenant(&house).comments(after.id).await.unwrap();
        assert_eq!(comments.iter().map(|comment| comment.body.as_str()).collect::<Vec<_>>(), ["Planned for spring."]);
        assert_nowhere(&house.db, &["the-opening-mark", "the-reply-mark"]).await;
    }

    async fn while_feedback_is_off_erasures_still_follow(house: House) {
        let company = &house.company;
        let (talk, _) = escalated(&house).await;
        company.switch_feedback(&house, false).await;
        company.set_feedback(&house.app.db, company.invoicing, false, &[]).await;
        assert_eq!(house.deliver(&talk.redacted(&talk.parts[0])).await.outcome, Outcome::Processed);
        assert_nowhere(&house.db, &["the-reply-mark"]).await;
        assert_eq!(house.deliver(&talk.deleted()).await.outcome, Outcome::Processed);
        assert_nowhere(&house.db, &["the-opening-mark", ATTACHED]).await;
    }

    async fn what_arrives_after_the_deletion_brings_nothing_back(house: House) {
        let company = &house.company;
        let (talk, _) = escalated(&house).await;
        house.deliver(&talk.deleted()).await;
        house.pass(60);
        for payload in [
            talk.told(&talk.parts[0]),
            talk.tagged(&talk.opening, OTHER_TAG, house.now()),
            talk.tagged(&talk.parts[0], TAG, house.now()),
            talk.redacted(&talk.opening),
        ] {
            house.deliver(&payload).await;
        }
        for ticket in company.tickets(&house).await {
            assert!(ticket.source_gone_at.is_some() && ticket.title.is_none(), "{ticket:?}");
        }
        assert!(company.thread(&house, &talk).await.is_empty());
        assert_nowhere(&house.db, &["the-opening-mark", "the-reply-mark", ATTACHED, "Tomas Hale"]).await;
    }

    async fn a_conversation_that_never_became_a_ticket_is_scrubbed_from_the_payloads_too(house: House) {
        let mut talk = Talk::open(OPENING, house.now().timestamp());
        let reply = talk.say(Who::Customer, REPLY);
        house.deliver(&talk.told(&talk.opening)).await;
        house.deliver(&talk.told(&reply)).await;
        house.deliver(&talk.deleted()).await;
        assert!(house.company.tickets(&house).await.is_empty());
        assert_nowhere(&house.db, &["the-opening-mark", "the-reply-mark", "Tomas Hale"]).await;
    }

    async fn what_the_sandbox_redacts_and_deletes_is_gone_here(house: House) {
        let company = &house.company;
        let mut talk = Talk::open(OPENING, house.now().timestamp());
        talk.say(Who::Customer, REPLY);
        house.seed(&[&talk]).await;
        house.subscribe().await;
        house.act("tag", &talk, json!({ "tag": TAG.0 })).await;
        house.settle().await;
        assert_eq!(company.thread(&house, &talk).await.len(), 2);
        house.act("redact", &talk, json!({ "part": talk.parts[0].id })).await;
        house.settle().await;
        assert_nowhere(&house.db, &["the-reply-mark"]).await;
        house.act("delete", &talk, json!({})).await;
        house.settle().await;
        assert_nowhere(&house.db, &["the-opening-mark"]).await;
        assert!(company.ticket(&house).await.source_gone_at.is_some());
    }

    async fn a_redaction_whose_webhook_was_lost_is_found_when_details_are_fetched(house: House) {
        let company = &house.company;
        let mut talk = Talk::open(OPENING, house.now().timestamp());
        let reply = talk.say(Who::Customer, REPLY);
        house.seed(&[&talk]).await;
        house.act("redact", &talk, json!({ "part": reply.id })).await;
        house.deliver(&talk.told(&reply)).await;
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        company.ticket(&house).await;
        assert_nowhere(&house.db, &["the-reply-mark"]).await;
    }
}
