//! The rate budget that several processes share: each leases slices of Intercom's 10-second windows from the database,
//! so that a call costs a query only now and then.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::Db;
use earmark_db::across::RateRow;
use earmark_intercom::{
    BudgetKey, BudgetSnapshot, Lane, Observation, RateBudget, Shares, WaitUntil,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Intercom's window, in seconds.
const WINDOW: i64 = 10;
/// A slice of backfill is this part of a window's limit.
const SLICES: i64 = 20;
/// The other lanes call now and then: what they lease and do not use is lost to all, so their slices are smaller.
const SMALL_SLICES: i64 = 100;
/// A reset further away than this, in seconds, comes from a clock that disagrees with ours and is not believed.
const FARTHEST_RESET: i64 = 60;
/// Budgets that this process remembers before it forgets the idle ones.
const TIDY_ABOVE: usize = 1_000;

/// Calls leased by this process in one window.
#[derive(Debug, Clone, Copy)]
struct Lease {
    window_at: i64,
    left: i64,
}

/// What this process last wrote or read of a budget.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    limit: i64,
    leased: i64,
    window_at: i64,
}

/// What this process knows of a budget.
#[derive(Debug, Default)]
struct Held {
    leases: HashMap<Lane, Lease>,
    seen: Option<Seen>,
    /// Held while leasing: callers that find no call left lease one slice between them, not one each.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A rate budget in the database, for any number of processes. Its windows keep step with the resets that Intercom tells.
#[derive(Debug)]
pub struct SharedBudget {
    db: Db,
    shares: Shares,
    held: Mutex<HashMap<BudgetKey, Held>>,
}

impl SharedBudget {
    /// A budget over `db` with the usual shares.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self {
            db,
            shares: Shares::default(),
            held: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<BudgetKey, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn to lease calls of a budget.
    fn turn(&self, key: &BudgetKey, now: i64) -> Arc<tokio::sync::Mutex<()>> {
        let mut held = self.held();
        if held.len() > TIDY_ABOVE {
            held.retain(|_, one| one.seen.is_some_and(|seen| covers(seen.window_at, now)));
        }
        held.entry(key.clone()).or_default().turn.clone()
    }

    /// Takes one call from this process's lease.
    fn take(&self, key: &BudgetKey, lane: Lane, now: i64) -> bool {
        let mut held = self.held();
        let lease = held.get_mut(key).and_then(|one| one.leases.get_mut(&lane));
        match lease {
            Some(lease) if covers(lease.window_at, now) && lease.left > 0 => {
                lease.left -= 1;
                true
            }
            _ => false,
        }
    }

    /// Leases a slice for a lane, or says until when there is none.
    async fn lease(
        &self,
        key: &BudgetKey,
        lane: Lane,
        now: DateTime<Utc>,
    ) -> earmark_db::Result<Result<(), WaitUntil>> {
        let text = row_key(key);
        let tx = self.db.begin_redoable().await?;
        let mut row = tx
            .across()
            .lock_rate_budget(&text, i64::from(self.shares.before_known))
            .await?;
        if let Some(until) = row.refused_until
            && until > now
        {
            return Ok(Err(WaitUntil(until)));
        }
        roll(&mut row, now.timestamp());
        let limit = u32::try_from(row.limit_seen).unwrap_or(u32::MAX);
        let end = end_of(row.window_at);
        let free = i64::from(self.shares.ceiling(limit, lane, end - now)) - row.leased;
        if free <= 0 {
            let used = u32::try_from(row.leased).unwrap_or(u32::MAX);
            let opens = self.shares.opens(limit, lane, used);
            return Ok(Err(WaitUntil(end - opens.unwrap_or_default())));
        }
        let slices = match lane {
            Lane::Backfill => SLICES,
            Lane::Interactive | Lane::Webhook => SMALL_SLICES,
        };
        let slice = (row.limit_seen / slices).clamp(1, free);
        row.leased += slice;
        *part_of(&mut row, lane) += slice;
        tx.across().put_rate_budget(&text, &row).await?;
        tx.commit().await?;
        let mut held = self.held();
        let one = held.entry(key.clone()).or_default();
        one.seen = Some(seen_of(&row));
        // The caller's own call is the first of the slice.
        let lease = Lease {
            window_at: row.window_at,
            left: slice - 1,
        };
        one.leases.insert(lane, lease);
        Ok(Ok(()))
    }

    /// Whether an answer says something that the row should know: another limit, other windows, a refusal, or calls by
    /// others.
    fn is_news(&self, key: &BudgetKey, observed: &Observation, now: i64) -> bool {
        let held = self.held();
        let Some(seen) = held.get(key).and_then(|one| one.seen) else {
            return true;
        };
        let limit = observed.limit.map_or(seen.limit, i64::from);
        let others = |remaining: u32| {
            covers(seen.window_at, now)
                && limit - i64::from(remaining) > seen.leased + limit / SLICES
        };
        let told = Told::by(observed, now);
        observed.refused_until.is_some()
            || limit != seen.limit
            || told.shift(seen.window_at).is_some()
            || told != Told::Before && observed.remaining.is_some_and(others)
    }

    async fn learn(
        &self,
        key: &BudgetKey,
        observed: &Observation,
        now: i64,
    ) -> earmark_db::Result<()> {
        let text = row_key(key);
        let told = Told::by(observed, now);
        let tx = self.db.begin_redoable().await?;
        let mut row = tx
            .across()
            .lock_rate_budget(&text, i64::from(self.shares.before_known))
            .await?;
        roll(&mut row, now);
        let shift = told.shift(row.window_at);
        if let Some(end) = shift {
            row.window_at = window_of(now, end);
        }
        if let Some(limit) = observed.limit.filter(|limit| *limit > 0) {
            row.limit_seen = i64::from(limit);
        }
        if let Some(remaining) = observed.remaining.filter(|_| told != Told::Before) {
            row.remaining_seen = Some(i64::from(remaining));
            row.leased = row.leased.max(row.limit_seen - i64::from(remaining));
        }
        row.refused_until = row.refused_until.max(observed.refused_until);
        tx.across().put_rate_budget(&text, &row).await?;
        tx.commit().await?;
        let mut held = self.held();
        let one = held.entry(key.clone()).or_default();
        one.seen = Some(seen_of(&row));
        if shift.is_some() || observed.refused_until.is_some() {
            one.leases.clear();
        }
        Ok(())
    }
}

/// Which window an answer speaks of, by the reset it tells. Times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// One that is over: the answer comes in late, and what it says is left says nothing about now.
    Before,
    /// The present one, which ends then.
    EndsAt(i64),
    /// The present one, as far as known.
    Nothing,
}

impl Told {
    fn by(observed: &Observation, now: i64) -> Self {
        let Some(reset) = observed.reset_at.map(|at| at.timestamp()) else {
            return Self::Nothing;
        };
        match reset - now {
            1..=FARTHEST_RESET => Self::EndsAt(reset),
            over if (-WINDOW..=0).contains(&over) => Self::Before,
            _ => Self::Nothing,
        }
    }

    /// The told end, when windows that began at `window_at` are out of step with it. Ending up to a second later is in
    /// step: the header has whole seconds.
    fn shift(self, window_at: i64) -> Option<i64> {
        let Self::EndsAt(end) = self else {
            return None;
        };
        let late = (window_at - end).rem_euclid(WINDOW);
        (late > 1).then_some(end)
    }
}

#[async_trait]
impl RateBudget for SharedBudget {
    async fn acquire(&self, key: &BudgetKey, lane: Lane) -> Result<(), WaitUntil> {
        let now = self.db.sources().now().timestamp();
        if self.take(key, lane, now) {
            return Ok(());
        }
        let turn = self.turn(key, now);
        let _turn = turn.lock().await;
        let now = self.db.sources().now();
        if self.take(key, lane, now.timestamp()) {
            return Ok(());
        }
        match self.lease(key, lane, now).await {
            Ok(leased) => leased,
            Err(error) => {
                // Without the database nobody knows what is left: calling anyway could exhaust it for everyone.
                tracing::warn!(%error, "cannot lease calls from the rate budget");
                Err(WaitUntil(now + TimeDelta::seconds(1)))
            }
        }
    }

    async fn observe(&self, key: &BudgetKey, seen: Observation) {
        let now = self.db.sources().now().timestamp();
        if self.is_news(key, &seen, now)
            && let Err(error) = self.learn(key, &seen, now).await
        {
            tracing::warn!(%error, "cannot store what Intercom says of the rate limit");
        }
    }

    async fn snapshot(&self, key: &BudgetKey) -> Option<BudgetSnapshot> {
        let now = self.db.sources().now();
        let mut row = self
            .db
            .across()
            .rate_budget(&row_key(key))
            .await
            .ok()
            .flatten()?;
        let limit = u32::try_from(row.limit_seen).ok();
        roll(&mut row, now.timestamp());
        let taken = |calls| u32::try_from(calls).unwrap_or(0);
        Some(BudgetSnapshot {
            limit,
            left: limit.map(|limit| u32::try_from(i64::from(limit) - row.leased).unwrap_or(0)),
            interactive: taken(row.interactive),
            webhook: taken(row.webhook),
            backfill: taken(row.backfill),
            resets_at: Some(end_of(row.window_at)),
            refused_until: row.refused_until.filter(|until| *until > now),
        })
    }
}

fn row_key(key: &BudgetKey) -> String {
    format!("{}:{}", key.credential, key.app_id)
}

fn seen_of(row: &RateRow) -> Seen {
    Seen {
        limit: row.limit_seen,
        leased: row.leased,
        window_at: row.window_at,
    }
}

/// The start of the present window, in step with the one that began at `window_at`.
fn window_of(now: i64, window_at: i64) -> i64 {
    now - (now - window_at).rem_euclid(WINDOW)
}

fn covers(window_at: i64, now: i64) -> bool {
    (window_at..window_at + WINDOW).contains(&now)
}

fn end_of(window_at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(window_at + WINDOW, 0).unwrap_or_default()
}

fn roll(row: &mut RateRow, now: i64) {
    if !covers(row.window_at, now) {
        row.window_at = window_of(now, row.window_at);
        row.leased = 0;
        (row.interactive, row.webhook, row.backfill) = (0, 0, 0);
        row.remaining_seen = None;
    }
}

/// What a lane leased of a window.
const fn part_of(row: &mut RateRow, lane: Lane) -> &mut i64 {
    match lane {
        Lane::Interactive => &mut row.interactive,
        Lane::Webhook => &mut row.webhook,
        Lane::Backfill => &mut row.backfill,
    }
}
