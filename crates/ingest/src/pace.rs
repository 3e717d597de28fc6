//! Senders that are ahead of us. A connection that sends faster than its deliveries are applied is answered later, so that
//! one workspace does not take the machine from the others. What it sent is stored by then, and the answer still comes in
//! the five seconds that Intercom waits.

use chrono::TimeDelta;
use earmark_connections::Receiver;
use earmark_db::{Db, Result};
use earmark_model::{ConnectionId, WorkspaceId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often it is looked how far a sender is ahead.
const LOOK: Duration = Duration::from_millis(250);
/// Webhooks between two looks from which on a sender is looked at.
const MANY: u32 = 10;
/// What may wait this long is no lead.
const FREE: TimeDelta = TimeDelta::milliseconds(250);
/// How long an answer is held back at most: Intercom puts addresses last that take longer than half a second.
const LONGEST: Duration = Duration::from_millis(400);

/// A connection and its workspace.
type At = (WorkspaceId, ConnectionId);

#[derive(Debug, Default)]
struct Sender {
    /// Webhooks since the last look.
    sent: u32,
    hold: Duration,
}

/// Who is held back, and how long.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    senders: Arc<Mutex<HashMap<At, Sender>>>,
}

impl Pace {
    /// Starts looking; ends with the last clone. Must be called within the runtime.
    pub(crate) fn start(db: Db) -> Self {
        let senders = Arc::<Mutex<HashMap<At, Sender>>>::default();
        let weak = Arc::downgrade(&senders);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(senders) = weak.upgrade() else {
                    return;
                };
                Self { senders }.look(&db).await;
            }
        });
        Self { senders }
    }

    /// A webhook for these connections was stored; how long its answer is held back.
    pub(crate) fn stored(&self, receivers: &[Receiver]) -> Duration {
        let mut senders = self.senders();
        let holds = receivers.iter().map(|to| {
            let sender = senders.entry((to.workspace, to.connection)).or_default();
            sender.sent = sender.sent.saturating_add(1);
            sender.hold
        });
        holds.max().unwrap_or_default()
    }

    fn senders(&self) -> MutexGuard<'_, HashMap<At, Sender>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self, db: &Db) {
        let last = std::mem::take(&mut *self.senders());
        for (at, sender) in last {
            if sender.sent < MANY && sender.hold.is_zero() {
                continue;
            }
            let hold = lead(db, at).await.map(hold).unwrap_or_else(|error| {
                tracing::warn!(%error, "cannot look how long deliveries wait");
                Duration::ZERO
            });
            if !hold.is_zero() {
                self.senders().entry(at).or_default().hold = hold;
            }
        }
    }
}

/// How long a connection's oldest delivery has been waiting.
async fn lead(db: &Db, (workspace, connection): At) -> Result<TimeDelta> {
    let oldest = db.workspace(workspace).waiting_since(connection).await?;
    let now = db.sources().now();
    Ok(oldest.map_or(TimeDelta::zero(), |oldest| now - oldest))
}

/// The further ahead, the longer.
fn hold(lead: TimeDelta) -> Duration {
    let over = (lead - FREE).to_std().unwrap_or_default();
    over.min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_further_ahead_the_longer_up_to_a_limit() {
        let held = |millis| hold(TimeDelta::milliseconds(millis)).as_millis();
        assert_eq!(
            [held(0), held(250), held(300), held(1_250), held(90_000)],
            [0, 0, 50, 400, 400]
        );
    }
}
