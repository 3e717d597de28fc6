//! Icons, pills, tags, avatars.

use super::components;
use crate::assets::static_url;
use crate::html::{SafeHtml, escape_into};
use askama::Template;
use earmark_model::{Outcome, StatusCategory};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What a colour means; it never stands without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// Neutral and new.
    Info,
    /// Well.
    Ok,
    /// Needs a look.
    Warn,
    /// Went wrong.
    Bad,
    /// Settled or unimportant.
    Muted,
}

impl Tone {
    /// The value of `data-tone`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Muted => "muted",
        }
    }

    /// The icon that goes with a message of this tone.
    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Ok => "check-circle",
            Self::Warn | Self::Bad => "alert",
            Self::Info | Self::Muted => "info",
        }
    }
}

static ICONS: LazyLock<String> = LazyLock::new(|| static_url("img/icons.svg"));

/// An icon.
#[derive(Debug, Template)]
#[template(path = "components/icon.html")]
pub struct Icon<'a> {
    sheet: &'static str,
    name: &'a str,
}

/// The icon `name` of the icon sheet; decoration only, hidden from assistive software.
#[must_use]
pub fn icon(name: &str) -> Icon<'_> {
    Icon {
        sheet: &ICONS,
        name,
    }
}

/// A pill.
#[derive(Debug, Template)]
#[template(path = "components/pill.html")]
pub struct Pill<'a> {
    tone: Tone,
    text: &'a str,
}

/// A pill in a tone.
#[must_use]
pub const fn pill<'a>(tone: &Tone, text: &'a str) -> Pill<'a> {
    Pill { tone: *tone, text }
}

/// The tone of a ticket status.
#[must_use]
pub const fn status_tone(category: StatusCategory) -> Tone {
    match category {
        StatusCategory::New => Tone::Info,
        StatusCategory::Open => Tone::Ok,
        StatusCategory::Closed => Tone::Muted,
    }
}

/// The pill of a ticket status.
#[must_use]
pub const fn status_pill<'a>(name: &'a str, category: &StatusCategory) -> Pill<'a> {
    Pill {
        tone: status_tone(*category),
        text: name,
    }
}

/// The pill of a delivery's outcome.
#[must_use]
pub const fn outcome_pill(outcome: &Outcome) -> Pill<'static> {
    let (tone, text) = match outcome {
        Outcome::Waiting => (Tone::Info, "Waiting"),
        Outcome::Processed => (Tone::Ok, "Processed"),
        Outcome::Ignored => (Tone::Muted, "Ignored"),
        Outcome::Repeat => (Tone::Muted, "Repeat"),
        Outcome::Failed => (Tone::Bad, "Failed"),
        Outcome::Unreadable => (Tone::Warn, "Unreadable"),
    };
    Pill { tone, text }
}

/// An Intercom tag.
#[derive(Debug, Template)]
#[template(path = "components/tag.html")]
pub struct Tag<'a> {
    name: &'a str,
}

/// The mark of an Intercom tag.
#[must_use]
pub const fn tag(name: &str) -> Tag<'_> {
    Tag { name }
}

/// The one or two letters that stand for a name.
fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

/// Initials in a circle.
#[derive(Debug, Template)]
#[template(path = "components/avatar.html")]
pub struct Avatar<'a> {
    letters: String,
    label: Option<&'a str>,
    square: bool,
    brand: bool,
}

/// A person's initials; decoration beside the name.
#[must_use]
pub fn avatar(name: &str) -> Avatar<'_> {
    Avatar {
        letters: initials(name),
        label: None,
        square: false,
        brand: false,
    }
}

impl<'a> Avatar<'a> {
    /// Says in words what the initials stand for, where no name is beside them.
    #[must_use]
    pub fn labelled(mut self, label: &'a str) -> Self {
        self.label = Some(label);
        self
    }
}

/// The first letter of a product or workspace in a square.
#[must_use]
pub fn product_mark(name: &str) -> Avatar<'_> {
    let letters = name.chars().take(1).flat_map(char::to_uppercase).collect();
    Avatar {
        letters,
        label: None,
        square: true,
        brand: false,
    }
}

/// The first letter of the workspace a page stands in.
#[must_use]
pub fn workspace_mark(name: &str) -> Avatar<'_> {
    Avatar {
        brand: true,
        ..product_mark(name)
    }
}

/// A webhook topic that may break after its dots.
#[must_use]
pub fn topic(name: &str) -> SafeHtml {
    let mut html = String::new();
    escape_into(&mut html, name);
    SafeHtml::from_sanitised(html.replace('.', ".<wbr>"))
}

components!(Icon<'_>, Pill<'_>, Tag<'_>, Avatar<'_>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_first_and_last() {
        assert_eq!(initials("Priya Raman"), "PR");
        assert_eq!(initials("ines maria carvalho"), "IC");
        assert_eq!(initials("Dana"), "D");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn a_topic_is_escaped() {
        assert_eq!(topic("a.<b>").to_string(), "a.<wbr>&#60;b&#62;");
    }
}
