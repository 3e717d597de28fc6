//! The topic list.

use std::collections::HashSet;

use earmark_intercom::webhook::{TOPICS, TopicGroup, current_topic};

#[test]
fn each_topic_stands_once_in_its_group_and_is_needed() {
    let names: HashSet<_> = TOPICS.iter().map(|topic| topic.name).collect();
    assert_eq!(names.len(), 32);
    for topic in TOPICS {
        let prefix = match topic.group {
            TopicGroup::Company => "company.",
            TopicGroup::Contact => "contact.",
            TopicGroup::Conversation => "conversation.",
            TopicGroup::ConversationPart => "conversation_part.",
        };
        assert!(topic.name.starts_with(prefix), "{}", topic.name);
        assert!(topic.for_feedback || topic.for_contacts, "{}", topic.name);
        assert_eq!(current_topic(topic.name), topic.name);
    }
}

#[test]
fn old_names_lead_to_topics_of_today() {
    assert_eq!(current_topic("user.created"), "contact.user.created");
    assert_eq!(
        current_topic("contact.tag.deleted"),
        "contact.lead.tag.deleted"
    );
    assert_eq!(current_topic("contact.unarchived"), "contact.unarchive");
    assert_eq!(current_topic("something.new"), "something.new");
}
