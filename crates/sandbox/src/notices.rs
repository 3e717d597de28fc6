//! What Intercom tells an OAuth app besides webhooks: that it was uninstalled, and the question how it is.
//!
//! Both are signed with `X-Body-Signature`, which is another header and another hash than a webhook's.

use actix_web::web::Data;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::time::Instant;

use crate::shared::Shared;
use crate::state::app::{App, Oauth};
use crate::webhooks::attempt::{Attempt, Next};
use crate::webhooks::deliver::reason;

/// Whether a notice is signed. Intercom documents it for the health check, for the uninstall notice it was only seen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Yes,
    No,
}

impl From<bool> for Signed {
    fn from(signed: bool) -> Self {
        if signed { Self::Yes } else { Self::No }
    }
}

/// `X-Body-Signature`: HMAC-SHA256 of the body bytes with the app's client secret, in bare lower-case hex.
fn sign(client_secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length, so the error branch cannot be reached.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(client_secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// A notice on its way to an app.
struct Notice {
    url: String,
    app: String,
    secret: Option<String>,
    body: Value,
}

impl Notice {
    fn new(
        app: &App,
        url: fn(&Oauth) -> &Option<String>,
        body: Value,
        signed: Signed,
    ) -> Option<Self> {
        Some(Self {
            url: url(app.oauth.as_ref()?).clone()?,
            app: app.name.clone(),
            secret: (signed == Signed::Yes).then(|| app.client_secret.clone()),
            body,
        })
    }

    /// Gives the status and the body of the answer.
    async fn post(&self, shared: &Shared) -> Result<(u16, String), String> {
        let body = self.body.to_string();
        let mut request = shared
            .http
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json");
        if let Some(secret) = &self.secret {
            request = request.header("X-Body-Signature", sign(secret, body.as_bytes()));
        }
        let failed = |error: reqwest::Error| reason(&error).to_owned();
        let answer = request.body(body).send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        Ok((status, answer.text().await.map_err(failed)?))
    }
}

/// Takes an OAuth app off a workspace: its tokens there are revoked, and the app is told once when it has an uninstall
/// URL and that is wanted. False when it is not installed there.
pub(crate) fn uninstall(
    shared: &Data<Shared>,
    app: &str,
    app_id: &str,
    tell: Option<Signed>,
) -> bool {
    let told = shared.change(|state, _, _| {
        let app = state.app_mut(app).filter(|app| app.oauth.is_some())?;
        let installation = app.installation_mut(app_id).filter(|one| one.is_live())?;
        installation.revoke();
        let body = json!({"app_id": app_id});
        Some(tell.and_then(|signed| Notice::new(app, |oauth| &oauth.uninstall_url, body, signed)))
    });
    let Some(notice) = told else {
        return false;
    };
    if let Some(notice) = notice {
        shared.under_way.send_modify(|count| *count += 1);
        let (shared, app_id) = (shared.clone(), app_id.to_owned());
        tokio::spawn(async move {
            deliver(&shared, notice, app_id).await;
            shared.arrived();
        });
    }
    true
}

/// Sends an uninstall notice, once: no retry is documented.
async fn deliver(shared: &Shared, notice: Notice, app_id: String) {
    let began = Instant::now();
    let (status, error) = match notice.post(shared).await {
        Ok((status, _)) => (Some(status), None),
        Err(error) => (None, Some(error)),
    };
    let arrived = status.is_some_and(|status| (200..300).contains(&status));
    let attempt = Attempt {
        id: "uninstall".to_owned(),
        app: notice.app,
        app_id,
        topic: "uninstall".to_owned(),
        at: shared.now(),
        attempt: 1,
        status,
        error,
        ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        next: if arrived { Next::Delivered } else { Next::Lost },
    };
    shared.change(|state, _, _| state.remember(attempt));
}

/// Why there is no answer to show.
pub(crate) enum NoHealth {
    /// No such OAuth app is installed there, or it names no health check URL.
    NotAsked,
    /// It was asked in vain.
    Silent(String),
}

/// Asks an OAuth app how it is on a workspace; gives the status and the answer, which is text unless it is JSON.
pub(crate) async fn health(
    shared: &Shared,
    app: &str,
    app_id: &str,
    signed: Signed,
) -> Result<(u16, Value), NoHealth> {
    let notice = {
        let state = shared.lock();
        let body = json!({"workspace_id": app_id});
        state
            .app(app)
            .filter(|app| app.lives_in(app_id))
            .and_then(|app| Notice::new(app, |oauth| &oauth.health_url, body, signed))
            .ok_or(NoHealth::NotAsked)?
    };
    let (status, text) = notice.post(shared).await.map_err(NoHealth::Silent)?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((status, body))
}

#[cfg(test)]
mod tests {
    use super::sign;

    /// Expected values computed with `openssl dgst -sha256 -hmac`.
    #[test]
    fn the_signature_is_what_openssl_computes() {
        assert_eq!(
            sign("quillwater-secret", br#"{"app_id":"qw7tide3"}"#),
            "ebfa85ecc49cd0dad4e28146f75c49f11f20f4a56514b7b097c7e4dbd981fbff"
        );
        assert_eq!(
            sign("s/+= ütf", "{\"workspace_id\":\"Grüße\"}".as_bytes()),
            "08c0c2831b044ee7fe7e3aff7f26c11574280b91585e65c1b4ffc87ee30bae2a"
        );
    }
}
