//! The app that a token belongs to.

use reqwest::Method;

use crate::{Client, Error, client::Request};

impl Client {
    /// Takes the app off the Intercom workspace: its webhooks end, and all of its tokens there are revoked, this one
    /// included. Only an OAuth app can. Asked once, as a repetition would meet a revoked token.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Reconnect`] when the token was revoked before.
    pub async fn uninstall(&self) -> Result<(), Error> {
        let (url, version) = (self.hosts().uninstall(), self.version());
        let request = Request::new("apps.uninstall", Method::POST, url, version);
        self.send(&request).await.map(drop)
    }
}
