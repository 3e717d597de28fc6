//! Rows of one kind, found by id, time or key without looking at all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, RangeInclusive};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What rows are looked up by besides their id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Key {
    Email,
    /// The customer's own id: `external_id` of a contact, `company_id` of a company.
    External,
    Name,
    Company,
    Contact,
    Tag,
}

/// Something a [`Table`] holds.
pub(crate) trait Row {
    fn id(&self) -> &str;
    fn created_at(&self) -> i64;
    fn updated_at(&self) -> i64;
    /// Not listed and not found by search.
    fn hidden(&self) -> bool {
        false
    }
    fn keys(&self, each: &mut dyn FnMut(Key, &str));
}

/// Which order rows are walked in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Time {
    Created,
    Updated,
}

/// Rows in the order they came. A row keeps its slot while the process lives, so a slot settles which of two rows with
/// the same time comes first.
pub(crate) struct Table<T> {
    rows: Vec<Option<T>>,
    ids: BTreeMap<String, u32>,
    created: BTreeSet<(i64, u32)>,
    updated: BTreeSet<(i64, u32)>,
    /// Keys by hash; whoever looks a key up compares the row itself.
    keys: BTreeSet<(u64, u32)>,
    shown: usize,
    stamp: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            ids: BTreeMap::new(),
            created: BTreeSet::new(),
            updated: BTreeSet::new(),
            keys: BTreeSet::new(),
            shown: 0,
            stamp: 0,
        }
    }
}

impl<T: Row> Table<T> {
    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.at(*self.ids.get(id)?)
    }

    pub(crate) fn at(&self, slot: u32) -> Option<&T> {
        self.rows.get(slot as usize)?.as_ref()
    }

    /// A row to change; what it is found by is brought up to date when the guard goes.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<Edit<'_, T>> {
        let slot = *self.ids.get(id)?;
        self.rows.get(slot as usize)?.as_ref()?;
        self.forget(slot);
        Some(Edit { table: self, slot })
    }

    pub(crate) fn contains_key(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// Puts a row in, in place of one with the same id, which is given back.
    pub(crate) fn insert(&mut self, row: T) -> Option<T> {
        let id = row.id().to_owned();
        if let Some(slot) = self.ids.get(&id).copied() {
            self.forget(slot);
            let before = self.rows[slot as usize].replace(row);
            self.learn(slot);
            return before;
        }
        let slot = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(Some(row));
        self.ids.insert(id, slot);
        self.learn(slot);
        None
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let slot = *self.ids.get(id)?;
        self.forget(slot);
        self.ids.remove(id);
        self.rows[slot as usize].take()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// How many rows are not hidden.
    pub(crate) fn shown(&self) -> usize {
        self.shown
    }

    /// Changes with every change of a row.
    pub(crate) fn stamp(&self) -> u64 {
        self.stamp
    }

    /// All rows in the order they came.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.iter().flatten()
    }

    /// Rows by id, from the first one after `after`.
    pub(crate) fn by_id<'a>(&'a self, after: Option<&str>) -> impl Iterator<Item = (u32, &'a T)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let begin = after.map_or(Unbounded, Excluded);
        self.ids
            .range::<str, _>((begin, Unbounded))
            .filter_map(|(_, slot)| Some((*slot, self.at(*slot)?)))
    }

    /// Rows with a time in the range, oldest first.
    pub(crate) fn by_time(
        &self,
        time: Time,
        range: RangeInclusive<i64>,
    ) -> impl DoubleEndedIterator<Item = (u32, &T)> {
        let index = match time {
            Time::Created => &self.created,
            Time::Updated => &self.updated,
        };
        let (first, last) = range.into_inner();
        let last = last.max(first);
        index
            .range((first, 0)..=(last, u32::MAX))
            .filter_map(|(_, slot)| Some((*slot, self.at(*slot)?)))
    }

    /// Rows that have a key, in the order they came.
    pub(crate) fn with<'a, 'k>(
        &'a self,
        kind: Key,
        text: &'k str,
    ) -> impl Iterator<Item = (u32, &'a T)> + use<'a, 'k, T> {
        let hash = hash(kind, text);
        self.keys
            .range((hash, 0)..=(hash, u32::MAX))
            .filter_map(|(_, slot)| Some((*slot, self.at(*slot)?)))
            .filter(move |(_, row)| {
                let mut has = false;
                row.keys(&mut |found, value| has |= found == kind && same(kind, value, text));
                has
            })
    }

    fn learn(&mut self, slot: u32) {
        self.index(slot, true);
    }

    fn forget(&mut self, slot: u32) {
        self.index(slot, false);
    }

    fn index(&mut self, slot: u32, add: bool) {
        let Self {
            rows,
            ids: _,
            created,
            updated,
            keys,
            shown,
            stamp,
        } = self;
        *stamp += 1;
        let Some(row) = rows.get(slot as usize).and_then(Option::as_ref) else {
            return;
        };
        let visible = usize::from(!row.hidden());
        if add {
            created.insert((row.created_at(), slot));
            updated.insert((row.updated_at(), slot));
            row.keys(&mut |kind, text| {
                keys.insert((hash(kind, text), slot));
            });
            *shown += visible;
        } else {
            created.remove(&(row.created_at(), slot));
            updated.remove(&(row.updated_at(), slot));
            row.keys(&mut |kind, text| {
                keys.remove(&(hash(kind, text), slot));
            });
            *shown -= visible;
        }
    }
}

fn same(kind: Key, one: &str, two: &str) -> bool {
    match kind {
        Key::Email => one.to_lowercase() == two.to_lowercase(),
        _ => one == two,
    }
}

fn hash(kind: Key, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    kind.hash(&mut hasher);
    match kind {
        Key::Email => text.to_lowercase().hash(&mut hasher),
        _ => text.hash(&mut hasher),
    }
    hasher.finish()
}

/// A row being changed. Its id must stay.
pub(crate) struct Edit<'a, T: Row> {
    table: &'a mut Table<T>,
    slot: u32,
}

impl<T: Row> Deref for Edit<'_, T> {
    type Target = T;

    #[expect(
        clippy::expect_used,
        reason = "an edit is made for a row that is there and holds the table until it ends"
    )]
    fn deref(&self) -> &T {
        self.table.at(self.slot).expect("the row being edited")
    }
}

impl<T: Row> DerefMut for Edit<'_, T> {
    #[expect(
        clippy::expect_used,
        reason = "an edit is made for a row that is there and holds the table until it ends"
    )]
    fn deref_mut(&mut self) -> &mut T {
        self.table.rows[self.slot as usize]
            .as_mut()
            .expect("the row being edited")
    }
}

impl<T: Row> Drop for Edit<'_, T> {
    fn drop(&mut self) {
        self.table.learn(self.slot);
    }
}

#[cfg(test)]
impl<T: Row> std::ops::Index<&str> for Table<T> {
    type Output = T;

    fn index(&self, id: &str) -> &T {
        self.get(id).expect("a row")
    }
}

impl<T: Row + Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.values().map(|row| (row.id(), row)))
    }
}

impl<'de, T: Row + Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Rows<T>(PhantomData<T>);
        impl<'de, T: Row + Deserialize<'de>> Visitor<'de> for Rows<T> {
            type Value = Table<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("rows by id")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut table = Table::default();
                while let Some((_, row)) = map.next_entry::<String, T>()? {
                    table.insert(row);
                }
                Ok(table)
            }
        }
        from.deserialize_map(Rows(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::people::Contact;
    use serde_json::{from_value, json};

    fn contact(id: &str, email: &str, created: i64) -> Contact {
        from_value(json!({"id": id, "email": email, "created_at": created, "updated_at": created}))
            .expect("a contact")
    }

    fn ids<'a>(rows: impl Iterator<Item = (u32, &'a Contact)>) -> Vec<&'a str> {
        rows.map(|(_, row)| row.id.as_str()).collect()
    }

    #[test]
    fn an_edited_row_is_found_by_what_it_is_now() {
        let mut table = Table::default();
        table.insert(contact("b", "one@x.example", 10));
        table.insert(contact("a", "two@x.example", 20));
        table.insert(contact("c", "three@x.example", 10));
        assert_eq!(ids(table.by_id(None)), ["a", "b", "c"]);
        assert_eq!(ids(table.by_id(Some("a"))), ["b", "c"]);
        assert_eq!(ids(table.by_time(Time::Created, 0..=15)), ["b", "c"]);
        assert_eq!(ids(table.with(Key::Email, "ONE@x.example")), ["b"]);
        {
            let mut one = table.get_mut("b").expect("there");
            one.email = Some("four@x.example".to_owned());
            one.updated_at = 99;
            one.archived = true;
        }
        assert_eq!(ids(table.with(Key::Email, "one@x.example")), [""; 0]);
        assert_eq!(ids(table.with(Key::Email, "four@x.example")), ["b"]);
        assert_eq!(ids(table.by_time(Time::Updated, 15..=99)), ["a", "b"]);
        assert_eq!((table.len(), table.shown()), (3, 2));
        assert!(table.remove("b").is_some() && table.get("b").is_none());
        assert_eq!((table.len(), table.shown()), (2, 2));
    }

    #[test]
    fn a_table_survives_its_file_in_order() {
        let mut table = Table::default();
        for (id, at) in [("b", 1), ("c", 1), ("a", 1)] {
            table.insert(contact(id, "", at));
        }
        let text = serde_json::to_string(&table).expect("json");
        let read: Table<Contact> = serde_json::from_str(&text).expect("a table");
        assert_eq!(ids(read.by_time(Time::Created, 0..=9)), ["b", "c", "a"]);
    }
}
