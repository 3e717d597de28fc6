//! What an action changed at Intercom, and the same change in our copy.

use chrono::{DateTime, Utc};
use earmark_db::tenant::Links;
use earmark_db::{Result, Tenant, Tx};
use earmark_model::ConnectionId;

/// A change that our copy follows at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Touch {
    /// A tag is there with this name.
    Tag { id: String, name: String },
    /// A tag is gone.
    TagGone(String),
    /// A contact is archived.
    Archived(String),
    /// A contact is archived no more.
    Unarchived(String),
    /// A contact is deleted: erased everywhere.
    ContactGone(String),
    /// A contact has a company or a tag, or has it no more.
    Link {
        kind: Links,
        contact: String,
        other: String,
        there: bool,
    },
    /// A company is deleted.
    CompanyGone(String),
}

impl Touch {
    /// Makes the change. What we have no copy of is left alone.
    pub(crate) async fn apply(
        &self,
        tenant: Tenant<'_, Tx>,
        connection: ConnectionId,
        at: DateTime<Utc>,
    ) -> Result<()> {
        match self {
            Self::Tag { id, name } => tenant.put_tag(connection, id, name).await,
            Self::TagGone(id) => tenant.lose_tag(connection, id).await,
            Self::Archived(id) => tenant.archive_contact(connection, id, at).await.map(drop),
            Self::Unarchived(id) => tenant.unarchive_contact(connection, id, at).await,
            Self::ContactGone(id) => earmark_sync::erase_contact(&tenant, connection, id).await,
            Self::CompanyGone(id) => tenant.archive_company(connection, id, at).await.map(drop),
            Self::Link {
                kind,
                contact,
                other,
                there,
            } => {
                if tenant.contact(connection, contact).await?.is_none() {
                    return Ok(());
                }
                if *there {
                    tenant.add_link(*kind, connection, contact, other).await
                } else {
                    let removed = tenant.remove_link(*kind, connection, contact, other);
                    removed.await.map(drop)
                }
            }
        }
    }
}
