//! What failed in an earlier run, tried again record by record: the lines of that run say what it is.

use super::pass::{Pass, Stop};
use super::place::Step;
use crate::people::{Fate, fate_of};
use earmark_db::tenant::RunCounts;
use earmark_model::{Permission, RunId, RunKind};
use serde::{Deserialize, Serialize};

/// Records tried between two looks at the clock.
const BATCH: u64 = 20;
const NOT_COPIED: &str = "contacts and companies are not copied for this connection";

/// Records of one kind that failed in another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retry {
    /// The other run.
    pub(crate) of: RunId,
    pub(crate) what: What,
    /// The id that was tried last.
    pub(crate) after: String,
}

/// What kind of record is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Conversations,
    Companies,
    Contacts,
}

impl What {
    /// Conversations first: they make tickets, and are few.
    const ALL: [Self; 3] = [Self::Conversations, Self::Companies, Self::Contacts];

    /// The kind of record as lines name it.
    const fn subject(self) -> &'static str {
        match self {
            Self::Conversations => "conversation",
            Self::Companies => "company",
            Self::Contacts => "contact",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Conversations => "conversations that failed before",
            Self::Companies => "companies that failed before",
            Self::Contacts => "contacts that failed before",
        }
    }

    pub(super) const fn permission(self) -> Permission {
        match self {
            Self::Conversations => Permission::ReadConversations,
            Self::Companies | Self::Contacts => Permission::ReadOneUserCompany,
        }
    }
}

/// The steps that try again what failed in a run.
pub(super) fn steps(of: RunId) -> Vec<Step> {
    let after = String::new;
    let retry = |what| {
        Step::Retry(Retry {
            of,
            what,
            after: after(),
        })
    };
    What::ALL.map(retry).into()
}

impl Pass<'_> {
    pub(crate) async fn retry(&mut self, step: Retry) -> Result<(), Stop> {
        let tenant = self.tenant();
        let ids = tenant
            .failed_records(step.of, step.what.subject(), &step.after, BATCH)
            .await?;
        if ids.is_empty() {
            // A contact's lists may be what failed, which its own record does not show.
            let cut = Step::Cut {
                after: String::new(),
            };
            match step.what == What::Contacts && !step.after.is_empty() && self.copies().await? {
                true => self.place.step_becomes([cut]),
                false => self.place.step_done(),
            }
            return self.keep_place(0).await;
        }
        for id in ids {
            self.place.step_becomes([Step::Retry(Retry {
                after: id.clone(),
                ..step.clone()
            })]);
            self.try_again(step.what, &id).await?;
            if self.is_over() {
                break;
            }
        }
        Ok(())
    }

    async fn try_again(&mut self, what: What, id: &str) -> Result<(), Stop> {
        let asked_at = self.now();
        match what {
            What::Conversations => {
                let mut triggers = self.triggers().await?;
                // Nobody looked at what tags would make that were chosen since.
                if let Some(tags) = &self.place.tags {
                    triggers.retain(|tag| tags.contains(tag));
                }
                let counts = RunCounts::default();
                match self.kind == RunKind::Tagged {
                    true => self.escalate(&triggers, id, counts).await,
                    false => self.read_again(id, &triggers, counts).await,
                }
            }
            What::Companies if self.copies().await? => {
                let found = self.company_by_id(id).await?;
                self.company_is(id, found, asked_at).await
            }
            What::Companies => self.leave_company_out(id).await,
            What::Contacts => {
                let fate = match fate_of(&self.client, id).await {
                    Ok(fate) => fate,
                    Err(error) if self.gives_up(&error) => Fate::Unclear,
                    Err(error) => return Err(error.into()),
                };
                if self.copies().await? {
                    return self.follow(id, &fate, (asked_at, false)).await;
                }
                let left = match &fate {
                    Fate::Merged(into) => self.left(into).await?,
                    _ => None,
                };
                self.follow_named(id, &fate, left.as_ref(), asked_at).await
            }
        }
    }

    /// Whether contacts and companies are copied now.
    async fn copies(&self) -> Result<bool, Stop> {
        let row = self.tenant().connection(self.connection).await?;
        Ok(row.is_some_and(|row| row.contacts_on_at.is_some()))
    }

    async fn leave_company_out(&mut self, id: &str) -> Result<(), Stop> {
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        let mut counts = RunCounts {
            done: 1,
            ..RunCounts::default()
        };
        let about = ("company", id);
        self.leave_out(&tenant, about, NOT_COPIED, &mut counts)
            .await?;
        self.keep(tx, counts, None).await
    }
}
