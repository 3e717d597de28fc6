//! What a ticket is anchored to, whatever was tagged.

use crate::support::{CONTACT, TAG, Talk, Who, fixture, houses};
use earmark_model::{AuthorKind, MessageKind, Outcome};

houses! {
    async fn a_tag_on_the_opening_message_is_anchored_there(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        talk.say(Who::Customer, "Since Tuesday.");
        house.deliver(&talk.tagged(&talk.opening, TAG, house.now())).await;
        let ticket = company.ticket(&house).await;
        assert_eq!(ticket.message, talk.opening.id);
        assert_eq!(ticket.title.as_deref(), Some("The currency is wrong."));
        let thread = company.thread(&house, &talk).await;
        assert_eq!(thread[0].kind, MessageKind::Source);
        assert_eq!(thread[0].html.as_deref(), Some("<p>The currency is wrong.</p>"));
    }

    async fn a_tag_on_a_teammates_message_is_anchored_there_with_the_conversations_contact(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let answer = talk.say(Who::Teammate, "They want to choose the currency by hand.");
        house.deliver(&talk.tagged(&answer, TAG, house.now())).await;
        let ticket = company.ticket(&house).await;
        assert_eq!(ticket.message, answer.id);
        assert_eq!(ticket.title.as_deref(), Some("They want to choose the currency by hand."));
        let conversation = company.conversation(&house, &talk).await;
        assert_eq!(conversation.contact_id.as_deref(), Some(CONTACT.0));
        assert_eq!(conversation.contact_name.as_deref(), Some(CONTACT.1));
        let thread = company.thread(&house, &talk).await;
        let anchor = thread.iter().find(|message| message.id == answer.id).unwrap();
        assert_eq!(anchor.author_kind, AuthorKind::Teammate);
    }

    async fn a_tag_on_a_note_is_anchored_there_with_the_conversations_contact(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let note = talk.say(Who::Note, "Third customer who asks for this.");
        house.deliver(&talk.tagged(&note, TAG, house.now())).await;
        assert_eq!(company.ticket(&house).await.message, note.id);
        let conversation = company.conversation(&house, &talk).await;
        assert_eq!(conversation.contact_name.as_deref(), Some(CONTACT.1));
        let thread = company.thread(&house, &talk).await;
        let anchor = thread.iter().find(|message| message.id == note.id).unwrap();
        assert_eq!(anchor.kind, MessageKind::Note);
    }

    async fn a_tagged_part_without_text_shows_the_nearest_earlier_customer_message_and_says_so(house: House) {
        let company = &house.company;
        let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let nearest = talk.say(Who::Customer, "Please let us choose it.");
        talk.say(Who::Teammate, "I will see.");
        let mut silent = talk.say(Who::Teammate, "");
        silent.part_type = "assignment";
        talk.say(Who::Customer, "Any news?");
        house.seed(&[&talk]).await;
        house.deliver(&talk.tagged(&silent, TAG, house.now())).await;
        let ticket = company.ticket(&house).await;
        assert_eq!(ticket.message, silent.id);
        assert_eq!(ticket.text_from.as_ref(), Some(&nearest.id));
        assert_eq!(ticket.title.as_deref(), Some("Please let us choose it."));
    }

    async fn the_legacy_payload_makes_the_same_ticket(house: House) {
        let company = &house.company;
        house.deliver(&fixture("conversation_part.tag.created.legacy")).await;
        let ticket = company.ticket(&house).await;
        assert_eq!(ticket.conversation, "318600427719045");
        assert_eq!(ticket.message, "55190001207");
        assert_eq!(ticket.title.as_deref(), Some("Please let us choose the currency for each invoice by hand."));
        assert_eq!(ticket.tagged_at.timestamp(), 1_795_000_604);
    }

    async fn the_legacy_payload_about_the_opening_message_is_anchored_there(house: House) {
        let told = house.deliver(&fixture("conversation_part.tag.created.legacy-on-opening-message")).await;
        assert_eq!(told.outcome, Outcome::Processed);
        assert_eq!(house.company.ticket(&house).await.message, "4471900813");
    }

    async fn of_several_parts_the_one_that_carries_the_tag_is_meant(house: House) {
        house.deliver(&fixture("conversation_part.tag.created.several-parts")).await;
        assert_eq!(house.company.ticket(&house).await.message, "55190001207");
    }
}
