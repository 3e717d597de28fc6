//! When a tag counts: not before the latest of tag chosen, product switched on, feedback switched on.

use crate::support::{OTHER_TAG, TAG, Talk, houses};
use chrono::TimeDelta;
use earmark_model::Outcome;

houses! {
    async fn a_tag_from_before_it_counted_makes_no_ticket_and_the_outcome_says_why(house: House) {
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let before = house.now() - TimeDelta::seconds(1);
        let told = house.deliver(&talk.tagged(&talk.opening, TAG, before)).await;
        assert_eq!(told.outcome, Outcome::Ignored);
        let note = told.note.unwrap_or_default();
        assert!(note.contains("before it counted for Invoicing"), "{note}");
        assert!(house.company.tickets(&house).await.is_empty());
    }

    async fn a_tag_of_the_same_whole_second_counts(house: House) {
        let company = &house.company;
        house.db.clock.advance(TimeDelta::milliseconds(700));
        company.set_feedback(&house.app.db, company.invoicing, false, &[TAG]).await;
        company.set_feedback(&house.app.db, company.invoicing, true, &[TAG, OTHER_TAG]).await;
        let chosen = house.now();
        assert_ne!(chosen.timestamp_subsec_millis(), 0);
        let talk = Talk::open("The currency is wrong.", chosen.timestamp());
        // Intercom tells whole seconds, so this reads as 700 ms before the choice.
        let told = house.deliver(&talk.tagged(&talk.opening, OTHER_TAG, chosen)).await;
        assert_eq!(told.outcome, Outcome::Processed, "{told:?}");
        company.ticket(&house).await;
    }

    async fn a_product_switched_off_gets_no_ticket_and_the_outcome_says_why(house: House) {
        let company = &house.company;
        company.set_feedback(&house.app.db, company.invoicing, false, &[TAG, OTHER_TAG]).await;
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let told = house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        assert_eq!(told.outcome, Outcome::Ignored);
        assert_eq!(told.note.as_deref(), Some("ignored: feedback is switched off for Invoicing"));
        assert!(company.tickets(&house).await.is_empty());
    }

    async fn feedback_switched_off_makes_no_ticket_and_the_outcome_says_why(house: House) {
        let company = &house.company;
        company.switch_feedback(&house, false).await;
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let told = house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        assert_eq!(told.outcome, Outcome::Ignored);
        assert_eq!(told.note.as_deref(), Some("ignored: feedback is switched off for this connection"));
        assert!(company.tickets(&house).await.is_empty());
    }

    async fn a_product_off_and_on_again_starts_anew(house: House) {
        let company = &house.company;
        house.pass(60);
        let between = house.now();
        house.pass(60);
        company.set_feedback(&house.app.db, company.invoicing, false, &[TAG, OTHER_TAG]).await;
        company.set_feedback(&house.app.db, company.invoicing, true, &[TAG, OTHER_TAG]).await;
        assert_starts_anew(&house, between).await;
    }

    async fn a_tag_given_up_and_chosen_again_starts_anew(house: House) {
        let company = &house.company;
        house.pass(60);
        let between = house.now();
        house.pass(60);
        company.set_feedback(&house.app.db, company.invoicing, true, &[OTHER_TAG]).await;
        company.set_feedback(&house.app.db, company.invoicing, true, &[OTHER_TAG, TAG]).await;
        assert_starts_anew(&house, between).await;
    }

    async fn feedback_off_and_on_again_starts_anew(house: House) {
        let company = &house.company;
        house.pass(60);
        let between = house.now();
        house.pass(60);
        company.switch_feedback(&house, false).await;
        company.switch_feedback(&house, true).await;
        assert_starts_anew(&house, between).await;
    }
}

/// A tag from before the last choice does not count, one of now does.
async fn assert_starts_anew(house: &crate::support::House, between: chrono::DateTime<chrono::Utc>) {
    let talk = Talk::open("The currency is wrong.", between.timestamp());
    let early = house
        .deliver(&talk.tagged(&talk.opening, TAG, between))
        .await;
    assert_eq!(early.outcome, Outcome::Ignored, "{early:?}");
    let now = house
        .deliver(&talk.tagged(&talk.opening, TAG, house.now()))
        .await;
    assert_eq!(now.outcome, Outcome::Processed, "{now:?}");
    house.company.ticket(house).await;
}
