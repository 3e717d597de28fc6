//! Pages: by cursor (`next` is an object) and by number (`next` is a URL), as Intercom's pagination page says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::Call;
use super::error::ApiError;

/// What an item is sorted by: a time, then its id.
pub(super) type Key = (i64, String);

/// Page sizes of one endpoint.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) default: usize,
    pub(super) max: usize,
}

/// One page by cursor.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) total: usize,
    pub(super) pages: Value,
}

/// Where a cursor page begins and how long it is.
pub(super) struct Wish {
    per_page: usize,
    after: Option<Key>,
}

impl Wish {
    pub(super) fn from_query(call: &Call<'_>, sizes: Sizes) -> Result<Self, ApiError> {
        let query = &call.incoming.query;
        Self::new(
            query.get("per_page").map(String::as_str),
            query.get("starting_after").map(String::as_str),
            sizes,
        )
    }

    pub(super) fn from_body(call: &Call<'_>, sizes: Sizes) -> Result<Self, ApiError> {
        let pagination = &call.body["pagination"];
        let per_page = match &pagination["per_page"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        Self::new(
            per_page.as_deref(),
            pagination["starting_after"].as_str(),
            sizes,
        )
    }

    fn new(per_page: Option<&str>, after: Option<&str>, sizes: Sizes) -> Result<Self, ApiError> {
        Ok(Self {
            per_page: size(per_page, sizes)?,
            after: after
                .filter(|cursor| !cursor.is_empty())
                .map(decode)
                .transpose()?,
        })
    }

    /// Cuts the page out of all items, which must be sorted by `key`, descending when `down`.
    pub(super) fn cut<T>(self, items: Vec<T>, down: bool, key: impl Fn(&T) -> Key) -> Page<T> {
        let total = items.len();
        let begin = self.after.map_or(0, |after| {
            items.partition_point(|item| {
                let order = key(item).cmp(&after);
                if down { order.is_ge() } else { order.is_le() }
            })
        });
        let last = begin + self.per_page;
        let next = (last < total)
            .then(|| items.get(last - 1).map(&key))
            .flatten();
        let mut pages = json!({
            "type": "pages",
            "page": begin / self.per_page + 1,
            "per_page": self.per_page,
            "total_pages": total.div_ceil(self.per_page),
        });
        if let Some(key) = next {
            pages["next"] = json!({"per_page": self.per_page, "starting_after": encode(&key)});
        }
        Page {
            items: items.into_iter().skip(begin).take(self.per_page).collect(),
            total,
            pages,
        }
    }
}

fn size(wanted: Option<&str>, sizes: Sizes) -> Result<usize, ApiError> {
    match wanted {
        None => Ok(sizes.default),
        Some(text) => match text.parse::<usize>() {
            Ok(0) | Err(_) => Err(ApiError::invalid("Per Page must be a positive number")),
            Ok(size) if size > sizes.max => Err(ApiError::invalid("Per Page is too big")),
            Ok(size) => Ok(size),
        },
    }
}

fn encode((at, id): &Key) -> String {
    STANDARD.encode(format!("{at}?{id}"))
}

fn decode(cursor: &str) -> Result<Key, ApiError> {
    let read = || {
        let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
        let (at, id) = text.split_once('?')?;
        Some((at.parse().ok()?, id.to_owned()))
    };
    read().ok_or_else(|| ApiError::new(400, "client_error", "The starting_after param is invalid"))
}

/// One page by number, with the URL of the next one.
pub(super) fn by_number(
    call: &Call<'_>,
    sizes: Sizes,
    total: usize,
) -> Result<(std::ops::Range<usize>, Value), ApiError> {
    let query = &call.incoming.query;
    let per_page = size(query.get("per_page").map(String::as_str), sizes)?;
    let page = match query.get("page").map(|text| text.parse::<usize>()) {
        None => 1,
        Some(Ok(page)) if page > 0 => page,
        Some(_) => return Err(ApiError::invalid("Page must be a positive number")),
    };
    let begin = (page - 1).saturating_mul(per_page).min(total);
    let end = (begin + per_page).min(total);
    let next = (end < total).then(|| {
        format!(
            "http://{}{}{}?per_page={per_page}&page={}",
            call.incoming.address,
            call.incoming.host.base(),
            call.incoming.path,
            page + 1
        )
    });
    let pages = json!({
        "type": "pages",
        "next": next,
        "page": page,
        "per_page": per_page,
        "total_pages": total.div_ceil(per_page),
    });
    Ok((begin..end, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_stays_right_when_items_come_and_go() {
        let key = |item: &i64| (*item, item.to_string());
        let wish = |after: Option<&str>| {
            Wish::new(
                Some("2"),
                after,
                Sizes {
                    default: 10,
                    max: 150,
                },
            )
            .expect("a wish")
        };
        let first = wish(None).cut(vec![5, 4, 3, 2, 1], true, key);
        assert_eq!(first.items, [5, 4]);
        let cursor = first.pages["next"]["starting_after"]
            .as_str()
            .expect("more");
        let second = wish(Some(cursor)).cut(vec![9, 5, 3, 2, 1], true, key);
        assert_eq!(second.items, [3, 2]);
        let cursor = second.pages["next"]["starting_after"]
            .as_str()
            .expect("more");
        let third = wish(Some(cursor)).cut(vec![5, 3, 2, 1], true, key);
        assert_eq!(third.items, [1]);
        assert!(third.pages.get("next").is_none());
    }

    #[test]
    fn bad_sizes_and_cursors_are_refused() {
        let sizes = Sizes {
            default: 10,
            max: 150,
        };
        assert!(Wish::new(Some("151"), None, sizes).is_err());
        assert!(Wish::new(Some("0"), None, sizes).is_err());
        let error = Wish::new(None, Some("%%"), sizes).err().expect("refused");
        assert_eq!(error.code(), "client_error");
    }
}
