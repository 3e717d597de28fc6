//! The courier: carries webhooks to their apps, in order for each app, and arranges retries.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::attempt::{Attempt, Next, Outgoing, after};
use super::sign;
use crate::faults::Sending;
use crate::shared::Shared;

/// How long Intercom waits for an answer.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Runs until the sender is gone or the task is aborted; its own tasks end with it.
pub(crate) async fn run(shared: Arc<Shared>, mut inbox: mpsc::UnboundedReceiver<Sending>) {
    let mut tasks = JoinSet::new();
    let mut lanes: HashMap<String, mpsc::UnboundedSender<Outgoing>> = HashMap::new();
    let (retry, mut retries) = mpsc::unbounded_channel::<(String, Duration)>();
    for outgoing in &shared.lock().retries {
        let _ = retry.send((outgoing.id.clone(), shared.options.retry_after));
    }
    loop {
        tokio::select! {
            sending = inbox.recv() => {
                let Some(Sending { outgoing, delay_ms }) = sending else { return };
                let lane = lanes.entry(outgoing.client_id.clone()).or_insert_with(|| {
                    let (sender, receiver) = mpsc::unbounded_channel();
                    tasks.spawn(carry(shared.clone(), receiver, retry.clone()));
                    sender
                });
                if delay_ms == 0 {
                    let _ = lane.send(outgoing);
                } else {
                    tasks.spawn(later(lane.clone(), outgoing, delay_ms));
                }
            }
            Some((id, wait)) = retries.recv() => {
                tasks.spawn(come_back(shared.clone(), id, wait));
            }
        }
    }
}

async fn later(lane: mpsc::UnboundedSender<Outgoing>, outgoing: Outgoing, delay_ms: u64) {
    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    let _ = lane.send(outgoing);
}

async fn come_back(shared: Arc<Shared>, id: String, wait: Duration) {
    tokio::time::sleep(wait).await;
    let due = {
        let mut state = shared.lock();
        let at = state.retries.iter().position(|waiting| waiting.id == id);
        at.map(|at| state.retries.remove(at))
    };
    // Absent when it was sent early through the control API.
    if let Some(outgoing) = due {
        shared.send_now(outgoing);
    }
}

async fn carry(
    shared: Arc<Shared>,
    mut lane: mpsc::UnboundedReceiver<Outgoing>,
    retry: mpsc::UnboundedSender<(String, Duration)>,
) {
    while let Some(outgoing) = lane.recv().await {
        deliver(&shared, outgoing, &retry).await;
        shared.arrived();
    }
}

async fn deliver(
    shared: &Shared,
    mut outgoing: Outgoing,
    retry: &mpsc::UnboundedSender<(String, Duration)>,
) {
    let target = {
        let state = shared.lock();
        state
            .apps
            .iter()
            .find(|app| app.client_id == outgoing.client_id && app.hears(&outgoing.topic))
            .filter(|app| outgoing.topic == "ping" || app.lives_in(&outgoing.app_id))
            .and_then(|app| {
                let url = app.webhook_url.clone()?;
                Some((url, app.client_secret.clone(), app.name.clone()))
            })
    };
    let Some((url, secret, app)) = target else {
        return;
    };
    let began = Instant::now();
    let answer = post(shared, &url, &secret, &outgoing).await;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let now = shared.now();
    let (status, error) = match answer {
        Ok(status) => (Some(status), None),
        Err(error) => (None, Some(error)),
    };
    let (next, wait) = after(status, &outgoing, now, shared.options.retry_after);
    let attempt = Attempt {
        id: outgoing.id.clone(),
        app,
        app_id: outgoing.app_id.clone(),
        topic: outgoing.topic.clone(),
        at: now,
        attempt: outgoing.attempt,
        status,
        error,
        ms,
        next,
    };
    tracing::debug!(topic = %attempt.topic, status, ms, "webhook attempt");
    shared.change(|state, _, _| {
        state.remember(attempt);
        match next {
            Next::Retry | Next::Throttled => {
                let id = outgoing.id.clone();
                outgoing.attempt += 1;
                outgoing.body["delivery_attempts"] = json!(outgoing.attempt);
                state.retries.push(outgoing);
                let _ = retry.send((id, wait));
            }
            Next::Disabled => {
                let gone = &outgoing.client_id;
                for app in state.apps.iter_mut().filter(|app| app.client_id == *gone) {
                    app.webhook_disabled = true;
                }
            }
            Next::Delivered | Next::Lost => {}
        }
    });
}

async fn post(
    shared: &Shared,
    url: &str,
    secret: &str,
    outgoing: &Outgoing,
) -> Result<u16, String> {
    let body = serde_json::to_vec(&outgoing.body).map_err(|error| error.to_string())?;
    let answer = shared
        .http
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, "intercom-parrot-service-client/1.0")
        .header("X-Hub-Signature", sign(secret, &body))
        .body(body)
        .send()
        .await;
    match answer {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(error) => Err(reason(&error).to_owned()),
    }
}

/// Asks with HEAD whether a webhook URL answers, as Intercom does before it stores one.
pub(crate) async fn check_url(shared: &Shared, url: &str) -> Result<(), String> {
    match shared.http.head(url).send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!(
            "the URL answered a HEAD request with {}",
            answer.status().as_u16()
        )),
        Err(error) => Err(format!(
            "the URL did not answer a HEAD request: {}",
            reason(&error)
        )),
    }
}

/// In words without the URL, which may hold an endpoint's token.
pub(crate) fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer within 5 s"
    } else if error.is_connect() {
        "could not connect"
    } else if error.is_builder() {
        "the URL cannot be used"
    } else {
        "the connection broke"
    }
}
