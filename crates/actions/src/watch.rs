//! Counts the calls of one run.

use async_trait::async_trait;
use earmark_intercom::{
    BudgetKey, BudgetSnapshot, Client, Lane, Observation, RateBudget, WaitUntil,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

struct Watch {
    inner: Arc<dyn RateBudget>,
    calls: Arc<AtomicI64>,
}

/// The same client, and the number of calls that it takes from its budget.
pub(crate) fn watched(client: &Client) -> (Client, Arc<AtomicI64>) {
    let calls = Arc::new(AtomicI64::new(0));
    let counted = calls.clone();
    let client = client.with_budget(|inner| Arc::new(Watch { inner, calls }));
    (client, counted)
}

#[async_trait]
impl RateBudget for Watch {
    async fn acquire(&self, key: &BudgetKey, lane: Lane) -> Result<(), WaitUntil> {
        self.inner.acquire(key, lane).await?;
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn observe(&self, key: &BudgetKey, seen: Observation) {
        self.inner.observe(key, seen).await;
    }

    async fn snapshot(&self, key: &BudgetKey) -> Option<BudgetSnapshot> {
        self.inner.snapshot(key).await
    }
}
