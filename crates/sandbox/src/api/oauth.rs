//! Getting and giving up a token: `/auth/eagle/token` and `/auth/uninstall`.

use std::collections::HashMap;

use actix_web::web::{Data, Query};
use serde_json::{Value, json};

use super::call::Incoming;
use super::error::ApiError;
use super::{Body, Reply, identify};
use crate::limits::Budget;
use crate::notices;
use crate::shared::Shared;
use crate::state::install::{Granted, Proof};

/// Exchanges a code, or the refresh token of an app whose tokens expire. The body is a form; other fields are ignored.
pub(super) fn token(shared: &Shared, incoming: &Incoming) -> Reply {
    let form = std::str::from_utf8(&incoming.body).unwrap_or_default();
    let form = Query::<HashMap<String, String>>::from_query(form)
        .map(Query::into_inner)
        .unwrap_or_default();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let proof = match field("grant_type") {
        "refresh_token" => Proof::Refresh(field("refresh_token")),
        _ => Proof::Code(field("code")),
    };
    let client = (field("client_id"), field("client_secret"));
    let fresh = shared.fresh_token();
    let granted =
        shared.change(|state, now, _| state.exchange(client, proof, incoming.host.0, fresh, now));
    let budget = Budget::untouched(shared.options.rate, shared.now());
    match granted {
        Some(granted) => Reply::ok(answer(&granted), budget, None),
        // The message is documented, the code of the error is not.
        None => {
            let error = ApiError::new(401, "unauthorized", "Unauthorized Code");
            Reply::error(error, incoming, budget, None)
        }
    }
}

fn answer(granted: &Granted) -> Value {
    let mut value = json!({
        "token_type": "Bearer", "token": granted.token, "access_token": granted.token,
    });
    if let Some(refresh) = &granted.refresh {
        value["refresh_token"] = json!(refresh);
        value["expires_in"] = json!(granted.expires_in);
    }
    value
}

/// Takes the OAuth app off the workspace whose token asks. The success has no documented body, so it has none.
pub(super) fn uninstall(shared: &Data<Shared>, incoming: &Incoming) -> Reply {
    let now = shared.now();
    let budget = Budget::untouched(shared.options.rate, now);
    let caller = match identify(&shared.lock(), incoming, now) {
        Ok(caller) => caller,
        Err(error) => return Reply::error(error, incoming, budget, None),
    };
    let name = Some(caller.app.name.clone());
    if caller.app.oauth.is_none() {
        // Not documented for the token of a private app, which nobody installed.
        let error = ApiError::new(403, "forbidden", "Only an OAuth app can be uninstalled");
        return Reply::error(error, incoming, budget, name);
    }
    let (client_id, app_id) = (&caller.app.client_id, &caller.app_id);
    notices::uninstall(shared, client_id, app_id, Some(notices::Signed::Yes));
    Reply {
        body: Body::Raw(String::new()),
        ..Reply::ok(Value::Null, budget, name)
    }
}
