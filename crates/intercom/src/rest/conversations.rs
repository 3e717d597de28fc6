//! Conversations.

use crate::{Client, Conversation, Error, client::Request};

impl Client {
    /// One conversation with its newest 500 parts. Needs Read conversations.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn conversation(&self, id: &str) -> Result<Conversation, Error> {
        self.fetch(Request::get(&["conversations", id]), Conversation::read)
            .await
    }
}
