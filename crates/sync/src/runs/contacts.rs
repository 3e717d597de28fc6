//! Contacts: all of them by days of creation side by side, or a list or search page by page.

use super::pass::{Pass, Stop, calls, moving};
use super::place::{Over, Range, Ranges, Step, Walk};
use crate::people::{Change, Seen, put_contacts};
use chrono::{DateTime, Utc};
use earmark_db::tenant::RunCounts;
use earmark_db::{Tenant, Tx};
use earmark_intercom::search::{Contacts, Group};
use earmark_intercom::{
    Client, Contact, Error, Listing, Order, Page, Search, UnreachableCause, contacts,
};
use std::collections::HashSet;
use tokio::task::JoinSet;

/// Up to so many contacts the plain list is cheaper: few pages, and it shows new ones at once.
const LIST_UP_TO: u64 = 2_000;
/// A range is not divided below this: its first page would be asked for in vain.
const SMALLEST_RANGE: u64 = 1_500;
/// Parts that all contacts are divided into at least.
const PARTS: u64 = 12;
/// How often a list is begun anew when Intercom refuses to go on with it.
const RESTARTS: u8 = 3;
/// Pages asked for at the same time, at least and at most.
const AT_ONCE: (u32, u32) = (3, 24);
/// Pages each of those asks for in a second, roughly.
const PAGES_A_SECOND: u32 = 4;

const DAY: i64 = 86_400;

/// Noon UTC of a day since 1970. Nearly everywhere that is the same day, so that ranges meet without a gap; where clocks
/// change around noon UTC, the numbers do not match in the end and the list is gone through.
fn noon(day: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(day * DAY + DAY / 2, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

fn day_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(DAY)
}

impl Range {
    fn new(first: i64, last: i64, contacts: u64) -> Self {
        Self {
            first,
            last,
            at: None,
            contacts,
            restarts: 0,
            pages: 0,
        }
    }

    /// Contacts of these days, oldest first. Whole days are compared, so the days beside them bound the range.
    fn search(&self) -> Result<Search<Contacts>, Error> {
        let days = Group::all([
            contacts::CREATED_AT.after_day_of(noon(self.first - 1)),
            contacts::CREATED_AT.before_day_of(noon(self.last + 1)),
        ]);
        let days = days.map_err(|why| Error::Refused {
            reason: why.to_string(),
        })?;
        Ok(Search::from(days).sorted(&contacts::CREATED_AT, Order::Ascending))
    }

    /// Two halves, when its first page says that it is large and not all of one day.
    fn halves(&self, page: &Page<Contact>, most: u64) -> Option<[Self; 2]> {
        if self.at.is_some() || self.first >= self.last || page.total? <= most {
            return None;
        }
        // A day earlier: the workspace's clock may be behind.
        let oldest = page.items.iter().filter_map(|one| one.created_at).min();
        let first = oldest.map_or(self.first, |at| (day_of(at) - 1).max(self.first));
        let first = first.min(self.last - 1);
        let middle = first + (self.last - first) / 2;
        let half = page.total? / 2;
        Some([
            Self::new(first, middle, half),
            Self::new(middle + 1, self.last, half),
        ])
    }
}

/// A page that was asked for.
struct Fetched {
    first: i64,
    asked_at: DateTime<Utc>,
    page: Result<Page<Contact>, Error>,
}

/// What is left to store of a page.
struct Rest<'p> {
    contacts: &'p [Contact],
    buried: Vec<(String, Change)>,
    unreadable: usize,
    asked_at: DateTime<Utc>,
}

impl Pass<'_> {
    /// Chooses the cheapest way that finds all that is wanted.
    pub(crate) async fn plan_contacts(&mut self, since: Option<DateTime<Utc>>) -> Result<(), Stop> {
        let count = self.client.contacts().per_page(1).page().await?;
        let total = count.total.unwrap_or(u64::MAX);
        self.place.theirs.contacts = count.total.and_then(|total| i64::try_from(total).ok());
        let next = match since {
            _ if total <= LIST_UP_TO => Step::Walk(Walk::new(Over::List)),
            Some(since) => Step::Walk(Walk::new(Over::Changed(since))),
            None => Step::Ranges(Ranges {
                most: (total / PARTS).max(SMALLEST_RANGE),
                left: vec![Range::new(1, day_of(self.now()) + 2, total)],
            }),
        };
        (self.place.buried, self.place.went) = (0, 0);
        self.place.step_becomes([next]);
        let companies = self.place.theirs.companies.unwrap_or(0);
        let all = self.place.theirs.contacts.map(|all| all + companies);
        let tx = self.db.begin_in_background().await?;
        self.keep(tx, calls(1), all.filter(|_| since.is_none()))
            .await
    }

    /// How many pages are worth asking for at the same time: what the rate limit lets through, no more, and few while storing
    /// them has to wait for others.
    async fn at_once(&self) -> usize {
        if !self.db.is_quiet() {
            return AT_ONCE.0 as usize;
        }
        let (budget, key) = self.client.budget();
        let limit = budget.snapshot(key).await.and_then(|known| known.limit);
        let a_second = limit.unwrap_or(0) / 10;
        (a_second / PAGES_A_SECOND).clamp(AT_ONCE.0, AT_ONCE.1) as usize
    }

    /// Goes through ranges side by side, each page after page, and keeps every page with its place.
    pub(crate) async fn ranges(&mut self, mut ranges: Ranges) -> Result<(), Stop> {
        let mut asked: JoinSet<Fetched> = JoinSet::new();
        let mut busy: HashSet<i64> = HashSet::new();
        let mut fault = None;
        loop {
            let most = self.at_once().await;
            while fault.is_none() && asked.len() < most && !self.is_over() {
                // The longest first: the days within a range come one after the other.
                let next = ranges.left.iter().filter(|one| !busy.contains(&one.first));
                let Some(range) = next.max_by_key(|one| one.contacts) else {
                    break;
                };
                busy.insert(range.first);
                ask(&mut asked, &self.client, range, self.now())?;
            }
            let Some(fetched) = asked.join_next().await else {
                break;
            };
            let Ok(fetched) = fetched else {
                return Err(Stop::Intercom(Error::Unreachable {
                    cause: UnreachableCause::Interrupted,
                }));
            };
            busy.remove(&fetched.first);
            let kept = self.take(&mut ranges, fetched, &mut asked, &mut busy).await;
            match kept {
                Ok(()) => {}
                // What is under way is still kept: it was paid for.
                Err(Stop::Intercom(error)) => fault = fault.or(Some(error)),
                Err(stop) => return Err(stop),
            }
        }
        match fault {
            Some(error) => Err(Stop::Intercom(error)),
            None if ranges.left.is_empty() => {
                self.place.all_contacts();
                self.place.step_done();
                self.keep_place(0).await
            }
            None => Ok(()),
        }
    }

    /// Deals with a page: divides its range, or stores it while the next one is being asked for.
    async fn take(
        &mut self,
        ranges: &mut Ranges,
        fetched: Fetched,
        asked: &mut JoinSet<Fetched>,
        busy: &mut HashSet<i64>,
    ) -> Result<(), Stop> {
        let Fetched {
            first,
            asked_at,
            page,
        } = fetched;
        let Some(n) = ranges.left.iter().position(|one| one.first == first) else {
            return Ok(());
        };
        let range = &mut ranges.left[n];
        let page = match moving(page, range.at.as_ref(), &mut range.pages) {
            Ok(page) => page,
            // The place in the list is not taken any more: begin the range anew.
            Err(Error::Rejected { .. } | Error::NotMoving { .. })
                if range.at.is_some() && range.restarts < RESTARTS =>
            {
                (range.at, range.pages) = (None, 0);
                range.restarts += 1;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(halves) = ranges.left[n].halves(&page, ranges.most) {
            ranges.left.splice(n..=n, halves);
            self.place.step_becomes([Step::Ranges(ranges.clone())]);
            return self.keep_place(1).await;
        }
        let range = &mut ranges.left[n];
        let total = page.total.filter(|_| range.at.is_none());
        let read = page.items.len() as u64;
        range.contacts = total.unwrap_or(range.contacts).saturating_sub(read);
        range.at.clone_from(&page.next);
        if page.next.is_none() {
            ranges.left.remove(n);
        } else if !self.is_over() {
            busy.insert(first);
            ask(asked, &self.client, &ranges.left[n], self.now())?;
        }
        let rest = self.store_parts(&page, asked_at).await?;
        self.place.step_becomes([Step::Ranges(ranges.clone())]);
        self.store_rest(rest).await
    }

    /// Stores a page of contacts that a list or search showed, all but its last part, at the place before it.
    async fn store_parts<'p>(
        &mut self,
        page: &'p Page<Contact>,
        asked_at: DateTime<Utc>,
    ) -> Result<Rest<'p>, Stop> {
        let mut rest = Rest {
            contacts: &page.items,
            buried: Vec::new(),
            unreadable: page.unreadable,
            asked_at,
        };
        loop {
            let (part, others) = rest.contacts.split_at(self.part(rest.contacts.len()));
            if others.is_empty() {
                return Ok(rest);
            }
            let tx = self.db.begin_in_background().await?;
            let tenant = tx.workspace(self.workspace);
            let mut counts = RunCounts::default();
            let buried = self.store(&tenant, part, asked_at, &mut counts).await?;
            self.keep(tx, counts, None).await?;
            rest.contacts = others;
            rest.buried.extend(buried);
        }
    }

    /// Stores the last part of a page, with the place after it.
    async fn store_rest(&mut self, rest: Rest<'_>) -> Result<(), Stop> {
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        let mut counts = calls(1);
        let mut buried = rest.buried;
        let last = self.store(&tenant, rest.contacts, rest.asked_at, &mut counts);
        buried.extend(last.await?);
        self.tell(&tenant, "contact", &buried, &mut counts).await?;
        unreadable(rest.unreadable, &mut counts);
        self.place.troubles = 0;
        self.keep(tx, counts, None).await
    }

    /// Stores contacts and counts what is new to the run. Those that are buried are given back: nothing shows that the run
    /// has seen them.
    async fn store(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        contacts: &[Contact],
        asked_at: DateTime<Utc>,
        counts: &mut RunCounts,
    ) -> Result<Vec<(String, Change)>, Stop> {
        let (connection, how) = (self.connection, Seen::Listed);
        let changes = put_contacts(tenant, connection, contacts, how, asked_at).await?;
        let is_buried = |(_, change): &(String, Change)| *change == Change::Buried;
        let (buried, mut changes): (Vec<_>, Vec<_>) = changes.into_iter().partition(is_buried);
        let seen: Vec<&str> = changes.iter().map(|(id, _)| id.as_str()).collect();
        let fresh = tenant.see_contacts(connection, self.run, &seen).await?;
        changes.retain(|(id, change)| fresh.contains(id) || change.is_news());
        self.tell(tenant, "contact", &changes, counts).await?;
        Ok(buried)
    }

    /// Goes through a list or search, page after page.
    pub(crate) async fn walk(&mut self, mut walk: Walk) -> Result<(), Stop> {
        loop {
            let asked_at = self.now();
            let listing = self.listing(&walk.over)?.resume(walk.at.clone());
            let page = listing.page().await;
            let page = match moving(page, walk.at.as_ref(), &mut walk.pages) {
                Ok(page) => page,
                Err(Error::Rejected { .. } | Error::NotMoving { .. })
                    if walk.at.is_some() && walk.restarts < RESTARTS =>
                {
                    (walk.at, walk.pages) = (None, 0);
                    walk.restarts += 1;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            walk.at.clone_from(&page.next);
            let rest = match &walk.over {
                Over::Segment(..) => None,
                Over::List | Over::Changed(_) => Some(self.store_parts(&page, asked_at).await?),
            };
            match &page.next {
                Some(_) => self.place.step_becomes([Step::Walk(walk.clone())]),
                None => {
                    match walk.over {
                        Over::List => {
                            self.place.all_contacts();
                            self.place.listed = true;
                        }
                        Over::Changed(_) => self.place.kept.contacts_to = Some(self.place.began),
                        Over::Segment(..) => {}
                    }
                    self.place.step_done();
                }
            }
            if let Some(rest) = rest {
                self.store_rest(rest).await?;
            } else if let Over::Segment(segment, as_of) = &walk.over {
                self.store_members(segment, *as_of, &page).await?;
            }
            if page.next.is_none() || self.is_over() {
                return Ok(());
            }
        }
    }

    fn listing(&self, over: &Over) -> Result<Listing<Contact>, Stop> {
        Ok(match over {
            Over::List => self.client.contacts(),
            Over::Changed(since) => self.client.search_contacts(contacts::changed_since(*since)),
            Over::Segment(segment, _) => self
                .client
                .search_contacts(contacts::SEGMENT_ID.is(segment)),
        })
    }
}

/// Asks for a range's next page beside the others.
fn ask(
    asked: &mut JoinSet<Fetched>,
    client: &Client,
    range: &Range,
    now: DateTime<Utc>,
) -> Result<(), Stop> {
    let listing = client
        .search_contacts(range.search()?)
        .resume(range.at.clone());
    let first = range.first;
    asked.spawn(async move {
        Fetched {
            first,
            asked_at: now,
            page: listing.page().await,
        }
    });
    Ok(())
}

/// Entries that made no sense count as failed: the rest of their page is kept.
pub(crate) fn unreadable(entries: usize, counts: &mut RunCounts) {
    let entries = i64::try_from(entries).unwrap_or(i64::MAX);
    counts.done += entries;
    counts.failed += entries;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_meet_and_bound_their_days() {
        let range = Range::new(20_000, 20_003, 0);
        let text = serde_json::Value::from(range.search().unwrap().to_json()).to_string();
        assert!(
            text.contains(&(19_999 * DAY + DAY / 2).to_string()),
            "{text}"
        );
        assert!(
            text.contains(&(20_004 * DAY + DAY / 2).to_string()),
            "{text}"
        );
    }
}
