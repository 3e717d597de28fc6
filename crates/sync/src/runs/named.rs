//! While contacts are not copied: those whose names stand on conversations, one by one, for nobody else would find out that
//! one of them was deleted or merged.

use super::gone::in_order;
use super::pass::{Pass, Stop};
use super::place::Step;
use crate::buried::{About, Buried};
use crate::people::{Fate, fate_of, meet_fate, merge_told};
use chrono::{DateTime, Utc};
use earmark_db::tenant::RunCounts;
use earmark_intercom::Contact;
use earmark_model::Outcome;

/// Contacts asked for by id between two looks at the clock.
const BATCH: u64 = 40;

impl Pass<'_> {
    /// Asks what became of the contacts that conversations name.
    pub(crate) async fn named(&mut self, after: &str) -> Result<(), Stop> {
        let tenant = self.tenant();
        let ids = tenant.named_contacts(self.connection, after, BATCH).await?;
        if ids.is_empty() {
            self.place.step_done();
            return self.keep_place(0).await;
        }
        let asked_at = self.now();
        let client = &self.client;
        let (fates, fault) = in_order(ids, |id| async move { fate_of(client, &id).await }).await;
        let (fates, fault) = self.or_unclear(fates, fault, || Fate::Unclear);
        for (id, fate) in fates {
            let left = match &fate {
                Fate::Merged(into) => self.left(into).await?,
                _ => None,
            };
            self.place.step_becomes([Step::Named { after: id.clone() }]);
            self.follow_named(&id, &fate, left.as_ref(), asked_at)
                .await?;
        }
        fault.map_or(Ok(()), |(_, error)| Err(error.into()))
    }

    /// The contact that is left of a merge, if Intercom gives it.
    pub(super) async fn left(&self, id: &str) -> Result<Option<Contact>, Stop> {
        match self.client.contact(id).await {
            Ok(contact) => Ok(Some(contact)),
            Err(error) if self.ends_step(&error) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    pub(super) async fn follow_named(
        &mut self,
        id: &str,
        fate: &Fate,
        left: Option<&Contact>,
        asked_at: DateTime<Utc>,
    ) -> Result<(), Stop> {
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        let mut counts = RunCounts {
            done: 1,
            calls: 1 + i64::from(left.is_some()),
            ..RunCounts::default()
        };
        let line = match (fate, left) {
            (Fate::There(_), _) => {
                counts.unchanged = 1;
                None
            }
            (Fate::Deleted, _) => {
                meet_fate(&tenant, self.connection, id, fate, (asked_at, false)).await?;
                counts.deleted = 1;
                Some((
                    "deleted",
                    "it was deleted at Intercom; its name is erased from conversations",
                ))
            }
            (Fate::Merged(_), Some(left)) => {
                let about = About {
                    conversation: None,
                    contacts: [id.to_owned(), left.id.clone()].into(),
                    erasing: true,
                };
                let buried = Buried::lock(&tenant, self.connection, &about).await?;
                let merged = (left, Some(id.to_owned()));
                let how = (false, &buried);
                let told = merge_told(&tenant, self.connection, merged, asked_at, how).await?;
                counts.merged = i64::from(told.outcome == Outcome::Processed);
                Some((
                    "merged",
                    "it was merged into another contact, which conversations name now",
                ))
            }
            (Fate::Merged(_) | Fate::Unclear, _) => {
                counts.failed = 1;
                Some((
                    "failed",
                    "Intercom's answer does not say what became of it, so nothing was erased",
                ))
            }
        };
        if let Some((outcome, why)) = line {
            self.line(&tenant, outcome, ("contact", id), Some(why))
                .await?;
        }
        self.keep(tx, counts, None).await
    }
}
