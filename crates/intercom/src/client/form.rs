//! Forms that are posted outside the REST API.

use reqwest::header;
use url::Url;

use super::{answer, classify};
use crate::{Error, Http, UnreachableCause, environment};

impl Http {
    /// Posts a form, as the exchange of an OAuth code does: once, since a code is used up by being sent, and without
    /// token or rate budget. Gives the body of a success.
    ///
    /// # Errors
    /// [`Error`], whose texts hold nothing of what was sent unless Intercom's message repeats it.
    pub async fn post_form(&self, url: &Url, form: Vec<u8>) -> Result<Vec<u8>, Error> {
        let quiet = self.policy.read_timeout;
        let sending = self
            .pool_for(url)
            .post(url.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send();
        let response = tokio::time::timeout(quiet, sending)
            .await
            .map_err(|_| Error::Unreachable {
                cause: UnreachableCause::Timeout,
            })?
            .map_err(|fault| classify::transport(&fault))?;
        let answer = answer::read(response, self.policy.body_limit, quiet).await;
        let answer = answer.map_err(|(_, fault)| fault)?;
        let refused = (answer.status == 429).then(|| {
            let reset_at = classify::observation(&answer.headers).reset_at;
            let now = environment::now(&*self.environment);
            let jitter = self.environment.jitter().clamp(0.0, 1.0);
            classify::refused_until(&answer.headers, reset_at, now, 1, jitter)
        });
        Ok(classify::answer(answer, refused, "")?.body)
    }
}
