//! What an action did at Intercom, and the same in our copy, at once: Intercom's answer goes the way of a webhook, so
//! that neither the webhook that follows nor a run that is under way undoes it.

use super::gone::{ask_for, erase_everywhere, merge_told};
use super::live::Told;
use crate::buried::Buried;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{Incomplete, Links};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::{Company, Contact};
use earmark_model::{ConnectionId, ConnectionStatus};

/// A change that an action made at Intercom. Texts are Intercom's ids.
#[derive(Debug, Clone, PartialEq)]
pub enum Acted {
    /// A contact was created or changed; this is Intercom's answer.
    Contact(Box<Contact>),
    /// A contact was archived.
    ContactArchived(String),
    /// A contact was taken out of the archive.
    ContactUnarchived(String),
    /// A contact was deleted: it is erased everywhere.
    ContactDeleted(String),
    /// A lead was merged into a user.
    ContactsMerged {
        /// The lead, which is no more.
        from: String,
        /// The user as Intercom answered.
        into: Box<Contact>,
    },
    /// A company was attached to a contact or detached from it.
    Member {
        /// The contact.
        contact: String,
        /// The company as Intercom answered.
        company: Box<Company>,
        /// Whether it was attached.
        attached: bool,
    },
    /// A contact was tagged or untagged.
    Tagged {
        /// The contact.
        contact: String,
        /// The tag.
        tag: String,
        /// Whether it was tagged.
        added: bool,
    },
    /// A company was created or changed; this is Intercom's answer.
    Company(Box<Company>),
    /// A company was deleted.
    CompanyDeleted(String),
    /// A tag was created or renamed.
    Tag {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
    },
    /// A tag was deleted.
    TagDeleted(String),
}

impl Acted {
    /// The contacts it is about, in the order in which everybody locks them.
    fn contacts(&self) -> Vec<&str> {
        let mut ids = match self {
            Self::Contact(contact) => vec![contact.id.as_str()],
            Self::ContactArchived(id) | Self::ContactUnarchived(id) | Self::ContactDeleted(id) => {
                vec![id.as_str()]
            }
            Self::ContactsMerged { from, into } => vec![from.as_str(), into.id.as_str()],
            Self::Member { contact, .. } | Self::Tagged { contact, .. } => vec![contact.as_str()],
            Self::Company(_) | Self::CompanyDeleted(_) | Self::Tag { .. } | Self::TagDeleted(_) => {
                Vec::new()
            }
        };
        ids.sort_unstable();
        ids
    }
}

/// Makes our copy follow what an action did, as of `at`. Of contacts and companies only what is copied follows; deletions
/// and merges always do, and nothing that was deleted comes back.
///
/// # Errors
/// Those of the database.
pub async fn follow_action(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    acted: &Acted,
    at: DateTime<Utc>,
) -> Result<()> {
    let ids = acted.contacts();
    tenant.lock_contacts(connection, &ids, true).await?;
    let deleted = tenant.deleted_contacts(connection, &ids).await?;
    let buried = Buried {
        contacts: deleted.into_iter().collect(),
        ..Buried::default()
    };
    let row = tenant.connection(connection).await?;
    let Some(row) = row else {
        return Ok(());
    };
    let told = Told {
        tenant,
        connection,
        at,
        buried: &buried,
    };
    match acted {
        Acted::ContactDeleted(id) => erase_everywhere(tenant, connection, id).await.map(drop),
        Acted::ContactsMerged { from, into } => {
            let copied = (row.contacts_on_at.is_some(), &buried);
            let pair = (&**into, Some(from.clone()));
            merge_told(tenant, connection, pair, at, copied)
                .await
                .map(drop)
        }
        // Disconnected meanwhile: what is erased after that must not come back.
        _ if row.status == ConnectionStatus::Disconnected => Ok(()),
        Acted::Tag { id, name } => tenant.put_tag(connection, id, name).await,
        Acted::TagDeleted(id) => tenant.lose_tag(connection, id).await,
        _ if row.contacts_on_at.is_none() => Ok(()),
        of_people => told.acted(of_people).await,
    }
}

impl Told<'_> {
    async fn acted(&self, acted: &Acted) -> Result<()> {
        match acted {
            Acted::Contact(contact) => self.put(contact).await.map(drop),
            Acted::ContactArchived(id) => self.archived(id).await.map(drop),
            Acted::ContactUnarchived(id) => self.unarchived(id).await,
            Acted::Company(company) => self.company(company).await.map(drop),
            Acted::CompanyDeleted(id) => self.company_gone(id).await.map(drop),
            Acted::Member {
                contact,
                company,
                attached,
            } => {
                self.company(company).await?;
                // Its number of people changed, which the answer need not know yet.
                ask_for(
                    self.tenant,
                    self.connection,
                    Incomplete::Company,
                    &company.id,
                )
                .await?;
                self.linked(Links::Companies, contact, &company.id, *attached)
                    .await
            }
            Acted::Tagged {
                contact,
                tag,
                added,
            } => self.linked(Links::ContactTags, contact, tag, *added).await,
            Acted::ContactDeleted(_)
            | Acted::ContactsMerged { .. }
            | Acted::Tag { .. }
            | Acted::TagDeleted(_) => Ok(()),
        }
    }

    async fn unarchived(&self, id: &str) -> Result<()> {
        if self.buried.contacts.contains(id) {
            return Ok(());
        }
        let (tenant, connection) = (self.tenant, self.connection);
        if tenant.contact(connection, id).await?.is_none() {
            return ask_for(tenant, connection, Incomplete::Contact, id).await;
        }
        tenant.unarchive_contact(connection, id, self.at).await
    }

    /// The answer tells of the link alone: whatever was seen of the contact before is older than that.
    async fn linked(&self, kind: Links, contact: &str, other: &str, there: bool) -> Result<()> {
        if self.buried.contacts.contains(contact) {
            return Ok(());
        }
        let (tenant, connection) = (self.tenant, self.connection);
        match tenant.contact(connection, contact).await? {
            None => return ask_for(tenant, connection, Incomplete::Contact, contact).await,
            Some(copy) if copy.merged_into.is_some() => return Ok(()),
            Some(_) => {}
        }
        if there {
            tenant.add_link(kind, connection, contact, other).await?;
        } else {
            tenant.remove_link(kind, connection, contact, other).await?;
        }
        tenant.outdate_contact(connection, contact, self.at).await
    }
}
