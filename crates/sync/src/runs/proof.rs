//! A look at a part of the contacts.

use super::pass::{Pass, Stop, calls};
use super::place::Step;
use crate::people::{Fate, Seen, fate_of, put_contacts};
use earmark_db::tenant::ContactPass;
use earmark_intercom::{Error, contacts};

/// Contacts in one look of a sample.
pub(super) const LOOK: u64 = 50;

impl Pass<'_> {
    /// Compares the contacts that stand at random places with what Intercom says of them now.
    pub(crate) async fn sample(&mut self, mut from: Vec<u64>) -> Result<(), Stop> {
        let Some(first) = from.pop() else {
            let sampled = self.place.sampled.unwrap_or(0);
            self.place.remark(format!(
                "{sampled} contacts were looked at: a sample of all"
            ));
            self.place.step_done();
            return self.keep_place(0).await;
        };
        let ids = self
            .tenant()
            .contact_ids_at(self.connection, ContactPass::Live, first, LOOK)
            .await?;
        let sampled = self.place.sampled.unwrap_or(0) + ids.len() as u64;
        self.place.sampled = Some(sampled);
        self.place.step_becomes([Step::Sample { from }]);
        if ids.is_empty() {
            return self.keep_place(0).await;
        }
        let wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
        let asked_at = self.now();
        let search = self.client.search_contacts(contacts::ID.one_of(&wanted));
        let found = search.page().await?.items;
        let missing: Vec<String> = ids
            .iter()
            .filter(|id| !found.iter().any(|one| one.id == **id))
            .cloned()
            .collect();
        let mut fates = Vec::new();
        for id in missing {
            let asked_at = self.now();
            let fate = match fate_of(&self.client, &id).await {
                Ok(fate) => fate,
                Err(error @ Error::PermissionMissing { .. }) => {
                    self.place
                        .remark(format!("single contacts were left out: {error}"));
                    continue;
                }
                Err(error) if self.gives_up(&error) => Fate::Unclear,
                Err(error) => return Err(error.into()),
            };
            fates.push((id, fate, asked_at));
        }
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        let mut counts = calls(1);
        let changes =
            put_contacts(&tenant, self.connection, &found, Seen::Listed, asked_at).await?;
        self.tell(&tenant, "contact", &changes, &mut counts).await?;
        self.keep(tx, counts, None).await?;
        for (id, fate, asked_at) in fates {
            self.follow(&id, &fate, (asked_at, true)).await?;
        }
        Ok(())
    }
}
