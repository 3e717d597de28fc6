//! Lists, page by page, with faults at every page: nothing is lost, nothing comes twice, the stream resumes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use earmark_intercom::{
    Client, Company, Contact, Error, Listing, Order, Policy, Position, contacts,
};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use crate::support::{Fixed, client, quick};

/// How many pages each list of these tests has; each page has two entries.
const PAGES: usize = 5;

/// How a list is paged, and how the server tells which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cursor,
    Search,
    Number,
    Scroll,
}

const KINDS: [Kind; 4] = [Kind::Cursor, Kind::Search, Kind::Number, Kind::Scroll];

/// An Intercom with one list, and a fault at some requests.
struct Lists {
    kind: Kind,
    asked: AtomicUsize,
    /// How far a scroll is.
    scrolled: AtomicUsize,
    fault: Box<dyn Fn(usize) -> Option<ResponseTemplate> + Send + Sync>,
}

impl Lists {
    fn page_asked(&self, request: &Request) -> usize {
        let query = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        match self.kind {
            Kind::Cursor => {
                query("starting_after").map_or(0, |cursor| cursor[3..].parse().unwrap())
            }
            Kind::Search => {
                let body: Value = request.body_json().unwrap();
                assert!(body["query"].is_object());
                let cursor = body["pagination"]["starting_after"].as_str();
                cursor.map_or(0, |cursor| cursor[3..].parse().unwrap())
            }
            Kind::Number => query("page").map_or(0, |page| page.parse::<usize>().unwrap() - 1),
            Kind::Scroll => {
                let next = self.scrolled.fetch_add(1, Ordering::SeqCst);
                assert_eq!(query("scroll_param").is_some(), next > 0);
                next
            }
        }
    }

    fn page(&self, page: usize) -> Value {
        let ids = if page < PAGES {
            vec![2 * page, 2 * page + 1]
        } else {
            Vec::new()
        };
        let data: Vec<_> = ids.iter().map(|id| json!({"id": id.to_string()})).collect();
        let more = page + 1 < PAGES;
        let next = match self.kind {
            Kind::Cursor | Kind::Search => json!({"starting_after": format!("+/={}", page + 1)}),
            Kind::Number => json!(format!("https://x.test/?page={}", page + 2)),
            Kind::Scroll => Value::Null,
        };
        let mut list = json!({"data": data, "total_count": 2 * PAGES, "pages": {"next": more.then_some(next)}});
        if self.kind == Kind::Scroll {
            list["pages"] = Value::Null;
            list["scroll_param"] = json!("same");
        }
        list
    }
}

impl Respond for Lists {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let fault = (self.fault)(self.asked.fetch_add(1, Ordering::SeqCst));
        // A scroll moves on although its answer is a fault.
        let page = (fault.is_none() || self.kind == Kind::Scroll).then(|| self.page_asked(request));
        let good = |page| ResponseTemplate::new(200).set_body_json(self.page(page));
        fault.or(page.map(good)).unwrap()
    }
}

async fn serving(
    kind: Kind,
    fault: impl Fn(usize) -> Option<ResponseTemplate> + Send + Sync + 'static,
) -> (MockServer, Client, Arc<Fixed>) {
    let server = MockServer::start().await;
    mount(&server, kind, fault).await;
    let clock = Fixed::new();
    let policy = Policy {
        max_attempts: 1,
        ..quick()
    };
    let client = client(&server, policy, &clock);
    (server, client, clock)
}

async fn mount(
    server: &MockServer,
    kind: Kind,
    fault: impl Fn(usize) -> Option<ResponseTemplate> + Send + Sync + 'static,
) {
    let lists = Lists {
        kind,
        asked: AtomicUsize::new(0),
        scrolled: AtomicUsize::new(0),
        fault: Box::new(fault),
    };
    Mock::given(any()).respond_with(lists).mount(server).await;
}

/// A list of ids, of whatever it lists.
trait Ids {
    fn id(&self) -> &str;
}

impl Ids for Contact {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Ids for Company {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads on until the end or an error; the ids and the place to go on from are kept as by a careful caller.
async fn walk<T: Ids + Send + 'static>(
    list: Listing<T>,
    ids: &mut Vec<String>,
    place: &mut Option<Position>,
) -> Result<(), Error> {
    let mut pages = list.resume(place.clone()).pages();
    while let Some(page) = pages.next().await {
        let page = page?;
        ids.extend(page.items.iter().map(|item| item.id().to_owned()));
        // As another process would find it.
        let stored = serde_json::to_string(&page.next).unwrap();
        *place = serde_json::from_str(&stored).unwrap();
    }
    Ok(())
}

async fn walk_kind(
    client: &Client,
    kind: Kind,
    ahead: usize,
    ids: &mut Vec<String>,
    place: &mut Option<Position>,
) -> Result<(), Error> {
    match kind {
        Kind::Cursor => walk(client.contacts().ahead(ahead), ids, place).await,
        Kind::Search => {
            let list = client.search_contacts(contacts::ROLE.is("user"));
            walk(list.ahead(ahead), ids, place).await
        }
        Kind::Number => walk(client.companies(Order::Descending).ahead(ahead), ids, place).await,
        Kind::Scroll => walk(client.scroll_companies().ahead(ahead), ids, place).await,
    }
}

fn all_ids() -> Vec<String> {
    (0..2 * PAGES).map(|id| id.to_string()).collect()
}

#[tokio::test]
async fn every_kind_of_list_is_read_to_its_end() {
    for kind in KINDS {
        for ahead in [0, 1, 8] {
            let (_server, client, _) = serving(kind, |_| None).await;
            let (mut ids, mut place) = (Vec::new(), None);
            walk_kind(&client, kind, ahead, &mut ids, &mut place)
                .await
                .unwrap();
            assert_eq!(ids, all_ids(), "{kind:?}");
            assert_eq!(place, None);
        }
    }
}

#[tokio::test]
async fn a_fault_at_any_page_loses_nothing() {
    let faults: [fn() -> ResponseTemplate; 4] = [
        || ResponseTemplate::new(500),
        || ResponseTemplate::new(200).set_body_string("<html>Bad gateway</html>"),
        || ResponseTemplate::new(200).set_body_string("{\"data\": [{\"id\""),
        || ResponseTemplate::new(429).insert_header("retry-after", "3000"),
    ];
    let (server, client, clock) = serving(Kind::Cursor, |_| None).await;
    for (kind, at, fault) in KINDS.into_iter().flat_map(|kind| {
        (0..PAGES).flat_map(move |at| faults.into_iter().map(move |fault| (kind, at, fault)))
    }) {
        server.reset().await;
        mount(&server, kind, move |asked| (asked == at).then(fault)).await;
        clock.advance(Duration::from_secs(4_000));
        let (mut ids, mut place) = (Vec::new(), None);
        let failed = walk_kind(&client, kind, 1, &mut ids, &mut place).await;
        let failed = failed.unwrap_err();
        let before = &all_ids()[..2 * at];
        assert_eq!(
            ids, before,
            "{kind:?} {at}: a fault comes after all before it"
        );
        if kind == Kind::Scroll {
            // The refused one may be asked again; the server of this test has moved on all the same.
            let refused = matches!(failed, Error::WaitUntil { .. });
            let lost = matches!(failed, Error::ScrollLost { .. });
            assert!(at == 0 || refused || lost, "{failed:?}");
            continue;
        }
        clock.advance(Duration::from_secs(4_000));
        let rest = walk_kind(&client, kind, 1, &mut ids, &mut place).await;
        rest.unwrap();
        assert_eq!(ids, all_ids(), "{kind:?} {at}");
    }
}

#[tokio::test]
async fn a_lost_scroll_is_not_asked_on() {
    let (server, client, _) = serving(Kind::Scroll, |asked| {
        (asked == 2).then(|| ResponseTemplate::new(500))
    })
    .await;
    let mut pages = client.scroll_companies().pages();
    let mut read = 0;
    let fault = loop {
        match pages.next().await.unwrap() {
            Ok(page) => read += page.items.len(),
            Err(fault) => break fault,
        }
    };
    assert!(matches!(fault, Error::ScrollLost { .. }), "{fault:?}");
    assert!(fault.what_to_do().contains("again from its start"));
    assert_eq!(read, 4);
    assert!(pages.next().await.is_none(), "the stream has ended");
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_second_scroll_waits() {
    let busy = json!({"errors": [{"code": "scroll_exists", "message": "scroll already exists"}]});
    let (_server, client, _) = serving(Kind::Scroll, move |_| {
        Some(ResponseTemplate::new(400).set_body_json(&busy))
    })
    .await;
    let fault = client.scroll_companies().page().await.unwrap_err();
    assert!(matches!(fault, Error::ScrollBusy { .. }) && fault.is_passing());
    assert_eq!(
        (fault.status(), fault.code()),
        (Some(400), Some("scroll_exists"))
    );
}

#[tokio::test]
async fn a_list_that_does_not_move_ends_with_an_error() {
    for kind in KINDS {
        let stuck = match kind {
            Kind::Cursor | Kind::Search => {
                json!({"data": [{"id": "1"}], "pages": {"next": {"starting_after": "x"}}})
            }
            Kind::Number => {
                json!({"data": [{"id": "1"}], "pages": {"next": "https://x.test/?page=2"}})
            }
            Kind::Scroll => json!({"data": [{"id": "1"}], "scroll_param": "same"}),
        };
        let (server, client, _) = serving(kind, move |_| {
            Some(ResponseTemplate::new(200).set_body_json(&stuck))
        })
        .await;
        let (mut ids, mut place) = (Vec::new(), None);
        let failed = walk_kind(&client, kind, 0, &mut ids, &mut place).await;
        let fault = failed.unwrap_err();
        assert!(
            matches!(fault, Error::NotMoving { pages: 1, .. }),
            "{kind:?}: {fault:?}"
        );
        assert_eq!(server.received_requests().await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn no_more_is_fetched_ahead_than_was_said() {
    let (server, client, _) = serving(Kind::Cursor, |_| None).await;
    let mut pages = client.contacts().ahead(1).pages();
    assert!(server.received_requests().await.unwrap().is_empty());
    pages.next().await.unwrap().unwrap();
    let asked = async || server.received_requests().await.unwrap().len();
    // One that is wanted, one ready, one whose answer waits for its place.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while asked().await < 3 && tokio::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(asked().await, 3);
    drop(pages);
    assert_eq!(asked().await, 3);
}

#[tokio::test]
async fn a_place_of_another_kind_is_refused_with_the_reason() {
    let (server, client, _) = serving(Kind::Cursor, |_| None).await;
    let numbered = client.contacts().resume(Some(Position::Number(2))).page();
    let cursor = client
        .scroll_companies()
        .resume(Some(Position::Cursor("c".into())))
        .page();
    let offered = client
        .companies(Order::Descending)
        .resume(Some(Position::Cursor("c".into())))
        .page();
    for (fault, part) in [
        (numbered.await.map(drop), "goes on with the cursor"),
        (cursor.await.map(drop), "begin without a place"),
        (offered.await.map(drop), "offers no cursor"),
    ] {
        let fault = fault.unwrap_err().to_string();
        assert!(fault.contains(part), "{fault}");
    }
    for (place, query) in [
        (Position::Cursor("c+".into()), "starting_after=c%2B"),
        (Position::Number(2), "page=2"),
    ] {
        let list = client.company_contacts("k1").resume(Some(place));
        assert_eq!(list.preview().unwrap().url.query(), Some(query));
    }
    let list = client.contacts().per_page(0);
    assert_eq!(list.preview().unwrap().url.query(), Some("per_page=1"));
    let list = client.companies(Order::Ascending).per_page(255);
    assert_eq!(
        list.preview().unwrap().url.query(),
        Some("order=asc&per_page=50")
    );
    assert!(server.received_requests().await.unwrap().is_empty());
}
