//! The links between the pages of a list.

use askama::Template;

/// Two links and how many rows stand between them; nothing when there is one page.
#[derive(Debug, Template)]
#[template(path = "components/pager.html")]
pub struct Pager<'a> {
    label: &'a str,
    count: usize,
    back: &'a (&'a str, Option<String>),
    on: &'a (&'a str, Option<String>),
    in_card: bool,
}

/// The pages before and after this one, each with its words and its address if there is one.
#[must_use]
pub const fn pager<'a>(
    label: &'a str,
    count: usize,
    back: &'a (&'a str, Option<String>),
    on: &'a (&'a str, Option<String>),
) -> Pager<'a> {
    Pager {
        label,
        count,
        back,
        on,
        in_card: false,
    }
}

impl Pager<'_> {
    /// At the foot of a card.
    #[must_use]
    pub const fn in_card(mut self) -> Self {
        self.in_card = true;
        self
    }
}

super::components!(Pager<'_>);
