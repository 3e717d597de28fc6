//! One page, and the place that comes after it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Style;
use crate::json::{Fields, Object, Unreadable};

/// A place in a list, to go on from. It can be stored, as JSON for instance, and used by another process later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// An opaque cursor.
    Cursor(String),
    /// A page number, from 1.
    Number(u32),
    /// An open scroll, which ends when no page is asked for within a minute.
    Scroll(String),
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// How to go on; none means that the list is finished.
    pub next: Option<Position>,
    /// How many entries the whole list has, as Intercom counts.
    pub total: Option<u64>,
    /// Entries of this page that could not be read.
    pub unreadable: usize,
    pub(super) first_id: Option<String>,
}

impl<T> Page<T> {
    /// Reads the entries under the first of `keys` that the answer has; a dot leads into an object.
    pub(crate) fn read(
        from: &Object,
        style: Style,
        keys: &[&str],
        entry: impl Fn(&Object) -> Result<T, Unreadable>,
    ) -> Result<Self, Unreadable> {
        let entries = keys
            .iter()
            .find_map(|key| entries(from, key))
            .ok_or_else(|| Unreadable::new("the answer has no list"))?;
        let items: Vec<T> = entries
            .iter()
            .filter_map(|value| entry(value.as_object()?).ok())
            .collect();
        Ok(Self {
            unreadable: entries.len() - items.len(),
            items,
            next: next(from, style, entries.is_empty()),
            total: from.count("total_count"),
            first_id: entries
                .first()
                .and_then(|entry| entry.as_object()?.id("id")),
        })
    }
}

fn entries<'a>(from: &'a Object, key: &str) -> Option<&'a Vec<Value>> {
    match key.split_once('.') {
        None => from.get(key)?.as_array(),
        Some((outer, inner)) => from.get(outer)?.get(inner)?.as_array(),
    }
}

fn next(from: &Object, style: Style, empty: bool) -> Option<Position> {
    let pages = from.object("pages");
    match style {
        Style::Whole => None,
        Style::Scroll => from
            .text("scroll_param")
            .filter(|_| !empty)
            .map(Position::Scroll),
        Style::History => from
            .text("next_cursor")
            .or_else(|| pages?.text("next_cursor"))
            .map(Position::Cursor),
        Style::Query | Style::Body => told(pages?.get("next")?),
        Style::Number | Style::Either if empty => None,
        Style::Number | Style::Either => match pages?.get("next") {
            Some(next) => told(next),
            // Descriptions and examples of the company list have no `next` at all.
            None => {
                let (page, last) = (pages?.count("page")?, pages?.count("total_pages")?);
                let after = u32::try_from(page.checked_add(1)?).ok()?;
                (page < last).then_some(Position::Number(after))
            }
        },
    }
}

/// `next` is an object with a cursor, an address with a page number, or null.
fn told(value: &Value) -> Option<Position> {
    match value {
        Value::Object(next) => match next.text("starting_after") {
            Some(cursor) => Some(Position::Cursor(cursor)),
            None => numbered(&next.count("page")?.to_string()),
        },
        Value::String(address) => {
            let (_, query) = address.split_once('?')?;
            let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
            let value = |name| {
                let found = query.iter().find(|(key, _)| key == name)?;
                Some(found.1.clone().into_owned())
            };
            match value("starting_after") {
                Some(cursor) => Some(Position::Cursor(cursor)),
                None => numbered(&value("page")?),
            }
        }
        _ => None,
    }
}

fn numbered(text: &str) -> Option<Position> {
    text.parse().ok().map(Position::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(value: Value) -> Result<Page<String>, Unreadable> {
        styled(value, Style::Number)
    }

    fn styled(value: Value, style: Style) -> Result<Page<String>, Unreadable> {
        Page::read(
            value.as_object().unwrap(),
            style,
            &["data", "companies"],
            |entry| entry.id("id").ok_or_else(|| Unreadable::new("no id")),
        )
    }

    #[test]
    fn next_is_a_cursor_an_address_or_nothing() {
        let cases = [
            (
                json!({"page": 2, "starting_after": "a+/="}),
                Some(Position::Cursor("a+/=".into())),
            ),
            (
                json!("https://api.test/x?per_page=5&page=3"),
                Some(Position::Number(3)),
            ),
            (
                json!("https://api.test/x?starting_after=a%2B%3D"),
                Some(Position::Cursor("a+=".into())),
            ),
            (json!("nonsense"), None),
            (json!(null), None),
        ];
        for (value, expected) in cases {
            let page = page(json!({"data": [{"id": 1}], "pages": {"next": value}})).unwrap();
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

    #[test]
    fn each_style_has_its_own_end() {
        let one = json!([{"id": 1}]);
        let number = |value| styled(value, Style::Number).unwrap().next;
        let pages = |page| json!({"data": one, "pages": {"page": page, "total_pages": 3}});
        assert_eq!(number(pages(2)), Some(Position::Number(3)));
        assert_eq!(number(pages(3)), None);
        let empty = json!({"data": [], "pages": {"next": "https://x.test/?page=9"}});
        assert_eq!(number(empty), None, "an empty page ends a numbered list");

        let scroll = |value| styled(value, Style::Scroll).unwrap().next;
        let open = json!({"data": one, "pages": null, "scroll_param": "s"});
        assert_eq!(scroll(open), Some(Position::Scroll("s".into())));
        assert_eq!(scroll(json!({"data": [], "scroll_param": "s"})), None);

        let history = styled(json!({"data": one, "next_cursor": "c"}), Style::History);
        assert_eq!(history.unwrap().next, Some(Position::Cursor("c".into())));
    }

    #[test]
    fn a_position_is_stored_as_json() {
        for position in [
            Position::Cursor("a+/=".into()),
            Position::Number(7),
            Position::Scroll("s".into()),
        ] {
            let text = serde_json::to_string(&position).unwrap();
            assert_eq!(serde_json::from_str::<Position>(&text).unwrap(), position);
        }
    }
}
