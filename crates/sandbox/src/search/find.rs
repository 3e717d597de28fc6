//! Finding: which rows a query finds, in which order, without looking at all of them where an index helps.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::operator::Test;
use super::{Has, Index, Kind, Query, Refused, Searchable};
use crate::state::Workspace;
use crate::state::table::{Table, Time};

/// So many results are kept, so that the next page of one costs little.
const KEPT: usize = 8;

/// What rows are sorted by.
pub(crate) enum By<F> {
    Id,
    Time(Time),
    Field(F),
}

/// An order of rows.
pub(crate) struct Order<F> {
    pub(crate) by: By<F>,
    pub(crate) down: bool,
}

/// Where a row stands in an order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Place {
    Time(i64),
    Text(String),
}

impl<F> Order<F> {
    /// Reads the `sort` of a search body.
    pub(crate) fn read<T: Searchable<Field = F>>(
        workspace: &Workspace,
        body: &Value,
        default: (&str, bool),
    ) -> Result<Self, Refused> {
        let sort = &body["sort"];
        let name = sort["field"].as_str().unwrap_or(default.0);
        let down = match sort["order"].as_str() {
            None => default.1,
            Some("ascending") => false,
            Some("descending") => true,
            Some(_) => return Err(Refused::Order),
        };
        let cannot = || Refused::Invalid(format!("cannot sort by {name}"));
        let by = match name {
            "id" => By::Id,
            "created_at" => By::Time(Time::Created),
            "updated_at" => By::Time(Time::Updated),
            other => match T::field(workspace, other) {
                Some((field, Kind::Text | Kind::Day | Kind::Second | Kind::Number)) => {
                    By::Field(field)
                }
                _ => return Err(cannot()),
            },
        };
        Ok(Self { by, down })
    }

    pub(crate) fn place<T: Searchable<Field = F>>(&self, row: &T) -> Place {
        match &self.by {
            By::Id => Place::Text(row.id().to_owned()),
            By::Time(Time::Created) => Place::Time(row.created_at()),
            By::Time(Time::Updated) => Place::Time(row.updated_at()),
            By::Field(field) => match row.value(field) {
                Has::Time(at) => Place::Time(at.unwrap_or_default()),
                Has::Number(number) => Place::Time(whole(number.unwrap_or_default())),
                Has::Text(text) => Place::Text(text.unwrap_or_default().to_lowercase()),
                Has::Flag(_) | Has::Ids(_) => Place::Time(0),
            },
        }
    }

    /// How a row relates to a place, the slot settling ties.
    pub(crate) fn compare<T: Searchable<Field = F>>(
        &self,
        (slot, row): (u32, &T),
        mark: &(Place, u32),
    ) -> Ordering {
        self.place(row).cmp(&mark.0).then_with(|| match self.by {
            By::Id => Ordering::Equal,
            _ => slot.cmp(&mark.1),
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "sorting goes by whole numbers; a float beyond them is clamped"
)]
fn whole(number: f64) -> i64 {
    number as i64
}

/// The slots of the rows that are shown and found, first ones first in ascending order.
pub(crate) fn find<T: Searchable>(
    table: &Table<T>,
    query: &Query<T::Field>,
    order: &Order<T::Field>,
    seen: &dyn Fn(&T) -> bool,
) -> Vec<u32> {
    let fits = |row: &T| !row.hidden() && seen(row) && query.matches(row);
    let narrow = narrow::<T>(query);
    match (&order.by, &narrow) {
        (By::Time(time), Some(Narrow::Span(index, from, to))) if time == index => {
            slots(table.by_time(*time, *from..=*to), fits)
        }
        (By::Time(time), None) => slots(table.by_time(*time, i64::MIN..=i64::MAX), fits),
        (By::Id, None) => slots(table.by_id(None), fits),
        (_, Some(Narrow::Span(index, from, to))) => {
            let found = slots(table.by_time(*index, *from..=*to), fits);
            sorted(table, found, order)
        }
        (_, Some(Narrow::Key(key, text))) => {
            sorted(table, slots(table.with(*key, text), fits), order)
        }
        (By::Field(_), None) => sorted(table, slots(table.by_id(None), fits), order),
    }
}

fn slots<'a, T: 'a>(
    rows: impl Iterator<Item = (u32, &'a T)>,
    fits: impl Fn(&T) -> bool,
) -> Vec<u32> {
    rows.filter(|(_, row)| fits(row))
        .map(|(slot, _)| slot)
        .collect()
}

fn sorted<T: Searchable>(
    table: &Table<T>,
    mut found: Vec<u32>,
    order: &Order<T::Field>,
) -> Vec<u32> {
    found.sort_by_cached_key(|slot| (table.at(*slot).map(|row| order.place(row)), *slot));
    found
}

enum Narrow<'a> {
    Span(Time, i64, i64),
    Key(crate::state::table::Key, &'a str),
}

/// The part of a query that an index answers, so that only those rows are looked at.
fn narrow<T: Searchable>(query: &Query<T::Field>) -> Option<Narrow<'_>> {
    match query {
        Query::Is(field, test) => match (T::index(field)?, test) {
            (Index::Time(time), Test::Within(spans, false)) => {
                let from = spans.iter().map(|span| span.0).min()?;
                let to = spans.iter().map(|span| span.1).max()?;
                Some(Narrow::Span(time, from, to))
            }
            (Index::Key(key), Test::Among(wanted, false))
            | (Index::Key(key), Test::Text(super::operator::Text::Among, wanted)) => {
                match wanted.as_slice() {
                    [one] => Some(Narrow::Key(key, one)),
                    _ => None,
                }
            }
            _ => None,
        },
        Query::All(all) => all.iter().find_map(narrow::<T>),
        // Such as "on that day or after it".
        Query::Any(any) => any
            .iter()
            .map(narrow::<T>)
            .reduce(|one, two| match (one?, two?) {
                (Narrow::Span(time, from, to), Narrow::Span(other, begin, end))
                    if time == other =>
                {
                    Some(Narrow::Span(time, from.min(begin), to.max(end)))
                }
                _ => None,
            })?,
        Query::Segment(..) => None,
    }
}

/// Results of searches that still stand.
#[derive(Default)]
pub(crate) struct Found(VecDeque<Kept>);

struct Kept {
    what: String,
    stamp: u64,
    /// The last second at which it stands.
    until: i64,
    slots: Arc<Vec<u32>>,
}

impl Found {
    /// A kept result, as long as no row changed and nothing came into sight since.
    pub(crate) fn get(&self, what: &str, stamp: u64, now: i64) -> Option<Arc<Vec<u32>>> {
        self.0
            .iter()
            .find(|kept| kept.what == what && kept.stamp == stamp && now <= kept.until)
            .map(|kept| kept.slots.clone())
    }

    pub(crate) fn keep(&mut self, what: String, stamp: u64, until: i64, slots: Arc<Vec<u32>>) {
        self.0.retain(|kept| kept.what != what);
        self.0.push_back(Kept {
            what,
            stamp,
            until,
            slots,
        });
        while self.0.len() > KEPT {
            self.0.pop_front();
        }
    }
}
