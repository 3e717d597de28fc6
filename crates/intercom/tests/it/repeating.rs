//! What is repeated, and what is not because it might happen twice.

use std::time::Duration;

use earmark_intercom::{ContactFields, Error, Policy, Repeat, UnreachableCause, operations};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::{
    cases,
    support::{Fixed, client, client_at, quick},
};

#[tokio::test]
async fn only_what_is_safe_is_repeated_after_trouble() {
    let server = MockServer::start().await;
    let clock = Fixed::new();
    let client = client(&server, quick(), &clock);
    for case in cases::all() {
        server.reset().await;
        clock.advance(Duration::from_secs(10));
        let trouble = ResponseTemplate::new(503);
        Mock::given(any())
            .respond_with(trouble)
            .mount(&server)
            .await;
        let fault = (case.call)(&client).1.await.unwrap_err();
        assert_eq!(fault.status(), Some(503), "{}", case.operation);
        let row = operations().iter().find(|row| row.name == case.operation);
        let times = match row.unwrap().repeat {
            Repeat::Safe => 3,
            Repeat::WhenUnsent => 1,
        };
        let asked = server.received_requests().await.unwrap().len();
        assert_eq!(asked, times, "{}", case.line);
    }
}

#[tokio::test]
async fn what_was_refused_or_never_sent_is_repeated_whatever_it_is() {
    let server = MockServer::start().await;
    let refused = ResponseTemplate::new(429).insert_header("retry-after", "0");
    Mock::given(any())
        .respond_with(refused)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let made = ResponseTemplate::new(200).set_body_string("{\"id\": \"c1\"}");
    Mock::given(any()).respond_with(made).mount(&server).await;
    let clock = Fixed::new();
    let fields = ContactFields::default();
    let contact = client(&server, quick(), &clock)
        .create_contact(&fields)
        .await
        .unwrap();
    assert_eq!(contact.id, "c1");
    assert_eq!(server.received_requests().await.unwrap().len(), 2);

    // Nobody listens here any more.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let policy = Policy {
        max_attempts: 20,
        ..quick()
    };
    let client = client_at(&address, policy, &clock);
    let fault = client.create_contact(&fields).await.unwrap_err();
    assert_eq!(
        fault,
        Error::Unreachable {
            cause: UnreachableCause::Connect
        }
    );
    let (budget, key) = client.budget();
    assert!(budget.snapshot(key).await.is_some());
}

#[tokio::test]
async fn a_storm_of_refusals_is_left_alone_in_time() {
    let server = MockServer::start().await;
    let storm = ResponseTemplate::new(429).insert_header("retry-after", "0");
    Mock::given(any()).respond_with(storm).mount(&server).await;
    let policy = Policy {
        max_attempts: 4,
        ..quick()
    };
    let client = client(&server, policy, &Fixed::new());
    let fault = client.tags().await.unwrap_err();
    assert!(matches!(fault, Error::WaitUntil { .. }), "{fault:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_slow_answer_is_given_up_and_a_dropped_call_is_cancelled() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(600));
    Mock::given(any()).respond_with(slow).mount(&server).await;
    let policy = Policy {
        read_timeout: Duration::from_millis(30),
        max_attempts: 2,
        ..quick()
    };
    let client = client(&server, policy, &Fixed::new());
    let fault = client.tags().await.unwrap_err();
    assert_eq!(
        fault,
        Error::Unreachable {
            cause: UnreachableCause::Timeout
        }
    );
    drop(client.tags());
    let never = tokio::time::timeout(Duration::ZERO, client.tags().into_future()).await;
    assert!(never.is_err());
}
