//! The stream of changes.

use crate::support::{Browser, Server};
use earmark_testkit::{TestDb, both_databases, build};
use std::time::Duration;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(30);

struct Stream(reqwest::Response, String);

impl Stream {
    async fn open(browser: &Browser) -> Self {
        let request = browser.request(reqwest::Method::GET, "/w/quillwater/events");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self(response, String::new());
        stream.until(": still here").await;
        stream
    }

    /// Reads until this was sent; false when the stream ends before.
    async fn until(&mut self, text: &str) -> bool {
        let Self(response, read) = self;
        timeout(SOON, async {
            while !read.contains(text) {
                match response.chunk().await {
                    Ok(Some(chunk)) => read.push_str(&String::from_utf8_lossy(&chunk)),
                    Ok(None) | Err(_) => return false,
                }
            }
            true
        })
        .await
        .unwrap()
    }
}

both_databases! {
    async fn an_event_comes_after_the_commit_and_not_before(db: TestDb) {
        let server = Server::start(db).await;
        let people = build::people(&server.db.db, "Quillwater").await;
        let browser = server.browser_of(people.viewer.id).await;
        let mut stream = Stream::open(&browser).await;
        let tx = build::begin(&server.db.db).await;
        tx.workspace(people.workspace.id).create_product("Mobile").await.unwrap();
        let early = timeout(Duration::from_millis(600), stream.until("event: tickets")).await;
        assert!(early.is_err(), "nothing was committed");
        tx.commit().await.unwrap();
        assert!(stream.until("event: tickets").await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_stream_does_not_keep_the_server_from_stopping() {
    let server = Server::start(TestDb::sqlite().await).await;
    let people = build::people(&server.db.db, "Quillwater").await;
    let browser = server.browser_of(people.viewer.id).await;
    let mut stream = Stream::open(&browser).await;
    timeout(SOON, server.handle.stop(true)).await.unwrap();
    assert!(!stream.until("event: tickets").await);
}
