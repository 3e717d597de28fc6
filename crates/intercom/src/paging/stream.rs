//! The pages of a list as a stream.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{Listing, Page, Position, guard::Guard, listing::Style};
use crate::{Error, UnreachableCause};

/// The pages of a list, in order. After an error it ends; begin again with [`Listing::resume`] at the
/// [`Page::next`] of the last page that was dealt with, and nothing is lost. An entry that moved in the list between
/// two pages may come twice, or, in lists with page numbers, be pushed off the page that is asked for next.
///
/// Up to [`Listing::ahead`] pages are fetched before they are wanted, by a task of the runtime that ends when the
/// stream is dropped.
pub struct Pages<T> {
    state: State<T>,
}

enum State<T> {
    Asking(BoxStream<'static, Result<Page<T>, Error>>),
    Ahead(Unstarted<T>),
    Receiving(
        mpsc::Receiver<Message<T>>,
        #[expect(dead_code, reason = "dropping it ends the task")] AbortOnDropHandle<()>,
    ),
    Over,
}

type Unstarted<T> = Option<(BoxStream<'static, Result<Page<T>, Error>>, usize)>;

/// The end is sent as well: a task that broke off must not look like a list that ended.
enum Message<T> {
    Page(Result<Page<T>, Error>),
    End,
}

pub(super) fn open<T: Send + 'static>(listing: Listing<T>) -> Pages<T> {
    let ahead = listing.ahead;
    let pages = stream::try_unfold(Some(Walk::new(listing)), |walk| async move {
        let Some(mut walk) = walk else {
            return Ok(None);
        };
        let page = walk.advance().await?;
        let walk = page.next.is_some().then_some(walk);
        Ok(Some((page, walk)))
    })
    .boxed();
    Pages {
        state: match ahead {
            None => State::Asking(pages),
            Some(ahead) => State::Ahead(Some((pages, ahead.get()))),
        },
    }
}

impl<T: Send + 'static> Pages<T> {
    /// The next page; none after the last one and after an error.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        StreamExt::next(self).await
    }

    /// The rest of the list in memory. For lists known to be short.
    ///
    /// # Errors
    /// The first that occurs.
    pub async fn collect(mut self) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while let Some(page) = self.next().await {
            items.extend(page?.items);
        }
        Ok(items)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let State::Ahead(unstarted) = &mut self.state
            && let Some((pages, ahead)) = unstarted.take()
        {
            self.state = fetch_ahead(pages, ahead);
        }
        let item = match &mut self.state {
            State::Asking(pages) => ready!(pages.poll_next_unpin(context)),
            State::Receiving(messages, _) => match ready!(messages.poll_recv(context)) {
                Some(Message::Page(page)) => Some(page),
                Some(Message::End) => None,
                None => Some(Err(Error::Unreachable {
                    cause: UnreachableCause::Interrupted,
                })),
            },
            State::Ahead(_) | State::Over => None,
        };
        if !matches!(item, Some(Ok(_))) {
            self.state = State::Over;
        }
        Poll::Ready(item)
    }
}

fn fetch_ahead<T: Send + 'static>(
    mut pages: BoxStream<'static, Result<Page<T>, Error>>,
    ahead: usize,
) -> State<T> {
    let (sender, receiver) = mpsc::channel(ahead);
    let task = tokio::spawn(async move {
        while let Some(page) = pages.next().await {
            if sender.send(Message::Page(page)).await.is_err() {
                return;
            }
        }
        // Nobody listens any more when this fails.
        let _ = sender.send(Message::End).await;
    });
    State::Receiving(receiver, AbortOnDropHandle::new(task))
}

/// Goes through a list.
struct Walk<T> {
    listing: Listing<T>,
    guard: Guard,
    pages: u64,
}

impl<T: Send + 'static> Walk<T> {
    fn new(listing: Listing<T>) -> Self {
        Self {
            listing,
            guard: Guard::default(),
            pages: 0,
        }
    }

    async fn advance(&mut self) -> Result<Page<T>, Error> {
        let (mut page, answer) = self
            .listing
            .page()
            .run()
            .await
            .map_err(|fault| self.named(fault))?;
        if let Some(next) = &page.next {
            let first = page.first_id.take();
            if !self.guard.moves(self.listing.at.as_ref(), next, first) {
                return Err(Error::NotMoving {
                    pages: self.pages,
                    request_id: answer.request_id,
                });
            }
        }
        self.pages += 1;
        self.listing.at.clone_from(&page.next);
        Ok(page)
    }

    /// A scroll moves on even when its answer is lost, so what would pass elsewhere ends it.
    fn named(&self, fault: Error) -> Error {
        let scrolling = self.listing.style == Style::Scroll
            && matches!(self.listing.at, Some(Position::Scroll(_)));
        let still_open = matches!(
            fault,
            Error::WaitUntil { .. }
                | Error::Reconnect { .. }
                | Error::PermissionMissing { .. }
                | Error::Unreachable {
                    cause: UnreachableCause::Connect
                }
        );
        if !scrolling || still_open {
            return fault;
        }
        Error::ScrollLost {
            request_id: fault.request_id().map(str::to_owned),
            cause: fault.to_string().trim_end_matches('.').to_owned(),
        }
    }
}
