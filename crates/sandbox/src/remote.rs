//! Giving orders to a sandbox that runs, from the same machine.

use serde_json::Value;
use std::time::Duration;

/// How long a list may take: the state of a sandbox with many contacts is large.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The sandbox did not answer.
    #[error("the sandbox does not answer: {0}")]
    Silent(#[from] reqwest::Error),
    /// It refused.
    #[error("the sandbox refused {order}: {reason}")]
    Refused {
        /// What was asked.
        order: String,
        /// Its answer.
        reason: String,
    },
}

/// Calls `/__sandbox` of a sandbox on this machine.
#[derive(Debug, Clone)]
pub struct Remote {
    url: String,
    http: reqwest::Client,
}

impl Remote {
    pub(crate) fn new(url: String, http: reqwest::Client) -> Self {
        Self { url, http }
    }

    /// Sends an order (`tag`, `reply`, …; the table in this crate's documentation has them all) and gives the answer.
    ///
    /// # Errors
    /// [`OrderError`].
    pub async fn order(&self, order: &str, body: &Value) -> Result<Value, OrderError> {
        let request = self
            .http
            .post(format!("{}/__sandbox/{order}", self.url))
            .json(body);
        Self::answer(order, request).await
    }

    /// Reads one of the sandbox's lists (`state`, `requests`, `deliveries`, `faults`).
    ///
    /// # Errors
    /// [`OrderError`].
    pub async fn read(&self, list: &str) -> Result<Value, OrderError> {
        let request = self.http.get(format!("{}/__sandbox/{list}", self.url));
        Self::answer(list, request.timeout(READ_LIMIT)).await
    }

    /// Clears one of its lists (`faults`, `requests`).
    ///
    /// # Errors
    /// [`OrderError`].
    pub async fn clear(&self, list: &str) -> Result<Value, OrderError> {
        Self::answer(
            list,
            self.http.delete(format!("{}/__sandbox/{list}", self.url)),
        )
        .await
    }

    async fn answer(order: &str, request: reqwest::RequestBuilder) -> Result<Value, OrderError> {
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(OrderError::Refused {
                order: order.to_owned(),
                reason: text,
            });
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}
