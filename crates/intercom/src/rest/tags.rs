//! Tags.

use crate::{Client, Error, Page, Tag, Unreadable, client::Request};

impl Client {
    /// All tags of the Intercom workspace, in one answer. Needs Read tags.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tags(&self) -> Result<Vec<Tag>, Error> {
        let read = |entry: &_| Tag::read(entry).ok_or_else(|| Unreadable::new("the tag has no id"));
        let page = self
            .fetch(Request::get(&["tags"]), |list| {
                Page::read(list, &["data", "tags"], read)
            })
            .await?;
        Ok(page.items)
    }
}
