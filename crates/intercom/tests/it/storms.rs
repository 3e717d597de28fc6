//! Streams through bad weather, against the sandbox and over real connections: whatever strikes at whichever page, nothing
//! is lost, nothing comes twice, and the stream goes on.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use earmark_intercom::{Client, Error, Listing, Order, Policy, Position, contacts};
use earmark_sandbox::{Generate, Options, Running, start};
use serde_json::{Value, json};

use crate::support::{Fixed, TOKEN, client_at, quick};

const CONTACTS: usize = 130;
const COMPANIES: usize = 330;
/// More steps than any list has pages, faults included.
const MOST_STEPS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cursor,
    Search,
    Number,
    Scroll,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Cursor, Self::Search, Self::Number, Self::Scroll];

    const fn path(self) -> &'static str {
        match self {
            Self::Cursor => "GET /contacts",
            Self::Search => "POST /contacts/search",
            Self::Number => "POST /companies/list",
            Self::Scroll => "GET /companies/scroll",
        }
    }
}

struct Weather {
    running: Running,
    clock: Arc<Fixed>,
    client: Client,
}

impl Weather {
    async fn start() -> Self {
        let clock = Fixed::new();
        let time = clock.clone();
        let seed = json!({"check": false, "workspaces": [{
            "app_id": "qw12ab34", "name": "Storms",
            "admins": [{"id": "1", "name": "Ada", "email": "ada@storms.example"}],
            "apps": [{"client_id": "app", "name": "Storms", "token": TOKEN, "client_secret": "not-used"}],
        }]});
        let options = Options {
            rate: 1_000_000,
            generate: Generate {
                contacts: u32::try_from(CONTACTS).unwrap(),
                companies: u32::try_from(COMPANIES).unwrap(),
                conversations: 0,
            },
            seed: Some(seed),
            clock: Arc::new(move || time.seconds()),
            ..Options::default()
        };
        let running = start(options).await.expect("the sandbox starts");
        let policy = Policy {
            attempt_timeout: Duration::from_millis(250),
            // The clock stands still, so nobody waits for it.
            interactive_patience: Duration::from_millis(5),
            ..quick()
        };
        let client = client_at(&running.url(), policy, &clock);
        Self {
            running,
            clock,
            client,
        }
    }

    /// Orders faults for a list: so many good answers, then each of these.
    async fn after(&self, kind: Kind, good: usize, faults: &[Value]) {
        let remote = self.running.remote();
        remote.clear("faults").await.unwrap();
        let calm = json!({"kind": "slow", "ms": 0, "count": good});
        let all = (good > 0).then_some(&calm).into_iter().chain(faults);
        let all: Vec<Value> = all
            .map(|fault| {
                let mut fault = fault.clone();
                fault["match"] = json!(kind.path());
                fault
            })
            .collect();
        remote.order("faults", &json!(all)).await.unwrap();
    }

    async fn walk(&self, kind: Kind) -> Vec<String> {
        let client = &self.client;
        match kind {
            Kind::Cursor => {
                self.patiently(|| client.contacts().per_page(30), |one| one.id)
                    .await
            }
            Kind::Search => {
                let search = || client.search_contacts(contacts::ROLE.one_of(&["user", "lead"]));
                self.patiently(|| search().per_page(30), |one| one.id).await
            }
            Kind::Number => {
                let list = || client.companies(Order::Ascending).per_page(50);
                self.patiently(list, |one| one.id).await
            }
            Kind::Scroll => {
                self.patiently(|| client.scroll_companies(), |one| one.id)
                    .await
            }
        }
    }

    /// Reads to the end as a careful caller does: after a fault it waits and goes on where it was, a lost scroll begins
    /// anew without what it had.
    async fn patiently<T: Send + 'static>(
        &self,
        list: impl Fn() -> Listing<T>,
        id: impl Fn(T) -> String,
    ) -> Vec<String> {
        let (mut ids, mut place) = (Vec::new(), None::<Position>);
        for _ in 0..MOST_STEPS {
            let mut pages = list().resume(place.clone()).pages();
            let fault = loop {
                match pages.next().await {
                    Some(Ok(page)) => {
                        ids.extend(page.items.into_iter().map(&id));
                        place = page.next;
                    }
                    Some(Err(fault)) => break fault,
                    None => return ids,
                }
            };
            if matches!(fault, Error::ScrollLost { .. }) {
                ids.clear();
                place = None;
            }
            // Also what was open at Intercom's side is over then.
            let passes = matches!(fault, Error::WaitUntil { .. } | Error::ScrollBusy { .. });
            self.clock
                .advance(Duration::from_secs(if passes { 61 } else { 5 }));
        }
        panic!("the list does not come to an end");
    }
}

/// Each entry once, on more than two pages. Lists of companies leave out those without a user.
fn assert_whole(ids: &[String], kind: Kind) {
    let once: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(once.len(), ids.len(), "{kind:?}: one came twice");
    match kind {
        Kind::Cursor | Kind::Search => assert_eq!(ids.len(), CONTACTS),
        Kind::Number => assert!(ids.len() > 100, "{}", ids.len()),
        Kind::Scroll => assert_eq!(ids.len(), COMPANIES),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_at_any_page_loses_or_repeats_an_entry() {
    let weather = Weather::start().await;
    let faults = [
        json!({"kind": "status", "status": 429, "retry_after": 1, "count": 12}),
        json!({"kind": "status", "status": 429, "retry_after": 50, "count": 3}),
        json!({"kind": "status", "status": 500, "count": 12}),
        json!({"kind": "cut", "count": 9}),
        json!({"kind": "drop", "count": 9}),
        json!({"kind": "wrong_json", "count": 2}),
        json!({"kind": "slow", "ms": 400, "count": 4}),
    ];
    for kind in Kind::ALL {
        let calm = weather.walk(kind).await;
        assert_whole(&calm, kind);
        for fault in &faults {
            for good in 0..3 {
                weather.after(kind, good, std::slice::from_ref(fault)).await;
                let ids = weather.walk(kind).await;
                assert_eq!(ids, calm, "{kind:?}, {fault} after {good} pages");
                // A scroll that was broken off is over at Intercom after a minute.
                weather.clock.advance(Duration::from_secs(61));
            }
        }
    }
    weather.running.stop().await;
}

#[tokio::test]
async fn every_page_after_a_fault_of_its_own() {
    let weather = Weather::start().await;
    for kind in [Kind::Cursor, Kind::Search, Kind::Number] {
        // One good answer between two bursts that outlast the client's own attempts.
        let burst = json!({"kind": "status", "status": 503, "count": 5});
        let calm = json!({"kind": "slow", "ms": 0, "count": 1});
        let storm: Vec<Value> = (0..8).flat_map(|_| [burst.clone(), calm.clone()]).collect();
        let calm = weather.walk(kind).await;
        weather.after(kind, 0, &storm).await;
        assert_eq!(
            weather.walk(kind).await,
            calm,
            "{kind:?}: a burst at each page"
        );
    }
    weather.running.stop().await;
}

#[tokio::test]
async fn a_scroll_that_expired_is_told_and_begins_anew() {
    let weather = Weather::start().await;
    let mut pages = weather.client.scroll_companies().ahead(0).pages();
    let first = pages.next().await.expect("a page").expect("a good one");
    // Intercom closes a scroll that was not asked on for a minute.
    weather.clock.0.fetch_add(61_000, Ordering::SeqCst);
    let fault = pages
        .next()
        .await
        .expect("a fault")
        .expect_err("it is over");
    assert!(matches!(fault, Error::ScrollLost { .. }), "{fault:?}");
    assert!(pages.next().await.is_none(), "the stream has ended");
    assert!(first.items.len() < COMPANIES, "there was more than a page");
    assert_whole(&weather.walk(Kind::Scroll).await, Kind::Scroll);
    weather.running.stop().await;
}
