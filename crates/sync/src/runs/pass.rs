//! A run that is being worked on: its client, its place, and how a step is kept.

use super::MOST_LINES_OF_ALL;
use super::place::{Place, Step};
use super::skips::DELETED;
use crate::people::Change;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{RunCounts, RunLine};
use earmark_db::{Db, Tenant, Tx};
use earmark_intercom::{Client, Error, Page, Position};
use earmark_model::{ConnectionId, RunId, RunKind, WorkspaceId};
use tokio::time::Instant;

/// Lines that one run writes at most.
const MOST_LINES: u32 = 10_000;

/// Records stored in one transaction while others write, for whom a whole page takes long.
const PART: usize = 10;

/// The fewest entries of a full page in any list that is gone through.
const SMALLEST_PAGE: u64 = 20;
/// Pages more than its entries fill that a list may have: it may grow meanwhile.
const SPARE_PAGES: u64 = 50;
/// How often a list is begun anew when Intercom does not take a stored place in it any more.
const RESTARTS: u8 = 3;
/// How often a single record that Intercom has trouble with is asked for, while it answers otherwise.
const TROUBLES: u8 = 10;

/// Why a run stops before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A member holds or ended it: of the last record, page or part of a page nothing was kept.
    Held,
    /// The database failed.
    Database(earmark_db::Error),
    /// Intercom did not answer as it should.
    Intercom(Error),
    /// It cannot go on, for a reason in words.
    Failed(String),
}

impl From<earmark_db::Error> for Stop {
    fn from(error: earmark_db::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Intercom(error)
    }
}

/// A run that is being worked on.
pub(crate) struct Pass<'a> {
    pub(crate) db: &'a Db,
    pub(crate) client: Client,
    pub(crate) workspace: WorkspaceId,
    pub(crate) connection: ConnectionId,
    pub(crate) run: RunId,
    pub(crate) kind: RunKind,
    pub(crate) place: Place,
    /// When others get their turn.
    pub(crate) until: Instant,
}

impl Pass<'_> {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.db.sources().now()
    }

    pub(crate) fn tenant(&self) -> Tenant<'_, Db> {
        self.db.workspace(self.workspace)
    }

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Works until the run is at its end (true) or others get their turn.
    pub(crate) async fn work(&mut self) -> Result<bool, Stop> {
        loop {
            let Some(step) = self.place.steps.first().cloned() else {
                return Ok(true);
            };
            if self.is_over() {
                return Ok(false);
            }
            match step {
                Step::Companies(step) => self.companies(step).await?,
                Step::Contacts { since } => self.plan_contacts(since).await?,
                Step::Ranges(ranges) => self.ranges(ranges).await?,
                Step::Walk(walk) => self.walk(walk).await?,
                Step::Recount => self.recount().await?,
                Step::Vanished { after } => self.vanished(&after).await?,
                Step::Archived { after, most } => self.archived(&after, most).await?,
                Step::VanishedCompanies { after } => self.vanished_companies(&after).await?,
                Step::Named { after } => self.named(&after).await?,
                Step::Cut { after } => self.cut(&after).await?,
                Step::Segments => self.segments().await?,
                Step::Sample { from } => self.sample(from).await?,
                Step::Totals => self.totals().await?,
                Step::Conversations { since, at, dealt } => {
                    self.conversations(since, (at, dealt)).await?;
                }
                Step::Again { ids } => self.again(ids).await?,
                Step::DeletedConversations { since, at } => {
                    self.deleted_conversations(since, at).await?;
                }
                Step::Escalated { after } => self.escalated(&after).await?,
                Step::Tagged(step) => self.tagged(step).await?,
                Step::Retry(step) => self.retry(step).await?,
            }
        }
    }

    /// Goes back to the place that was kept last.
    pub(crate) async fn reload(&mut self) -> Result<(), Stop> {
        let run = self.tenant().run(self.run).await?;
        let Some(place) = run.and_then(|run| run.position) else {
            return Err(Stop::Held);
        };
        self.place = Place::read(&place)?;
        Ok(())
    }

    /// How many of a page's records are stored next: all of them, unless others would wait for that. Whoever stores less
    /// keeps the place before the page; when that is read again, what the run has seen is not counted twice.
    pub(crate) fn part(&self, records: usize) -> usize {
        match self.db.is_quiet() {
            true => records,
            false => records.min(PART),
        }
    }

    /// Writes the place down, unless the run was held meanwhile.
    pub(crate) async fn write(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        counts: RunCounts,
        total: Option<i64>,
    ) -> Result<(), Stop> {
        // A scroll that began anew tells of news among what it told before.
        let rewalks =
            matches!(self.place.steps.first(), Some(Step::Companies(one)) if one.list.is_none());
        if counts.done > 0 && !rewalks {
            self.place.troubles = 0;
        }
        let place = serde_json::to_string(&self.place)
            .map_err(|why| Stop::Failed(format!("its place cannot be written: {why}")))?;
        match tenant.advance_run(self.run, &place, counts, total).await? {
            true => Ok(()),
            false => Err(Stop::Held),
        }
    }

    /// Keeps what the transaction stored together with the place where the run goes on, unless the run was held meanwhile.
    pub(crate) async fn keep(
        &mut self,
        tx: Tx,
        counts: RunCounts,
        total: Option<i64>,
    ) -> Result<(), Stop> {
        let tenant = tx.workspace(self.workspace);
        self.write(&tenant, counts, total).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps the place alone.
    pub(crate) async fn keep_place(&mut self, calls: i64) -> Result<(), Stop> {
        let counts = RunCounts {
            calls,
            ..RunCounts::default()
        };
        let tx = self.db.begin_in_background().await?;
        self.keep(tx, counts, None).await
    }

    /// Whether a fault met with a single record keeps those behind it waiting: not a trouble that came again and again with
    /// this one while Intercom answered otherwise.
    pub(crate) fn ends_step(&self, error: &Error) -> bool {
        let passes = error.is_passing() && !self.gives_up(error);
        passes
            || matches!(
                error,
                Error::Reconnect { .. } | Error::PermissionMissing { .. }
            )
    }

    /// Whether the record under way is left to the next run.
    pub(crate) fn gives_up(&self, error: &Error) -> bool {
        let most = match self.place.steps.first() {
            // Those were given up before.
            Some(Step::Again { .. } | Step::Retry(_)) => 1,
            _ => TROUBLES,
        };
        is_trouble(error) && self.place.troubles >= most
    }

    /// Whether a list is to be begun anew, because Intercom does not take the stored place in it.
    pub(crate) fn begins_anew(&mut self, error: &Error, is_stored: bool) -> bool {
        let is_lost = matches!(error, Error::Rejected { .. } | Error::NotMoving { .. });
        let anew = is_lost && is_stored && self.place.restarts < RESTARTS;
        if anew {
            self.place.restarts += 1;
            self.place.pages = 0;
        }
        anew
    }

    /// Ends the step under way for a reason that the report tells.
    pub(crate) async fn skip(&mut self, why: impl Into<String>) -> Result<(), Stop> {
        self.place.remark(why);
        self.place.step_done();
        self.keep_place(1).await
    }

    /// Writes down what became of one record, up to a number of lines.
    pub(crate) async fn line(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        outcome: &str,
        (kind, id): (&str, &str),
        note: Option<&str>,
    ) -> earmark_db::Result<()> {
        let most = match self.place.every {
            true => MOST_LINES_OF_ALL,
            false => MOST_LINES,
        };
        if self.place.lines >= most {
            self.place.lines_left_out += 1;
            return Ok(());
        }
        self.place.lines += 1;
        let line = RunLine {
            outcome: outcome.to_owned(),
            subject_kind: kind.to_owned(),
            subject_id: id.to_owned(),
            note: note.map(ToOwned::to_owned),
        };
        tenant.add_run_line(self.run, &line).await
    }

    /// A line that is written when every record has one.
    pub(crate) async fn line_of_each(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        outcome: &str,
        about: (&str, &str),
    ) -> earmark_db::Result<()> {
        match self.place.every {
            true => self.line(tenant, outcome, about, None).await,
            false => Ok(()),
        }
    }

    /// Counts what became of copies, and writes a line for what differed. The first pass finds everything new, which
    /// says nothing about a single record.
    pub(crate) async fn tell(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        kind: &str,
        changes: &[(String, Change)],
        counts: &mut RunCounts,
    ) -> earmark_db::Result<()> {
        for (id, change) in changes {
            change.count(counts);
            self.place.buried += i64::from(*change == Change::Buried);
            let healed = self.kind != RunKind::Backfill;
            let (outcome, note) = match change {
                Change::New if healed => ("new", "it was not in our copy; no webhook told of it"),
                Change::Changed if healed => ("changed", "our copy was behind; it is the same now"),
                Change::Changed => ("changed", "it differed from our copy"),
                Change::Buried => {
                    self.leave_out(tenant, (kind, id), DELETED, counts).await?;
                    continue;
                }
                Change::New if self.place.every => ("new", "it was not in our copy"),
                Change::Unchanged if self.place.every => ("unchanged", "our copy is the same"),
                Change::Older if self.place.every => ("unchanged", "our copy is newer"),
                Change::New | Change::Unchanged | Change::Older => continue,
            };
            self.line(tenant, outcome, (kind, id), Some(note)).await?;
        }
        Ok(())
    }
}

/// A page, unless the list stands still, or goes round in circles: then it gives more pages than there can be.
pub(crate) fn moving<T>(
    page: Result<Page<T>, Error>,
    at: Option<&Position>,
    pages: &mut u64,
) -> Result<Page<T>, Error> {
    let page = page?;
    *pages += 1;
    match page.next.as_ref() {
        Some(next) if at == Some(next) || is_round(*pages, page.total) => Err(Error::NotMoving {
            pages: *pages,
            request_id: None,
        }),
        _ => Ok(page),
    }
}

/// Whether a list gave more pages than there can be.
const fn is_round(pages: u64, total: Option<u64>) -> bool {
    match total {
        Some(total) => pages > total / SMALLEST_PAGE + SPARE_PAGES,
        None => false,
    }
}

/// Whether Intercom could not answer, for a reason that may be the record's or the page's.
pub(crate) const fn is_trouble(error: &Error) -> bool {
    matches!(
        error,
        Error::ServerTrouble { .. } | Error::Unreachable { .. } | Error::ScrollLost { .. }
    )
}

/// Counts of calls alone.
pub(crate) fn calls(calls: i64) -> RunCounts {
    RunCounts {
        calls,
        ..RunCounts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_no_more_pages_than_its_entries_fill() {
        assert!(!is_round(52, Some(40)));
        assert!(is_round(53, Some(40)));
        assert!(!is_round(6_000, Some(120_000)), "pages may be small");
        assert!(!is_round(1_000, None));
    }
}
