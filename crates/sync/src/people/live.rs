//! What webhooks tell of contacts and companies. A payload is a state as of a time, with the one thing that its topic
//! says; the newer state wins, so neither order nor repetition matters.

use super::convert::{company_time, contact_time, is_one_second};
use super::gone::{ask_for, erase_everywhere, merge_told};
use super::store::{Change, Seen, put_companies, put_contacts};
use crate::buried::Buried;
use crate::outcome::Applied;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{
    Company as OurCompany, Connection, Contact as OurContact, CopyTime, Incomplete, Links,
};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::webhook::{ContactChange, Event};
use earmark_intercom::{Company, CompanyRef, Contact, TagRef};
use earmark_model::{ConnectionId, RunKind};

/// A notification that is being applied.
pub(super) struct Told<'a> {
    pub(super) tenant: &'a Tenant<'a, Tx>,
    pub(super) connection: ConnectionId,
    pub(super) at: DateTime<Utc>,
    pub(super) buried: &'a Buried,
}

/// Applies what a notification of time `at` says of a contact or company.
pub(crate) async fn apply(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    event: Event,
    at: DateTime<Utc>,
    buried: &Buried,
) -> Result<Applied> {
    let told = Told {
        tenant,
        connection: connection.id,
        at,
        buried,
    };
    let copied = connection.contacts_on_at.is_some();
    match event {
        // What was deleted or merged at Intercom is followed whatever is switched on.
        Event::ContactDeleted { contact } => {
            erase_everywhere(tenant, connection.id, &contact.id).await
        }
        Event::ContactMerged {
            contact,
            merged_from,
        } => {
            merge_told(
                tenant,
                connection.id,
                (&contact, merged_from),
                at,
                (copied, buried),
            )
            .await
        }
        _ if !copied => Ok(Applied::ignored(
            "contacts and companies are not copied for this connection",
        )),
        Event::ContactChanged { contact, change } => told.contact(&contact, change).await,
        Event::ContactArchived { contact } => told.archived(&contact.id).await,
        Event::ContactTag {
            contact,
            tag,
            added,
            ..
        } => told.tag(*contact, tag, added).await,
        Event::CompanyChanged { company, .. } => told.company(&company).await,
        Event::CompanyDeleted { company_id } => told.company_gone(&company_id).await,
        Event::CompanyContact {
            company,
            contact,
            attached,
        } => told.member(&company, *contact, attached).await,
        _ => Ok(Applied::ignored("nothing about a contact or company")),
    }
}

impl Told<'_> {
    /// Stores a contact as the payload shows it.
    pub(super) async fn put(&self, contact: &Contact) -> Result<Change> {
        // Parts of a second order what happened within one.
        let seen_at = self.at.max(contact.updated_at.unwrap_or(self.at));
        let known = self.tenant.contact(self.connection, &contact.id).await?;
        let one = std::slice::from_ref(contact);
        let stored = put_contacts(self.tenant, self.connection, one, Seen::Told, seen_at).await?;
        let change = stored.first().map_or(Change::Older, |(_, change)| *change);
        let known = known.filter(|copy| copy.merged_into.is_none());
        let is_tie = known
            .is_some_and(|copy| change.is_tie(copy.contact.time, contact_time(contact, seen_at)));
        if is_tie || self.was_passed_over(change).await? {
            self.ask(Incomplete::Contact, &contact.id).await?;
        }
        Ok(change)
    }

    /// Whether this is news of one that a pass, which began since, may have missed because it was gone already: a pass buries
    /// what it knows and misses, and of this one nobody had told.
    async fn was_passed_over(&self, change: Change) -> Result<bool> {
        if change != Change::New {
            return Ok(false);
        }
        self.tenant
            .run_began_since(self.connection, RunKind::PASSES, self.at)
            .await
    }

    /// Lets Intercom decide what the order of notifications does not tell.
    async fn ask(&self, kind: Incomplete, id: &str) -> Result<()> {
        ask_for(self.tenant, self.connection, kind, id).await
    }

    async fn contact(&self, contact: &Contact, change: ContactChange) -> Result<Applied> {
        let stored = self.put(contact).await?;
        if change == ContactChange::Unarchived && stored != Change::Buried {
            let known = self.tenant.contact(self.connection, &contact.id).await?;
            let archived_at = known.and_then(|copy| copy.archived_at);
            if archived_at.is_some_and(|at| is_one_second(at, self.at)) {
                self.ask(Incomplete::Contact, &contact.id).await?;
            }
            self.tenant
                .unarchive_contact(self.connection, &contact.id, self.at)
                .await?;
            return Ok(Applied::processed("contact is archived no more", None));
        }
        Ok(in_words(stored, "contact"))
    }

    pub(super) async fn archived(&self, id: &str) -> Result<Applied> {
        if self.buried.contacts.contains(id) {
            return Ok(in_words(Change::Buried, "contact"));
        }
        let known = self.tenant.contact(self.connection, id).await?;
        match known {
            Some(copy) if copy.merged_into.is_some() => {
                return Ok(in_words(Change::Older, "contact"));
            }
            // Seen since, so this may be old news.
            Some(copy) if copy.archived_at.is_none() && copy.contact.time.observed_at > self.at => {
                self.ask(Incomplete::Contact, id).await?;
                return Ok(in_words(Change::Older, "contact"));
            }
            Some(copy) if copy.contact.time.observed_at == self.at => {
                self.ask(Incomplete::Contact, id).await?;
            }
            Some(_) => {}
            None => {
                let stub = unknown_contact(id);
                self.tenant
                    .put_contacts(self.connection, &[stub], false)
                    .await?;
                self.ask(Incomplete::Contact, id).await?;
            }
        }
        let news = self
            .tenant
            .archive_contact(self.connection, id, self.at)
            .await?;
        Ok(if news {
            Applied::processed("contact archived", None)
        } else {
            Applied::ignored("this contact was archived before")
        })
    }

    async fn tag(&self, mut contact: Contact, tag: TagRef, added: bool) -> Result<Applied> {
        let id = contact.id.clone();
        let tag_id = tag.id.clone();
        contact.tags.retain(|one| one.id != tag_id);
        if added {
            contact.tags.push(tag);
        }
        let change = self.put(&contact).await?;
        if change.is_news() && !added {
            // The list may be cut, and then it takes nothing away.
            self.tenant
                .remove_link(Links::ContactTags, self.connection, &id, &tag_id)
                .await?;
        }
        Ok(match (change.is_news(), added) {
            (true, true) => Applied::processed("contact was tagged", None),
            (true, false) => Applied::processed("contact lost a tag", None),
            (false, _) => in_words(change, "contact"),
        })
    }

    pub(super) async fn company(&self, company: &Company) -> Result<Applied> {
        let seen_at = self.at.max(company.updated_at.unwrap_or(self.at));
        let known = self.tenant.company(self.connection, &company.id).await?;
        let one = std::slice::from_ref(company);
        let stored = put_companies(self.tenant, self.connection, one, Seen::Told, seen_at).await?;
        let change = stored.first().map_or(Change::Older, |(_, change)| *change);
        let is_unsure = match known {
            // Told of since it was deleted: it may be back.
            Some(copy) if copy.archived_at.is_some_and(|at| at <= seen_at) => true,
            Some(copy) => change.is_tie(copy.company.time, company_time(company, seen_at)),
            None => self.was_passed_over(change).await?,
        };
        if is_unsure {
            self.ask(Incomplete::Company, &company.id).await?;
        }
        Ok(in_words(change, "company"))
    }

    pub(super) async fn company_gone(&self, id: &str) -> Result<Applied> {
        match self.tenant.company(self.connection, id).await? {
            // Seen since, so this may be old news.
            Some(copy) if copy.archived_at.is_none() && copy.company.time.observed_at > self.at => {
                self.ask(Incomplete::Company, id).await?;
                return Ok(in_words(Change::Older, "company"));
            }
            Some(copy) if copy.company.time.observed_at == self.at => {
                self.ask(Incomplete::Company, id).await?;
            }
            Some(_) => {}
            None => {
                let stub = unknown_company(id);
                self.tenant
                    .put_companies(self.connection, &[stub], false)
                    .await?;
            }
        }
        let news = self
            .tenant
            .archive_company(self.connection, id, self.at)
            .await?;
        self.tenant.empty_company(self.connection, id).await?;
        Ok(if news {
            Applied::processed("company deleted: archived, and nobody belongs to it", None)
        } else {
            Applied::ignored("this company was deleted before")
        })
    }

    /// The topic decides, not the payload's list: after a detachment it may still name the company.
    async fn member(
        &self,
        company: &Company,
        mut contact: Contact,
        attached: bool,
    ) -> Result<Applied> {
        let id = contact.id.clone();
        let named = contact.companies.iter().any(|one| one.id == company.id);
        contact.companies.retain(|one| one.id != company.id);
        contact.companies_total = match (contact.companies_total, named, attached) {
            (Some(total), true, false) => total.checked_sub(1),
            (Some(total), false, true) => total.checked_add(1),
            (total, ..) => total,
        };
        if attached {
            contact.companies.push(CompanyRef {
                id: company.id.clone(),
                name: company.name.clone(),
            });
        }
        let change = self.put(&contact).await?;
        if change.is_news() && !attached {
            self.tenant
                .remove_link(Links::Companies, self.connection, &id, &company.id)
                .await?;
        }
        // This payload shows only a part of the company, and its number of people changed.
        self.ask(Incomplete::Company, &company.id).await?;
        // The note outlives the payload, so it names neither the company nor, above, the tag.
        Ok(match (change.is_news(), attached) {
            (true, true) => Applied::processed("contact joined a company", None),
            (true, false) => Applied::processed("contact left a company", None),
            (false, _) => in_words(change, "contact"),
        })
    }
}

fn in_words(change: Change, what: &str) -> Applied {
    match change {
        Change::New => Applied::processed(format!("copied {what}"), None),
        Change::Changed => Applied::processed(format!("updated {what}"), None),
        Change::Unchanged => Applied::ignored(format!("our copy of the {what} is the same")),
        Change::Older => Applied::ignored(format!("our copy of the {what} is newer")),
        Change::Buried => Applied::ignored(format!("this {what} was deleted")),
    }
}

/// A contact of which nothing but the id is known: whatever is told of it is newer.
fn unknown_contact(id: &str) -> OurContact {
    OurContact {
        id: id.to_owned(),
        role: None,
        external_id: None,
        email: None,
        phone: None,
        name: None,
        owner_id: None,
        content: "{}".to_owned(),
        digest: String::new(),
        created_at: None,
        last_seen_at: None,
        lists_cut: false,
        time: never(),
    }
}

/// The same for a company.
fn unknown_company(id: &str) -> OurCompany {
    OurCompany {
        id: id.to_owned(),
        company_id: None,
        name: None,
        plan: None,
        industry: None,
        website: None,
        size: None,
        monthly_spend: None,
        user_count: None,
        content: "{}".to_owned(),
        digest: String::new(),
        created_at: None,
        last_request_at: None,
        time: never(),
    }
}

const fn never() -> CopyTime {
    CopyTime {
        updated_at: DateTime::UNIX_EPOCH,
        observed_at: DateTime::UNIX_EPOCH,
    }
}
