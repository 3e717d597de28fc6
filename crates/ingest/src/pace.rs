//! Senders that are ahead of us. A connection that sends faster than its deliveries are applied, or more than is free and
//! than those of others do, is answered later, so that one workspace does not take the machine from the others. What it sent is
//! stored by then, and the answer still comes in the five seconds that Intercom waits. Its deliveries are gathered for a
//! moment, and applied together.

use chrono::TimeDelta;
use earmark_connections::Receiver;
use earmark_db::{Db, Result};
use earmark_model::{ConnectionId, WorkspaceId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked how far a sender is ahead.
const LOOK: Duration = Duration::from_millis(250);
/// Webhooks between two looks from which on it is looked how long a sender's deliveries wait.
const MANY: u32 = 10;
/// What may wait this long is no lead.
const FREE: TimeDelta = TimeDelta::milliseconds(250);
/// Webhooks a second that a connection may send whatever others do.
const FREE_RATE: f64 = 100.0;
/// Of a sender's rate, how much the last look's part is.
const LATEST: f64 = 0.25;
/// Who sends less in a second is forgotten.
const LEAST_RATE: f64 = 0.1;
/// How long an answer takes that is not held back, roughly.
const ANSWER: Duration = Duration::from_millis(5);
/// Of an answer that was held back, how much the next ones are at least, in percent: so that who is ahead slows down instead
/// of stopping and going.
const KEPT: u32 = 80;
/// Shorter than this, it is not held back.
const SHORTEST: Duration = Duration::from_millis(2);
/// How long an answer is held back at most: Intercom puts addresses last that take longer than half a second.
const LONGEST: Duration = Duration::from_millis(400);

/// How long deliveries of a sender who is held back are gathered at most: less than what is [`FREE`].
const GATHER: Duration = Duration::from_millis(100);

/// A connection and its workspace.
type At = (WorkspaceId, ConnectionId);

#[derive(Debug, Clone, Copy, Default)]
struct Sender {
    /// Webhooks since the last look.
    sent: u32,
    /// Webhooks a second between the last two looks, and of late.
    latest: f64,
    rate: f64,
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
            let mut looked_at = Instant::now();
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(senders) = weak.upgrade() else {
                    return;
                };
                let since = looked_at.elapsed();
                looked_at = Instant::now();
                Self { senders }.look(&db, since).await;
            }
        });
        Self { senders }
    }

    /// How long a delivery waits for others of its connection, to be applied together with them: where senders are held back,
    /// what they send takes less of the machine this way.
    pub(crate) fn gather(&self, to: Receiver) -> Duration {
        let senders = self.senders();
        let sender = senders.get(&(to.workspace, to.connection));
        sender.map_or(Duration::ZERO, |sender| sender.hold.min(GATHER))
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

    async fn look(&self, db: &Db, since: Duration) {
        let last = turn_over(&mut self.senders(), since);
        let shares = Shares::of(&last);
        for (at, sender) in last {
            let mut lead = TimeDelta::zero();
            if sender.sent >= MANY || !sender.hold.is_zero() {
                lead = waiting_for(db, at).await.unwrap_or_else(|error| {
                    tracing::warn!(%error, "cannot look how long deliveries wait");
                    TimeDelta::zero()
                });
            }
            let hold = behind(lead)
                .max(shares.beyond(at, &sender))
                .max(sender.hold * KEPT / 100);
            let hold = if hold < SHORTEST {
                Duration::ZERO
            } else {
                hold
            };
            self.senders().entry(at).or_default().hold = hold;
        }
    }
}

/// Ends what is counted between two looks, so long after the one before, and gives it.
fn turn_over(senders: &mut HashMap<At, Sender>, since: Duration) -> HashMap<At, Sender> {
    for sender in senders.values_mut() {
        sender.latest = f64::from(sender.sent) / since.max(LOOK).as_secs_f64();
        sender.rate += LATEST * (sender.latest - sender.rate);
    }
    senders.retain(|_, sender| sender.rate >= LEAST_RATE || !sender.hold.is_zero());
    let last = senders.clone();
    senders.values_mut().for_each(|sender| sender.sent = 0);
    last
}

/// How long a connection's oldest delivery has been waiting.
async fn waiting_for(db: &Db, (workspace, connection): At) -> Result<TimeDelta> {
    let oldest = db.workspace(workspace).waiting_since(connection).await?;
    let now = db.sources().now();
    Ok(oldest.map_or(TimeDelta::zero(), |oldest| now - oldest))
}

/// The longer deliveries wait, the longer their sender does.
fn behind(lead: TimeDelta) -> Duration {
    (lead - FREE).to_std().unwrap_or_default().min(LONGEST)
}

/// Who sent how much of late: the rate of all, and of how many; the same for each workspace.
struct Shares {
    all: (f64, u32),
    of_each: HashMap<WorkspaceId, (f64, u32)>,
}

impl Shares {
    fn of(senders: &HashMap<At, Sender>) -> Self {
        let (mut all, mut of_each) = ((0.0, 0), HashMap::new());
        for ((workspace, _), sender) in senders {
            for (rate, count) in [&mut all, of_each.entry(*workspace).or_default()] {
                *rate += sender.rate;
                *count += 1;
            }
        }
        Self { all, of_each }
    }

    /// Webhooks a second that a connection of this workspace may send: as many as it likes while it is alone, else what is
    /// free, or what a connection of others sends if that is more.
    fn allowed(&self, workspace: WorkspaceId) -> Option<f64> {
        let (own, own_count) = self.of_each.get(&workspace).copied().unwrap_or_default();
        let others = self.all.1 - own_count;
        let of_one = (self.all.0 - own) / f64::from(others);
        (others > 0).then(|| FREE_RATE.max(of_one))
    }

    /// How long answers are held back so that a sender who waits for them sends no more than it may.
    fn beyond(&self, (workspace, _): At, sender: &Sender) -> Duration {
        let Some(allowed) = self.allowed(workspace) else {
            return Duration::ZERO;
        };
        let times = sender.latest / allowed;
        let turn = (sender.hold + ANSWER).mul_f64(times);
        turn.saturating_sub(ANSWER).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_further_ahead_the_longer_up_to_a_limit() {
        let held = |millis| behind(TimeDelta::milliseconds(millis)).as_millis();
        assert_eq!(
            [held(0), held(250), held(300), held(1_250)],
            [0, 0, 50, 400]
        );
    }

    fn at(workspace: u128, connection: u128) -> At {
        let uuid = Uuid::from_u128;
        (WorkspaceId(uuid(workspace)), ConnectionId(uuid(connection)))
    }

    fn shares(rates: &[(At, f64)]) -> Shares {
        let sender = |(at, rate): &(At, f64)| {
            let sender = Sender {
                rate: *rate,
                ..Sender::default()
            };
            (*at, sender)
        };
        Shares::of(&rates.iter().map(sender).collect())
    }

    #[test]
    fn who_is_alone_sends_as_much_as_it_likes() {
        let alone = shares(&[(at(1, 1), 500.0), (at(1, 2), 5.0)]);
        assert_eq!(alone.allowed(at(1, 1).0), None);
    }

    #[test]
    fn who_is_not_may_send_what_is_free_or_as_much_as_a_connection_of_others() {
        let few = shares(&[(at(1, 1), 900.0), (at(2, 1), 10.0), (at(2, 2), 20.0)]);
        assert_eq!(few.allowed(at(1, 1).0), Some(FREE_RATE));
        assert_eq!(few.allowed(at(2, 1).0), Some(900.0));
        let many = shares(&[(at(1, 1), 900.0), (at(2, 1), 100.0), (at(2, 2), 300.0)]);
        assert_eq!(many.allowed(at(1, 1).0), Some(200.0));
    }

    /// A sender with so many connections, each of which waits for its answer, after some looks beside one who sends little.
    fn settled(connections: f64) -> (f64, Duration) {
        let (noisy, quiet) = (at(1, 1), at(2, 1));
        let mut senders = HashMap::from([(noisy, Sender::default()), (quiet, Sender::default())]);
        let mut sent = 0.0;
        for _ in 0..20 {
            let hold = senders[&noisy].hold;
            sent = connections / (hold + ANSWER).as_secs_f64() * LOOK.as_secs_f64();
            senders.get_mut(&quiet).unwrap().sent = 2;
            let of_noisy = senders.get_mut(&noisy).unwrap();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is small"
            )]
            let whole = sent as u32;
            of_noisy.sent = whole;
            let last = turn_over(&mut senders, LOOK);
            let hold = Shares::of(&last).beyond(noisy, &last[&noisy]);
            senders.get_mut(&noisy).unwrap().hold = hold;
        }
        (sent / LOOK.as_secs_f64(), senders[&noisy].hold)
    }

    #[test]
    fn who_sends_too_much_is_held_back_to_what_it_may() {
        let (rate, hold) = settled(8.0);
        assert!(
            (90.0..=110.0).contains(&rate),
            "{rate} a second, held {hold:?}"
        );
        let (_, hold) = settled(1_000.0);
        assert_eq!(
            hold, LONGEST,
            "many connections are held no longer than is good for them"
        );
        let (rate, hold) = settled(0.25);
        assert_eq!(hold, Duration::ZERO, "{rate} a second is no harm");
    }

    #[tokio::test]
    async fn only_what_a_sender_who_is_held_back_sends_is_gathered() {
        let at = at(1, 1);
        let held = |millis| {
            let sender = Sender {
                hold: Duration::from_millis(millis),
                ..Sender::default()
            };
            let senders = Arc::new(Mutex::new(HashMap::from([(at, sender)])));
            let (workspace, connection) = at;
            let to = Receiver {
                workspace,
                connection,
            };
            Pace { senders }.gather(to).as_millis()
        };
        assert_eq!([held(0), held(30), held(400)], [0, 30, 100]);
    }

    #[test]
    fn who_stops_is_forgotten() {
        let sender = Sender {
            sent: 50,
            ..Sender::default()
        };
        let mut senders = HashMap::from([(at(1, 1), sender)]);
        let looks = (0..100).take_while(|_| !turn_over(&mut senders, LOOK).is_empty());
        assert!((10..40).contains(&looks.count()));
    }
}
