//! The token's owner, and teammates.

use crate::{Admin, Client, Error, Me, Page, client::Request};

impl Client {
    /// Who the token belongs to and in which Intercom workspace. Needs Read one admin or Read admins.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn me(&self) -> Result<Me, Error> {
        self.fetch(Request::get(&["me"]), Me::read).await
    }

    /// All teammates. Needs Read admins.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn admins(&self) -> Result<Vec<Admin>, Error> {
        let request = Request::get(&["admins"]);
        let page = self
            .fetch(request, |list| {
                Page::read(list, &["admins", "data"], Admin::read)
            })
            .await?;
        Ok(page.items)
    }

    /// One teammate. Needs Read admins.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn admin(&self, id: &str) -> Result<Admin, Error> {
        self.fetch(Request::get(&["admins", id]), Admin::read).await
    }
}
