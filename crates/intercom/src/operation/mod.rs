//! The operations of the API that this client can make, as data: every call is built from its row.

pub(crate) mod table;

use reqwest::Method;

use crate::ApiVersion;

/// Whether repeating a request whose answer never came can do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it twice is doing it once: reads, idempotent changes and deletions.
    Safe,
    /// A second time might create a second thing: repeated only when nothing was sent, or when Intercom refused
    /// it with 429 before doing anything.
    WhenUnsent,
}

/// One operation of Intercom's REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Our name, kind and verb: `contacts.archive`.
    pub name: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces: `/contacts/{contact_id}/archive`.
    pub path: &'static str,
    /// The oldest version it is asked with; a client set to an older one asks with this.
    pub since: ApiVersion,
    /// Whether it may be repeated.
    pub repeat: Repeat,
}

impl Operation {
    /// Whether it only reads. Searches are reads that are sent as POST.
    #[must_use]
    pub fn reads(&self) -> bool {
        self.method == Method::GET
            || self.path.ends_with("/search")
            || self.path == "/companies/list"
    }

    /// The version it is asked with by a client set to `version`.
    #[must_use]
    pub fn version_for(&self, version: ApiVersion) -> ApiVersion {
        self.since.max(version)
    }

    /// The path's segments with `arguments` in the places of its parameters, in order.
    pub(crate) fn segments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = arguments.iter();
        self.path
            .split('/')
            .skip(1)
            .map(|part| {
                if part.starts_with('{') {
                    arguments.next().copied().unwrap_or_default()
                } else {
                    part
                }
            })
            .collect()
    }
}

/// Every operation the client can make. The raw request reaches the rest.
#[must_use]
pub fn operations() -> &'static [&'static Operation] {
    table::ALL
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rows_are_unique_and_well_formed() {
        let all = operations();
        let names: BTreeSet<_> = all.iter().map(|row| row.name).collect();
        let places: BTreeSet<_> = all
            .iter()
            .map(|row| (row.method.as_str(), row.path))
            .collect();
        assert_eq!(names.len(), all.len());
        for row in all {
            assert!(
                row.path.starts_with('/') && row.name.contains('.'),
                "{}",
                row.name
            );
            // A scroll moves on with every answer, so its page is lost with the answer.
            let once = row.method == Method::POST && !row.reads() || row.name == "companies.scroll";
            assert!(row.repeat == Repeat::Safe || once, "{}", row.name);
        }
        assert!(places.len() >= 90, "{}", places.len());
    }

    #[test]
    fn arguments_take_the_places_of_parameters() {
        let segments = table::CONTACT_TAG_DETACH.segments(&["c1", "t1"]);
        assert_eq!(segments, ["contacts", "c1", "tags", "t1"]);
    }
}
