//! Retries, the rate limit and the size limit.

use std::time::Duration;

use chrono::DateTime;
use earmark_intercom::{Error, Lane, Policy};
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{Fixed, client, quick};

fn fine() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"data": []}))
}

async fn first_then_fine(first: ResponseTemplate, times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(first)
        .up_to_n_times(times)
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(fine()).mount(&server).await;
    server
}

async fn asked(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn trouble_that_passes_is_not_noticed() {
    for status in [408, 500, 502, 503, 504] {
        let server = first_then_fine(ResponseTemplate::new(status), 2).await;
        assert!(
            client(&server, quick(), &Fixed::new()).tags().await.is_ok(),
            "{status}"
        );
        assert_eq!(asked(&server).await, 3);
    }
}

#[tokio::test]
async fn trouble_that_stays_is_told_after_the_last_attempt() {
    let server = first_then_fine(ResponseTemplate::new(503), 9).await;
    let policy = Policy {
        max_attempts: 4,
        ..quick()
    };
    let fault = client(&server, policy, &Fixed::new())
        .tags()
        .await
        .unwrap_err();
    assert_eq!(
        fault,
        Error::ServerTrouble {
            status: 503,
            code: None,
            request_id: None
        }
    );
    assert_eq!(asked(&server).await, 4);
}

#[tokio::test]
async fn refusals_are_not_repeated() {
    for status in [400, 401, 403, 404, 409, 410, 422] {
        let server = first_then_fine(ResponseTemplate::new(status), 1).await;
        assert!(
            client(&server, quick(), &Fixed::new())
                .tags()
                .await
                .is_err(),
            "{status}"
        );
        assert_eq!(asked(&server).await, 1, "{status}");
    }
}

#[tokio::test]
async fn a_short_rate_limit_is_waited_for() {
    let refused = ResponseTemplate::new(429).insert_header("retry-after", "0");
    let server = first_then_fine(refused, 1).await;
    assert!(client(&server, quick(), &Fixed::new()).tags().await.is_ok());
    assert_eq!(asked(&server).await, 2);
}

#[tokio::test]
async fn a_long_rate_limit_is_told_and_then_kept_without_asking() {
    let clock = Fixed::new();
    let reset = (clock.seconds() + 45).to_string();
    let with_retry = ResponseTemplate::new(429)
        .insert_header("retry-after", "40")
        .insert_header("x-ratelimit-reset", reset.as_str())
        .set_body_json(json!({"request_id": "req-9", "errors": [{"code": "rate_limit_exceeded"}]}));
    let without = ResponseTemplate::new(429).insert_header("x-ratelimit-reset", reset.as_str());
    for (answer, seconds, request_id) in [(with_retry, 40, Some("req-9")), (without, 45, None)] {
        let server = first_then_fine(answer, 1).await;
        let client = client(&server, quick(), &clock);
        let at = DateTime::from_timestamp_secs(clock.seconds() + seconds).unwrap();
        let expected = |request_id: Option<&str>| Error::WaitUntil {
            at,
            request_id: request_id.map(str::to_owned),
        };
        assert_eq!(client.tags().await, Err(expected(request_id)));
        assert_eq!(
            client.in_lane(Lane::Backfill).tags().await,
            Err(expected(None))
        );
        assert_eq!(asked(&server).await, 1, "the second call asked nobody");
        let (budget, key) = client.budget();
        assert_eq!(budget.snapshot(key).await.unwrap().refused_until, Some(at));
    }
}

#[tokio::test]
async fn without_headers_a_refusal_backs_off() {
    let clock = Fixed::new();
    let server = first_then_fine(ResponseTemplate::new(429), 1).await;
    let policy = Policy {
        interactive_patience: Duration::ZERO,
        ..quick()
    };
    let fault = client(&server, policy, &clock).tags().await.unwrap_err();
    let Error::WaitUntil { at, .. } = fault else {
        panic!("{fault:?}")
    };
    assert_eq!(
        at.timestamp_millis(),
        clock.seconds() * 1000 + 1_100,
        "a second and a tenth"
    );
}

#[tokio::test]
async fn patience_depends_on_the_lane() {
    let clock = Fixed::new();
    let refused = ResponseTemplate::new(429).insert_header("retry-after", "0");
    let server = first_then_fine(refused, 1).await;
    let policy = Policy {
        interactive_patience: Duration::ZERO,
        ..quick()
    };
    let client = client(&server, policy, &clock);
    assert!(client.in_lane(Lane::Webhook).tags().await.is_ok());
    server.reset().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "0"))
        .mount(&server)
        .await;
    assert!(matches!(client.tags().await, Err(Error::WaitUntil { .. })));
    assert_eq!(asked(&server).await, 1);
}

#[tokio::test]
async fn the_budget_learns_from_every_answer() {
    let clock = Fixed::new();
    let reset = clock.seconds() + 7;
    let answer = fine()
        .insert_header("x-ratelimit-limit", "166")
        .insert_header("x-ratelimit-remaining", "120")
        .insert_header("x-ratelimit-reset", reset.to_string().as_str());
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let client = client(&server, quick(), &clock);
    client.tags().await.unwrap();
    let (budget, key) = client.budget();
    let seen = budget.snapshot(key).await.unwrap();
    assert_eq!((seen.limit, seen.left), (Some(166), Some(120)));
    assert_eq!(seen.resets_at.unwrap().timestamp(), reset);
}

#[tokio::test]
async fn an_answer_over_the_size_limit_is_not_read_on() {
    let list = |bytes: usize| {
        let body = format!("{{\"data\":[],\"x\":\"{}\"}}", "y".repeat(bytes - 18));
        assert_eq!(body.len(), bytes);
        ResponseTemplate::new(200)
            .set_body_string(body)
            .insert_header("x-request-id", "big")
    };
    let policy = Policy {
        body_limit: 1_000,
        ..quick()
    };
    let server = first_then_fine(list(1_001), 1).await;
    let client_ = client(&server, policy, &Fixed::new());
    let fault = client_.tags().await.unwrap_err();
    assert_eq!(
        fault,
        Error::TooLarge {
            limit: 1_000,
            request_id: Some("big".into())
        }
    );
    assert_eq!(asked(&server).await, 1, "not repeated");
    let server = first_then_fine(list(1_000), 1).await;
    assert!(client(&server, policy, &Fixed::new()).tags().await.is_ok());
}
