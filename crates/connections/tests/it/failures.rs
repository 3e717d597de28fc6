//! What a member reads when Intercom has trouble while a token is proved. Nothing is stored then.

use crate::support::{Bench, TOKEN};
use earmark_connections::Region;
use earmark_testkit::TestDb;
use serde_json::{Value, json};

/// The words that a fault in the chosen region leads to.
async fn words(fault: &Value) -> String {
    let bench = Bench::known(TestDb::sqlite().await).await;
    bench.region(Region::Us).order("faults", fault).await;
    let refused = bench.connect(Region::Us, TOKEN).await.unwrap_err();
    bench.assert_empty().await;
    assert_eq!(bench.asked().await[1..], [0, 0], "no other region is asked");
    let words = refused.to_string();
    assert!(words.contains("token was not stored"), "{words}");
    assert!(!words.contains(".."), "{words}");
    words
}

#[tokio::test]
async fn server_trouble_is_told_with_its_status() {
    let words = words(&json!({"kind": "status", "status": 503, "count": 9})).await;
    assert!(words.contains("cannot be reached right now"), "{words}");
    assert!(words.contains("503"), "{words}");
}

#[tokio::test]
async fn a_broken_connection_is_told() {
    let words = words(&json!({"kind": "drop", "count": 9})).await;
    assert!(
        words.contains("cannot be reached right now: the connection broke off"),
        "{words}"
    );
}

#[tokio::test]
async fn a_rate_limit_is_told_with_the_time_to_wait() {
    let words =
        words(&json!({"kind": "status", "status": 429, "retry_after": 40, "count": 9})).await;
    assert!(words.contains("rate limit"), "{words}");
    assert!(words.contains("in 40 seconds"), "{words}");
}

#[tokio::test]
async fn a_plan_without_the_api_is_not_called_a_missing_permission_of_the_app() {
    let words = words(&json!({"kind": "status", "status": 403, "count": 9})).await;
    assert!(words.contains("Active subscription needed"), "{words}");
    assert!(!words.contains("Read admins"), "{words}");
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_told() {
    let page = "<html>We'll be right back</html>";
    let words = words(&json!({"kind": "status", "status": 200, "body": page, "count": 9})).await;
    assert!(words.contains("not understood"), "{words}");
    assert!(!words.contains("right back"), "{words}");
}

#[tokio::test]
async fn trouble_that_passes_is_not_noticed() {
    let bench = Bench::known(TestDb::sqlite().await).await;
    let fault = json!([{"kind": "status", "status": 502}, {"kind": "drop"}]);
    bench.region(Region::Us).order("faults", &fault).await;
    bench.connect(Region::Us, TOKEN).await.unwrap();
}
