//! Lists that come in pages: one mechanism for cursors, page numbers and scrolls.

mod guard;
mod listing;
mod page;
mod stream;

pub use listing::Listing;
pub(crate) use listing::Style;
pub use page::{Page, Position};
pub use stream::Pages;
