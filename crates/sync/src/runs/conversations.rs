//! Escalated conversations: what changed is read anew, what was deleted is erased, and taggings that nobody told of are
//! found.

use super::TIME_UNKNOWN;
use super::pass::{Pass, Stop};
use super::place::Step;
use crate::buried::{About, Buried};
use crate::details;
use crate::erase;
use crate::taggings::{Carried, Found};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::RunCounts;
use earmark_intercom::{Conversation, Error, Order, Position, conversations};
use earmark_model::Outcome;

/// Escalated conversations read between two looks at the clock.
const BATCH: u64 = 20;
/// Intercom lists deleted conversations newest first; a look goes back this much further than needed.
const OVERLAP: TimeDelta = TimeDelta::days(1);

impl Pass<'_> {
    /// Goes through the conversations that changed since a time.
    pub(crate) async fn conversations(
        &mut self,
        since: DateTime<Utc>,
        mut at: Option<Position>,
    ) -> Result<(), Stop> {
        loop {
            let filter = conversations::UPDATED_AT.after(since - TimeDelta::seconds(1));
            let search = earmark_intercom::Search::from(filter)
                .sorted(&conversations::UPDATED_AT, Order::Ascending);
            let listing = self.client.search_conversations(search);
            let page = match listing.resume(at.clone()).page().await {
                Ok(page) => page,
                Err(Error::PermissionMissing { .. }) => {
                    let why = "conversations were left out: the token lacks the permission Read conversations";
                    return self.skip(why).await;
                }
                Err(error) => return Err(error.into()),
            };
            if page.next.is_some() && page.next == at {
                return Err(Error::NotMoving {
                    pages: 1,
                    request_id: None,
                }
                .into());
            }
            let mut counts = super::pass::calls(1);
            super::contacts::unreadable(page.unreadable, &mut counts);
            let triggers = self.tenant().trigger_tag_ids(self.connection).await?;
            for conversation in &page.items {
                self.look_at(conversation, &triggers, &mut counts).await?;
            }
            at.clone_from(&page.next);
            match &at {
                Some(_) => self.place.step_becomes([Step::Conversations {
                    since,
                    at: at.clone(),
                }]),
                None => self.place.step_done(),
            }
            self.keep(self.db.begin().await?, counts, None).await?;
            if at.is_none() || self.is_over() {
                return Ok(());
            }
        }
    }

    /// Reads a conversation whole when it concerns us.
    async fn look_at(
        &mut self,
        listed: &Conversation,
        triggers: &[String],
        counts: &mut RunCounts,
    ) -> Result<(), Stop> {
        let known = self
            .tenant()
            .conversation(self.connection, &listed.id)
            .await?;
        let is_tagged = listed.tags.iter().any(|tag| triggers.contains(&tag.id));
        if known.is_none() && !is_tagged {
            counts.done += 1;
            counts.skipped += 1;
            return Ok(());
        }
        // One whose copy was erased here comes back when it was tagged since.
        if known.is_some_and(|known| known.gone_at.is_some()) && !is_tagged {
            return Ok(());
        }
        self.read_again(&listed.id, triggers, counts).await
    }

    /// Reads a conversation anew and makes our copy the same.
    async fn read_again(
        &mut self,
        id: &str,
        triggers: &[String],
        counts: &mut RunCounts,
    ) -> Result<(), Stop> {
        counts.calls += 1;
        counts.done += 1;
        let conversation = match self.client.conversation(id).await {
            Ok(conversation) => conversation,
            Err(Error::NotFound { code: Some(_), .. }) => return self.bury(id, counts).await,
            Err(error) if error.is_passing() || matches!(error, Error::Reconnect { .. }) => {
                return Err(error.into());
            }
            Err(error) => {
                counts.failed += 1;
                let why = format!("Intercom did not give it: {error}");
                return self.one_line("failed", id, &why).await;
            }
        };
        self.heal(conversation, triggers, counts).await
    }

    /// Makes our copy of a conversation what Intercom says now, with a line for each thing that was not.
    async fn heal(
        &mut self,
        conversation: Conversation,
        triggers: &[String],
        counts: &mut RunCounts,
    ) -> Result<(), Stop> {
        let id = conversation.id.clone();
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(self.workspace);
        let mut buried = Buried::lock(
            &tenant,
            self.connection,
            &About::conversation(&conversation),
        )
        .await?;
        if buried.whole {
            counts.unchanged += 1;
            return Ok(());
        }
        let mut lines: Vec<(&str, String)> = Vec::new();
        let redacted = conversation
            .messages()
            .filter(|one| one.redacted && !buried.messages.contains(&one.id))
            .count();
        erase::found(&tenant, self.connection, &conversation, &mut buried).await?;
        let Some(row) = tenant.connection(self.connection).await? else {
            return Ok(());
        };
        let carried = Carried {
            tenant: &tenant,
            connection: &row,
            conversation: &conversation,
            tags: triggers,
        };
        let mut is_kept = !buried.copy;
        for found in carried.heal(&buried).await? {
            lines.push(match found {
                Found::Made(words) => {
                    is_kept = true;
                    ("healed", words)
                }
                Found::TimeUnknown(words) => (TIME_UNKNOWN, words),
            });
        }
        let total = conversation.parts_total.unwrap_or(0);
        let given = conversation.parts.len() as u64;
        if is_kept && details::reread(&tenant, self.connection, conversation).await? {
            lines.push(("changed", "messages were missing or differed".to_owned()));
        }
        if redacted > 0 {
            let words = format!("{redacted} message(s) were redacted, and no webhook told of it");
            lines.push(("redacted", words));
        }
        if total > given {
            let words = format!("Intercom gives the newest {given} of its {total} parts");
            lines.push(("partial", words));
        }
        let healed = lines.iter().any(|(what, _)| *what != "partial");
        match healed {
            true => counts.changed += 1,
            false => counts.unchanged += 1,
        }
        for (outcome, words) in lines {
            self.line(&tenant, outcome, ("conversation", &id), Some(&words))
                .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Erases a conversation that Intercom does not have any more.
    async fn bury(&mut self, id: &str, counts: &mut RunCounts) -> Result<(), Stop> {
        let tx = self.db.begin().await?;
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
        Ok(tx.commit().await?)
    }

    async fn one_line(&mut self, outcome: &str, id: &str, why: &str) -> Result<(), Stop> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(self.workspace);
        self.line(&tenant, outcome, ("conversation", id), Some(why))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Goes through the list of deleted conversations, newest first, as far back as a time.
    pub(crate) async fn deleted_conversations(
        &mut self,
        since: DateTime<Utc>,
        mut at: Option<Position>,
    ) -> Result<(), Stop> {
        loop {
            let listing = self.client.deleted_conversations();
            let page = match listing.resume(at.clone()).page().await {
                Ok(page) => page,
                Err(
                    Error::PermissionMissing { .. }
                    | Error::Rejected { .. }
                    | Error::NotFound { .. },
                ) => {
                    let why = "deleted conversations were left out: Intercom does not list them for this token";
                    return self.skip(why).await;
                }
                Err(error) => return Err(error.into()),
            };
            let mut counts = super::pass::calls(1);
            let mut is_old = page.items.is_empty();
            for one in &page.items {
                let deleted_at = one.other.get("deleted_at").and_then(|at| at.as_i64());
                is_old |= deleted_at.is_some_and(|at| at < (since - OVERLAP).timestamp());
                let known = self.tenant().conversation(self.connection, &one.id).await?;
                if known.is_some_and(|known| known.gone_at.is_none()) {
                    counts.done += 1;
                    self.bury(&one.id, &mut counts).await?;
                }
            }
            at = page
                .next
                .filter(|next| !is_old && at.as_ref() != Some(next));
            match &at {
                Some(_) => self.place.step_becomes([Step::DeletedConversations {
                    since,
                    at: at.clone(),
                }]),
                None => self.place.step_done(),
            }
            self.keep(self.db.begin().await?, counts, None).await?;
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
            self.place.step_done();
            return self.keep_place(0).await;
        }
        let triggers = tenant.trigger_tag_ids(self.connection).await?;
        for id in ids {
            let mut counts = RunCounts::default();
            self.read_again(&id, &triggers, &mut counts).await?;
            self.place.step_becomes([Step::Escalated { after: id }]);
            self.keep(self.db.begin().await?, counts, None).await?;
        }
        Ok(())
    }
}
