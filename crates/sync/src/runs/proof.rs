//! Numbers of both sides, and a look at a part of the contacts.

use super::pass::{Pass, Stop, calls};
use super::place::{Step, Totals};
use crate::people::{Seen, fate_of, put_contacts};
use earmark_db::tenant::{CompanyFilter, ContactFilter, ContactPass};
use earmark_intercom::{Error, Order, contacts};

/// Contacts in one look of a sample.
const LOOK: u64 = 50;

impl Pass<'_> {
    /// Counts on Intercom's side: all contacts as the list does, users and leads as search does, companies with users.
    pub(crate) async fn totals(&mut self) -> Result<(), Stop> {
        let signed = |total: Option<u64>| total.and_then(|total| i64::try_from(total).ok());
        let all = self.client.contacts().per_page(1).page().await?.total;
        let mut roles = [None, None];
        for (role, total) in ["user", "lead"].into_iter().zip(&mut roles) {
            let search = self.client.search_contacts(contacts::ROLE.is(role));
            *total = signed(search.per_page(1).page().await?.total);
        }
        let companies = self.client.companies(Order::Descending).per_page(1);
        let companies = companies.page().await?.total;
        self.place.theirs = Totals {
            contacts: signed(all),
            users: roles[0],
            leads: roles[1],
            companies: signed(companies),
        };
        self.place.step_done();
        self.keep_place(4).await
    }

    /// What our copy holds, archived ones left out.
    pub(crate) async fn ours(&self) -> Result<Totals, Stop> {
        let tenant = self.tenant();
        let live = |role: Option<&str>| ContactFilter {
            connection: Some(self.connection),
            role: role.map(ToOwned::to_owned),
            archived: Some(false),
            ..ContactFilter::default()
        };
        let companies = CompanyFilter {
            connection: Some(self.connection),
            archived: Some(false),
            ..CompanyFilter::default()
        };
        Ok(Totals {
            contacts: Some(tenant.contact_count(&live(None)).await?),
            users: Some(tenant.contact_count(&live(Some("user"))).await?),
            leads: Some(tenant.contact_count(&live(Some("lead"))).await?),
            companies: Some(tenant.company_count(&companies).await?),
        })
    }

    /// Compares the contacts that follow random places with what Intercom says of them now.
    pub(crate) async fn sample(&mut self, mut from: Vec<String>) -> Result<(), Stop> {
        let Some(after) = from.pop() else {
            self.place.step_done();
            return self.keep_place(0).await;
        };
        let ids = self
            .tenant()
            .contact_ids(self.connection, ContactPass::Live, &after, LOOK)
            .await?;
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
                Err(error) => return Err(error.into()),
            };
            fates.push((id, fate, asked_at));
        }
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(self.workspace);
        let mut counts = calls(1);
        let changes =
            put_contacts(&tenant, self.connection, &found, Seen::Listed, asked_at).await?;
        self.tell(&tenant, "contact", &changes, &mut counts).await?;
        self.keep(tx, counts, None).await?;
        for (id, fate, asked_at) in fates {
            let archives = match &fate {
                crate::people::Fate::There(contact) => self.is_searchable(contact),
                _ => false,
            };
            self.follow(&id, &fate, (asked_at, archives)).await?;
        }
        Ok(())
    }
}
