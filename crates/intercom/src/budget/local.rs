//! The budget of one process, in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::{BudgetKey, BudgetSnapshot, Lane, Observation, RateBudget, Shares, WINDOW, WaitUntil};
use crate::environment::{self, Environment};

/// A reset further away than this comes from a clock that disagrees with ours and is not believed.
const FARTHEST_RESET: TimeDelta = TimeDelta::seconds(60);
/// Two reset times closer than this name the same window: the header has whole seconds.
const SAME_WINDOW: TimeDelta = TimeDelta::seconds(2);
/// Keys idle for this long are forgotten when the map grows.
const FORGET_AFTER: TimeDelta = TimeDelta::minutes(5);
const TIDY_ABOVE: usize = 1_000;

struct Window {
    limit: Option<u32>,
    used: u32,
    /// Calls that went through this budget, by lane.
    taken: HashMap<Lane, u32>,
    ends_at: DateTime<Utc>,
    /// Whether an answer told the end; else it is reckoned from the window before.
    end_is_told: bool,
    refused_until: Option<DateTime<Utc>>,
}

/// Which window an answer speaks of.
enum Of {
    This,
    Next(DateTime<Utc>),
    Before,
}

impl Window {
    fn new(now: DateTime<Utc>) -> Self {
        Self {
            limit: None,
            used: 0,
            taken: HashMap::new(),
            ends_at: now + WINDOW,
            end_is_told: false,
            refused_until: None,
        }
    }

    fn roll(&mut self, now: DateTime<Utc>) {
        if now >= self.ends_at {
            let length = WINDOW.num_milliseconds();
            let into = (now - self.ends_at).num_milliseconds() % length;
            self.ends_at = now + TimeDelta::milliseconds(length - into);
            self.end_is_told = false;
            self.used = 0;
            self.taken.clear();
        }
        if self.refused_until.is_some_and(|until| until <= now) {
            self.refused_until = None;
        }
    }

    fn learn(&mut self, seen: Observation, now: DateTime<Utc>) {
        self.limit = seen.limit.filter(|limit| *limit > 0).or(self.limit);
        self.refused_until = self.refused_until.max(seen.refused_until);
        let reported = match (self.limit, seen.remaining) {
            (Some(limit), Some(remaining)) => limit.saturating_sub(remaining),
            _ => 0,
        };
        match self.place(seen.reset_at, now) {
            Of::Before => {}
            Of::This => self.used = self.used.max(reported),
            Of::Next(end) => {
                self.used = reported;
                self.taken.clear();
                self.ends_at = end;
                self.end_is_told = true;
            }
        }
    }

    /// Finds the window that ends at `reset`, and takes the end over when it is this one's.
    fn place(&mut self, reset: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Of {
        let Some(reset) = reset else { return Of::This };
        if reset <= now {
            // Just over: an answer that comes in late. Long over: a clock that disagrees with ours.
            return if now - reset <= WINDOW {
                Of::Before
            } else {
                Of::This
            };
        }
        if reset - now > FARTHEST_RESET {
            return Of::This;
        }
        if self.end_is_told && reset + SAME_WINDOW < self.ends_at {
            return Of::Before;
        }
        if self.end_is_told && reset > self.ends_at + SAME_WINDOW {
            return Of::Next(reset);
        }
        self.ends_at = reset;
        self.end_is_told = true;
        Of::This
    }
}

/// A rate budget in the memory of this process.
pub struct LocalBudget {
    environment: Arc<dyn Environment>,
    shares: Shares,
    windows: Mutex<HashMap<BudgetKey, Window>>,
}

impl LocalBudget {
    /// A budget with the usual shares.
    #[must_use]
    pub fn new(environment: Arc<dyn Environment>) -> Self {
        Self::with_shares(environment, Shares::default())
    }

    /// A budget with other shares.
    #[must_use]
    pub fn with_shares(environment: Arc<dyn Environment>, shares: Shares) -> Self {
        Self {
            environment,
            shares,
            windows: Mutex::default(),
        }
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<BudgetKey, Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, key: &BudgetKey, lane: Lane, now: DateTime<Utc>) -> Result<(), WaitUntil> {
        let mut windows = self.windows();
        if windows.len() > TIDY_ABOVE {
            windows.retain(|_, window| {
                window.ends_at.max(window.refused_until.unwrap_or_default()) + FORGET_AFTER > now
            });
        }
        let window = windows
            .entry(key.clone())
            .or_insert_with(|| Window::new(now));
        window.roll(now);
        if let Some(until) = window.refused_until {
            return Err(WaitUntil(until));
        }
        let left = window.ends_at - now;
        let ceiling = window.limit.map_or(self.shares.before_known, |limit| {
            self.shares.ceiling(limit, lane, left)
        });
        if window.used >= ceiling {
            let wait = window
                .limit
                .and_then(|limit| self.shares.opens(limit, lane, window.used));
            return Err(WaitUntil(window.ends_at - wait.unwrap_or_default()));
        }
        window.used += 1;
        *window.taken.entry(lane).or_default() += 1;
        Ok(())
    }
}

#[async_trait]
impl RateBudget for LocalBudget {
    async fn acquire(&self, key: &BudgetKey, lane: Lane) -> Result<(), WaitUntil> {
        self.take(key, lane, environment::now(&*self.environment))
    }

    async fn observe(&self, key: &BudgetKey, seen: Observation) {
        let now = environment::now(&*self.environment);
        let mut windows = self.windows();
        let window = windows
            .entry(key.clone())
            .or_insert_with(|| Window::new(now));
        window.roll(now);
        window.learn(seen, now);
    }

    async fn snapshot(&self, key: &BudgetKey) -> Option<BudgetSnapshot> {
        let now = environment::now(&*self.environment);
        let mut windows = self.windows();
        let window = windows.get_mut(key)?;
        window.roll(now);
        let taken = |lane| window.taken.get(&lane).copied().unwrap_or_default();
        Some(BudgetSnapshot {
            limit: window.limit,
            left: window.limit.map(|limit| limit.saturating_sub(window.used)),
            interactive: taken(Lane::Interactive),
            webhook: taken(Lane::Webhook),
            backfill: taken(Lane::Backfill),
            resets_at: Some(window.ends_at),
            refused_until: window.refused_until,
        })
    }
}
