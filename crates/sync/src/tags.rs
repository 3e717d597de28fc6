//! Fetches the tags and teammates of a connection.

use async_trait::async_trait;
use earmark_connections::{NotReady, Store, with_request};
use earmark_db::Db;
use earmark_db::tenant::Admin;
use earmark_intercom::{Client, Error, Lane};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, Job};

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
            Ok((tags, admins)) => match self.put(job, connection, &tags, &admins).await {
                Ok(()) => Verdict::Done,
                Err(error) => error.into(),
            },
            Err(Error::WaitUntil { at, .. }) => Verdict::Snooze(at),
            Err(error) => {
                if let Err(error) = self
                    .store
                    .note_failure(job.workspace, connection, ready.secret, &error)
                    .await
                {
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
        tags: &[(String, String)],
        admins: &[Admin],
    ) -> earmark_db::Result<()> {
        let tx = self.db.begin().await?;
        tx.workspace(job.workspace)
            .put_tags_and_admins(connection, tags, admins)
            .await?;
        tx.commit().await
    }

    /// Writes the reason where the member who asked will look.
    async fn give_up(&self, job: &ClaimedJob, connection: ConnectionId, why: &str) -> Verdict {
        let noted = async {
            let tx = self.db.begin().await?;
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

/// Tags are needed; teammates' names are welcome, and a token without that permission still gives tags.
async fn fetch(client: &Client) -> Result<(Vec<(String, String)>, Vec<Admin>), Error> {
    let clean = |text: Option<String>| text.map(|text| crate::text::without_nul(&text));
    let tags = client.tags().await?;
    let admins = match client.admins().await {
        Ok(admins) => admins,
        Err(Error::PermissionMissing { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    let tags = tags
        .into_iter()
        .map(|tag| (tag.id, crate::text::without_nul(&tag.name)))
        .collect();
    let admins = admins
        .into_iter()
        .filter_map(|admin| {
            Some(Admin {
                id: admin.id,
                name: clean(admin.name)?,
            })
        })
        .collect();
    Ok((tags, admins))
}
