use serde_json::json;

use super::act::{Draft, Refusal, Voice};
use super::conversation::{AuthorKind, PartKind, REDACTED};
use super::event::Event;
use super::tagging::Target;
use super::{State, Workspace};
use crate::{DEMO_APP_ID, DemoSecrets, demo_seed, seed};

const NOW: i64 = 1_794_300_000;
const SECRETS: DemoSecrets<'_> = DemoSecrets {
    token: "token",
    client_secret: "secret",
    oauth_secret: "oauth-secret",
    own_secret: "own-secret",
};
const FIRST: &str = "215473908114001";
const CONTACT: &str = "66f1a2b3c4d5e6f708192001";
const ADMIN: &str = "7310044";
const BUG: &str = "9182732";

fn demo() -> State {
    let mut state = State::default();
    let seed = seed::parse(demo_seed(NOW, SECRETS)).expect("the demo is a seed");
    seed::apply(&mut state, seed, NOW, &mut |_, _| {}).expect("the demo fits");
    state
}

fn workspace(state: &mut State) -> &mut Workspace {
    state.workspaces.get_mut(DEMO_APP_ID).expect("the demo")
}

#[test]
fn a_seed_put_in_twice_changes_nothing() {
    let mut state = demo();
    let once = serde_json::to_value(&state.workspaces[DEMO_APP_ID].contacts).expect("json");
    let seed = seed::parse(demo_seed(NOW, SECRETS)).expect("a seed");
    let mut heard = Vec::new();
    seed::apply(&mut state, seed, NOW + 50, &mut |_, event| {
        heard.push(event)
    })
    .expect("again");
    let twice = serde_json::to_value(&state.workspaces[DEMO_APP_ID].contacts).expect("json");
    assert_eq!(once, twice);
    assert_eq!(heard, []);
    assert_eq!(state.apps.len(), 3);
    assert_eq!(state.workspaces[DEMO_APP_ID].conversations.len(), 8);
}

#[test]
fn a_seed_tells_new_and_changed_people_apart() {
    let mut state = demo();
    let changed = json!({"workspaces": [{"app_id": DEMO_APP_ID,
        "contacts": [{"id": CONTACT, "name": "Ines C."}, {"id": "new", "email": "n@example.com"},
            {"id": "lead", "role": "lead"}],
        "companies": [{"id": "co", "company_id": "own", "name": "Co"}]}]});
    let mut heard = Vec::new();
    let seed = seed::parse(changed).expect("a seed");
    seed::apply(&mut state, seed, NOW + 9, &mut |_, event| {
        heard.push(event.topic())
    })
    .expect("fits");
    assert_eq!(
        heard,
        [
            "company.created",
            "contact.user.updated",
            "contact.user.created"
        ]
    );
    let contact = &state.workspaces[DEMO_APP_ID].contacts[CONTACT];
    assert_eq!(contact.updated_at, NOW + 9);
    assert!(contact.created_at < NOW);
}

#[test]
fn a_tag_goes_on_a_message_once_and_on_the_conversation_once() {
    let mut state = demo();
    let demo = workspace(&mut state);
    let part = demo.conversations[FIRST].parts[1].id.clone();
    let on_part = demo
        .apply_tag(FIRST, Target::Part(&part), "BUG", ADMIN, NOW + 1)
        .expect("applied");
    assert_eq!(
        on_part,
        [Event::Tagged {
            conversation: FIRST.to_owned(),
            part: Some(part.clone()),
            tag: BUG.to_owned()
        }]
    );
    let again = demo.apply_tag(FIRST, Target::Part(&part), BUG, ADMIN, NOW + 2);
    assert_eq!(again, Ok(vec![]));
    let opening = demo
        .apply_tag(FIRST, Target::Opening, BUG, ADMIN, NOW + 3)
        .expect("applied");
    assert_eq!(opening.len(), 1);
    let conversation = &demo.conversations[FIRST];
    assert_eq!(conversation.tags.len(), 1);
    assert_eq!(conversation.tags[0].at, NOW + 1);
    assert_eq!(conversation.updated_at, NOW + 3);
}

#[test]
fn a_tag_leaves_the_conversation_with_its_last_message() {
    let mut state = demo();
    let demo = workspace(&mut state);
    let part = demo.conversations[FIRST].parts[0].id.clone();
    for target in [Target::Opening, Target::Part(&part)] {
        demo.apply_tag(FIRST, target, BUG, ADMIN, NOW)
            .expect("applied");
    }
    demo.remove_tag(FIRST, Some(Target::Opening), BUG, NOW)
        .expect("removed");
    assert_eq!(demo.conversations[FIRST].tags.len(), 1);
    demo.remove_tag(FIRST, Some(Target::Part(&part)), BUG, NOW)
        .expect("removed");
    assert!(demo.conversations[FIRST].tags.is_empty());
    let gone = demo.remove_tag(FIRST, None, BUG, NOW).err();
    assert_eq!(gone, Some(Refusal::Tag));
}

#[test]
fn replies_say_who_waits_and_who_answered() {
    let mut state = demo();
    let demo = workspace(&mut state);
    let (id, events) = demo
        .begin(CONTACT, "", Draft::html("<p>Hi</p>".to_owned()), NOW)
        .expect("begun");
    assert_eq!(events[0].topic(), "conversation.user.created");
    assert_eq!(demo.conversations[&id].waiting_since, Some(NOW));
    let speak = |demo: &mut Workspace, voice: Voice<'_>| {
        let draft = Draft::html("<p>x</p>".to_owned());
        let (part, events) = demo.speak(&id, voice, draft, NOW + 5).expect("spoken");
        let part = demo.conversations[&id].part(&part).expect("the part");
        (events[0].topic(), part.kind, part.author.kind)
    };
    assert_eq!(
        speak(demo, Voice::Note(ADMIN)),
        (
            "conversation.admin.noted",
            PartKind::Note,
            AuthorKind::Admin
        )
    );
    assert_eq!(demo.conversations[&id].waiting_since, Some(NOW));
    assert_eq!(
        speak(demo, Voice::Teammate(ADMIN)),
        (
            "conversation.admin.replied",
            PartKind::Comment,
            AuthorKind::Admin
        )
    );
    assert_eq!(demo.conversations[&id].waiting_since, None);
    assert_eq!(
        speak(demo, Voice::Contact(CONTACT)),
        (
            "conversation.user.replied",
            PartKind::Comment,
            AuthorKind::User
        )
    );
    assert_eq!(
        speak(demo, Voice::Boilerplate),
        (
            "conversation.operator.replied",
            PartKind::ChannelAndReplyTimeExpectation,
            AuthorKind::Bot
        )
    );
}

#[test]
fn redaction_leaves_the_notice_and_no_attachment() {
    let mut state = demo();
    let demo = workspace(&mut state);
    let part = demo.conversations[FIRST].parts[1].id.clone();
    demo.redact_message(FIRST, Some(&part), NOW)
        .expect("redacted");
    let redacted = demo.conversations[FIRST].part(&part).expect("the part");
    assert_eq!(redacted.body.as_deref(), Some(REDACTED));
    assert!(redacted.redacted && redacted.attachments.is_empty());
    let source = demo.conversations[FIRST].source.id.clone();
    demo.redact_message(FIRST, Some(&source), NOW)
        .expect("redacted");
    assert_eq!(demo.conversations[FIRST].source.body, REDACTED);
    let unknown = demo.redact_message(FIRST, Some("1"), NOW);
    assert_eq!(unknown, Err(Refusal::Message));
}

#[test]
fn fresh_ids_never_repeat_seeded_ones() {
    let mut state = State::default();
    let seed = seed::parse(json!({"workspaces": [{"app_id": "wk",
        "contacts": [{"id": "c"}],
        "conversations": [{"id": "215470000000001", "contact": "c", "body": "x",
            "parts": [{"id": "37800000007", "body": "y"}]}]}]}))
    .expect("a seed");
    seed::apply(&mut state, seed, NOW, &mut |_, _| {}).expect("fits");
    let wk = state.workspaces.get_mut("wk").expect("there");
    let (id, _) = wk
        .begin("c", "", Draft::html(String::new()), NOW)
        .expect("begun");
    assert_ne!(id, "215470000000001");
    let draft = Draft::html(String::new());
    let (part, _) = wk.speak(&id, Voice::Operator, draft, NOW).expect("spoken");
    assert_ne!(part, "37800000007");
}
