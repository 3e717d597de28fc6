//! Contacts that Intercom shows no more, one by one; and lists that it cut.

use super::pass::{Pass, Stop, calls};
use super::place::Step;
use crate::people::{Fate, Met, SEARCHABLE_AFTER, fate_of, heard_at, meet_fate};
use chrono::{DateTime, Utc};
use earmark_db::tenant::{ContactPass, Links, RunCounts};
use earmark_db::{Tenant, Tx};
use earmark_intercom::{Client, Contact, Error};
use futures::{StreamExt, stream};

/// Contacts asked for by id at the same time.
const AT_ONCE: usize = 8;
/// Contacts asked for by id between two looks at the clock.
const BATCH: u64 = 40;

/// A contact, and why Intercom's answer about it is missing.
pub(super) type Fault = (String, Error);

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
        let asked_at = self.now();
        let client = &self.client;
        let (fates, fault) = in_order(unseen, |id| async move { fate_of(client, &id).await }).await;
        let (fates, fault) = self.or_unclear(fates, fault, || Fate::Unclear);
        for (id, fate) in fates {
            self.place
                .step_becomes([Step::Vanished { after: id.clone() }]);
            self.follow(&id, &fate, (asked_at, true)).await?;
        }
        fault.map_or(Ok(()), |(_, error)| Err(error.into()))
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
        let asked_at = self.now();
        let client = &self.client;
        let (fates, fault) =
            in_order(archived, |id| async move { fate_of(client, &id).await }).await;
        let (fates, fault) = self.or_unclear(fates, fault, || Fate::Unclear);
        for (id, fate) in fates {
            left = left.saturating_sub(1);
            self.place.step_becomes([Step::Archived {
                after: id.clone(),
                most: left,
            }]);
            self.follow(&id, &fate, (asked_at, false)).await?;
        }
        fault.map_or(Ok(()), |(_, error)| Err(error.into()))
    }

    /// Answers up to the first fault; with the record at fault, when that is the first one and is to be given up.
    pub(super) fn or_unclear<T>(
        &self,
        mut answers: Vec<(String, T)>,
        fault: Option<Fault>,
        unclear: impl Fn() -> T,
    ) -> (Vec<(String, T)>, Option<Fault>) {
        match fault {
            Some((id, error)) if answers.is_empty() && self.gives_up(&error) => {
                answers.push((id, unclear()));
                (answers, None)
            }
            fault => (answers, fault),
        }
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
        let tx = self.db.begin_in_background().await?;
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
        self.place.went += i64::from(matches!(met, Met::Archived | Met::Merged | Met::Deleted));
        let line = match met {
            Met::Seen => {
                counts.unchanged = 1;
                self.line_of_each(&tenant, "unchanged", ("contact", id))
                    .await?;
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
        let (lists, fault) = in_order(cut, |id| async move { lists_of(client, &id).await }).await;
        let (lists, fault) = self.or_unclear(lists, fault, || None);
        for (id, lists) in lists {
            self.place.step_becomes([Step::Cut { after: id.clone() }]);
            self.complete(&id, lists, asked_at).await?;
        }
        fault.map_or(Ok(()), |(_, error)| Err(error.into()))
    }

    /// Stores all companies and tags of a contact.
    async fn complete(
        &mut self,
        id: &str,
        lists: Lists,
        asked_at: DateTime<Utc>,
    ) -> Result<(), Stop> {
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        let mut counts = calls(2);
        counts.done = 1;
        tenant.lock_contacts(self.connection, &[id], false).await?;
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

/// Asks about contacts, several at the same time: what was answered before the first fault, and that with its contact.
pub(super) async fn in_order<T, A: Future<Output = Result<T, Error>>>(
    ids: Vec<String>,
    ask: impl Fn(String) -> A,
) -> (Vec<(String, T)>, Option<Fault>) {
    let ask = &ask;
    let mut asked = stream::iter(ids)
        .map(|id| async move { (ask(id.clone()).await, id) })
        .buffered(AT_ONCE);
    let mut answers = Vec::new();
    while let Some((answer, id)) = asked.next().await {
        match answer {
            Ok(answer) => answers.push((id, answer)),
            Err(error) => return (answers, Some((id, error))),
        }
    }
    (answers, None)
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
