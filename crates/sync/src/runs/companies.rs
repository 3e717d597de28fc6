//! Companies: all of them in one scroll, which also shows those without users, or by list while another scroll is open.

use super::SCROLL;
use super::contacts::unreadable;
use super::pass::{Pass, Stop, calls};
use super::place::{Companies, Step};
use crate::people::{Seen, put_companies};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::RunCounts;
use earmark_db::{Tenant, Tx};
use earmark_intercom::{Company, Error, Order, Page, Position};

/// The list shows no more than this.
const LISTED: i64 = 10_000;
/// With more companies an hourly pass leaves them to a daily one.
const FEW: i64 = 5_000;
/// How often a scroll that broke off is begun anew before the run waits a while.
const RESTARTS: u8 = 5;
/// How long a scroll may be left alone: Intercom ends it after a minute.
const LEFT_ALONE: TimeDelta = TimeDelta::seconds(50);
/// Companies asked for by id between two places.
const BATCH: u64 = 20;

impl Pass<'_> {
    pub(crate) async fn companies(&mut self, mut step: Companies) -> Result<(), Stop> {
        if !step.counted_all {
            let count = self.client.companies(Order::Descending).per_page(1);
            let count = count.page().await?;
            let total = count.total.and_then(|total| i64::try_from(total).ok());
            self.place.theirs.companies = total;
            step.counted_all = true;
            if step.only_if_due && total.unwrap_or(0) > FEW && !self.companies_are_due() {
                self.place.step_done();
                return self.keep_place(1).await;
            }
            self.place.step_becomes([Step::Companies(step.clone())]);
            let tx = self.db.begin_in_background().await?;
            self.keep(tx, calls(1), total).await?;
        }
        if step.list.is_some() {
            return self.companies_by_list(step).await;
        }
        match self.scroll(&mut step).await {
            // Perhaps our own, from before the worker was stopped: that one ends by itself.
            Err(Stop::Intercom(error @ Error::ScrollBusy { .. }))
                if !step.waited || step.wait_until.is_some_and(|at| self.now() < at) =>
            {
                if !step.waited {
                    step.wait_until = Some(self.now() + SCROLL);
                }
                (step.waited, step.open) = (true, false);
                self.place.step_becomes([Step::Companies(step)]);
                self.keep_place(1).await?;
                Err(error.into())
            }
            Err(Stop::Intercom(Error::ScrollBusy { .. }))
                if self.place.theirs.companies.is_some_and(|all| all < LISTED) =>
            {
                self.place.remark(
                    "another scroll was open, so companies without users were not looked at",
                );
                step.list = Some(Position::Number(1));
                self.place.step_becomes([Step::Companies(step)]);
                self.keep_place(1).await
            }
            Err(Stop::Intercom(Error::ScrollLost { .. })) if step.restarts < RESTARTS => {
                step.restarts += 1;
                self.place.step_becomes([Step::Companies(step)]);
                self.keep_place(1).await
            }
            // A workspace without companies may answer so.
            Err(Stop::Intercom(Error::NotFound { .. })) => self.all_companies(1).await,
            other => other,
        }
    }

    /// Whether no run went through the companies for a day.
    fn companies_are_due(&self) -> bool {
        let day_ago = self.now() - TimeDelta::days(1);
        self.place.kept.companies_at.is_none_or(|at| at < day_ago)
    }

    /// One pass from the start to the end. Others get their turn in between as long as the scroll waits for us; when they
    /// took too long a few times, it is gone through in one go.
    async fn scroll(&mut self, step: &mut Companies) -> Result<(), Stop> {
        let listing = self.client.scroll_companies().ahead(0);
        let mut pages = match step.scroll.take() {
            Some((scroll, left_at)) if self.now() - left_at < LEFT_ALONE => {
                // Going on with it a second time would leave out what the first time gave.
                self.place.step_becomes([Step::Companies(step.clone())]);
                self.keep_place(0).await?;
                listing.resume(Some(scroll)).pages()
            }
            left => {
                if left.is_some() {
                    step.restarts = step.restarts.saturating_add(1);
                }
                // One that was asked for before a kill may be open: if another is open, it is our own.
                step.waited &= !step.open;
                if !step.open {
                    step.open = true;
                    self.place.step_becomes([Step::Companies(step.clone())]);
                    self.keep_place(0).await?;
                }
                listing.pages()
            }
        };
        loop {
            let asked_at = self.now();
            let Some(page) = pages.next().await else {
                self.place.kept.companies_at = Some(self.place.began);
                return self.all_companies(0).await;
            };
            let page = page?;
            let leaves = self.is_over() && step.restarts < RESTARTS;
            if let Some(next) = page.next.clone().filter(|_| leaves) {
                step.scroll = Some((next, self.now()));
            }
            self.store_companies(&page, asked_at, step).await?;
            if step.scroll.is_some() {
                return Ok(());
            }
        }
    }

    async fn companies_by_list(&mut self, mut step: Companies) -> Result<(), Stop> {
        loop {
            let asked_at = self.now();
            let list = self.client.companies(Order::Descending);
            let page = list.resume(step.list.clone()).page().await?;
            let next = page.next.clone().filter(|_| !page.items.is_empty());
            if next.is_some() {
                step.list.clone_from(&next);
            }
            self.store_companies(&page, asked_at, &step).await?;
            if next.is_none() {
                return self.all_companies(0).await;
            }
            if self.is_over() {
                return Ok(());
            }
        }
    }

    async fn all_companies(&mut self, calls: i64) -> Result<(), Stop> {
        self.place.companies_walked = true;
        self.place.step_done();
        self.keep_place(calls).await
    }

    /// Stores a page, with the place after it, and the parts before the last one with the place before it.
    async fn store_companies(
        &mut self,
        page: &Page<Company>,
        asked_at: DateTime<Utc>,
        step: &Companies,
    ) -> Result<(), Stop> {
        let (mut rest, mut moved) = (page.items.as_slice(), false);
        loop {
            let (part, others) = rest.split_at(self.part(rest.len()));
            let tx = self.db.begin_in_background().await?;
            let tenant = tx.workspace(self.workspace);
            let mut counts = RunCounts::default();
            moved |= self
                .store_some(&tenant, part, asked_at, &mut counts)
                .await?;
            if others.is_empty() {
                counts.calls = 1;
                if moved {
                    self.place.troubles = 0;
                }
                if moved || page.items.is_empty() {
                    unreadable(page.unreadable, &mut counts);
                }
                self.place.step_becomes([Step::Companies(step.clone())]);
                return self.keep(tx, counts, None).await;
            }
            self.keep(tx, counts, None).await?;
            rest = others;
        }
    }

    /// Stores companies and counts those that the run had not seen: a scroll that began anew shows all again. True when
    /// there are some.
    async fn store_some(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        companies: &[Company],
        asked_at: DateTime<Utc>,
        counts: &mut RunCounts,
    ) -> Result<bool, Stop> {
        let (connection, how) = (self.connection, Seen::Listed);
        let mut changes = put_companies(tenant, connection, companies, how, asked_at).await?;
        let seen: Vec<&str> = changes.iter().map(|(id, _)| id.as_str()).collect();
        let fresh = tenant.see_companies(connection, self.run, &seen).await?;
        changes.retain(|(id, change)| fresh.contains(id) || change.is_news());
        self.tell(tenant, "company", &changes, counts).await?;
        Ok(!fresh.is_empty())
    }

    /// Asks by id for companies that were not shown.
    pub(crate) async fn vanished_companies(&mut self, after: &str) -> Result<(), Stop> {
        if !self.place.companies_walked {
            self.place.step_done();
            return self.keep_place(0).await;
        }
        let tenant = self.tenant();
        let unseen = tenant
            .unseen_companies(self.connection, self.run, self.place.began, after, BATCH)
            .await?;
        if unseen.is_empty() {
            self.place.step_done();
            return self.keep_place(0).await;
        }
        for id in unseen {
            let asked_at = self.now();
            let found = self.company_by_id(&id).await?;
            self.place
                .step_becomes([Step::VanishedCompanies { after: id.clone() }]);
            self.company_is(&id, found, asked_at).await?;
        }
        Ok(())
    }

    /// What Intercom says of a company by its id: there, gone, or unclear.
    pub(super) async fn company_by_id(&self, id: &str) -> Result<Option<Option<Company>>, Stop> {
        Ok(match self.client.company(id).await {
            Ok(company) => Some(Some(company)),
            // Only Intercom's own words: a 404 without them may be a proxy's.
            Err(Error::NotFound { code: Some(_), .. }) => Some(None),
            Err(error) if self.ends_step(&error) => return Err(error.into()),
            Err(_) => None,
        })
    }

    /// Follows it.
    pub(super) async fn company_is(
        &mut self,
        id: &str,
        found: Option<Option<Company>>,
        asked_at: DateTime<Utc>,
    ) -> Result<(), Stop> {
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        let mut counts = RunCounts {
            done: 1,
            calls: 1,
            ..RunCounts::default()
        };
        match found {
            Some(Some(company)) => {
                let one = std::slice::from_ref(&company);
                put_companies(&tenant, self.connection, one, Seen::Asked, asked_at).await?;
                counts.unchanged = 1;
                self.line_of_each(&tenant, "unchanged", ("company", id))
                    .await?;
            }
            Some(None) => {
                tenant
                    .archive_company(self.connection, id, asked_at)
                    .await?;
                tenant.empty_company(self.connection, id).await?;
                counts.deleted = 1;
                let why = "Intercom does not have it any more, and no webhook told of it";
                self.line(&tenant, "deleted", ("company", id), Some(why))
                    .await?;
            }
            None => {
                counts.failed = 1;
                let why = "Intercom's answer does not say what became of it; it is asked again in the next run";
                self.line(&tenant, "failed", ("company", id), Some(why))
                    .await?;
            }
        }
        self.keep(tx, counts, None).await
    }
}
