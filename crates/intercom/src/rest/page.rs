//! Pages of a list.

use serde_json::Value;

use crate::json::{Fields, Object, Unreadable};

/// How to go on after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// An opaque cursor for `starting_after`.
    Cursor(String),
    /// A page number, of endpoints whose `next` is an address.
    Number(u32),
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// How to go on; none means that the list is finished.
    pub next: Option<Next>,
    /// How many entries the whole list has, as Intercom counts.
    pub total: Option<u64>,
    /// Entries of this page that could not be read.
    pub unreadable: usize,
}

impl<T> Page<T> {
    /// Reads the entries under the first of `keys` that the answer has.
    pub(crate) fn read(
        from: &Object,
        keys: &[&str],
        entry: impl Fn(&Object) -> Result<T, Unreadable>,
    ) -> Result<Self, Unreadable> {
        let entries = keys
            .iter()
            .find_map(|key| from.get(*key)?.as_array())
            .ok_or_else(|| Unreadable::new("the answer has no list"))?;
        let items: Vec<T> = entries
            .iter()
            .filter_map(|value| entry(value.as_object()?).ok())
            .collect();
        Ok(Self {
            unreadable: entries.len() - items.len(),
            items,
            next: next(from.get("pages").and_then(|pages| pages.get("next"))),
            total: from.count("total_count"),
        })
    }
}

/// `next` is an object with a cursor, an address with a page number, null or absent.
fn next(value: Option<&Value>) -> Option<Next> {
    match value? {
        Value::Object(next) => next.text("starting_after").map(Next::Cursor),
        Value::String(address) => {
            let (_, query) = address.split_once('?')?;
            let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
            let value = |name| {
                let found = query.iter().find(|(key, _)| key == name)?;
                Some(found.1.clone().into_owned())
            };
            match value("starting_after") {
                Some(cursor) => Some(Next::Cursor(cursor)),
                None => value("page")?.parse().ok().map(Next::Number),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(value: Value) -> Result<Page<String>, Unreadable> {
        Page::read(
            value.as_object().unwrap(),
            &["data", "companies"],
            |entry| entry.id("id").ok_or_else(|| Unreadable::new("no id")),
        )
    }

    #[test]
    fn next_is_a_cursor_an_address_or_nothing() {
        let cases = [
            (
                json!({"page": 2, "starting_after": "a+/="}),
                Some(Next::Cursor("a+/=".into())),
            ),
            (
                json!("https://api.test/x?per_page=5&page=3"),
                Some(Next::Number(3)),
            ),
            (
                json!("https://api.test/x?starting_after=a%2B%3D"),
                Some(Next::Cursor("a+=".into())),
            ),
            (json!("nonsense"), None),
            (json!(null), None),
        ];
        for (value, expected) in cases {
            let page = page(json!({"data": [], "pages": {"next": value}})).unwrap();
            assert_eq!(page.next, expected);
        }
        assert_eq!(page(json!({"data": [], "pages": null})).unwrap().next, None);
    }

    #[test]
    fn counts_entries_it_cannot_read() {
        let page =
            page(json!({"companies": [{"id": 1}, {"name": "x"}, 3], "total_count": 3})).unwrap();
        assert_eq!(page.items, ["1"]);
        assert_eq!(page.unreadable, 2);
        assert_eq!(page.total, Some(3));
    }

    #[test]
    fn an_answer_without_a_list_is_not_an_empty_list() {
        assert!(page(json!({"type": "list"})).is_err());
    }
}
