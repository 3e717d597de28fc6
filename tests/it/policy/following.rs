//! What is said after the tagging follows into the ticket.

use crate::support::{TAG, Talk, Who, houses};
use earmark_model::{AuthorKind, MessageKind, Outcome};
use serde_json::json;

houses! {
    async fn replies_notes_and_a_bots_answers_follow_into_the_ticket(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        house.seed(&[&talk]).await;
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        let words = [
            (Who::Customer, "Since Tuesday.", MessageKind::Reply, AuthorKind::Customer, "a customer's reply"),
            (Who::Teammate, "I will see.", MessageKind::Reply, AuthorKind::Teammate, "a teammate's reply"),
            (Who::Note, "Third one.", MessageKind::Note, AuthorKind::Teammate, "a note"),
            (Who::Bot, "You can change it under Settings.", MessageKind::Reply, AuthorKind::Bot, "a bot's answer"),
        ];
        for (who, text, kind, author, in_words) in words {
            let said = talk.say(who, text);
            let told = house.deliver(&talk.told(&said)).await;
            assert_eq!(told.outcome, Outcome::Processed);
            let note = told.note.unwrap_or_default();
            assert!(note.contains(in_words), "{note}");
            let thread = company.thread(&house, &talk).await;
            let last = thread.last().unwrap();
            assert_eq!((last.id.as_str(), last.kind, last.author_kind), (said.id.as_str(), kind, author));
            assert_eq!(last.plain.as_deref(), Some(text));
        }
        assert_eq!(company.thread(&house, &talk).await.len(), 5);
    }

    async fn a_bots_boilerplate_does_not_follow(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        let mut boilerplate = talk.say(Who::Bot, "We usually answer within a day.");
        boilerplate.part_type = "channel_and_reply_time_expectation";
        let told = house.deliver(&talk.told(&boilerplate)).await;
        assert_eq!(told.outcome, Outcome::Ignored);
        assert_eq!(company.thread(&house, &talk).await.len(), 1);
    }

    async fn a_reply_in_a_conversation_without_a_ticket_is_ignored(house: House) {
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let reply = talk.say(Who::Customer, "Since Tuesday.");
        let told = house.deliver(&talk.told(&reply)).await;
        assert_eq!(told.outcome, Outcome::Ignored);
        assert!(house.company.thread(&house, &talk).await.is_empty());
    }

    async fn what_happens_in_the_sandbox_follows_too(house: House) {
        let company = &house.company;
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        house.seed(&[&talk]).await;
        house.subscribe().await;
        house.act("tag", &talk, json!({ "tag": TAG.0 })).await;
        house.pass(60);
        house.act("reply", &talk, json!({ "body": "Since Tuesday." })).await;
        house.pass(60);
        house.act("note", &talk, json!({ "body": "Third one." })).await;
        house.pass(60);
        house.act("operator-reply", &talk, json!({ "body": "We answer within a day.", "boilerplate": true })).await;
        house.pass(60);
        house.act("reply", &talk, json!({ "body": "I will see.", "admin": "5520188" })).await;
        house.settle().await;
        let said: Vec<_> = company.thread(&house, &talk).await.into_iter().filter_map(|message| message.plain).collect();
        assert_eq!(said, ["The currency is wrong.", "Since Tuesday.", "Third one.", "I will see."]);
    }

    async fn while_feedback_is_off_no_reply_follows(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        company.switch_feedback(&house, false).await;
        let reply = talk.say(Who::Customer, "Since Tuesday.");
        let told = house.deliver(&talk.told(&reply)).await;
        assert_eq!(told.outcome, Outcome::Ignored);
        assert_eq!(company.thread(&house, &talk).await.len(), 1);
    }
}
