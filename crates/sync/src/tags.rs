//! Fetches the tags, teammates, teams and ticket types of a connection.

use async_trait::async_trait;
use earmark_connections::{NotReady, Store, with_request};
use earmark_db::Db;
use earmark_db::tenant::{Admin, TicketType};
use earmark_intercom::{Client, Error, Lane};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, ConnectionStatus, Job, Permission, SecretId};

/// Runs `refresh_tags` jobs.
#[derive(Debug, Clone)]
pub struct RefreshTagsHandler {
    /// The database.
    pub db: Db,
    /// Gives the client.
    pub store: Store,
}

#[async_trait]
impl Handler for RefreshTagsHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::RefreshTags { connection } = job.job else {
            return Verdict::Fail("not a refresh of tags".to_owned());
        };
        let ready = match self
            .store
            .client(job.workspace, connection, Lane::Interactive)
            .await
        {
            Ok(ready) => ready,
            Err(NotReady::Database(error)) => return error.into(),
            Err(error @ NotReady::CannotRefresh(_)) if job.attempt < job.job.max_attempts() => {
                return Verdict::Retry(error.to_string());
            }
            Err(error) => return self.give_up(job, connection, &error.to_string()).await,
        };
        match fetch(&ready.client).await {
            Ok(fetched) => match self.put(job, connection, ready.secret, fetched).await {
                Ok(()) => Verdict::Done,
                Err(error) => error.into(),
            },
            Err(Error::WaitUntil { at, .. }) => Verdict::Snooze(at),
            Err(error) => {
                let noted = self.store.note_failure(
                    job.workspace,
                    connection,
                    ready.secret,
                    Some(Permission::ReadTags),
                    &error,
                );
                if let Err(error) = noted.await {
                    return error.into();
                }
                let why = match &error {
                    Error::PermissionMissing { .. } => {
                        "the token lacks the permission Read tags".to_owned()
                    }
                    other => with_request(other),
                };
                if error.is_passing() && job.attempt < job.job.max_attempts() {
                    return Verdict::Retry(why);
                }
                self.give_up(job, connection, &why).await
            }
        }
    }
}

impl RefreshTagsHandler {
    async fn put(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        secret: SecretId,
        fetched: Fetched,
    ) -> earmark_db::Result<()> {
        let Fetched {
            tags,
            admins,
            teams,
            types,
        } = fetched;
        let tx = self.db.begin_redoable().await?;
        let tenant = tx.workspace(job.workspace);
        tenant.lock().await?;
        let row = tenant.connection(connection).await?;
        // Disconnected meanwhile: what is erased after that must not come back.
        if row.is_none_or(|row| row.status == ConnectionStatus::Disconnected) {
            return Ok(());
        }
        let known: &[Admin] = admins.as_deref().unwrap_or(&[]);
        tenant.put_tags_and_admins(connection, &tags, known).await?;
        if let Some(teams) = teams {
            tenant.put_teams(connection, &teams).await?;
        }
        if let Some(types) = types {
            tenant.put_ticket_types(connection, &types).await?;
        }
        tx.commit().await?;
        let (mut used, mut refused) = (vec![Permission::ReadTags], Vec::new());
        match admins {
            Ok(_) => used.push(Permission::ReadAdmins),
            Err(error) => refused.push((Permission::ReadAdmins, error)),
        }
        self.store
            .note_success(job.workspace, connection, secret, &used, &refused)
            .await
    }

    /// Writes the reason where the member who asked will look.
    async fn give_up(&self, job: &ClaimedJob, connection: ConnectionId, why: &str) -> Verdict {
        let noted = async {
            let tx = self.db.begin_redoable().await?;
            tx.workspace(job.workspace)
                .note_tags_failure(connection, why)
                .await?;
            tx.commit().await
        };
        match noted.await {
            Ok(()) => Verdict::Done,
            Err(error) => error.into(),
        }
    }
}

/// What Intercom lists; the teammates unless the token may not read them, teams and ticket types if it gives them.
struct Fetched {
    tags: Vec<(String, String)>,
    admins: Result<Vec<Admin>, Error>,
    teams: Option<Vec<(String, String)>>,
    types: Option<Vec<TicketType>>,
}

/// Tags are needed; teammates' names are welcome, and a token without that permission still gives tags. Teams
/// and ticket types are names for people alone: whatever keeps Intercom from giving them is no fault.
async fn fetch(client: &Client) -> Result<Fetched, Error> {
    let clean = |text: Option<String>| text.map(|text| crate::text::without_nul(&text));
    let tags = client.tags().await?;
    let admins = match client.admins().await {
        Ok(admins) => Ok(admins),
        Err(error @ Error::PermissionMissing { .. }) => Err(error),
        Err(error) => return Err(error),
    };
    let tags = tags
        .into_iter()
        .map(|tag| (tag.id, crate::text::without_nul(&tag.name)))
        .collect();
    let named = |admin: earmark_intercom::Admin| {
        Some(Admin {
            id: admin.id,
            name: clean(admin.name)?,
        })
    };
    let admins = admins.map(|admins| admins.into_iter().filter_map(named).collect());
    let teams = client.teams().await.ok();
    let teams = teams.map(|teams| teams.into_iter().filter_map(team).collect());
    let types = client.ticket_types().await.ok();
    let types = types.map(|types| types.into_iter().filter_map(ticket_type).collect());
    Ok(Fetched {
        tags,
        admins,
        teams,
        types,
    })
}

fn team(from: earmark_intercom::Team) -> Option<(String, String)> {
    Some((from.id, crate::text::without_nul(from.name.as_deref()?)))
}

fn ticket_type(from: earmark_intercom::TicketType) -> Option<TicketType> {
    let name = crate::text::without_nul(&from.name?);
    (from.archived != Some(true)).then_some(TicketType { id: from.id, name })
}
