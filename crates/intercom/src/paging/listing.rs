//! A list that can be asked for page by page.

use std::{fmt, num::NonZeroUsize};

use serde_json::{Value, json};

use super::{Page, Pages, Position, stream};
use crate::{ApiVersion, Call, Client, Error, Preview, Unreadable, client::Request, json::Object};

/// How an endpoint is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `starting_after` in the query.
    Query,
    /// `pagination.starting_after` in the body.
    Body,
    /// `page` in the query.
    Number,
    /// `page` or `starting_after` in the query, as the answer tells.
    Either,
    /// `scroll_param` in the query.
    Scroll,
    /// `cursor` in the query, `next_cursor` in the answer.
    History,
    /// All in one answer.
    Whole,
}

/// A list of the API: one page of it with [`Listing::page`], or all with [`Listing::pages`].
#[must_use = "nothing is asked before a page is"]
pub struct Listing<T> {
    pub(super) client: Client,
    request: Request,
    pub(super) style: Style,
    keys: &'static [&'static str],
    entry: fn(&Object) -> Result<T, Unreadable>,
    largest: u8,
    pub(super) at: Option<Position>,
    pub(super) ahead: Option<NonZeroUsize>,
}

impl<T> Clone for Listing<T> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            request: self.request.clone(),
            style: self.style,
            keys: self.keys,
            entry: self.entry,
            largest: self.largest,
            at: self.at.clone(),
            ahead: self.ahead,
        }
    }
}

impl<T> fmt::Debug for Listing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing")
            .field("operation", &self.request.name)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Listing<T> {
    /// A list whose pages hold at most `largest` entries, and so many unless fewer are asked for; zero when the
    /// endpoint takes no size.
    pub(crate) fn new(
        client: &Client,
        request: Request,
        style: Style,
        largest: u8,
        keys: &'static [&'static str],
        entry: fn(&Object) -> Result<T, Unreadable>,
    ) -> Self {
        let listing = Self {
            client: client.clone(),
            request,
            style,
            keys,
            entry,
            largest,
            at: None,
            ahead: NonZeroUsize::new(1),
        };
        listing.per_page(largest)
    }

    /// With this many entries a page, from 1 to the most that Intercom takes, which is the default.
    pub fn per_page(mut self, entries: u8) -> Self {
        if self.largest > 0 {
            let size = entries.clamp(1, self.largest);
            if self.style == Style::Body {
                self.paginate("per_page", json!(size));
            } else {
                self.request.set_query("per_page", size.to_string());
            }
        }
        self
    }

    /// Begins at a stored place: the [`Page::next`] of the last page that was dealt with. None is the start.
    pub fn resume(mut self, at: Option<Position>) -> Self {
        self.at = at;
        self
    }

    /// How many pages [`Listing::pages`] may hold ready besides the one being fetched; 1 unless said otherwise. With
    /// 0, a page is asked for only when it is wanted.
    pub const fn ahead(mut self, pages: usize) -> Self {
        self.ahead = NonZeroUsize::new(pages);
        self
    }

    /// With another version than the client's.
    pub fn version(mut self, version: ApiVersion) -> Self {
        self.request.version = version;
        self
    }

    /// One page: the first, or the one at the place given to [`Listing::resume`].
    pub fn page(&self) -> Call<Page<T>> {
        let (style, keys, entry) = (self.style, self.keys, self.entry);
        Call::object(&self.client, self.placed(), move |answer| {
            Page::read(answer, style, keys, entry)
        })
    }

    /// All pages from here on, as a stream.
    pub fn pages(self) -> Pages<T> {
        stream::open(self)
    }

    /// What would be sent for [`Listing::page`].
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::Refused`] when it would not be sent at all.
    pub fn preview(&self) -> Result<Preview, Error> {
        self.page().preview()
    }

    pub(crate) fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.request.set_query(name, value);
        self
    }

    fn paginate(&mut self, name: &str, value: Value) {
        self.request.edit(|body| {
            let pagination = body.entry("pagination").or_insert_with(|| json!({}));
            if let Value::Object(pagination) = pagination {
                pagination.insert(name.to_owned(), value);
            }
        });
    }

    /// The request at the present place.
    fn placed(&self) -> Request {
        let mut placed = self.clone();
        match (self.style, &self.at) {
            (_, None) => {}
            (Style::Query | Style::Either, Some(Position::Cursor(cursor))) => {
                placed.request.set_query("starting_after", cursor);
            }
            (Style::Body, Some(Position::Cursor(cursor))) => {
                placed.paginate("starting_after", json!(cursor));
            }
            (Style::History, Some(Position::Cursor(cursor))) => {
                placed.request.set_query("cursor", cursor);
            }
            (Style::Number | Style::Either, Some(Position::Number(page))) => {
                placed.request.set_query("page", page.to_string());
            }
            (Style::Scroll, Some(Position::Scroll(scroll))) => {
                placed.request.set_query("scroll_param", scroll);
            }
            (style, Some(_)) => placed.request.fault = Some(Error::refused(other_place(style))),
        }
        placed.request
    }
}

const fn other_place(style: Style) -> &'static str {
    match style {
        Style::Query | Style::Body | Style::History => {
            "This list goes on with the cursor of the page before; Intercom takes no page number here."
        }
        Style::Number | Style::Either => {
            "This list goes on with page numbers; Intercom offers no cursor here. Give a page number, from 1."
        }
        Style::Scroll => {
            "A scroll goes on with the name of the scroll that the page before gave; begin without a place."
        }
        Style::Whole => "This list comes in one answer, so there is no place to go on from.",
    }
}
