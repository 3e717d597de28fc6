//! What a run of each kind has to do, decided when it begins.

use super::pass::Stop;
use super::place::{Companies, Place, Step};
use super::{Asked, RunHandler};
use chrono::TimeDelta;
use earmark_db::tenant::{Connection, ContactFilter, ContactPass, Run};
use earmark_model::{RunKind, WorkspaceId};

/// Contacts up to which a proof looks at all of them unless asked otherwise.
const WHOLE_UP_TO: i64 = 20_000;
/// Archived contacts that a catch-up asks for.
const ARCHIVED_AT_ONCE: u32 = 400;
/// Looks of a sampled proof.
const LOOKS: usize = 10;

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
        let steps = match run.kind {
            RunKind::Backfill => all_people(),
            RunKind::CatchUp => self.catch_up(workspace, &row).await?,
            RunKind::Proof => self.proof(workspace, &row, asked.full).await?,
            RunKind::Tagged | RunKind::Preview => {
                asked.tagged.map(Step::Tagged).into_iter().collect()
            }
        };
        Ok(Place::new(began, steps))
    }

    async fn catch_up(&self, workspace: WorkspaceId, row: &Connection) -> Result<Vec<Step>, Stop> {
        let tenant = self.db.workspace(workspace);
        let began = |run: Option<Run>| run.and_then(|run| run.started_at);
        let last = began(tenant.last_done_run(row.id, RunKind::CatchUp).await?);
        let mut steps = Vec::new();
        if let Some(on_at) = row.contacts_on_at {
            let copied = began(tenant.last_done_run(row.id, RunKind::Backfill).await?);
            let since = last.filter(|at| *at >= on_at).max(copied).unwrap_or(on_at);
            steps.extend([
                Step::Companies(Companies {
                    only_if_due: true,
                    ..Companies::default()
                }),
                Step::Contacts { since: Some(since) },
                Step::Recount,
                Step::Vanished {
                    after: String::new(),
                },
                Step::VanishedCompanies {
                    after: String::new(),
                },
                Step::Archived {
                    after: self.first_archived(workspace, row).await?,
                    most: ARCHIVED_AT_ONCE,
                },
                Step::Cut {
                    after: String::new(),
                },
            ]);
            let known = tenant.segments(row.id).await?;
            let day_ago = self.db.sources().now() - TimeDelta::days(1);
            if known
                .iter()
                .all(|one| one.as_of.is_none_or(|at| at < day_ago))
            {
                steps.push(Step::Segments);
            }
            steps.push(Step::Totals);
        }
        if let Some(on_at) = row.feedback_on_at {
            let since = last.unwrap_or(on_at) - TimeDelta::days(1);
            steps.extend([
                Step::Conversations { since, at: None },
                Step::DeletedConversations { since, at: None },
            ]);
        }
        Ok(steps)
    }

    /// Where asking for archived contacts begins: with the first, or, when they are more than one pass asks for, anywhere,
    /// so that each has its turn.
    async fn first_archived(
        &self,
        workspace: WorkspaceId,
        row: &Connection,
    ) -> Result<String, Stop> {
        let more = u64::from(ARCHIVED_AT_ONCE) + 1;
        let tenant = self.db.workspace(workspace);
        let archived = tenant
            .contact_ids(row.id, ContactPass::Archived, "", more)
            .await?;
        Ok(match archived.len() > ARCHIVED_AT_ONCE as usize {
            true => self.db.sources().token().to_lowercase(),
            false => String::new(),
        })
    }

    async fn proof(
        &self,
        workspace: WorkspaceId,
        row: &Connection,
        full: bool,
    ) -> Result<Vec<Step>, Stop> {
        let mut steps = Vec::new();
        if row.contacts_on_at.is_some() {
            let ours = self.db.workspace(workspace);
            let filter = ContactFilter {
                connection: Some(row.id),
                ..ContactFilter::default()
            };
            if full || ours.contact_count(&filter).await? <= WHOLE_UP_TO {
                steps.extend(all_people());
            } else {
                let token = || self.db.sources().token().to_lowercase();
                steps.extend([
                    Step::Totals,
                    Step::Sample {
                        from: std::iter::repeat_with(token).take(LOOKS).collect(),
                    },
                    Step::Cut {
                        after: String::new(),
                    },
                ]);
            }
        }
        if let Some(on_at) = row.feedback_on_at {
            steps.push(Step::Escalated {
                after: String::new(),
            });
            steps.push(Step::DeletedConversations {
                since: on_at,
                at: None,
            });
        }
        Ok(steps)
    }
}

/// All contacts and companies, with what vanished and what belongs to what.
fn all_people() -> Vec<Step> {
    let after = String::new;
    vec![
        Step::Companies(Companies::default()),
        Step::Contacts { since: None },
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
