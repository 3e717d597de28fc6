//! Pages: by cursor (`next` is an object) and by number (`next` is a URL), as Intercom's pagination page says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::Call;
use super::error::ApiError;
use crate::search::Searchable;
use crate::search::find::{By, Order, Place};
use crate::state::table::Table;

/// Page sizes of one endpoint.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) default: usize,
    pub(super) max: usize,
}

/// One page by cursor.
pub(super) struct Page {
    pub(super) slots: Vec<u32>,
    pub(super) total: usize,
    pub(super) pages: Value,
}

/// Where a cursor page begins and how long it is.
pub(super) struct Wish {
    per_page: usize,
    after: Option<Mark>,
}

/// The last row of the page before, and which page that was.
#[derive(Clone, PartialEq, Debug)]
struct Mark {
    at: (Place, u32),
    page: usize,
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

    /// Cuts the page out of all slots, which stand in ascending order.
    pub(super) fn cut<T: Searchable>(
        &self,
        table: &Table<T>,
        slots: &[u32],
        order: &Order<T::Field>,
    ) -> Page {
        let passed = |slot: &u32, mark: &Mark| {
            table.at(*slot).is_some_and(|row| {
                let way = order.compare((*slot, row), &mark.at);
                if order.down { way.is_lt() } else { way.is_le() }
            })
        };
        let at = self
            .after
            .as_ref()
            .map(|mark| slots.partition_point(|slot| passed(slot, mark)));
        let wanted: Vec<u32> = if order.down {
            let rest = &slots[..at.unwrap_or(slots.len())];
            rest.iter().rev().take(self.per_page + 1).copied().collect()
        } else {
            let rest = &slots[at.unwrap_or(0)..];
            rest.iter().take(self.per_page + 1).copied().collect()
        };
        self.page(table, wanted, slots.len(), order)
    }

    /// Takes the page from a table without a search, ordered by id or time.
    pub(super) fn walk<T: Searchable>(&self, table: &Table<T>, order: &Order<T::Field>) -> Page {
        let mark = self.after.as_ref().map(|mark| &mark.at);
        let beyond = |(slot, row): &(u32, &T)| {
            let way = mark.map(|mark| order.compare((*slot, *row), mark));
            !row.hidden()
                && way.is_none_or(|way| if order.down { way.is_lt() } else { way.is_gt() })
        };
        let more = self.per_page + 1;
        let slots = |rows: &mut dyn Iterator<Item = (u32, &T)>| -> Vec<u32> {
            rows.filter(beyond)
                .take(more)
                .map(|(slot, _)| slot)
                .collect()
        };
        let wanted = match (&order.by, mark) {
            (By::Time(time), Some((Place::Time(at), _))) if order.down => {
                slots(&mut table.by_time(*time, i64::MIN..=*at).rev())
            }
            (By::Time(time), _) if order.down => {
                slots(&mut table.by_time(*time, i64::MIN..=i64::MAX).rev())
            }
            (By::Time(time), Some((Place::Time(at), _))) => {
                slots(&mut table.by_time(*time, *at..=i64::MAX))
            }
            (By::Time(time), _) => slots(&mut table.by_time(*time, i64::MIN..=i64::MAX)),
            (_, Some((Place::Text(id), _))) => slots(&mut table.by_id(Some(id))),
            _ => slots(&mut table.by_id(None)),
        };
        self.page(table, wanted, table.shown(), order)
    }

    fn page<T: Searchable>(
        &self,
        table: &Table<T>,
        mut slots: Vec<u32>,
        total: usize,
        order: &Order<T::Field>,
    ) -> Page {
        let number = self.after.as_ref().map_or(1, |mark| mark.page + 1);
        let more = slots.len() > self.per_page;
        slots.truncate(self.per_page);
        let mut pages = json!({
            "type": "pages",
            "page": number,
            "per_page": self.per_page,
            "total_pages": total.div_ceil(self.per_page),
        });
        let last = slots
            .last()
            .and_then(|slot| Some((*slot, table.at(*slot)?)));
        if let Some((slot, row)) = last.filter(|_| more) {
            let mark = Mark {
                at: (order.place(row), slot),
                page: number,
            };
            pages["next"] = json!({"per_page": self.per_page, "starting_after": encode(&mark)});
        }
        Page {
            slots,
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

fn encode(mark: &Mark) -> String {
    let (place, slot) = &mark.at;
    let place = match place {
        Place::Time(at) => format!("t{at}"),
        Place::Text(text) => format!("x{text}"),
    };
    STANDARD.encode(format!("{}?{slot}?{place}", mark.page))
}

fn decode(cursor: &str) -> Result<Mark, ApiError> {
    let read = || {
        let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
        let mut fields = text.splitn(3, '?');
        let page = fields.next()?.parse().ok()?;
        let slot = fields.next()?.parse().ok()?;
        let place = fields.next()?;
        let place = match place.strip_prefix('t') {
            Some(at) => Place::Time(at.parse().ok()?),
            None => Place::Text(place.strip_prefix('x')?.to_owned()),
        };
        Some(Mark {
            at: (place, slot),
            page,
        })
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
    use crate::state::people::Contact;
    use crate::state::table::Time;

    fn wish(after: Option<&str>) -> Wish {
        let sizes = Sizes {
            default: 2,
            max: 150,
        };
        Wish::new(None, after, sizes).expect("a wish")
    }

    fn table(ids: &[i64]) -> Table<Contact> {
        let mut table = Table::default();
        for id in ids {
            let at = id / 2;
            let contact = json!({"id": id.to_string(), "created_at": at, "updated_at": at});
            table.insert(serde_json::from_value(contact).expect("a contact"));
        }
        table
    }

    fn ids(table: &Table<Contact>, page: &Page) -> Vec<String> {
        let row = |slot: &u32| table.at(*slot).expect("a row").id.clone();
        page.slots.iter().map(row).collect()
    }

    fn cursor(page: &Page) -> Option<&str> {
        page.pages["next"]["starting_after"].as_str()
    }

    #[test]
    fn a_cursor_stays_right_when_rows_come_and_go() {
        let order = Order {
            by: By::Time(Time::Updated),
            down: true,
        };
        let mut table = table(&[1, 2, 3, 4, 5]);
        let first = wish(None).walk(&table, &order);
        assert_eq!(ids(&table, &first), ["5", "4"]);
        table.remove("4");
        table.get_mut("1").expect("there").updated_at = 9;
        let second = wish(cursor(&first)).walk(&table, &order);
        assert_eq!(ids(&table, &second), ["3", "2"]);
        assert_eq!(second.pages["page"], 2);
        assert_eq!(cursor(&second), None);
        let slots: Vec<u32> = table
            .by_time(Time::Updated, 0..=99)
            .map(|one| one.0)
            .collect();
        let cut = wish(cursor(&first)).cut(&table, &slots, &order);
        assert_eq!(ids(&table, &cut), ["3", "2"]);
    }

    #[test]
    fn pages_by_id_and_by_time_reach_each_row_once() {
        let table = table(&[7, 3, 5, 1, 2, 4, 6]);
        for (by, down) in [
            (By::Id, false),
            (By::Time(Time::Created), false),
            (By::Time(Time::Created), true),
        ] {
            let order = Order { by, down };
            let mut seen = Vec::new();
            let mut after: Option<String> = None;
            loop {
                let page = wish(after.as_deref()).walk(&table, &order);
                seen.extend(ids(&table, &page));
                match cursor(&page) {
                    Some(next) => after = Some(next.to_owned()),
                    None => break,
                }
            }
            let mut each = seen.clone();
            each.sort();
            each.dedup();
            assert_eq!((seen.len(), each.len()), (7, 7));
        }
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
