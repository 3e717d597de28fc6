//! What is wrong with a configuration.

use super::input::{PREFIX, SEPARATOR};
use std::fmt;

/// One fault: where, and what is wrong with the way to cure it. Never quotes a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key, or the path of the file that could not be read.
    pub place: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl Fault {
    /// A fault of a key; its environment variable is named beside it.
    pub(super) fn of_key(key: &str, problem: impl Into<String>) -> Self {
        Self {
            place: format!("{key} ({})", variable(key)),
            problem: problem.into(),
        }
    }

    /// A fault of a file, or of all sources together.
    pub(super) fn at(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

/// The environment variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}.{key}")
        .replace('.', SEPARATOR)
        .to_uppercase()
}

/// Every fault of a configuration; at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "The configuration has a fault:")?,
            count => write!(f, "The configuration has {count} faults:")?,
        }
        for Fault { place, problem } in &self.0 {
            write!(f, "\n  {place}: {problem}")?;
        }
        Ok(())
    }
}
