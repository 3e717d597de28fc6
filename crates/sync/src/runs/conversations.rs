//! Escalated conversations: what changed is read anew, what was deleted is erased, and taggings that nobody told of are
//! found.

use super::parts::Parts;
use super::pass::{Pass, Stop, calls, moving};
use super::place::Step;
use super::skips::{DELETED, told};
use crate::buried::{About, Buried};
use crate::details;
use crate::erase;
use crate::taggings::{Carried, Found};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::RunCounts;
use earmark_db::{Tenant, Tx};
use earmark_intercom::{Conversation, Error, Message, Order, Position, conversations};
use earmark_model::{Outcome, RunKind};

/// Escalated conversations read between two looks at the clock.
const BATCH: u64 = 20;
/// Conversations that were not given which a run remembers for the next one.
const MOST_AGAIN: usize = 500;
/// Intercom lists deleted conversations newest first; a look goes back this much further than needed.
const OVERLAP: TimeDelta = TimeDelta::days(1);

impl Pass<'_> {
    /// Goes through the conversations that changed since a time.
    pub(crate) async fn conversations(
        &mut self,
        since: DateTime<Utc>,
        (mut at, mut dealt): (Option<Position>, Vec<String>),
    ) -> Result<(), Stop> {
        loop {
            let filter = conversations::UPDATED_AT.after(since - TimeDelta::seconds(1));
            let search = earmark_intercom::Search::from(filter)
                .sorted(&conversations::UPDATED_AT, Order::Ascending);
            let listing = self.client.search_conversations(search).resume(at.clone());
            let page = listing.page().await;
            let page = match moving(page, at.as_ref(), &mut self.place.pages) {
                Ok(page) => page,
                Err(error) if self.begins_anew(&error, at.is_some()) => {
                    at = None;
                    dealt.clear();
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let mut counts = calls(1);
            let triggers = self.triggers().await?;
            let mut left_out = Vec::new();
            for conversation in &page.items {
                if dealt.contains(&conversation.id) {
                    continue;
                }
                if let Some(why) = self.why_not_ours(conversation, &triggers).await? {
                    left_out.push((conversation.id.clone(), why));
                    continue;
                }
                dealt.push(conversation.id.clone());
                self.place.step_becomes([Step::Conversations {
                    since,
                    at: at.clone(),
                    dealt: dealt.clone(),
                }]);
                let counts = std::mem::take(&mut counts);
                self.read_again(&conversation.id, &triggers, counts).await?;
                if self.is_over() {
                    return Ok(());
                }
            }
            super::contacts::unreadable(page.unreadable, &mut counts);
            at.clone_from(&page.next);
            dealt.clear();
            self.conversations_page_done((since, at.as_ref()), left_out, counts)
                .await?;
            if at.is_none() || self.is_over() {
                return Ok(());
            }
        }
    }

    /// Keeps the place after a page of changed conversations, or after the last one, with those that it left out.
    async fn conversations_page_done(
        &mut self,
        (since, at): (DateTime<Utc>, Option<&Position>),
        left_out: Vec<(String, &str)>,
        mut counts: RunCounts,
    ) -> Result<(), Stop> {
        if at.is_some() {
            self.place.step_becomes([Step::Conversations {
                since,
                at: at.cloned(),
                dealt: Vec::new(),
            }]);
        } else {
            // With too many to remember, all of them are searched for again.
            if self.place.kept.conversations_again.len() < MOST_AGAIN {
                let to = match self.place.feedback {
                    true => &mut self.place.kept.conversations_to,
                    false => &mut self.place.kept.redactions_to,
                };
                *to = Some(self.place.began);
            }
            self.place.step_done();
        }
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        for (id, why) in left_out {
            counts.done += 1;
            let about = ("conversation", id.as_str());
            self.leave_out(&tenant, about, why, &mut counts).await?;
        }
        self.keep(tx, counts, None).await
    }

    /// The tags that make tickets: none while feedback is off.
    pub(super) async fn triggers(&self) -> Result<Vec<String>, Stop> {
        let tenant = self.tenant();
        let row = tenant.connection(self.connection).await?;
        Ok(match row.is_some_and(|row| row.feedback_on_at.is_some()) {
            true => tenant.trigger_tag_ids(self.connection).await?,
            false => Vec::new(),
        })
    }

    /// Reads conversations that an earlier run was not given.
    pub(crate) async fn again(&mut self, mut ids: Vec<String>) -> Result<(), Stop> {
        let triggers = self.triggers().await?;
        while let Some(id) = ids.pop() {
            self.place.step_becomes([Step::Again { ids: ids.clone() }]);
            self.place.kept.conversations_again.retain(|one| *one != id);
            self.read_again(&id, &triggers, RunCounts::default())
                .await?;
            if self.is_over() {
                return Ok(());
            }
        }
        self.place.step_done();
        self.keep_place(0).await
    }

    /// Why a conversation has no ticket and may get none.
    async fn why_not_ours(
        &self,
        listed: &Conversation,
        triggers: &[String],
    ) -> Result<Option<&'static str>, Stop> {
        let tenant = self.tenant();
        let known = tenant.conversation(self.connection, &listed.id).await?;
        // One whose copy was erased here comes back when it was tagged since.
        if listed.tags.iter().any(|tag| triggers.contains(&tag.id)) {
            return Ok(None);
        }
        Ok(match known {
            Some(known) if known.gone_at.is_none() => None,
            Some(_) => Some("what was kept of it here was erased"),
            None if self.place.feedback => Some("it has no ticket here and carries no trigger tag"),
            None => Some("it has no ticket here, and feedback is switched off"),
        })
    }

    /// Reads a conversation anew and makes our copy the same, which is kept with the place after it.
    pub(super) async fn read_again(
        &mut self,
        id: &str,
        triggers: &[String],
        mut counts: RunCounts,
    ) -> Result<(), Stop> {
        counts.done += 1;
        let conversation = match self.asked(id, &mut counts).await {
            Ok(conversation) => conversation,
            Err(Error::NotFound { code: Some(_), .. }) => return self.bury(id, counts).await,
            Err(error) if self.ends_step(&error) => return Err(error.into()),
            Err(error) => {
                counts.failed += 1;
                let again = &mut self.place.kept.conversations_again;
                if again.len() < MOST_AGAIN && !again.iter().any(|one| one == id) {
                    again.push(id.to_owned());
                }
                // What another try notes is handed on to no pass.
                let next = match self.kind {
                    RunKind::Retry => "",
                    _ => ", and is asked again in the next run",
                };
                let why = format!("Intercom did not give it{next}: {error}");
                let tx = self.db.begin_in_background().await?;
                let tenant = tx.workspace(self.workspace);
                self.line(&tenant, "failed", ("conversation", id), Some(&why))
                    .await?;
                return self.keep(tx, counts, None).await;
            }
        };
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        self.heal(&tenant, conversation, triggers, &mut counts)
            .await?;
        self.keep(tx, counts, None).await
    }

    /// A conversation. A proof asks a second time when its statistics count parts that it does not list.
    async fn asked(&self, id: &str, counts: &mut RunCounts) -> Result<Conversation, Error> {
        counts.calls += 1;
        let first = self.client.conversation(id).await?;
        if self.kind != RunKind::Proof || Parts::of(&first).unlisted().is_none() {
            return Ok(first);
        }
        counts.calls += 1;
        self.client.conversation(id).await
    }

    /// Makes our copy of a conversation what Intercom says now, with a line for each thing that was not.
    async fn heal(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        mut conversation: Conversation,
        triggers: &[String],
        counts: &mut RunCounts,
    ) -> Result<(), Stop> {
        let id = conversation.id.clone();
        let mut buried =
            Buried::lock(tenant, self.connection, &About::conversation(&conversation)).await?;
        buried.hide(&mut conversation);
        if buried.whole {
            let about = ("conversation", id.as_str());
            return Ok(self.leave_out(tenant, about, DELETED, counts).await?);
        }
        let is_news = |one: &&Message| one.redacted && !buried.messages.contains(&one.id);
        let redacted = conversation.messages().filter(is_news).count();
        erase::found(tenant, self.connection, &conversation, &mut buried).await?;
        let Some(row) = tenant.connection(self.connection).await? else {
            return Ok(());
        };
        let carried = Carried {
            tenant,
            connection: &row,
            conversation: &conversation,
            tags: triggers,
        };
        let found = carried.heal(&buried).await?;
        // What was erased here is kept again once a tagging brought it back.
        let is_kept = !buried.copy || found.iter().any(|one| matches!(one, Found::Made(_)));
        let (mut lines, why) = told(found, "healed");
        if lines.is_empty()
            && redacted == 0
            && let Some(why) = why
            && !self.is_here(tenant, &id).await?
        {
            let about = ("conversation", id.as_str());
            return Ok(self.leave_out(tenant, about, &why, counts).await?);
        }
        let parts = Parts::of(&conversation);
        if is_kept && details::reread(tenant, self.connection, conversation).await? {
            lines.push(("changed", "messages were missing or differed".to_owned()));
        }
        if redacted > 0 {
            let words = format!("{redacted} message(s) were redacted, and no webhook told of it");
            lines.push(("redacted", words));
        }
        match lines.is_empty() {
            true => counts.unchanged += 1,
            false => counts.changed += 1,
        }
        if self.kind == RunKind::Proof && is_kept {
            let held = tenant.messages(self.connection, &id).await?;
            lines.extend(self.proved(&parts, &held, row.feedback_on_at.is_some()));
        } else {
            lines.extend(parts.cut().map(|words| ("partial", words)));
        }
        if lines.is_empty() {
            self.line_of_each(tenant, "unchanged", ("conversation", &id))
                .await?;
        }
        for (outcome, words) in lines {
            self.line(tenant, outcome, ("conversation", &id), Some(&words))
                .await?;
        }
        Ok(())
    }

    async fn is_here(&self, tenant: &Tenant<'_, Tx>, id: &str) -> earmark_db::Result<bool> {
        let known = tenant.conversation(self.connection, id).await?;
        Ok(known.is_some_and(|known| known.gone_at.is_none()))
    }

    /// Erases a conversation that Intercom does not have any more, which is kept with the place after it.
    async fn bury(&mut self, id: &str, mut counts: RunCounts) -> Result<(), Stop> {
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        let about = About {
            conversation: Some(id.to_owned()),
            ..About::default()
        };
        Buried::lock(&tenant, self.connection, &about).await?;
        let applied = erase::delete(&tenant, self.connection, id).await?;
        if applied.outcome == Outcome::Processed {
            counts.deleted += 1;
            let why = "it was deleted at Intercom, and no webhook told of it; what we held of it is erased";
            self.line(&tenant, "deleted", ("conversation", id), Some(why))
                .await?;
        }
        self.keep(tx, counts, None).await
    }

    /// Goes through the list of deleted conversations, newest first, as far back as a time.
    pub(crate) async fn deleted_conversations(
        &mut self,
        since: DateTime<Utc>,
        mut at: Option<Position>,
    ) -> Result<(), Stop> {
        loop {
            let listing = self.client.deleted_conversations();
            let page = listing.resume(at.clone()).page().await;
            let page = match moving(page, at.as_ref(), &mut self.place.pages) {
                Ok(page) => page,
                Err(error) if self.begins_anew(&error, at.is_some()) => {
                    at = None;
                    continue;
                }
                Err(Error::Rejected { .. } | Error::NotFound { .. }) => {
                    let why = "deleted conversations were left out: Intercom does not list them for this token";
                    return self.skip(why).await;
                }
                Err(error) => return Err(error.into()),
            };
            let mut counts = calls(1);
            let mut is_old = page.items.is_empty();
            for one in &page.items {
                let deleted_at = one.other.get("deleted_at").and_then(|at| at.as_i64());
                is_old |= deleted_at.is_some_and(|at| at < (since - OVERLAP).timestamp());
                let known = self.tenant().conversation(self.connection, &one.id).await?;
                if known.is_some_and(|known| known.gone_at.is_none()) {
                    let mut counts = std::mem::take(&mut counts);
                    counts.done += 1;
                    self.bury(&one.id, counts).await?;
                }
            }
            at = page.next.filter(|_| !is_old);
            match &at {
                Some(_) => self.place.step_becomes([Step::DeletedConversations {
                    since,
                    at: at.clone(),
                }]),
                None => {
                    self.place.kept.deletions_to = Some(self.place.began);
                    self.place.step_done();
                }
            }
            let tx = self.db.begin_in_background().await?;
            self.keep(tx, counts, None).await?;
            if at.is_none() || self.is_over() {
                return Ok(());
            }
        }
    }

    /// Reads every escalated conversation: the proof of the threads.
    pub(crate) async fn escalated(&mut self, after: &str) -> Result<(), Stop> {
        let tenant = self.tenant();
        let ids = tenant
            .escalated_conversations(self.connection, after, BATCH)
            .await?;
        if ids.is_empty() {
            self.sum_up_parts();
            self.place.step_done();
            return self.keep_place(0).await;
        }
        let triggers = self.triggers().await?;
        for id in ids {
            self.place
                .step_becomes([Step::Escalated { after: id.clone() }]);
            self.read_again(&id, &triggers, RunCounts::default())
                .await?;
            if self.is_over() {
                break;
            }
        }
        Ok(())
    }
}
