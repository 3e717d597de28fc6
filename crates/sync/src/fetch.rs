//! Asks Intercom for what a ticket's payload lacked.

use crate::text::without_nul;
use earmark_db::tenant;
use earmark_intercom::{AuthorKind, Client, CompanyRef, Contact, Conversation, Error};
use earmark_model::Permission;
use std::collections::BTreeSet;

/// Calls that were refused for want of a permission, each with that permission.
pub(crate) type Refused = Vec<(Permission, Error)>;

/// What Intercom says of a conversation.
pub(crate) struct Fetched {
    pub(crate) conversation: Conversation,
    pub(crate) contact: Option<Contact>,
    pub(crate) company: Option<CompanyRef>,
    pub(crate) admins: Vec<tenant::Admin>,
    /// What the token may not ask, and with which permission it might.
    pub(crate) refused: Refused,
}

/// Teammates fetched for one conversation at most.
const MOST_ADMINS: usize = 20;

/// Asks for a conversation, who its customer is, and the names of the teammates in it and of those in `unnamed`.
pub(crate) async fn fetch(
    client: &Client,
    id: &str,
    mut unnamed: BTreeSet<String>,
) -> Result<Fetched, Error> {
    let mut refused = Vec::new();
    let mut conversation = client.conversation(id).await?;
    let who = conversation
        .contacts
        .first()
        .map(|contact| contact.id.clone());
    // A contact that is merged, deleted or not ours to read does not keep the thread from us.
    let contact = match &who {
        None => None,
        Some(who) => optional(client.contact(who).await, &mut refused)?,
    };
    let company = match (&conversation.company, &who) {
        (Some(company), _) => Some(CompanyRef {
            id: company.id.clone(),
            name: company.name.clone(),
        }),
        (None, Some(who)) => {
            let first = client.contact_companies(who).per_page(1).page().await;
            optional(first, &mut refused)?
                .and_then(|page| page.items.into_iter().next())
                .map(|company| CompanyRef {
                    id: company.id,
                    name: company.name,
                })
        }
        (None, None) => None,
    };
    let authors = conversation.messages().map(|message| &message.author);
    let authors =
        authors.filter(|author| author.kind == AuthorKind::Admin && author.name.is_none());
    unnamed.extend(authors.filter_map(|author| author.id.clone()));
    let admins = admins(client, &unnamed, &mut refused).await?;
    for message in conversation
        .source
        .iter_mut()
        .chain(&mut conversation.parts)
    {
        let author = &mut message.author;
        if author.kind == AuthorKind::Admin && author.name.is_none() {
            let known = admins
                .iter()
                .find(|known| Some(&known.id) == author.id.as_ref());
            author.name = known.map(|known| known.name.clone());
        }
    }
    Ok(Fetched {
        conversation,
        contact,
        company,
        admins,
        refused,
    })
}

/// The names of teammates, as far as the token may read them.
async fn admins(
    client: &Client,
    ids: &BTreeSet<String>,
    refused: &mut Refused,
) -> Result<Vec<tenant::Admin>, Error> {
    let mut admins = Vec::new();
    for id in ids.iter().take(MOST_ADMINS) {
        let name = match client.admin(id).await {
            Ok(admin) => admin.name,
            Err(Error::NotFound { .. }) => None,
            Err(error @ Error::PermissionMissing { .. }) => {
                refused.push((Permission::ReadAdmins, error));
                break;
            }
            Err(error) => return Err(error),
        };
        admins.extend(name.map(|name| tenant::Admin {
            id: id.clone(),
            name: without_nul(&name),
        }));
    }
    Ok(admins)
}

/// An answer about a contact that the thread can do without.
fn optional<T>(answer: Result<T, Error>, refused: &mut Refused) -> Result<Option<T>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound { .. } | Error::Merged { .. }) => Ok(None),
        Err(error @ Error::PermissionMissing { .. }) => {
            refused.push((Permission::ReadOneUserCompany, error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
