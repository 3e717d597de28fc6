//! Webhooks arrive in any order. Every order of the same notifications ends in the same state.

use crate::support::{House, TAG, Talk, Who, assert_nowhere};
use earmark_db::tenant::{Conversation, Message};
use earmark_model::{AuthorKind, DetailsState, MessageKind};
use earmark_testkit::both_databases;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

const OPENING: &str = "the-opening-mark asks for a currency of one's own";
const REPLY: &str = "the-reply-mark says since Tuesday it is wrong";
const NOTE: &str = "the-note-mark tells that this is the third one";
/// Conversations that are played at the same time.
const AT_ONCE: usize = 24;

/// What a conversation left behind, without what may differ: ids, numbers and our own times.
#[derive(Debug, Clone, PartialEq)]
struct State {
    tickets: Vec<(Option<String>, bool, Vec<String>)>,
    thread: Vec<Left>,
    contact: Option<String>,
    company: Option<String>,
    details: DetailsState,
    details_note: Option<String>,
    gone: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Left {
    place: Option<usize>,
    kind: MessageKind,
    author: AuthorKind,
    plain: Option<String>,
    attachments: String,
    redacted: bool,
}

async fn state(house: &House, talk: &Talk) -> State {
    let company = &house.company;
    let tenant = company.tenant(house);
    let mut tickets = Vec::new();
    let found = tenant
        .tickets_of_conversation(company.connection, &talk.id)
        .await;
    for ticket in found.unwrap() {
        let tags = company.tags_of(house, &ticket).await;
        let names = tags.into_iter().map(|tag| tag.name).collect();
        tickets.push((ticket.title, ticket.source_gone_at.is_some(), names));
    }
    let left = |message: Message| Left {
        place: talk.parts.iter().position(|part| part.id == message.id),
        kind: message.kind,
        author: message.author_kind,
        plain: message.plain,
        attachments: message.attachments,
        redacted: message.redacted_at.is_some(),
    };
    let Conversation {
        contact_name,
        company_name,
        details,
        details_note,
        gone_at,
        ..
    } = company.conversation(house, talk).await;
    State {
        tickets,
        thread: company
            .thread(house, talk)
            .await
            .into_iter()
            .map(left)
            .collect(),
        contact: contact_name,
        company: company_name,
        details,
        details_note,
        gone: gone_at.is_some(),
    }
}

/// All orders of so many things.
fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(of - 1);
    let with_last_at = |at: usize| {
        shorter.iter().map(move |order| {
            let mut order = order.clone();
            order.insert(at, of - 1);
            order
        })
    };
    (0..of).flat_map(with_last_at).collect()
}

fn talk(house: &House) -> Talk {
    let mut talk = Talk::open(OPENING, house.now().timestamp() - 3600);
    talk.say(Who::Customer, REPLY);
    talk.say(Who::Note, NOTE);
    talk
}

/// The notifications: tagging, reply, note, redaction of the tagged message, redaction of the reply.
fn notifications(house: &House, talk: &Talk) -> Vec<Value> {
    let [reply, note] = &talk.parts[..] else {
        panic!("a reply and a note");
    };
    vec![
        talk.tagged(&talk.opening, TAG, house.now()),
        talk.told(reply),
        talk.told(note),
        talk.redacted(&talk.opening),
        talk.redacted(reply),
    ]
}

/// Plays each order on a conversation of its own, and gives the state each ended in.
async fn play(
    house: &House,
    orders: &[Vec<usize>],
    talks: &[Talk],
    of: impl Fn(&Talk) -> Vec<Value>,
) -> Vec<State> {
    stream::iter(orders.iter().zip(talks))
        .for_each_concurrent(AT_ONCE, |(order, talk)| {
            let payloads = of(talk);
            async move {
                for at in order {
                    house.send(&payloads[*at]).await;
                }
            }
        })
        .await;
    house.settle().await;
    let mut states = Vec::new();
    for talk in talks {
        states.push(state(house, talk).await);
    }
    states
}

fn assert_all(states: &[State], wanted: &State, orders: &[Vec<usize>]) {
    for (state, order) in states.iter().zip(orders) {
        assert_eq!(state, wanted, "after the order {order:?}");
    }
}

both_databases! {
    async fn every_order_of_tagging_replies_and_redactions_ends_in_the_same_state(db: TestDb) {
        let house = House::start_with_system_clock(db).await;
        let orders = orders(5);
        let talks: Vec<Talk> = orders.iter().map(|_| talk(&house)).collect();
        house.seed(&talks.iter().collect::<Vec<_>>()).await;
        for talk in &talks {
            house.act("redact", talk, json!({})).await;
            house.act("redact", talk, json!({ "part": talk.parts[0].id })).await;
        }
        let states = play(&house, &orders, &talks, |talk| notifications(&house, talk)).await;
        let left = |place, kind, author, plain: Option<&str>| Left {
            place,
            kind,
            author,
            plain: plain.map(ToOwned::to_owned),
            attachments: "[]".to_owned(),
            redacted: plain.is_none(),
        };
        let wanted = State {
            tickets: vec![(None, true, vec![TAG.1.to_owned()])],
            thread: vec![
                left(None, MessageKind::Source, AuthorKind::Customer, None),
                left(Some(0), MessageKind::Reply, AuthorKind::Customer, None),
                left(Some(1), MessageKind::Note, AuthorKind::Teammate, Some(NOTE)),
            ],
            contact: Some("Tomas Hale".to_owned()),
            company: Some("Birchworks".to_owned()),
            details: DetailsState::Complete,
            details_note: None,
            gone: false,
        };
        assert_all(&states, &wanted, &orders);
        assert_nowhere(&house.db, &["the-opening-mark", "the-reply-mark"]).await;
        house.stop().await;
    }

    async fn every_order_with_the_conversations_deletion_among_them_leaves_nothing(db: TestDb) {
        let house = House::start_with_system_clock(db).await;
        let orders = orders(6);
        assert_eq!(orders.len(), 720);
        let talks: Vec<Talk> = orders.iter().map(|_| talk(&house)).collect();
        let with_deletion = |talk: &Talk| {
            let mut payloads = notifications(&house, talk);
            payloads.push(talk.deleted());
            payloads
        };
        let states = play(&house, &orders, &talks, with_deletion).await;
        let wanted = State {
            tickets: vec![(None, true, vec![TAG.1.to_owned()])],
            thread: Vec::new(),
            contact: None,
            company: None,
            details: DetailsState::Unavailable,
            details_note: Some("The conversation was deleted in Intercom".to_owned()),
            gone: true,
        };
        assert_all(&states, &wanted, &orders);
        let marks = ["the-opening-mark", "the-reply-mark", "the-note-mark", "Tomas Hale", "tomas@birchworks.example"];
        assert_nowhere(&house.db, &marks).await;
        house.stop().await;
    }
}

#[test]
fn orders_are_all_there_and_differ() {
    let all: std::collections::BTreeSet<Vec<usize>> = orders(5).into_iter().collect();
    assert_eq!(all.len(), 120);
}
