//! Asks Intercom for contacts and companies of which a payload told only a part, many at once.

use super::gone::{fate_of, meet_fate};
use super::store::{Seen, put_companies, put_contacts};
use async_trait::async_trait;
use earmark_connections::{NotReady, Store, with_request};
use earmark_db::tenant::Incomplete;
use earmark_db::{Db, Tenant, Tx};
use earmark_intercom::{Client, Error, Lane, contacts};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, Job, Permission, WorkspaceId};

/// Contacts that one search asks for.
const BATCH: u64 = 50;

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
        match self.work(job.workspace, connection, &ready.client).await {
            Ok(true) => Verdict::Done,
            Ok(false) => Verdict::Yield,
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

impl CompletePeopleHandler {
    /// Asks for a batch of each; true when nothing waits any more.
    async fn work(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        client: &Client,
    ) -> Result<bool, Stop> {
        let tenant = self.db.workspace(workspace);
        let people = tenant
            .waiting_people(connection, Incomplete::Contact, BATCH)
            .await?;
        if !people.is_empty() {
            self.contacts(workspace, connection, client, &people)
                .await?;
        }
        let firms = tenant
            .waiting_people(connection, Incomplete::Company, BATCH)
            .await?;
        for id in &firms {
            self.company(workspace, connection, client, id).await?;
        }
        Ok(people.is_empty() && firms.is_empty())
    }

    async fn contacts(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        client: &Client,
        ids: &[String],
    ) -> Result<(), Stop> {
        let wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
        let asked_at = self.db.sources().now();
        let search = contacts::ID.one_of(&wanted);
        let found = client.search_contacts(search).page().await?.items;
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        if !is_copied(&tenant, connection).await? {
            return Ok(());
        }
        put_contacts(&tenant, connection, &found, Seen::Listed, asked_at).await?;
        for contact in &found {
            tenant
                .waits_no_more(connection, Incomplete::Contact, &contact.id)
                .await?;
        }
        tx.commit().await?;
        // Search shows neither what is new nor what is archived.
        for id in ids
            .iter()
            .filter(|id| !found.iter().any(|one| one.id == **id))
        {
            let asked_at = self.db.sources().now();
            let fate = fate_of(client, id).await?;
            let tx = self.db.begin().await?;
            let tenant = tx.workspace(workspace);
            if !is_copied(&tenant, connection).await? {
                return Ok(());
            }
            meet_fate(&tenant, connection, id, &fate, (asked_at, false)).await?;
            tenant
                .waits_no_more(connection, Incomplete::Contact, id)
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn company(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        client: &Client,
        id: &str,
    ) -> Result<(), Stop> {
        let asked_at = self.db.sources().now();
        let found = match client.company(id).await {
            Ok(company) => Some(company),
            Err(
                Error::NotFound { .. }
                | Error::PermissionMissing { .. }
                | Error::Rejected { .. }
                | Error::Unreadable { .. }
                | Error::TooLarge { .. },
            ) => None,
            Err(error) => return Err(error.into()),
        };
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        if !is_copied(&tenant, connection).await? {
            return Ok(());
        }
        put_companies(&tenant, connection, found.as_slice(), Seen::Asked, asked_at).await?;
        tenant
            .waits_no_more(connection, Incomplete::Company, id)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Whether people are still copied, now that the answer is there: meanwhile they may have been switched off, or the
/// connection disconnected.
async fn is_copied(tenant: &Tenant<'_, Tx>, connection: ConnectionId) -> earmark_db::Result<bool> {
    let row = tenant.connection(connection).await?;
    Ok(row.is_some_and(|row| row.contacts_on_at.is_some()))
}
