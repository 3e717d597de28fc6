//! The imitation of Intercom, started for a test.

use earmark_sandbox::{Options, Running};
use serde_json::Value;
use std::net::SocketAddr;

/// A running sandbox and a client that gives it orders. It ends with the test's runtime.
pub struct TestSandbox {
    running: Running,
}

impl std::fmt::Debug for TestSandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TestSandbox").field(&self.addr()).finish()
    }
}

impl TestSandbox {
    /// Starts a sandbox; `Options::default()` listens on a free port and is empty.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(options: Options) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            running: earmark_sandbox::start(options)
                .await
                .expect("the sandbox starts"),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    /// Its URL without a final slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// Gives an order, `POST /__sandbox/{path}`, and returns the answer.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn order(&self, path: &str, body: &Value) -> Value {
        let done = self.running.remote().order(path, body).await;
        done.expect("the sandbox does as it is told")
    }

    /// Asks `GET /__sandbox/{path}`.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn ask(&self, path: &str) -> Value {
        let list = self.running.remote().read(path).await;
        list.expect("the sandbox answers")
    }

    /// Stops it.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sandbox_takes_orders() {
        let sandbox = TestSandbox::start(Options {
            seed: Some(earmark_sandbox::demo_seed(
                1_790_000_000,
                earmark_sandbox::DemoSecrets {
                    token: "token",
                    client_secret: "client secret",
                    oauth_secret: "OAuth secret",
                    own_secret: "own secret",
                },
            )),
            ..Options::default()
        })
        .await;
        let settled = sandbox.order("settle", &Value::Null).await;
        assert_eq!(settled["settled"], true);
        assert!(
            sandbox
                .ask("state")
                .await
                .to_string()
                .contains(earmark_sandbox::DEMO_APP_ID)
        );
        sandbox.stop().await;
    }
}
