//! Asks Intercom for contacts and companies of which a payload told only a part, many at once.

use super::gone::{Fate, fate_of, meet_fate};
use super::store::{Seen, put_companies, put_contacts};
use crate::fetch::Refused;
use async_trait::async_trait;
use chrono::TimeDelta;
use earmark_connections::{NotReady, Store, with_request};
use earmark_db::tenant::{Incomplete, WaitingPerson};
use earmark_db::{Db, Source, Tenant};
use earmark_intercom::{Client, Error, Lane, contacts};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, Job, Permission, WorkspaceId};

/// Contacts that one search asks for.
const BATCH: u64 = 50;
/// How long Intercom may take to make a new contact searchable; an older one that search does not show is archived.
const SEARCHABLE_AFTER: TimeDelta = TimeDelta::minutes(15);

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
        let batch = Batch {
            db: &self.db,
            workspace: job.workspace,
            connection,
            client: &ready.client,
            refused: Vec::new(),
        };
        match batch.work().await {
            Ok((done, refused)) => {
                let noted = self
                    .store
                    .note_success(job.workspace, connection, ready.secret, &[], &refused)
                    .await;
                match noted {
                    Err(error) => error.into(),
                    Ok(()) if done => Verdict::Done,
                    Ok(()) => Verdict::Yield,
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
}

impl Batch<'_> {
    /// Asks for a batch of each; true when nothing waits any more, and what was refused.
    async fn work(mut self) -> Result<(bool, Refused), Stop> {
        let tenant = self.db.workspace(self.workspace);
        if !is_copied(&tenant, self.connection).await? {
            return Ok((true, self.refused));
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
            self.company(firm).await?;
        }
        Ok((people.is_empty() && firms.is_empty(), self.refused))
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
        // Search shows neither what is new nor what is archived.
        for one in waiting.iter().filter(|one| !is_found(one)) {
            self.unfound(one).await?;
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
        let archives = match &fate {
            Fate::There(contact) => contact
                .created_at
                .is_some_and(|created| created < asked_at - SEARCHABLE_AFTER),
            Fate::Merged(_) | Fate::Deleted | Fate::Unclear => false,
        };
        let tx = self.db.begin_redoable().await?;
        let tenant = tx.workspace(self.workspace);
        if !is_copied(&tenant, self.connection).await? {
            return Ok(());
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
