//! Contacts that Intercom shows no more, one by one; and lists that it cut.

use super::pass::{Pass, Stop, calls};
use super::place::Step;
use crate::people::{Fate, Met, SEARCHABLE_AFTER, fate_of, heard_at, meet_fate};
use chrono::{DateTime, Utc};
use earmark_db::tenant::{ContactPass, Links, RunCounts};
use earmark_db::{Tenant, Tx};
use earmark_intercom::{Client, Contact, Error};
use futures::{StreamExt, TryStreamExt, stream};

/// Contacts asked for by id at the same time.
const AT_ONCE: usize = 8;
/// Contacts asked for by id between two looks at the clock.
const BATCH: u64 = 40;

/// All companies and tags of a contact; none when there is no such contact any more.
type Lists = Option<(Vec<String>, Vec<String>)>;

impl Pass<'_> {
    /// Asks for contacts that were not seen: each was merged, deleted or archived, or is too new to be found.
    pub(crate) async fn vanished(&mut self, after: &str) -> Result<(), Stop> {
        if !self.place.walked {
            self.place.step_done();
            return self.keep_place(0).await;
        }
        let tenant = self.tenant();
        let unseen = tenant
            .unseen_contacts(self.connection, self.run, self.place.began, after, BATCH)
            .await?;
        if unseen.is_empty() {
            self.place.step_done();
            return self.keep_place(0).await;
        }
        for (id, fate, asked_at) in fates(&self.client, unseen, self.now()).await? {
            self.place
                .step_becomes([Step::Vanished { after: id.clone() }]);
            self.follow(&id, &fate, (asked_at, true)).await?;
        }
        Ok(())
    }

    /// Asks for archived contacts: nothing but asking by id shows that one of them was deleted or merged since. After the
    /// last one the first ones have their turn.
    pub(crate) async fn archived(&mut self, after: &str, most: u32) -> Result<(), Stop> {
        let batch = BATCH.min(u64::from(most));
        let tenant = self.tenant();
        let archived = tenant
            .contact_ids(self.connection, ContactPass::Archived, after, batch)
            .await?;
        if archived.is_empty() {
            let next = if most == 0 { after } else { "" };
            next.clone_into(&mut self.place.kept.archived_after);
            self.place.step_done();
            return self.keep_place(0).await;
        }
        let mut left = most;
        for (id, fate, asked_at) in fates(&self.client, archived, self.now()).await? {
            left = left.saturating_sub(1);
            self.place.step_becomes([Step::Archived {
                after: id.clone(),
                most: left,
            }]);
            self.follow(&id, &fate, (asked_at, false)).await?;
        }
        Ok(())
    }

    /// Whether a contact that is there but was not shown is archived: not when we heard of it lately, for what is new or was
    /// taken out of the archive is found by search some minutes later.
    async fn is_archived(
        &self,
        tenant: &Tenant<'_, Tx>,
        contact: &Contact,
    ) -> earmark_db::Result<bool> {
        if self.place.listed {
            return Ok(true);
        }
        let heard = heard_at(tenant, self.connection, contact).await?;
        Ok(heard.is_none_or(|at| at < self.place.began - SEARCHABLE_AFTER))
    }

    /// Follows what became of a contact that `asked_at` was asked for by its id, with a line of the report. `unseen` says
    /// that list or search did not show it.
    pub(crate) async fn follow(
        &mut self,
        id: &str,
        fate: &Fate,
        (asked_at, unseen): (DateTime<Utc>, bool),
    ) -> Result<(), Stop> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(self.workspace);
        let archives = match fate {
            Fate::There(contact) if unseen => self.is_archived(&tenant, contact).await?,
            _ => false,
        };
        let at = (asked_at, archives);
        let met = meet_fate(&tenant, self.connection, id, fate, at).await?;
        let mut counts = RunCounts {
            done: 1,
            calls: 1,
            ..RunCounts::default()
        };
        let line = match met {
            Met::Seen => {
                counts.unchanged = 1;
                None
            }
            Met::Archived => {
                counts.changed = 1;
                Some(("archived", "Intercom shows it by id alone: it is archived"))
            }
            Met::Merged => {
                counts.merged = 1;
                Some(("merged", "it was merged into another contact"))
            }
            Met::Deleted => {
                counts.deleted = 1;
                Some((
                    "deleted",
                    "it was deleted at Intercom; what we held of it is erased",
                ))
            }
            Met::Nothing => {
                counts.failed = 1;
                self.place.unclear += i64::from(unseen);
                Some((
                    "failed",
                    "Intercom's answer does not say what became of it, so nothing was erased; it is asked again in the next run",
                ))
            }
        };
        if let Some((outcome, why)) = line {
            self.line(&tenant, outcome, ("contact", id), Some(why))
                .await?;
        }
        self.keep(tx, counts, None).await
    }

    /// Fetches all companies and tags of contacts that have more than Intercom lists.
    pub(crate) async fn cut(&mut self, after: &str) -> Result<(), Stop> {
        let tenant = self.tenant();
        let cut = tenant
            .contact_ids(self.connection, ContactPass::Cut, after, BATCH)
            .await?;
        if cut.is_empty() {
            self.place.step_done();
            return self.keep_place(0).await;
        }
        let asked_at = self.now();
        let client = &self.client;
        let lists: Vec<(String, Lists)> = stream::iter(cut)
            .map(|id| async move { Ok::<_, Error>((id.clone(), lists_of(client, &id).await?)) })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        for (id, lists) in lists {
            self.place.step_becomes([Step::Cut { after: id.clone() }]);
            self.complete(&id, lists, asked_at).await?;
        }
        Ok(())
    }

    /// Stores all companies and tags of a contact.
    async fn complete(
        &mut self,
        id: &str,
        lists: Lists,
        asked_at: DateTime<Utc>,
    ) -> Result<(), Stop> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(self.workspace);
        let mut counts = calls(2);
        counts.done = 1;
        tenant.lock_contacts(self.connection, &[id]).await?;
        let known = tenant.contact(self.connection, id).await?;
        // A webhook that came meanwhile knows better; one that is gone, or was merged, gets no links any more.
        let is_ours = known.is_some_and(|copy| {
            copy.merged_into.is_none() && copy.contact.time.observed_at <= asked_at
        });
        match lists {
            Some((companies, tags)) if is_ours => {
                let mut changed = false;
                for (kind, all) in [(Links::Companies, companies), (Links::ContactTags, tags)] {
                    let all = all.iter().map(String::as_str).collect();
                    let owners = tenant
                        .put_links(kind, self.connection, &[(id, all, false)])
                        .await?;
                    changed |= !owners.is_empty();
                }
                tenant.completed_contact(self.connection, id).await?;
                match changed {
                    true => counts.changed = 1,
                    false => counts.unchanged = 1,
                }
            }
            _ => {
                counts.failed = 1;
                let why = "its companies and tags beyond the first ten are not known yet: it changed or went while they were \
                    asked for, and is asked again in the next run";
                self.line(&tenant, "failed", ("contact", id), Some(why))
                    .await?;
            }
        }
        self.keep(tx, counts, None).await
    }
}

/// Asks for contacts by id, several at the same time.
async fn fates(
    client: &Client,
    ids: Vec<String>,
    asked_at: DateTime<Utc>,
) -> Result<Vec<(String, Fate, DateTime<Utc>)>, Error> {
    stream::iter(ids)
        .map(|id| async move { Ok((id.clone(), fate_of(client, &id).await?, asked_at)) })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn lists_of(client: &Client, id: &str) -> Result<Lists, Error> {
    let companies = match client.contact_companies(id).pages().collect().await {
        Ok(companies) => companies,
        Err(Error::NotFound { .. } | Error::Merged { .. } | Error::Rejected { .. }) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let tags = match client.contact_tags(id).pages().collect().await {
        Ok(tags) => tags,
        Err(Error::NotFound { .. } | Error::Merged { .. } | Error::Rejected { .. }) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let companies = companies.into_iter().map(|company| company.id).collect();
    Ok(Some((
        companies,
        tags.into_iter().map(|tag| tag.id).collect(),
    )))
}
