//! Tickets: their keys, the messages they hold, and how complete they are.

use crate::text_enum;
use std::fmt;
use std::str::FromStr;

/// A ticket's key as people say it: the workspace's prefix and a number that survives a move to another product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketKey {
    /// The workspace's prefix, two to five capital letters.
    pub prefix: String,
    /// Counts up from 1 in each workspace.
    pub number: i64,
}

impl fmt::Display for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.prefix, self.number)
    }
}

/// Text that is no ticket key.
#[derive(Debug, thiserror::Error)]
#[error("a ticket key looks like FB-41")]
pub struct NoTicketKey;

impl FromStr for TicketKey {
    type Err = NoTicketKey;
    fn from_str(text: &str) -> Result<Self, NoTicketKey> {
        let (prefix, number) = text.rsplit_once('-').ok_or(NoTicketKey)?;
        let number = number.parse().ok().filter(|n| *n > 0).ok_or(NoTicketKey)?;
        if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(NoTicketKey);
        }
        Ok(Self {
            prefix: prefix.to_ascii_uppercase(),
            number,
        })
    }
}

impl TicketKey {
    /// The prefix a new workspace gets from its name: initials of its words, or the first letters of a single one.
    #[must_use]
    pub fn prefix_for(name: &str) -> String {
        let words: Vec<String> = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.chars().next().is_some_and(|c| c.is_ascii_alphabetic()))
            .map(str::to_ascii_uppercase)
            .collect();
        match words.as_slice() {
            [] => "FB".to_owned(),
            [only] => only
                .chars()
                .filter(char::is_ascii_alphabetic)
                .take(2)
                .collect::<String>(),
            many => many
                .iter()
                .filter_map(|word| word.chars().next())
                .take(4)
                .collect(),
        }
    }
}

text_enum! {
    /// Who wrote a message, as the thread shows it.
    pub enum AuthorKind {
        /// A contact: user, lead or visitor.
        Customer = "customer",
        /// A teammate of the Intercom workspace.
        Teammate = "teammate",
        /// Fin or another bot.
        Bot = "bot",
    }
}

text_enum! {
    /// What a message is.
    pub enum MessageKind {
        /// The conversation's opening message.
        Source = "source",
        /// A reply that the other side sees.
        Reply = "reply",
        /// An internal note of a teammate.
        Note = "note",
    }
}

text_enum! {
    /// Whether the details that a payload lacks have been fetched.
    pub enum DetailsState {
        /// A job will fetch them, or is waiting for Intercom.
        Following = "following",
        /// Fetched.
        Complete = "complete",
        /// Cannot be fetched; the reason stands beside it.
        Unavailable = "unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_what_they_write() {
        let key: TicketKey = "fb-41".parse().unwrap();
        assert_eq!(key.to_string(), "FB-41");
        for bad in ["", "FB", "FB-", "FB-0", "FB--1", "F B-1", "-1"] {
            assert!(bad.parse::<TicketKey>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn prefixes_come_from_the_name() {
        assert_eq!(TicketKey::prefix_for("Quillwater"), "QU");
        assert_eq!(TicketKey::prefix_for("Harrow Lane Studio"), "HLS");
        assert_eq!(TicketKey::prefix_for("123"), "FB");
    }
}
