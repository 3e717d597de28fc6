//! What was erased has no way back: lost webhooks, late payloads, contacts, unreadable bodies, closed connections.

use crate::support::{
    CONTACT, House, OTHER_TAG, TAG, Talk, VIP, Who, assert_nowhere, fixture, houses, post,
};
use chrono::{DateTime, Utc};
use earmark_connections::Mirrored;
use earmark_db::across::NewDelivery;
use earmark_db::tenant::TicketChange;
use earmark_intercom::webhook::peek;
use earmark_model::Outcome;
use serde_json::{Value, json};

const OPENING: &str = "the-opening-mark asks for a currency of one's own";
const REPLY: &str = "the-reply-mark says since Tuesday it is wrong";
/// The contact that the fixture of a merge names as gone.
const MERGED: &str = "6a02c3d4e5f60718293a4b5c";

/// A conversation with a reply, tagged at its opening.
async fn escalated(house: &House) -> Talk {
    let mut talk = Talk::open(OPENING, house.now().timestamp());
    house
        .deliver(&talk.tagged(&talk.opening, TAG, house.now()))
        .await;
    let reply = talk.say(Who::Customer, REPLY);
    house.deliver(&talk.told(&reply)).await;
    assert_eq!(house.company.thread(house, &talk).await.len(), 2);
    talk
}

/// A verified delivery that is stored while it cannot come in through the letterbox any more.
async fn store(house: &House, payload: &Value, received_at: DateTime<Utc>) {
    let body = serde_json::to_vec(payload).unwrap();
    let outline = peek(&body).unwrap();
    let subject = outline.subject.unwrap().id;
    let new = NewDelivery {
        workspace: house.company.workspace,
        connection: house.company.connection,
        dedupe_key: outline.id.clone().unwrap(),
        notification_id: outline.id,
        topic: outline.topic,
        subject: Some(subject),
        finished: None,
        received_at,
        lane_at: received_at,
        body: Some(body),
    };
    let tx = house.app.db.begin().await.unwrap();
    tx.across().store_deliveries(&[new]).await.unwrap();
    tx.commit().await.unwrap();
    house.settle().await;
}

houses! {
    async fn a_members_change_that_races_a_redaction_brings_no_title_back(house: House) {
        let company = &house.company;
        let talk = escalated(&house).await;
        let seen = company.ticket(&house).await;
        house.deliver(&talk.redacted(&talk.opening)).await;
        let statuses = company.tenant(&house).statuses(company.invoicing).await.unwrap();
        let planned = statuses.iter().find(|status| status.key == "planned").unwrap().id;
        let change = TicketChange { status: Some(planned), ..TicketChange::default() };
        let tx = house.app.db.begin().await.unwrap();
        tx.workspace(company.workspace).change_ticket(&seen, &change).await.unwrap();
        tx.commit().await.unwrap();
        let after = company.ticket(&house).await;
        assert_eq!((after.status, after.title, after.title_by_member), (planned, None, false));
        assert_nowhere(&house.db, &["the-opening-mark"]).await;
    }

    async fn a_redaction_whose_webhook_was_lost_is_found_in_the_next_reply(house: House) {
        let company = &house.company;
        let mut talk = escalated(&house).await;
        talk.opening = talk.opening.redacted();
        let more = talk.say(Who::Customer, "Any news?");
        house.deliver(&talk.told(&more)).await;
        let ticket = company.ticket(&house).await;
        assert!(ticket.source_gone_at.is_some() && ticket.title.is_none(), "{ticket:?}");
        assert_eq!(company.thread(&house, &talk).await.len(), 3);
        assert_nowhere(&house.db, &["the-opening-mark"]).await;
    }

    async fn a_later_payload_keeps_no_title_made_of_a_redacted_message(house: House) {
        let mut talk = escalated(&house).await;
        house.deliver(&talk.redacted(&talk.parts[0])).await;
        let more = talk.say(Who::Customer, "Any news?");
        let mut late = talk.told(&more);
        late["data"]["item"]["title"] = json!("Wrong: the-reply-mark");
        late["data"]["item"]["custom_attributes"]["AI Title"] = json!("Wrong: the-reply-mark");
        house.deliver(&late).await;
        assert_nowhere(&house.db, &["the-reply-mark"]).await;
    }

    async fn a_late_payload_of_any_topic_is_scrubbed_whatever_becomes_of_it(house: House) {
        let company = &house.company;
        let talk = escalated(&house).await;
        house.deliver(&talk.deleted()).await;
        let mut unknown = talk.told(&talk.parts[0]);
        unknown["topic"] = json!("conversation.rating.added");
        unknown["data"]["item"]["type"] = json!("conversation_rating");
        house.deliver(&unknown).await;
        let mut unreadable = talk.tagged(&talk.parts[0], TAG, house.now());
        unreadable["data"]["item"]["tag"] = Value::Null;
        assert_eq!(house.deliver(&unreadable).await.outcome, Outcome::Unreadable);
        assert_eq!(company.tickets(&house).await.len(), 1);
        assert_nowhere(&house.db, &["the-opening-mark", "the-reply-mark", CONTACT.1]).await;
    }

    async fn an_unreadable_body_that_mentions_an_erased_message_goes_too(house: House) {
        let company = &house.company;
        let talk = escalated(&house).await;
        let cut = format!("{{\"part\": \"{}\", \"body\": \"{REPLY}", talk.parts[0].id);
        let other = "{\"part\": \"77\", \"body\": \"the-other-mark".to_owned();
        for body in [cut, other] {
            let sent = post(&house.http, &company.hook, &company.client_secret, body.into_bytes()).await;
            assert_eq!(sent.status(), 200);
        }
        house.deliver(&talk.redacted(&talk.parts[0])).await;
        assert_nowhere(&house.db, &["the-reply-mark"]).await;
        let kept = company.deliveries(&house).await;
        let kept: Vec<_> = kept.iter().filter(|delivery| delivery.subject.is_none()).collect();
        assert_eq!(kept.len(), 2);
        let mut bodies = Vec::new();
        for delivery in kept {
            bodies.extend(company.body_of(&house, delivery).await.unwrap());
        }
        assert!(String::from_utf8(bodies).unwrap().contains("the-other-mark"));
    }

    async fn a_deleted_contact_is_nowhere_and_does_not_come_back(house: House) {
        let company = &house.company;
        let mut talk = escalated(&house).await;
        house.deliver(&fixture("contact.user.updated")).await;
        let told = house.deliver(&fixture("contact.deleted")).await;
        assert_eq!(told.outcome, Outcome::Processed);
        let marks = [CONTACT.1, CONTACT.2];
        assert_nowhere(&house.db, &marks).await;
        assert_eq!(company.ticket(&house).await.title.as_deref(), Some(OPENING));

        house.seed(&[&talk]).await;
        let more = talk.say(Who::Customer, "Any news?");
        house.deliver(&talk.told(&more)).await;
        house.pass(60);
        house.deliver(&talk.tagged(&more, TAG, house.now())).await;
        house.deliver(&fixture("contact.user.updated.integer-times")).await;
        let conversation = company.conversation(&house, &talk).await;
        assert_eq!(conversation.contact_id.as_deref(), Some(CONTACT.0));
        assert_eq!((conversation.contact_name, conversation.company_name), (None, None));
        assert_eq!(company.thread(&house, &talk).await.len(), 3);
        assert_nowhere(&house.db, &marks).await;
    }

    async fn the_conversations_of_a_merged_contact_become_the_remaining_ones(house: House) {
        let company = &house.company;
        let talk = Talk::open(OPENING, house.now().timestamp());
        let tagged = talk.tagged(&talk.opening, TAG, house.now()).to_string();
        let tagged = tagged.replace(CONTACT.0, MERGED).replace(CONTACT.1, "Lead");
        house.deliver(&serde_json::from_str(&tagged).unwrap()).await;
        assert_eq!(company.conversation(&house, &talk).await.contact_name.as_deref(), Some("Lead"));
        assert_eq!(house.deliver(&fixture("contact.merged")).await.outcome, Outcome::Processed);
        let conversation = company.conversation(&house, &talk).await;
        assert_eq!(conversation.contact_id.as_deref(), Some(CONTACT.0));
        assert_eq!(conversation.contact_name.as_deref(), Some(CONTACT.1));
    }

    async fn what_was_accepted_before_a_disconnect_still_erases_and_does_nothing_else(house: House) {
        let company = &house.company;
        let mut talk = escalated(&house).await;
        let actor = company.member.actor(None);
        house.app.store.disconnect(company.workspace, &actor, company.connection, Mirrored::Keep).await.unwrap();
        let more = talk.say(Who::Customer, "Any news?");
        store(&house, &talk.told(&more), house.now()).await;
        assert_eq!(company.thread(&house, &talk).await.len(), 2);
        store(&house, &talk.redacted(&talk.parts[0]), house.now()).await;
        assert_nowhere(&house.db, &["the-reply-mark"]).await;
        store(&house, &talk.deleted(), house.now()).await;
        assert_nowhere(&house.db, &["the-opening-mark"]).await;
        let told = company.deliveries(&house).await;
        let late = told.iter().find(|delivery| delivery.topic.as_deref() == Some("conversation.user.replied"));
        assert_eq!(late.unwrap().note.as_deref(), Some("ignored: disconnected"));
        let erased = told.iter().filter(|delivery| delivery.outcome == Outcome::Processed);
        assert_eq!(erased.count(), 4);
    }

    async fn an_old_webhook_does_not_overwrite_a_newer_opening_message(house: House) {
        let company = &house.company;
        let talk = Talk::open("First words.", house.now().timestamp());
        let mut new = talk.tagged(&talk.opening, TAG, house.now());
        new["data"]["item"]["conversation"]["updated_at"] = json!(talk.opening.at + 500);
        new["data"]["item"]["conversation"]["source"]["body"] = json!("<p>Newer words.</p>");
        house.deliver(&new).await;
        let mut old = talk.tagged(&talk.opening, OTHER_TAG, house.now());
        old["data"]["item"]["conversation"]["updated_at"] = json!(talk.opening.at + 100);
        house.deliver(&old).await;
        let mut vip = talk.tagged(&talk.opening, VIP, house.now());
        vip["data"]["item"]["conversation"]["updated_at"] = json!(talk.opening.at + 200);
        house.deliver(&vip).await;
        assert_eq!(company.tickets(&house).await.len(), 2);
        assert_eq!(company.thread(&house, &talk).await[0].plain.as_deref(), Some("Newer words."));
    }
}
