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
/// The same for who sends many times as much as a connection of others does at the same time.
const FREE_OF_MANY: TimeDelta = TimeDelta::milliseconds(25);
/// So many times.
const MANY_TIMES: u32 = 4;
/// Of an answer that was held back, how much the next ones are at least, in percent: so that who is ahead slows down instead
/// of stopping and going.
const KEPT: u32 = 80;
/// Shorter than this, it is not held back.
const SHORTEST: Duration = Duration::from_millis(2);
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
        let shares = Shares::of(&last);
        for (at, sender) in last {
            if sender.sent < MANY && sender.hold.is_zero() {
                continue;
            }
            let free = match shares.sends_many_times(at, sender.sent) {
                true => FREE_OF_MANY,
                false => FREE,
            };
            let lead = lead(db, at).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "cannot look how long deliveries wait");
                TimeDelta::zero()
            });
            let hold = hold(lead, free).max(sender.hold * KEPT / 100);
            if hold >= SHORTEST {
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
fn hold(lead: TimeDelta, free: TimeDelta) -> Duration {
    let over = (lead - free).to_std().unwrap_or_default();
    over.min(LONGEST)
}

/// Who sent how much between two looks.
struct Shares {
    sent: u32,
    senders: u32,
    of_each: HashMap<WorkspaceId, (u32, u32)>,
}

impl Shares {
    fn of(senders: &HashMap<At, Sender>) -> Self {
        let mut shares = Self {
            sent: 0,
            senders: 0,
            of_each: HashMap::new(),
        };
        for ((workspace, _), sender) in senders.iter().filter(|(_, sender)| sender.sent > 0) {
            shares.sent = shares.sent.saturating_add(sender.sent);
            shares.senders += 1;
            let (sent, senders) = shares.of_each.entry(*workspace).or_default();
            *sent = sent.saturating_add(sender.sent);
            *senders += 1;
        }
        shares
    }

    /// Whether so many webhooks are many times what a connection of another workspace sent, if any did.
    fn sends_many_times(&self, (workspace, _): At, sent: u32) -> bool {
        let (own, own_senders) = self.of_each.get(&workspace).copied().unwrap_or_default();
        let (others, senders) = (self.sent - own, self.senders - own_senders);
        senders > 0 && sent > (others / senders).saturating_mul(MANY_TIMES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_further_ahead_the_longer_up_to_a_limit() {
        let held = |millis| hold(TimeDelta::milliseconds(millis), FREE).as_millis();
        assert_eq!(
            [held(0), held(250), held(300), held(1_250)],
            [0, 0, 50, 400]
        );
    }

    fn shares(sent: &[(u128, u128, u32)]) -> Shares {
        let sender = |(workspace, connection, sent): &(u128, u128, u32)| {
            let hold = Duration::ZERO;
            (at(*workspace, *connection), Sender { sent: *sent, hold })
        };
        Shares::of(&sent.iter().map(sender).collect())
    }

    fn at(workspace: u128, connection: u128) -> At {
        let uuid = Uuid::from_u128;
        (WorkspaceId(uuid(workspace)), ConnectionId(uuid(connection)))
    }

    #[test]
    fn who_is_alone_sends_not_too_much() {
        let alone = shares(&[(1, 1, 500), (1, 2, 5), (2, 1, 0)]);
        assert!(!alone.sends_many_times(at(1, 1), 500));
    }

    #[test]
    fn many_times_is_more_than_a_connection_of_others() {
        let two = shares(&[(1, 1, 100), (2, 1, 12), (2, 2, 12), (2, 3, 13)]);
        assert!(two.sends_many_times(at(1, 1), 100));
        assert!(!two.sends_many_times(at(2, 1), 12));
        let alike = shares(&[(1, 1, 40), (2, 1, 12)]);
        assert!(!alike.sends_many_times(at(1, 1), 40));
    }
}
