//! Asks Intercom for contacts and companies of which a payload told only a part, many at once.

use super::gone::{Fate, SEARCHABLE_AFTER, fate_of, heard_at, meet_fate};
use super::store::{Seen, put_companies, put_contacts};
use crate::fetch::Refused;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_connections::{NotReady, Store, with_request};
use earmark_db::tenant::{Incomplete, WaitingPerson};
use earmark_db::{Db, Source, Tenant};
use earmark_intercom::{Client, Error, Lane, contacts};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, Job, Permission, WorkspaceId};

/// Contacts that one search asks for.
const BATCH: u64 = 50;
/// For how long one is put off about which Intercom gives no answer.
const PUT_OFF: TimeDelta = TimeDelta::minutes(1);
/// Questions without an answer after which the others are asked another time: Intercom may have trouble with all of them.
const MOST_FAILURES: usize = 5;

/// Runs `people` jobs.
#[derive(Debug, Clone)]
pub struct CompletePeopleHandler {
    /// The database.
    pub db: Db,
    /// Gives the client.
    pub store: Store,
}

/// Why it stopped.
enum Stop {
    Database(earmark_db::Error),
    Intercom(Error),
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

#[async_trait]
impl Handler for CompletePeopleHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::People { connection } = job.job else {
            return Verdict::Fail("not a completion of people".to_owned());
        };
        let ready = match self
            .store
            .client(job.workspace, connection, Lane::Webhook)
            .await
        {
            Ok(ready) => ready,
            // Nothing is copied any more.
            Err(NotReady::Disconnected) => return Verdict::Done,
            Err(NotReady::Database(error)) => return error.into(),
            Err(error) => return Verdict::Retry(error.to_string()),
        };
        let mut batch = Batch {
            db: &self.db,
            workspace: job.workspace,
            connection,
            client: &ready.client,
            refused: Vec::new(),
            failed: Vec::new(),
            got_on: false,
        };
        let worked = batch.work().await;
        let Batch {
            refused,
            mut failed,
            got_on,
            ..
        } = batch;
        let worked = match (worked, failed.pop()) {
            // Nothing but questions without an answer: as if the first of them had ended it.
            (Ok(_), Some(error)) if !got_on => Err(Stop::Intercom(error)),
            (worked, _) => worked,
        };
        match worked {
            Ok(left) => {
                let noted = self
                    .store
                    .note_success(job.workspace, connection, ready.secret, &[], &refused)
                    .await;
                match (noted, left) {
                    (Err(error), _) => error.into(),
                    (Ok(()), Left::Nothing) => Verdict::Done,
                    (Ok(()), Left::More) => Verdict::Yield,
                    (Ok(()), Left::Until(at)) => Verdict::Snooze(at),
                }
            }
            Err(Stop::Database(error)) => error.into(),
            Err(Stop::Intercom(Error::WaitUntil { at, .. })) => Verdict::Snooze(at),
            Err(Stop::Intercom(error)) => {
                let needed = Some(Permission::ReadListUsersCompanies);
                let noted = self
                    .store
                    .note_failure(job.workspace, connection, ready.secret, needed, &error)
                    .await;
                match noted {
                    Ok(()) => Verdict::Retry(with_request(&error)),
                    Err(error) => error.into(),
                }
            }
        }
    }
}

/// A batch that is being asked for.
struct Batch<'a> {
    db: &'a Db,
    workspace: WorkspaceId,
    connection: ConnectionId,
    client: &'a Client,
    /// Calls that were refused for want of a permission that the others do without.
    refused: Refused,
    /// Why some were put off.
    failed: Vec<Error>,
    /// Whether anything was answered.
    got_on: bool,
}

/// What a batch left.
enum Left {
    /// More to ask for now.
    More,
    /// Nothing now, but something that is to be asked for then.
    Until(DateTime<Utc>),
    /// Nothing.
    Nothing,
}

impl Batch<'_> {
    /// Asks for a batch of each.
    async fn work(&mut self) -> Result<Left, Stop> {
        let tenant = self.db.workspace(self.workspace);
        if !is_copied(&tenant, self.connection).await? {
            return Ok(Left::Nothing);
        }
        let people = tenant
            .waiting_people(self.connection, Incomplete::Contact, BATCH)
            .await?;
        if !people.is_empty() {
            self.contacts(&people).await?;
        }
        let firms = tenant
            .waiting_people(self.connection, Incomplete::Company, BATCH)
            .await?;
        for firm in &firms {
            if self.failed.len() >= MOST_FAILURES {
                break;
            }
            let asked = self.company(firm).await;
            self.settle(Incomplete::Company, firm, asked).await?;
        }
        if !people.is_empty() || !firms.is_empty() {
            return Ok(Left::More);
        }
        let next = tenant.next_waiting_person(self.connection).await?;
        // Not for long: a snooze would also put off what is asked for just now.
        let soon = self.db.sources().now() + PUT_OFF;
        Ok(next.map_or(Left::Nothing, |at| Left::Until(at.min(soon))))
    }

    /// Puts one off about which Intercom gives no answer, so that it keeps no other waiting.
    async fn settle(
        &mut self,
        kind: Incomplete,
        one: &WaitingPerson,
        asked: Result<(), Stop>,
    ) -> Result<(), Stop> {
        match asked {
            Ok(()) => self.got_on = true,
            Err(Stop::Intercom(
                error @ (Error::ServerTrouble { .. }
                | Error::Unreachable { .. }
                | Error::Rejected { .. }
                | Error::Unreadable { .. }),
            )) => {
                self.put_off(kind, one, self.db.sources().now() + PUT_OFF)
                    .await?;
                self.failed.push(error);
            }
            Err(stop) => return Err(stop),
        }
        Ok(())
    }

    async fn put_off(
        &self,
        kind: Incomplete,
        one: &WaitingPerson,
        until: DateTime<Utc>,
    ) -> Result<(), Stop> {
        let tx = self.db.begin_redoable().await?;
        tx.workspace(self.workspace)
            .put_off_person(self.connection, kind, one, until)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn contacts(&mut self, waiting: &[WaitingPerson]) -> Result<(), Stop> {
        let wanted: Vec<&str> = waiting.iter().map(|one| one.id.as_str()).collect();
        let asked_at = self.db.sources().now();
        let search = contacts::ID.one_of(&wanted);
        let found = self.client.search_contacts(search).page().await?.items;
        let is_found = |one: &&WaitingPerson| found.iter().any(|contact| contact.id == one.id);
        let tx = self.db.begin_redoable().await?;
        let tenant = tx.workspace(self.workspace);
        if !is_copied(&tenant, self.connection).await? {
            return Ok(());
        }
        put_contacts(&tenant, self.connection, &found, Seen::Listed, asked_at).await?;
        for one in waiting.iter().filter(is_found) {
            tenant
                .answered_person(self.connection, Incomplete::Contact, one)
                .await?;
        }
        tx.commit().await?;
        self.got_on |= !found.is_empty();
        // Search shows neither what is new nor what is archived.
        for one in waiting.iter().filter(|one| !is_found(one)) {
            if self.failed.len() >= MOST_FAILURES {
                break;
            }
            let asked = self.unfound(one).await;
            self.settle(Incomplete::Contact, one, asked).await?;
        }
        Ok(())
    }

    /// Asks for a contact that search does not show.
    async fn unfound(&mut self, one: &WaitingPerson) -> Result<(), Stop> {
        let asked_at = self.db.sources().now();
        let fate = match fate_of(self.client, &one.id).await {
            Ok(fate) => fate,
            Err(error @ Error::PermissionMissing { .. }) => {
                self.refused.push((Permission::ReadOneUserCompany, error));
                Fate::Unclear
            }
            Err(error) => return Err(error.into()),
        };
        let tx = self.db.begin_redoable().await?;
        let tenant = tx.workspace(self.workspace);
        if !is_copied(&tenant, self.connection).await? {
            return Ok(());
        }
        let mut archives = false;
        if let Fate::There(contact) = &fate {
            let is_old = |at: DateTime<Utc>| at < asked_at - SEARCHABLE_AFTER;
            let heard = heard_at(&tenant, self.connection, contact).await?;
            archives = heard.is_none_or(is_old);
            // Changed lately: archived, or just taken out of the archive. Search will tell.
            if let (false, Some(heard), true) =
                (archives, heard, contact.created_at.is_some_and(is_old))
            {
                drop(tx);
                let until = heard + SEARCHABLE_AFTER + TimeDelta::seconds(1);
                return self.put_off(Incomplete::Contact, one, until).await;
            }
        }
        let how = (asked_at, archives);
        meet_fate(&tenant, self.connection, &one.id, &fate, how).await?;
        tenant
            .answered_person(self.connection, Incomplete::Contact, one)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn company(&mut self, one: &WaitingPerson) -> Result<(), Stop> {
        let asked_at = self.db.sources().now();
        let (found, gone) = match self.client.company(&one.id).await {
            Ok(company) => (Some(company), false),
            // Only Intercom's own words: a 404 without them may be a proxy's.
            Err(Error::NotFound { code: Some(_), .. }) => (None, true),
            Err(error @ Error::PermissionMissing { .. }) => {
                self.refused.push((Permission::ReadOneUserCompany, error));
                (None, false)
            }
            Err(
                Error::NotFound { .. }
                | Error::Rejected { .. }
                | Error::Unreadable { .. }
                | Error::TooLarge { .. },
            ) => (None, false),
            Err(error) => return Err(error.into()),
        };
        let tx = self.db.begin_redoable().await?;
        let tenant = tx.workspace(self.workspace);
        if !is_copied(&tenant, self.connection).await? {
            return Ok(());
        }
        let found = found.as_slice();
        put_companies(&tenant, self.connection, found, Seen::Asked, asked_at).await?;
        // Intercom gives no archived company, not even by id.
        if gone
            && tenant
                .archive_company(self.connection, &one.id, asked_at)
                .await?
        {
            tenant.empty_company(self.connection, &one.id).await?;
        }
        tenant
            .answered_person(self.connection, Incomplete::Company, one)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Whether people are still copied, now that the answer is there: meanwhile they may have been switched off, or the
/// connection disconnected.
async fn is_copied<S: Source>(
    tenant: &Tenant<'_, S>,
    connection: ConnectionId,
) -> earmark_db::Result<bool> {
    let row = tenant.connection(connection).await?;
    Ok(row.is_some_and(|row| row.contacts_on_at.is_some()))
}
