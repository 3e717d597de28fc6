//! Conversations.

use serde_json::json;

use crate::{Client, Conversation, Error, Page, client::Request};

impl Client {
    /// One conversation with its newest 500 parts. Needs Read conversations.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn conversation(&self, id: &str) -> Result<Conversation, Error> {
        self.fetch(Request::get(&["conversations", id]), Conversation::read)
            .await
    }

    /// The conversations that changed last, newest first, without their parts; 150 at most. Needs Read conversations.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn newest_conversations(&self, most: u8) -> Result<Vec<Conversation>, Error> {
        let search = json!({
            "query": {"field": "updated_at", "operator": ">", "value": 0},
            "sort": {"field": "updated_at", "order": "descending"},
            "pagination": {"per_page": most},
        });
        let request = Request::search(&["conversations", "search"], search);
        let page = self
            .fetch(request, |list| {
                Page::read(list, &["conversations", "data"], Conversation::read)
            })
            .await?;
        Ok(page.items)
    }
}
