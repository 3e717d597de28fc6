//! What a run of each kind has to do, decided when it begins.

use super::pass::Stop;
use super::place::{Companies, Kept, Over, Place, Step, Walk};
use super::proof::LOOK;
use super::{Asked, RunHandler, retry};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{Connection, ContactFilter, Run};
use earmark_model::{RunKind, RunState, WorkspaceId};

/// Contacts up to which a proof looks at all of them unless asked otherwise.
const WHOLE_UP_TO: i64 = 20_000;
/// Archived contacts that a catch-up asks for.
const ARCHIVED_AT_ONCE: u32 = 400;
/// How long Intercom may take until search shows a change of a conversation.
const SEARCHED_LATE: TimeDelta = TimeDelta::minutes(30);
/// Why a run leaves contacts and companies out.
const HELD: &str = "the first copy of contacts and companies is paused, so those that it did not reach were left out";
/// Looks of a sampled proof.
const LOOKS: u64 = 10;

impl RunHandler {
    /// What a run that begins has to do.
    pub(super) async fn plan(
        &self,
        workspace: WorkspaceId,
        run: &Run,
        asked: Asked,
    ) -> Result<Place, Stop> {
        let began = self.db.sources().now();
        let tenant = self.db.workspace(workspace);
        let Some(row) = tenant.connection(run.connection).await? else {
            return Err(Stop::Failed("the connection is gone".to_owned()));
        };
        let kept = self.kept(workspace, &row).await?;
        let mut place = Place::new(began, Vec::new(), kept);
        place.every = asked.every;
        place.feedback = row.feedback_on_at.is_some();
        match run.kind {
            RunKind::Backfill => place.steps = all_people(),
            RunKind::CatchUp => self.catch_up(workspace, &row, &mut place).await?,
            RunKind::Proof => {
                let full = asked.full.unwrap_or(false);
                self.proof(workspace, &row, full, &mut place).await?;
            }
            RunKind::Tagged | RunKind::Preview | RunKind::Retry => {
                let tags = asked.tagged.as_ref().map(|step| step.tags.clone());
                place.tags = tags.or(asked.tags);
                place.retries = asked.retry;
                place.steps.extend(asked.tagged.map(Step::Tagged));
                place
                    .steps
                    .extend(asked.retry.map_or_else(Vec::new, retry::steps));
            }
        }
        Ok(place)
    }

    /// What the last pass handed on.
    async fn kept(&self, workspace: WorkspaceId, row: &Connection) -> Result<Kept, Stop> {
        let tenant = self.db.workspace(workspace);
        let last = tenant.last_done_run(row.id, RunKind::PASSES).await?;
        let place = last.and_then(|run| run.position);
        // One of an older version hands nothing on.
        let place = place.and_then(|place| Place::read(&place).ok());
        let kept = place.map(|place| place.kept).unwrap_or_default();
        // What was copied before the switch was turned on again is copied anew.
        let holds = row
            .contacts_on_at
            .is_some_and(|on_at| kept.contacts_to.is_some_and(|at| at >= on_at));
        Ok(match holds {
            true => kept,
            false => kept.without_people(),
        })
    }

    async fn catch_up(
        &self,
        workspace: WorkspaceId,
        row: &Connection,
        place: &mut Place,
    ) -> Result<(), Stop> {
        let day = TimeDelta::days(1);
        // First: they make tickets, and are few. What was redacted or deleted is followed whatever is switched on.
        if let Some(on_at) = self
            .conversations_since(workspace, row, place.began)
            .await?
        {
            let kept = &place.kept;
            let again = kept.conversations_again.clone();
            let looked_to = match place.feedback {
                true => kept.conversations_to,
                false => kept.redactions_to.max(kept.conversations_to),
            };
            place.steps.extend([
                Step::Again { ids: again },
                Step::Conversations {
                    since: looked_to.map_or(on_at - day, |at| at - SEARCHED_LATE),
                    at: None,
                    dealt: Vec::new(),
                },
                Step::DeletedConversations {
                    since: kept.deletions_to.unwrap_or(on_at) - day,
                    at: None,
                },
            ]);
        }
        match row.contacts_on_at {
            Some(on_at) => self.catch_up_people(workspace, row, on_at, place).await,
            None => Ok(()),
        }
    }

    async fn catch_up_people(
        &self,
        workspace: WorkspaceId,
        row: &Connection,
        on_at: DateTime<Utc>,
        place: &mut Place,
    ) -> Result<(), Stop> {
        let since = place.kept.contacts_to.unwrap_or(on_at);
        if self.is_backfill_held(workspace, row).await? {
            place.remark(HELD);
            let changed = Walk::new(Over::Changed(since));
            place.steps.push(Step::Walk(changed));
            return Ok(());
        }
        let after = String::new;
        place.steps.extend([
            Step::Companies(Companies {
                only_if_due: true,
                ..Companies::default()
            }),
            Step::Contacts { since: Some(since) },
            Step::Recount,
            Step::Vanished { after: after() },
            Step::VanishedCompanies { after: after() },
            Step::Archived {
                after: place.kept.archived_after.clone(),
                most: ARCHIVED_AT_ONCE,
            },
            Step::Cut { after: after() },
        ]);
        let known = self.db.workspace(workspace).segments(row.id).await?;
        let day_ago = self.db.sources().now() - TimeDelta::days(1);
        if known
            .iter()
            .all(|one| one.as_of.is_none_or(|at| at < day_ago))
        {
            place.steps.push(Step::Segments);
        }
        place.steps.push(Step::Totals);
        Ok(())
    }

    /// Since when conversations are looked after: while feedback is on, or copies of them stand.
    async fn conversations_since(
        &self,
        workspace: WorkspaceId,
        row: &Connection,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, Stop> {
        if row.feedback_on_at.is_some() {
            return Ok(row.feedback_on_at);
        }
        let tenant = self.db.workspace(workspace);
        let standing = tenant.escalated_conversations(row.id, "", 1).await?;
        Ok((!standing.is_empty()).then_some(now))
    }

    /// Whether a member holds the first copy: then no other run makes it in its stead.
    async fn is_backfill_held(
        &self,
        workspace: WorkspaceId,
        row: &Connection,
    ) -> Result<bool, Stop> {
        let tenant = self.db.workspace(workspace);
        let last = tenant.last_run(row.id, RunKind::Backfill).await?;
        Ok(last.is_some_and(|run| run.state == RunState::Paused))
    }

    async fn proof(
        &self,
        workspace: WorkspaceId,
        row: &Connection,
        full: bool,
        place: &mut Place,
    ) -> Result<(), Stop> {
        if let Some(on_at) = self
            .conversations_since(workspace, row, place.began)
            .await?
        {
            let since = row.feedback_on_at.or(place.kept.deletions_to);
            // Before the conversations are read, which name the contact that is left of a merge by its id alone.
            if row.contacts_on_at.is_none() {
                let after = String::new();
                place.steps.push(Step::Named { after });
            }
            place.steps.push(Step::Escalated {
                after: String::new(),
            });
            place.steps.push(Step::DeletedConversations {
                since: since.unwrap_or(on_at),
                at: None,
            });
        }
        if row.contacts_on_at.is_some() {
            let live = ContactFilter {
                connection: Some(row.id),
                archived: Some(false),
                ..ContactFilter::default()
            };
            let ours = self.db.workspace(workspace).contact_count(&live).await?;
            let held = !full && self.is_backfill_held(workspace, row).await?;
            if held {
                place.remark(HELD);
            } else if full || ours <= WHOLE_UP_TO {
                place.steps.extend(all_people());
            } else {
                place.sampled = Some(0);
                place.steps.extend([
                    Step::Companies(Companies::default()),
                    Step::VanishedCompanies {
                        after: String::new(),
                    },
                    Step::Totals,
                    Step::Sample {
                        from: self.places(u64::try_from(ours).unwrap_or(0)),
                    },
                    Step::Cut {
                        after: String::new(),
                    },
                ]);
            }
        }
        Ok(())
    }

    /// Where a sample looks.
    fn places(&self, contacts: u64) -> Vec<u64> {
        places(contacts, || u64::from_le_bytes(self.db.sources().bytes()))
    }
}

/// One place in each of as many equal parts as there are looks, so that a look at it does not go beyond the part.
fn places(contacts: u64, mut random: impl FnMut() -> u64) -> Vec<u64> {
    let place = |n: u64| {
        let (first, end) = (n * contacts / LOOKS, (n + 1) * contacts / LOOKS);
        first + random() % ((end - first).saturating_sub(LOOK) + 1)
    };
    (0..LOOKS).map(place).collect()
}

/// All contacts and companies, with what vanished and what belongs to what.
fn all_people() -> Vec<Step> {
    let after = String::new;
    vec![
        Step::Companies(Companies::default()),
        Step::Contacts { since: None },
        Step::Recount,
        Step::Vanished { after: after() },
        Step::VanishedCompanies { after: after() },
        Step::Archived {
            after: after(),
            most: u32::MAX,
        },
        Step::Cut { after: after() },
        Step::Segments,
        Step::Totals,
    ]
}

#[cfg(test)]
mod tests {
    use super::{LOOK, places};

    #[test]
    fn a_sample_may_look_at_each_contact_and_never_beyond_its_part() {
        let (first, last) = (places(20_007, || 0), places(20_007, || 1_950));
        for (n, (first, last)) in first.into_iter().zip(last).enumerate() {
            let n = n as u64;
            assert_eq!(first, n * 20_007 / 10);
            assert!(last + LOOK <= (n + 1) * 20_007 / 10);
        }
        let ends = places(20_000, || 1_950);
        assert_eq!(ends[9] + LOOK, 20_000, "the last of all");
    }
}
