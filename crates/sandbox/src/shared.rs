//! What every handler holds: the state behind its lock, the options, the way to the webhook courier.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::{Notify, mpsc, watch};
use uuid::Builder;

use crate::faults::Sending;
use crate::options::Options;
use crate::state::State;
use crate::state::event::Event;
use crate::state::install::Fresh;
use crate::webhooks;
use crate::webhooks::attempt::Outgoing;

/// One for the whole server.
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) options: Options,
    pub(crate) http: reqwest::Client,
    courier: mpsc::UnboundedSender<Sending>,
    /// Webhooks queued or being delivered, without those that wait for their retry.
    pub(crate) under_way: watch::Sender<usize>,
    pub(crate) changed: Notify,
    /// Held while the state file is written.
    pub(crate) saving: Mutex<()>,
}

/// Events with the workspace each happened in.
#[derive(Default)]
pub(crate) struct Happened(Vec<(String, Event)>);

impl Happened {
    pub(crate) fn add(&mut self, app_id: &str, events: Vec<Event>) {
        self.0
            .extend(events.into_iter().map(|event| (app_id.to_owned(), event)));
    }
}

impl Shared {
    pub(crate) fn new(
        state: State,
        options: Options,
        http: reqwest::Client,
        courier: mpsc::UnboundedSender<Sending>,
    ) -> Self {
        Self {
            state: Mutex::new(state),
            options,
            http,
            courier,
            under_way: watch::Sender::new(0),
            changed: Notify::new(),
            saving: Mutex::new(()),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        (self.options.clock)()
    }

    /// A fresh UUID in text.
    pub(crate) fn uuid(&self) -> String {
        Builder::from_random_bytes((self.options.random)())
            .into_uuid()
            .to_string()
    }

    /// A random word that ends in `=`, as Intercom's codes and tokens do.
    pub(crate) fn word(&self) -> String {
        STANDARD.encode((self.options.random)())
    }

    /// What a new token needs.
    pub(crate) fn fresh_token(&self) -> Fresh {
        Fresh {
            token: self.word(),
            refresh: self.word(),
        }
    }

    /// The state. Nothing that waits may be done while it is held.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state at one moment, sends the webhooks of what happened and has the file written.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut State, i64, &mut Happened) -> T) -> T {
        let now = self.now();
        let mut happened = Happened::default();
        let mut state = self.lock();
        let result = act(&mut state, now, &mut happened);
        let new_id = || format!("notif_{}", self.uuid());
        for (app_id, event) in happened.0 {
            for outgoing in webhooks::notifications(&state, &app_id, &event, now, &new_id) {
                let sendings = state.faults.webhook(outgoing);
                self.send(sendings);
            }
        }
        drop(state);
        self.changed.notify_one();
        result
    }

    /// Hands webhooks to the courier.
    pub(crate) fn send(&self, sendings: Vec<Sending>) {
        for sending in sendings {
            self.under_way.send_modify(|count| *count += 1);
            if self.courier.send(sending).is_err() {
                self.arrived();
            }
        }
    }

    /// Sends one webhook at once, untouched by faults.
    pub(crate) fn send_now(&self, outgoing: Outgoing) {
        self.send(vec![Sending {
            outgoing,
            delay_ms: 0,
        }]);
    }

    /// One webhook less is under way.
    pub(crate) fn arrived(&self) {
        self.under_way
            .send_modify(|count| *count = count.saturating_sub(1));
    }

    /// Waits until no webhook is under way; false when that took longer than the limit.
    pub(crate) async fn settle(&self, limit: Duration) -> bool {
        let mut watching = self.under_way.subscribe();
        tokio::time::timeout(limit, watching.wait_for(|count| *count == 0))
            .await
            .is_ok()
    }
}
