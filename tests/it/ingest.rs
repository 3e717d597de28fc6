//! The letterbox over HTTP: what is answered, and what is kept.

use crate::support::{Dump, House, OTHER_TAG, Plan, TAG, Talk, Who, fixture, houses, post, sign};
use earmark_connections::Mirrored;
use earmark_db::across::{NewDelivery, Stored};
use earmark_db::tenant::Refusal;
use earmark_ingest::{Batching, Writer};
use earmark_model::{ConnectionId, Outcome};
use earmark_testkit::{FaultProxy, TestDb, eventually};
use futures::future::join_all;
use futures::{StreamExt, stream};
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);
/// Intercom gives a webhook this long.
const INTERCOM_WAITS: Duration = Duration::from_secs(5);

/// The connection's refusals, newest first, once there are so many.
async fn refusals(house: &House, many: usize) -> Vec<Refusal> {
    let company = &house.company;
    eventually(PATIENCE, "the refusals are recorded", async || {
        let tenant = company.tenant(house);
        let found = tenant.refusals(company.connection, 100).await.unwrap();
        (found.len() >= many).then_some(found)
    })
    .await
}

/// Sends raw bytes and gives the status of the answer.
async fn raw(house: &House, bytes: &[u8]) -> u16 {
    let address = house.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have answered and closed before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = [0; 12];
    let read = stream.read_exact(&mut answer);
    timeout(PATIENCE, read).await.unwrap().unwrap();
    let text = String::from_utf8(answer.to_vec()).unwrap();
    text["HTTP/1.1 ".len()..].parse().unwrap()
}

/// The path of the webhook URL.
fn path(house: &House) -> &str {
    house
        .company
        .hook
        .strip_prefix(house.base.as_str())
        .unwrap()
}

async fn unsigned(house: &House, signature: Option<&str>, body: &str) -> u16 {
    let mut request = house.http.post(&house.company.hook).body(body.to_owned());
    if let Some(signature) = signature {
        request = request.header("X-Hub-Signature", signature);
    }
    request.send().await.unwrap().status().as_u16()
}

houses! {
    async fn head_is_answered_for_a_live_endpoint_and_404_for_an_unknown_one(house: House) {
        let live = house.http.head(&house.company.hook).send().await.unwrap();
        assert_eq!(live.status(), 200);
        let unknown = format!("{}/hooks/intercom/nobodyhasthis", house.base);
        assert_eq!(house.http.head(&unknown).send().await.unwrap().status(), 404);
        let body = fixture("ping").to_string().into_bytes();
        let answer = post(&house.http, &unknown, &house.company.client_secret, body).await;
        assert_eq!(answer.status(), 404);
        assert!(house.company.deliveries(&house).await.is_empty());
        let cause = "unknown webhook address";
        eventually(PATIENCE, "the operator's refusals are recorded", async || {
            let dump = Dump::of(&house.db).await;
            assert_eq!(dump.places_of("nobodyhasthis"), Vec::<&str>::new());
            dump.places_of(cause).contains(&"installation_refusals.cause").then_some(())
        })
        .await;
    }

    async fn a_get_is_answered_405_with_what_is_allowed(house: House) {
        let answer = house.http.get(&house.company.hook).send().await.unwrap();
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers().get("Allow").unwrap(), "POST, HEAD");
        assert_eq!(house.http.delete(&house.company.hook).send().await.unwrap().status(), 405);
    }

    async fn a_missing_wrong_or_malformed_signature_is_401_and_recorded_with_its_cause(house: House) {
        let body = fixture("ping").to_string();
        let other_body = sign(&house.company.client_secret, b"another body");
        let other_secret = sign("not-the-secret-of-anybody", body.as_bytes());
        let cases = [
            (None, "no signature (X-Hub-Signature)"),
            (Some("sha256=abc"), "the signature is not sha1= and 40 hex digits"),
            (Some(other_body.as_str()), "the signature does not match the client secret"),
            (Some(other_secret.as_str()), "the signature does not match the client secret"),
        ];
        for (at, (signature, cause)) in cases.into_iter().enumerate() {
            assert_eq!(unsigned(&house, signature, &body).await, 401);
            house.pass(1);
            let newest = refusals(&house, at + 1).await.remove(0);
            assert_eq!(newest.cause, cause);
            assert_eq!(newest.address.as_deref(), Some("127.0.0.1"));
        }
        assert!(house.company.deliveries(&house).await.is_empty());
    }

    async fn recorded_refusals_are_bounded(house: House) {
        // The configuration of a house keeps five.
        for _ in 0..12 {
            assert_eq!(unsigned(&house, None, "{}").await, 401);
            house.pass(1);
        }
        let last = house.now();
        let kept = eventually(PATIENCE, "the last refusal is recorded", async || {
            let kept = refusals(&house, 5).await;
            (last - kept[0].at < chrono::TimeDelta::seconds(2)).then_some(kept)
        })
        .await;
        assert_eq!(kept.len(), 5);
    }

    async fn a_body_over_the_limit_is_413_announced_or_not(house: House) {
        // The configuration of a house takes 64 KiB.
        let (path, limit) = (path(&house), 65_536);
        let announced = format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", limit + 1);
        assert_eq!(raw(&house, announced.as_bytes()).await, 413);
        let mut chunked =
            format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", limit + 1).into_bytes();
        chunked.extend(std::iter::repeat_n(b'x', limit + 1));
        chunked.extend_from_slice(b"\r\n0\r\n\r\n");
        assert_eq!(raw(&house, &chunked).await, 413);
        let causes: Vec<String> = refusals(&house, 2).await.into_iter().map(|refusal| refusal.cause).collect();
        assert_eq!(causes, ["the body is larger than the limit", "the body is larger than the limit"]);

        let mut full = fixture("ping").to_string().into_bytes();
        full.resize(limit, b' ');
        let answer = post(&house.http, &house.company.hook, &house.company.client_secret, full).await;
        assert_eq!(answer.status(), 200);
    }

    async fn a_signed_body_that_cannot_be_read_is_stored_answered_200_and_shown_with_the_reason(house: House) {
        let company = &house.company;
        let bodies: [&[u8]; 5] = [b"", b"no json", b"[1]", b"\xff\xfe\x00", br#"{"topic":"ping"}"#];
        for body in bodies {
            let answer = post(&house.http, &company.hook, &company.client_secret, body.to_vec()).await;
            assert_eq!(answer.status(), 200, "{body:?}");
            house.pass(1);
        }
        house.settle().await;
        let all = company.deliveries(&house).await;
        assert_eq!(all.len(), bodies.len());
        for (delivery, body) in all.iter().rev().zip(bodies) {
            assert_eq!(delivery.outcome, Outcome::Unreadable, "{body:?}");
            let note = delivery.note.as_deref().unwrap_or_default();
            assert!(note.starts_with("unreadable: "), "{note}");
            assert_eq!(company.body_of(&house, delivery).await.as_deref(), Some(body));
        }
    }

    async fn a_body_of_another_intercom_workspace_is_answered_200_and_ignored_without_its_words(house: House) {
        let company = &house.company;
        for app_id in ["someoneelse", "with\u{0}nul"] {
            let mut payload = fixture("conversation_part.tag.created");
            payload["app_id"] = json!(app_id);
            payload["id"] = json!(format!("notif_{}", app_id.len()));
            let told = house.deliver(&payload).await;
            assert_eq!(told.outcome, Outcome::Ignored);
            assert!(told.note.as_deref().is_some_and(|note| note.contains("not hb7r2mk9")), "{told:?}");
            assert_eq!(company.body_of(&house, &told).await, None);
        }
        assert!(company.tickets(&house).await.is_empty());
    }

    async fn without_a_client_secret_a_webhook_is_401_with_a_cause_of_its_own(house: House) {
        let company = &house.company;
        let second = house.without_secret(&Plan::second()).await;
        let hook = format!("{}/hooks/intercom/{}", house.base, second.endpoint_token);
        let body = fixture("ping").to_string().into_bytes();
        let answer = post(&house.http, &hook, &company.client_secret, body).await;
        assert_eq!(answer.status(), 401);
        let cause = eventually(PATIENCE, "the refusal is recorded", async || {
            let found = company.tenant(&house).refusals(second.id, 1).await.unwrap();
            found.into_iter().next().map(|refusal| refusal.cause)
        })
        .await;
        assert_eq!(cause, "no client secret is stored yet, so no signature can be verified");
    }

    async fn a_webhook_signed_with_another_workspaces_secret_reaches_nobody(house: House) {
        let other = house.another_company().await;
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let body = talk.tagged(&talk.opening, TAG, house.now()).to_string().into_bytes();
        let first = &house.company;
        for (hook, secret) in [(&first.hook, &other.client_secret), (&other.hook, &first.client_secret)] {
            assert_eq!(post(&house.http, hook, secret, body.clone()).await.status(), 401);
        }
        house.settle().await;
        for company in [first, &other] {
            assert!(company.deliveries(&house).await.is_empty());
            assert!(company.tickets(&house).await.is_empty());
        }
    }

    async fn a_disconnected_endpoint_answers_200_without_storing_and_404_after_thirty_days(house: House) {
        let company = &house.company;
        let (workspace, actor) = (company.workspace, company.actor());
        house.app.store.disconnect(workspace, &actor, company.connection, Mirrored::Keep).await.unwrap();
        let body = fixture("ping").to_string().into_bytes();
        let send = async || {
            let posted = post(&house.http, &company.hook, &company.client_secret, body.clone()).await;
            let asked = house.http.head(&company.hook).send().await.unwrap();
            (posted.status().as_u16(), asked.status().as_u16())
        };
        assert_eq!(send().await, (200, 200));
        // Unsigned ones are not told apart: the secret is wiped.
        assert_eq!(unsigned(&house, None, "{}").await, 200);
        house.pass(30 * 24 * 3600 - 60);
        assert_eq!(send().await, (200, 200));
        house.pass(120);
        assert_eq!(send().await, (404, 404));
        assert!(company.deliveries(&house).await.is_empty());
    }

    async fn what_waits_when_a_connection_is_cut_off_makes_no_ticket(house: House) {
        let company = &house.company;
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        house.send(&talk.tagged(&talk.opening, TAG, house.now())).await;
        house.app.store.disconnect(company.workspace, &company.actor(), company.connection, Mirrored::Keep).await.unwrap();
        house.settle().await;
        let all = company.deliveries(&house).await;
        assert_eq!(all.len(), 1);
        let made = company.tickets(&house).await.len();
        // Either the worker was quicker, or nothing was made.
        let wanted = if made == 1 { Outcome::Processed } else { Outcome::Ignored };
        assert_eq!(all[0].outcome, wanted);
    }

    async fn a_flood_with_repeats_is_accepted_exactly_once_each(house: House) {
        let company = &house.company;
        let payloads: Vec<_> = (0..250)
            .map(|n| {
                let mut talk = Talk::open("The currency is wrong.", house.now().timestamp());
                let reply = talk.say(Who::Customer, "Since Tuesday.");
                if n % 5 == 0 {
                    talk.tagged(&talk.opening, OTHER_TAG, house.now())
                } else {
                    talk.told(&reply)
                }
            })
            .collect();
        let twice = payloads.iter().chain(payloads.iter().rev());
        stream::iter(twice).for_each_concurrent(100, |payload| house.send(payload)).await;
        house.settle().await;
        let mut firsts: HashMap<String, usize> = HashMap::new();
        let mut repeats: HashMap<String, usize> = HashMap::new();
        for delivery in company.deliveries(&house).await {
            let counts = if delivery.outcome == Outcome::Repeat { &mut repeats } else { &mut firsts };
            *counts.entry(delivery.notification_id.unwrap()).or_default() += 1;
        }
        for payload in &payloads {
            let id = payload["id"].as_str().unwrap();
            assert_eq!((firsts.get(id), repeats.get(id)), (Some(&1), Some(&1)), "{id}");
        }
        assert_eq!(company.tickets(&house).await.len(), 50);
    }

    async fn a_row_that_the_database_refuses_fails_alone(house: House) {
        let company = &house.company;
        let writer = Writer::start(house.app.db.clone(), Batching::default(), Duration::from_secs(3));
        let nowhere: ConnectionId = house.db.sources.id();
        let delivery = |n: u32| NewDelivery {
            workspace: company.workspace,
            // One belongs to a connection that is not there.
            connection: if n == 17 { nowhere } else { company.connection },
            dedupe_key: format!("id:{n}"),
            notification_id: Some(n.to_string()),
            topic: Some("ping".to_owned()),
            subject: None,
            finished: None,
            received_at: house.now(),
            lane_at: house.now(),
            body: Some(fixture("ping").to_string().into_bytes()),
        };
        let stored = join_all((0..40).map(|n| writer.store(delivery(n)))).await;
        for (n, stored) in stored.into_iter().enumerate() {
            match stored {
                Ok(Stored::New(_)) if n != 17 => {}
                Err(_) if n == 17 => {}
                other => panic!("{n}: {other:?}"),
            }
        }
        house.settle().await;
        assert_eq!(company.deliveries(&house).await.len(), 39);
        // A request whose deliveries are several fails as a whole, and alone.
        let request = |from: u32| writer.store_together((from..from + 3).map(delivery).collect());
        let (good, bad, also_good) = tokio::join!(request(100), request(15), request(200));
        assert!(bad.is_err(), "{bad:?}");
        for stored in [good, also_good] {
            let stored = stored.unwrap();
            assert!(matches!(stored.as_slice(), [Stored::New(_), Stored::New(_), Stored::New(_)]), "{stored:?}");
        }
        house.settle().await;
        assert_eq!(company.deliveries(&house).await.len(), 39 + 6);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgresql_is_away_the_answer_is_503_and_200_again_afterwards() {
    let mut db = TestDb::postgres().await;
    let line = FaultProxy::start(db.server_addr()).await;
    db.db = db.through(line.addr()).await;
    let house = House::start(db).await;
    let company = &house.company;
    let mut times = 0;
    let mut send = async || {
        times += 1;
        let mut ping = fixture("ping");
        ping["created_at"] = json!(1_795_000_000 + times);
        let body = ping.to_string().into_bytes();
        let answer = post(&house.http, &company.hook, &company.client_secret, body);
        let answer = timeout(INTERCOM_WAITS, answer).await;
        answer
            .expect("an answer before Intercom gives up")
            .status()
            .as_u16()
    };
    assert_eq!(send().await, 200);
    for away in [FaultProxy::down, FaultProxy::stall] {
        away(&line);
        assert_eq!(send().await, 503);
        // What was known of the endpoint is no longer fresh: it has to be looked up.
        house.pass(60);
        assert_eq!(send().await, 503);
        line.cut();
        line.pass();
        eventually(PATIENCE, "accepted again", async || {
            (send().await == 200).then_some(())
        })
        .await;
    }
    house.settle().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_sqlite_is_away_the_answer_is_503() {
    let house = House::start(TestDb::sqlite().await).await;
    let company = &house.company;
    house.app.db.close().await.unwrap();
    let body = fixture("ping").to_string().into_bytes();
    let answer = post(&house.http, &company.hook, &company.client_secret, body);
    let answer = timeout(INTERCOM_WAITS, answer).await;
    assert_eq!(
        answer.expect("an answer before Intercom gives up").status(),
        503
    );
    house.stop().await;
}
