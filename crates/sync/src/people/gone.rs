//! What became of a contact that Intercom shows no more: merged, deleted or archived.

use crate::buried::Buried;
use crate::erase;
use crate::people::store::{Seen, put_contacts};
use crate::thread;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{CopyTime, Incomplete};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::{ApiVersion, Client, Contact, Error};
use earmark_model::{ConnectionId, Job};

/// Merges that are followed: Intercom follows three.
const HOPS: usize = 5;

/// What Intercom says of a contact by its id.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// It is there: archived, or not to be found yet.
    There(Box<Contact>),
    /// It was merged into another.
    Merged(String),
    /// It was deleted.
    Deleted,
    /// The answer does not say.
    Unclear,
}

/// Asks with the version that tells a merge from a deletion.
///
/// # Errors
/// Whatever kept the question from an answer.
pub(crate) async fn fate_of(client: &Client, id: &str) -> Result<Fate, Error> {
    match client.with_version(ApiVersion::V2_16).contact(id).await {
        Ok(contact) if contact.id == id => Ok(Fate::There(Box::new(contact))),
        // An older way of following a merge: the answer is the contact that is left.
        Ok(contact) => Ok(Fate::Merged(contact.id)),
        Err(Error::Merged {
            into: Some(into), ..
        }) if into != id => Ok(Fate::Merged(into)),
        // Only Intercom's own words: a 404 without them may be a proxy's.
        Err(Error::NotFound { code: Some(_), .. }) => Ok(Fate::Deleted),
        Err(
            Error::Merged { .. }
            | Error::NotFound { .. }
            | Error::Rejected { .. }
            | Error::Unreadable { .. }
            | Error::TooLarge { .. },
        ) => Ok(Fate::Unclear),
        Err(error) => Err(error),
    }
}

/// What meeting a fate did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    Archived,
    Seen,
    Merged,
    Deleted,
    Nothing,
}

/// Makes our copy follow. `archives` says that the contact would be listed if it were not archived.
pub(crate) async fn meet_fate(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    id: &str,
    fate: &Fate,
    (asked_at, archives): (DateTime<Utc>, bool),
) -> Result<Met> {
    match fate {
        Fate::There(contact) => {
            let one = std::slice::from_ref(&**contact);
            put_contacts(tenant, connection, one, Seen::Asked, asked_at).await?;
            let archived = archives && tenant.archive_contact(connection, id, asked_at).await?;
            Ok(if archived { Met::Archived } else { Met::Seen })
        }
        Fate::Merged(into) => {
            for contact in [id, into] {
                tenant.lock_contact(connection, contact, true).await?;
            }
            let ids = [into.clone()];
            let gone = tenant.deleted_contacts(connection, &ids).await?;
            let buried = Buried {
                contacts: gone.into_iter().collect(),
                ..Buried::default()
            };
            merge(tenant, connection, (id, into), asked_at, &buried).await?;
            Ok(Met::Merged)
        }
        Fate::Deleted => {
            tenant.lock_contact(connection, id, true).await?;
            erase_everywhere(tenant, connection, id).await?;
            Ok(Met::Deleted)
        }
        Fate::Unclear => Ok(Met::Nothing),
    }
}

/// Erases a deleted contact: from tickets and payloads as [`erase::delete_contact`] does, from our copy of contacts, and
/// from the reports of runs.
pub(crate) async fn erase_everywhere(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    id: &str,
) -> Result<crate::outcome::Applied> {
    let applied = erase::delete_contact(tenant, connection, id).await?;
    tenant.remove_contact(connection, id).await?;
    tenant.erase_run_lines(connection, id).await?;
    tenant
        .waits_no_more(connection, Incomplete::Contact, id)
        .await?;
    Ok(applied)
}

/// Makes one contact's links, and its conversations, those of the contact it was merged into, and asks for the latter as
/// it is now. Both are locked.
pub(crate) async fn merge(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    (from, into): (&str, &str),
    at: DateTime<Utc>,
    buried: &Buried,
) -> Result<()> {
    let known = tenant.contact(connection, into).await?;
    let known = known
        .filter(|copy| copy.merged_into.is_none() && !buried.contacts.contains(into))
        .map(|copy| (copy.contact.name, copy.contact.email));
    let (name, email) = known.unwrap_or_default();
    tenant
        .merge_contact(connection, (from, into), name.as_deref(), email.as_deref())
        .await?;
    follow(tenant, connection, (from, into), at).await
}

/// The part of a merge that concerns our copy of contacts.
pub(crate) async fn follow(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    (from, into): (&str, &str),
    at: DateTime<Utc>,
) -> Result<()> {
    if from == into {
        return Ok(());
    }
    let mut left = into.to_owned();
    for _ in 0..HOPS {
        match tenant.contact(connection, &left).await? {
            Some(copy) => match copy.merged_into {
                Some(next) => left = next,
                None => break,
            },
            None => break,
        }
        if left == from {
            break;
        }
    }
    let gone = tenant
        .deleted_contacts(connection, std::slice::from_ref(&left))
        .await?;
    if left == from {
        // Two merges that contradict each other: what Intercom says now decides.
        return ask_for(tenant, connection, Incomplete::Contact, from).await;
    }
    if !gone.is_empty() {
        // Deleted with the contact that was left: it must not come back either.
        erase_everywhere(tenant, connection, from).await?;
        return Ok(());
    }
    tenant
        .waits_no_more(connection, Incomplete::Contact, from)
        .await?;
    tenant.erase_run_lines(connection, from).await?;
    let time = CopyTime {
        updated_at: at,
        observed_at: at,
    };
    tenant
        .merge_mirrored(connection, (from, &left), time)
        .await?;
    ask_for(tenant, connection, Incomplete::Contact, &left).await
}

/// Asks Intercom for one whose state nobody told whole.
pub(crate) async fn ask_for(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    kind: Incomplete,
    id: &str,
) -> Result<()> {
    tenant.await_person(connection, kind, id).await?;
    tenant.enqueue(&Job::People { connection }).await
}

/// What a merge that a webhook told of does to tickets, in words.
pub(crate) async fn merge_told(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    (contact, from): (&Contact, Option<String>),
    at: DateTime<Utc>,
    (copied, buried): (bool, &Buried),
) -> Result<crate::outcome::Applied> {
    let applied = thread::merge_contact(tenant, connection, contact, from.clone(), buried).await?;
    let Some(from) = from else {
        return Ok(applied);
    };
    let mirrored = tenant.contact(connection, &from).await?;
    if !copied && mirrored.is_none() {
        return Ok(applied);
    }
    // What an earlier merge left stays where it is.
    if mirrored.is_none_or(|copy| copy.merged_into.is_none()) {
        follow(tenant, connection, (&from, &contact.id), at).await?;
    }
    if copied && !buried.contacts.contains(&contact.id) {
        let one = std::slice::from_ref(contact);
        put_contacts(tenant, connection, one, Seen::Told, at).await?;
    }
    if applied.outcome == earmark_model::Outcome::Processed {
        return Ok(applied);
    }
    Ok(crate::outcome::Applied::processed(
        "contact merged: its companies and tags are the remaining contact's",
        None,
    ))
}
