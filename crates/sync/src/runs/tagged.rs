//! Conversations that carry trigger tags already: which tickets they would make, or the tickets themselves.

use super::pass::{Pass, Stop, calls, moving};
use super::place::{Step, TaggedStep};
use super::skips::{DELETED, Skips, told};
use crate::buried::{About, Buried};
use crate::taggings::{Carried, FEEDBACK_OFF, Found, UNTAGGED};
use crate::{details, erase};
use earmark_db::tenant::RunCounts;
use earmark_db::{Tenant, Tx};
use earmark_intercom::search::Group;
use earmark_intercom::{AppliedTag, Conversation, Listing, conversations};
use earmark_model::ProductId;
use std::collections::BTreeMap;

/// Calls for a conversation that makes tickets: itself, and for its details its contact and company.
const CALLS_EACH: i64 = 4;
/// Of ten calls in a window, those that such work may take.
const SHARE: i64 = 7;

/// Who would get a ticket of a conversation.
enum Wanted {
    /// These products, each with the tagging in words.
    By(BTreeMap<ProductId, String>),
    /// None, for a reason in words.
    ByNone(String),
}

impl Pass<'_> {
    pub(crate) async fn tagged(&mut self, mut step: TaggedStep) -> Result<(), Stop> {
        if step.tags.is_empty() {
            return self.skip("no tag was chosen").await;
        }
        loop {
            let listing = self.search_tagged(&step)?.resume(step.at.clone());
            let page = listing.page().await;
            let page = match moving(page, step.at.as_ref(), &mut self.place.pages) {
                Ok(page) => page,
                Err(error) if self.begins_anew(&error, step.at.is_some()) => {
                    self.tagged_anew(&mut step).await?;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let total = page.total.and_then(|total| i64::try_from(total).ok());
            let mut counts = calls(1);
            if !step.dry {
                for conversation in &page.items {
                    if step.dealt.contains(&conversation.id) {
                        continue;
                    }
                    step.dealt.push(conversation.id.clone());
                    self.place.step_becomes([Step::Tagged(step.clone())]);
                    let counts = std::mem::take(&mut counts);
                    self.escalate(&step.tags, &conversation.id, counts).await?;
                    if self.is_over() {
                        return Ok(());
                    }
                }
            }
            let tx = self.db.begin_in_background().await?;
            if step.dry {
                let tenant = tx.workspace(self.workspace);
                self.foresee(&tenant, &mut step, &page.items, &mut counts)
                    .await?;
            }
            super::contacts::unreadable(page.unreadable, &mut counts);
            step.at.clone_from(&page.next);
            step.dealt.clear();
            self.place.step_becomes([Step::Tagged(step.clone())]);
            if step.at.is_none() {
                self.foreseen(&step).await;
                self.place.step_done();
            }
            self.keep(tx, counts, total).await?;
            if step.at.is_none() || self.is_over() {
                return Ok(());
            }
        }
    }

    /// Goes back to the start of the list. What a look counted and wrote down it counts again, so that is taken back.
    async fn tagged_anew(&mut self, step: &mut TaggedStep) -> Result<(), Stop> {
        step.at = None;
        step.dealt.clear();
        let tx = self.db.begin_in_background().await?;
        let mut counts = calls(1);
        if step.dry {
            (step.tickets, step.conversations) = (0, 0);
            (self.place.lines, self.place.lines_left_out) = (0, 0);
            let tenant = tx.workspace(self.workspace);
            tenant.drop_run_lines(self.run).await?;
            let run = tenant.run(self.run).await?;
            let counted = run.map(|run| run.counts).unwrap_or_default();
            counts.done = -counted.done;
            counts.added = -counted.added;
            counts.unchanged = -counted.unchanged;
            counts.failed = -counted.failed;
            counts.skipped = -counted.skipped;
            self.place.skips = Skips::default();
        }
        self.place.step_becomes([Step::Tagged(step.clone())]);
        self.keep(tx, counts, None).await
    }

    fn search_tagged(&self, step: &TaggedStep) -> Result<Listing<Conversation>, Stop> {
        let tags: Vec<&str> = step.tags.iter().map(String::as_str).collect();
        let mut filters = vec![conversations::TAG_IDS.one_of(&tags)];
        // A tagging changes its conversation.
        filters.extend(
            step.since
                .map(|since| conversations::UPDATED_AT.after(since)),
        );
        filters.extend(step.only.as_deref().map(|id| conversations::ID.is(id)));
        let all = Group::all(filters).map_err(|why| Stop::Failed(why.to_string()))?;
        Ok(self.client.search_conversations(all))
    }

    /// Writes down which tickets these conversations would make. What a list shows is enough for that: a conversation
    /// whose tag sits on several messages may make more.
    async fn foresee(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        step: &mut TaggedStep,
        listed: &[Conversation],
        counts: &mut RunCounts,
    ) -> Result<(), Stop> {
        for conversation in listed {
            counts.done += 1;
            let about = ("conversation", conversation.id.as_str());
            let mut wanted = match self.wanted(tenant, step, conversation).await? {
                Wanted::By(products) => products,
                Wanted::ByNone(why) => {
                    self.leave_out(tenant, about, &why, counts).await?;
                    continue;
                }
            };
            let tickets = tenant
                .tickets_of_conversation(self.connection, &conversation.id)
                .await?;
            // What was erased here is brought back, to the tickets that are there.
            let erased = tenant.tombstones(self.connection, &conversation.id).await?;
            wanted.retain(|product, _| {
                erased.copy
                    || !tickets.iter().any(|ticket| {
                        ticket.origin_product == *product || ticket.product == *product
                    })
            });
            if wanted.is_empty() {
                counts.unchanged += 1;
                continue;
            }
            counts.added += 1;
            step.conversations += 1;
            step.tickets += i64::try_from(wanted.len()).unwrap_or(i64::MAX);
            let words = Vec::from_iter(wanted.into_values()).join("; ");
            self.line(tenant, "would_make", about, Some(&words)).await?;
        }
        Ok(())
    }

    /// Which products would get a ticket of a conversation, if it had none.
    async fn wanted(
        &self,
        tenant: &Tenant<'_, Tx>,
        step: &TaggedStep,
        conversation: &Conversation,
    ) -> Result<Wanted, Stop> {
        let mut wanted = BTreeMap::new();
        let mut why = UNTAGGED.to_owned();
        let carried = |tag: &&AppliedTag| step.tags.contains(&tag.id);
        for tag in conversation.tags.iter().filter(carried) {
            if let (Some(since), Some(at)) = (step.since, tag.applied_at)
                && at < since
            {
                "it was tagged before the days that are looked at".clone_into(&mut why);
                continue;
            }
            let when = tag.applied_at.map_or_else(
                || "at an unknown time".to_owned(),
                |at| at.format("at %Y-%m-%d %H:%M:%S UTC").to_string(),
            );
            for trigger in tenant.triggers(self.connection, &tag.id).await? {
                let name = trigger.product_name;
                match step.product {
                    None if trigger.product_on_at.is_none() => {
                        why = format!("feedback is switched off for {name}");
                    }
                    Some(only) if only != trigger.product => {}
                    _ => {
                        let words = format!("{name}, tagged {when}");
                        wanted.entry(trigger.product).or_insert(words);
                    }
                }
            }
            // A rule is tried before its tags are chosen.
            if let Some(product) = step.product {
                let words = format!("this product, tagged {when}");
                wanted.entry(product).or_insert(words);
            }
        }
        Ok(match wanted.is_empty() {
            true => Wanted::ByNone(why),
            false => Wanted::By(wanted),
        })
    }

    /// Sums up for the report what the run itself would cost.
    async fn foreseen(&mut self, step: &TaggedStep) {
        if !step.dry {
            return;
        }
        let (budget, key) = self.client.budget();
        let limit = budget.snapshot(key).await.and_then(|known| known.limit);
        let calls = step.conversations.saturating_mul(CALLS_EACH);
        let a_minute = i64::from(limit.unwrap_or(166)) * 6 * SHARE / 10;
        let minutes = (calls + a_minute - 1) / a_minute.max(1);
        self.place.remark(format!(
            "it would make {} ticket(s) from {} conversation(s), with about {calls} calls in about {minutes} minute(s)",
            step.tickets, step.conversations
        ));
    }

    /// Makes the tickets of one conversation, which are kept with the place after it.
    pub(super) async fn escalate(
        &mut self,
        tags: &[String],
        id: &str,
        mut counts: RunCounts,
    ) -> Result<(), Stop> {
        counts.done += 1;
        counts.calls += 1;
        let conversation = match self.client.conversation(id).await {
            Ok(conversation) => conversation,
            Err(error) if self.ends_step(&error) => return Err(error.into()),
            Err(error) => {
                counts.failed += 1;
                let why = format!("Intercom did not give it: {error}");
                let tx = self.db.begin_in_background().await?;
                let tenant = tx.workspace(self.workspace);
                self.line(&tenant, "failed", ("conversation", id), Some(&why))
                    .await?;
                return self.keep(tx, counts, None).await;
            }
        };
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        self.make_tickets(&tenant, tags, conversation, &mut counts)
            .await?;
        self.keep(tx, counts, None).await
    }

    async fn make_tickets(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        tags: &[String],
        mut conversation: Conversation,
        counts: &mut RunCounts,
    ) -> Result<(), Stop> {
        let id = conversation.id.clone();
        let about = About::conversation(&conversation);
        let mut buried = Buried::lock(tenant, self.connection, &about).await?;
        let row = tenant.connection(self.connection).await?;
        let about = ("conversation", id.as_str());
        let Some(row) = row.filter(|_| !buried.whole) else {
            return Ok(self.leave_out(tenant, about, DELETED, counts).await?);
        };
        if row.feedback_on_at.is_none() {
            return Ok(self.leave_out(tenant, about, FEEDBACK_OFF, counts).await?);
        }
        buried.hide(&mut conversation);
        erase::found(tenant, self.connection, &conversation, &mut buried).await?;
        let carried = Carried {
            tenant,
            connection: &row,
            conversation: &conversation,
            tags,
        };
        let found = carried.escalate_all(&buried).await?;
        let is_made = found.iter().any(|one| matches!(one, Found::Made(_)));
        let (lines, why) = told(found, "new");
        match (is_made, why) {
            (true, _) => counts.added += 1,
            (false, Some(why)) if lines.is_empty() => {
                self.leave_out(tenant, about, &why, counts).await?;
            }
            (false, _) => counts.unchanged += 1,
        }
        if !buried.copy || counts.added > 0 {
            details::reread(tenant, self.connection, conversation).await?;
        }
        for (outcome, words) in lines {
            self.line(tenant, outcome, about, Some(&words)).await?;
        }
        Ok(())
    }
}
