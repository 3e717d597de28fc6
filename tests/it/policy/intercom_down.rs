//! Intercom's API away: tickets stand at once, details follow.

use crate::support::{TAG, Talk, Who, houses};
use earmark_model::DetailsState;
use earmark_testkit::eventually;
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

houses! {
    async fn tickets_stand_while_the_api_cannot_be_reached_and_details_follow_when_it_is_back(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        talk.say(Who::Teammate, "Since when?");
        let last = talk.say(Who::Customer, "Since Tuesday.");
        house.seed(&[&talk]).await;
        house.intercom.down();
        house.send(&talk.tagged(&talk.opening, TAG, house.now())).await;
        let ticket = eventually(PATIENCE, "the ticket", async || company.tickets(&house).await.pop()).await;
        assert_eq!(ticket.title.as_deref(), Some("The currency is wrong."));
        let details = company.conversation(&house, &talk).await.details;
        assert_eq!(details, DetailsState::Following);

        house.settle().await;
        assert_eq!(company.conversation(&house, &talk).await.details, DetailsState::Following);
        house.intercom.pass();
        house.pass(3600);
        eventually(PATIENCE, "details follow", async || {
            let details = company.conversation(&house, &talk).await.details;
            (details == DetailsState::Complete).then_some(())
        })
        .await;
        let conversation = company.conversation(&house, &talk).await;
        assert_eq!(conversation.company_name.as_deref(), Some("Birchworks"));
        let thread = company.thread(&house, &talk).await;
        assert_eq!(thread.last().map(|message| &message.id), Some(&last.id));
    }

    async fn an_api_that_answers_with_errors_holds_no_ticket_back_either(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        talk.say(Who::Customer, "Since Tuesday.");
        house.seed(&[&talk]).await;
        let faults = json!({ "kind": "status", "status": 503, "match": "/conversations", "count": 1000 });
        house.sandbox.order("faults", &faults).await;
        house.send(&talk.tagged(&talk.opening, TAG, house.now())).await;
        eventually(PATIENCE, "the ticket", async || company.tickets(&house).await.pop()).await;
        house.settle().await;
        assert_eq!(company.conversation(&house, &talk).await.details, DetailsState::Following);

        let cleared = house.http.delete(format!("{}/__sandbox/faults", house.sandbox.url())).send().await.unwrap();
        assert_eq!(cleared.json::<Value>().await.unwrap()["cleared"], true);
        house.pass(3600);
        eventually(PATIENCE, "details follow", async || {
            let details = company.conversation(&house, &talk).await.details;
            (details == DetailsState::Complete).then_some(())
        })
        .await;
        assert_eq!(company.thread(&house, &talk).await.len(), 2);
    }

    async fn details_that_come_after_feedback_was_switched_off_bring_no_new_message(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        talk.say(Who::Customer, "Since Tuesday.");
        house.seed(&[&talk]).await;
        house.intercom.down();
        house.send(&talk.tagged(&talk.opening, TAG, house.now())).await;
        eventually(PATIENCE, "the ticket", async || company.tickets(&house).await.pop()).await;
        house.settle().await;
        company.switch_feedback(&house, false).await;
        house.intercom.pass();
        house.pass(3600);
        eventually(PATIENCE, "details follow", async || {
            let details = company.conversation(&house, &talk).await.details;
            (details == DetailsState::Complete).then_some(())
        })
        .await;
        assert_eq!(company.thread(&house, &talk).await.len(), 1);
    }

    async fn a_refusal_for_good_is_said_on_the_ticket_and_not_asked_again(house: House) {
        let company = &house.company;
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        house.seed(&[&talk]).await;
        let faults = json!({ "kind": "status", "status": 422, "match": "/conversations", "count": 1000 });
        house.sandbox.order("faults", &faults).await;
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        let conversation = company.conversation(&house, &talk).await;
        assert_eq!(conversation.details, DetailsState::Unavailable);
        assert_eq!(conversation.details_note.as_deref(), Some("Intercom refuses to give this conversation"));
    }
}
