//! Companies.

use crate::{Client, Company, Error, client::Request};

impl Client {
    /// One company, by Intercom's id. Needs Read one user and one company.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn company(&self, id: &str) -> Result<Company, Error> {
        self.fetch(Request::get(&["companies", id]), Company::read)
            .await
    }
}
