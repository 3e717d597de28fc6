//! One message, one ticket for each product that wants it.

use crate::support::{Browser, CONTACT, OTHER_TAG, PASSWORD, TAG, Talk, VIP, Who, fixture, houses};
use earmark_db::tenant::TicketChange;
use earmark_model::Outcome;
use serde_json::json;

const NOT_CHOSEN: (&str, &str) = ("830007", "key account");

houses! {
    async fn the_same_notification_twice_has_one_effect_and_the_second_is_recorded_as_a_repeat(house: House) {
        let company = &house.company;
        let talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        let tagged = talk.tagged(&talk.opening, TAG, house.now());
        let first = house.deliver(&tagged).await;
        assert_eq!(first.outcome, Outcome::Processed);
        let ticket = company.ticket(&house).await;
        assert_eq!(first.ticket, Some(ticket.id));

        let second = house.deliver(&tagged).await;
        assert_eq!(second.outcome, Outcome::Repeat);
        assert_eq!(second.repeat_of, Some(first.id));
        assert_eq!(company.body_of(&house, &second).await, None);
        assert_eq!(company.ticket(&house).await, ticket);
        assert_eq!(company.deliveries(&house).await.len(), 2);
    }

    async fn the_same_message_tagged_again_with_the_same_tag_makes_no_second_ticket(house: House) {
        let company = &house.company;
        let talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        house.pass(60);
        let again = house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        assert_eq!(again.outcome, Outcome::Ignored);
        let ticket = company.ticket(&house).await;
        assert_eq!(again.ticket, Some(ticket.id));
        assert!(again.note.as_deref().is_some_and(|note| note.contains("already")), "{again:?}");
        assert_eq!(company.tags_of(&house, &ticket).await.len(), 1);
    }

    async fn two_trigger_tags_of_one_product_on_one_message_make_one_ticket_with_both(house: House) {
        let company = &house.company;
        let talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        house.pass(5);
        let second = talk.tagged_beside(&talk.opening, OTHER_TAG, &[TAG, OTHER_TAG], house.now());
        assert_eq!(house.deliver(&second).await.outcome, Outcome::Processed);
        let ticket = company.ticket(&house).await;
        assert_eq!(ticket.product, company.invoicing);
        let names: Vec<String> = company.tags_of(&house, &ticket).await.into_iter().map(|tag| tag.name).collect();
        assert_eq!(names, [TAG.1, OTHER_TAG.1]);
    }

    async fn two_tags_told_in_one_notification_make_one_ticket_with_both(house: House) {
        let company = &house.company;
        let told = fixture("conversation_part.tag.created.legacy");
        assert_eq!(house.deliver(&told).await.outcome, Outcome::Processed);
        let ticket = company.ticket(&house).await;
        assert_eq!(company.tags_of(&house, &ticket).await.len(), 2);
    }

    async fn trigger_tags_of_two_products_make_a_ticket_in_each(house: House) {
        let company = &house.company;
        let talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        house.deliver(&talk.tagged_beside(&talk.opening, VIP, &[TAG, VIP], house.now())).await;
        let tickets = company.tickets(&house).await;
        let products: Vec<_> = tickets.iter().map(|ticket| ticket.product).collect();
        assert_eq!(products, [company.invoicing, company.mobile]);
        assert_eq!(tickets[0].message, tickets[1].message);
    }

    async fn one_tag_of_two_products_makes_a_ticket_in_each_at_once(house: House) {
        let company = &house.company;
        company.set_feedback(&house.app.db, company.mobile, true, &[VIP, TAG]).await;
        let talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        let tagged = house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        assert_eq!(company.tickets(&house).await.len(), 2);
        let note = tagged.note.unwrap_or_default();
        assert!(note.contains("in Invoicing") && note.contains("in Mobile"), "{note}");
    }

    async fn two_tagged_messages_of_one_conversation_make_a_ticket_each_that_links_the_other(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        let reply = talk.say(Who::Customer, "And the language of the invoice.");
        house.seed(&[&talk]).await;
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        house.pass(120);
        house.deliver(&talk.tagged(&reply, TAG, house.now())).await;
        let tickets = company.tickets(&house).await;
        let anchors: Vec<_> = tickets.iter().map(|ticket| ticket.message.clone()).collect();
        assert_eq!(anchors, [talk.opening.id.clone(), reply.id]);
        let titles: Vec<_> = tickets.iter().filter_map(|ticket| ticket.title.clone()).collect();
        assert_eq!(titles, ["Let us choose the currency.", "And the language of the invoice."]);

        let prefix = &company.member.workspace().ticket_prefix;
        let mut browser = Browser::at(&house.base);
        browser.log_in(&company.email, PASSWORD).await;
        for (own, other) in [(1, 2), (2, 1)] {
            let page = browser.get(&format!("/w/{}/tickets/{prefix}-{own}", company.slug)).await;
            assert_eq!(page.status, 200);
            let link = format!("/tickets/{prefix}-{other}\"");
            assert!(page.body.contains(&link), "ticket {own} does not link {other}");
        }
    }

    async fn a_first_tagging_before_the_choice_does_not_hide_a_later_one(house: House) {
        let company = &house.company;
        company.set_feedback(&house.app.db, company.invoicing, true, &[OTHER_TAG]).await;
        let mut talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        let reply = talk.say(Who::Customer, "And the language of the invoice.");
        let early = house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        assert_eq!(early.outcome, Outcome::Ignored);
        house.pass(60);
        company.set_feedback(&house.app.db, company.invoicing, true, &[OTHER_TAG, TAG]).await;
        house.pass(60);
        // Intercom keeps one applied_at for a conversation's tag: that of the first tagging.
        let late = talk.tagged(&reply, TAG, house.now());
        assert_eq!(house.deliver(&late).await.outcome, Outcome::Processed);
        assert_eq!(company.ticket(&house).await.message, reply.id);
    }

    async fn a_moved_ticket_keeps_its_key_and_a_second_tagging_makes_no_second_ticket(house: House) {
        let company = &house.company;
        let talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        let before = company.ticket(&house).await;
        let tx = house.app.db.begin().await.unwrap();
        let change = TicketChange { product: Some(company.mobile), ..TicketChange::default() };
        tx.workspace(company.workspace).change_ticket(&before, &change).await.unwrap();
        tx.commit().await.unwrap();

        house.pass(60);
        for tag in [TAG, OTHER_TAG, VIP] {
            house.deliver(&talk.tagged(&talk.opening, tag, house.now())).await;
        }
        let after = company.ticket(&house).await;
        assert_eq!((after.id, after.number), (before.id, before.number));
        assert_eq!((after.product, after.origin_product), (company.mobile, company.invoicing));
        assert_eq!(company.tags_of(&house, &after).await.len(), 3);
    }

    async fn the_outcome_names_the_ticket_and_why_another_product_has_none(house: House) {
        let company = &house.company;
        company.set_feedback(&house.app.db, company.mobile, false, &[TAG]).await;
        let talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        let told = house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        let note = told.note.unwrap();
        assert!(note.starts_with("created ticket "), "{note}");
        assert!(note.ends_with(" in Invoicing; feedback is switched off for Mobile"), "{note}");
    }

    async fn of_two_taggings_with_one_tag_the_earliest_is_kept_whichever_comes_first(house: House) {
        let company = &house.company;
        let talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        house.pass(60);
        let first = talk.tagged(&talk.opening, TAG, house.now());
        let earliest = house.now().timestamp();
        house.pass(60);
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        house.deliver(&first).await;
        let ticket = company.ticket(&house).await;
        assert_eq!(ticket.tagged_at.timestamp(), earliest);
        assert_eq!(company.tags_of(&house, &ticket).await[0].tagged_at.timestamp(), earliest);
    }

    async fn a_tag_that_no_product_chose_makes_no_ticket_and_the_outcome_says_so(house: House) {
        let talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        let told = house.deliver(&talk.tagged(&talk.opening, NOT_CHOSEN, house.now())).await;
        assert_eq!(told.outcome, Outcome::Ignored);
        assert_eq!(told.note.as_deref(), Some("ignored: tag 'key account' is not a trigger tag"));
        assert!(house.company.tickets(&house).await.is_empty());
    }

    async fn a_tag_in_the_sandbox_becomes_a_ticket_with_contact_company_and_thread(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("Let us choose the currency.", house.now().timestamp());
        talk.say(Who::Teammate, "For each invoice?");
        talk.say(Who::Customer, "Yes, by hand.");
        house.seed(&[&talk]).await;
        house.subscribe().await;
        house.act("tag", &talk, json!({ "tag": TAG.1 })).await;
        house.settle().await;

        let ticket = company.ticket(&house).await;
        assert_eq!(ticket.title.as_deref(), Some("Let us choose the currency."));
        assert_eq!(ticket.tagged_at.timestamp(), house.now().timestamp());
        assert_eq!(ticket.tagged_by.as_deref(), Some("5520117"));
        let conversation = company.conversation(&house, &talk).await;
        assert_eq!(conversation.contact_name.as_deref(), Some(CONTACT.1));
        assert_eq!(conversation.company_name.as_deref(), Some("Birchworks"));
        let said: Vec<_> = company.thread(&house, &talk).await.into_iter().filter_map(|message| message.plain).collect();
        assert_eq!(said, ["Let us choose the currency.", "For each invoice?", "Yes, by hand."]);
    }
}
