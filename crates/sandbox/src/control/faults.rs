//! Scripting faults, and reading what was asked and what was delivered.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use serde_json::{Value, json};

use super::{done, refuse};
use crate::faults::{Fault, Sending};
use crate::log::RequestLog;
use crate::shared::Shared;

/// Takes one fault or a list of them.
pub(super) async fn add(shared: Data<Shared>, body: Json<Value>) -> HttpResponse {
    let wanted = match body.into_inner() {
        Value::Array(many) => many,
        one => vec![one],
    };
    let mut faults = Vec::new();
    for one in wanted {
        match serde_json::from_value::<Fault>(one) {
            Ok(fault) => match fault.check() {
                Ok(()) => faults.push(fault),
                Err(why) => return refuse(400, why),
            },
            Err(why) => return refuse(400, why),
        }
    }
    let count = faults.len();
    shared.lock().faults.waiting.extend(faults);
    done(json!({"added": count}))
}

pub(super) async fn list(shared: Data<Shared>) -> HttpResponse {
    let state = shared.lock();
    let value = json!({"faults": state.faults.waiting, "held": state.faults.held()});
    drop(state);
    done(value)
}

/// Ends all faults and lets held webhooks go.
pub(super) async fn clear(shared: Data<Shared>) -> HttpResponse {
    let held: Vec<Sending> = {
        let mut state = shared.lock();
        state.faults.waiting.clear();
        state.limits.clear();
        state.faults.release()
    };
    let released = held.len();
    shared.send(held);
    done(json!({"cleared": true, "released": released}))
}

pub(super) async fn requests(shared: Data<Shared>) -> HttpResponse {
    let state = shared.lock();
    let value = json!({"total": state.log.total, "requests": state.log.entries});
    drop(state);
    done(value)
}

pub(super) async fn forget_requests(shared: Data<Shared>) -> HttpResponse {
    shared.lock().log = RequestLog::default();
    done(json!({"cleared": true}))
}

/// Attempts so far, retries to come, webhooks held by a fault and how many are under way.
pub(super) async fn deliveries(shared: Data<Shared>) -> HttpResponse {
    let under_way = *shared.under_way.borrow();
    let state = shared.lock();
    let retries: Vec<Value> = state
        .retries
        .iter()
        .map(|one| json!({"id": one.id, "topic": one.topic, "attempt": one.attempt}))
        .collect();
    let value = json!({
        "deliveries": state.attempts,
        "retries": retries,
        "held": state.faults.held(),
        "under_way": under_way,
    });
    drop(state);
    done(value)
}

/// Sends what waits for its retry without waiting any longer.
pub(super) async fn retry_now(shared: Data<Shared>) -> HttpResponse {
    let due = std::mem::take(&mut shared.lock().retries);
    let count = due.len();
    for outgoing in due {
        shared.send_now(outgoing);
    }
    done(json!({"sent": count}))
}
