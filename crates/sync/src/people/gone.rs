//! What became of a contact that Intercom shows no more: merged, deleted or archived.

use crate::buried::Buried;
pub(super) use crate::erase::erase_everywhere;
use crate::outcome::Applied;
use crate::people::store::{Seen, put_contacts};
use crate::text::without_nul;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{CopyTime, Incomplete, RemovalCause, Removed};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::{ApiVersion, Client, Contact, Error};
use earmark_model::{ConnectionId, Job};

/// Merges that are followed: Intercom follows three.
const HOPS: usize = 5;

/// How long Intercom may take until search shows a contact that is new or was taken out of the archive.
pub(crate) const SEARCHABLE_AFTER: TimeDelta = TimeDelta::minutes(15);

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

/// When a contact that is there but not shown by list or search was last heard of, by its own dates or by us. Less than
/// [`SEARCHABLE_AFTER`] later nobody can say whether it is archived.
pub(crate) async fn heard_at(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    contact: &Contact,
) -> Result<Option<DateTime<Utc>>> {
    // A webhook about it waits for the lock.
    tenant
        .lock_contacts(connection, &[&contact.id], false)
        .await?;
    let ours = tenant.contact(connection, &contact.id).await?;
    let ours = ours.map(|copy| copy.contact.time.observed_at);
    let heard = [contact.created_at, contact.updated_at, ours];
    Ok(heard.into_iter().flatten().max())
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
            tenant.lock_contacts(connection, &[id, into], true).await?;
            let merged = merge(tenant, connection, (id, into), None, asked_at).await?;
            Ok(match merged {
                Merged::Followed(_) => Met::Merged,
                Merged::Erased => Met::Deleted,
                Merged::Contradicted => Met::Nothing,
            })
        }
        Fate::Deleted => {
            tenant.lock_contacts(connection, &[id], true).await?;
            erase_everywhere(tenant, connection, id).await?;
            Ok(Met::Deleted)
        }
        Fate::Unclear => Ok(Met::Nothing),
    }
}

/// What following a merge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merged {
    /// So many conversations became those of the contact that is left.
    Followed(u64),
    /// The contact that was left is deleted, so this one is erased with it.
    Erased,
    /// The other was merged into this one before: nothing was done.
    Contradicted,
}

/// Makes one contact's links and conversations those of the contact that is left of it. Both are locked. `untold` is the
/// latter as a webhook shows it while contacts are not copied: then our copy of it may be an old one, and Intercom is not
/// asked.
async fn merge(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    (from, into): (&str, &str),
    untold: Option<&Contact>,
    at: DateTime<Utc>,
) -> Result<Merged> {
    let Some(left) = left_of(tenant, connection, (from, into)).await? else {
        return Ok(Merged::Contradicted);
    };
    if left != into {
        tenant.lock_contacts(connection, &[&left], true).await?;
    }
    let deleted = tenant.deleted_contacts(connection, &[into, &left]).await?;
    if !deleted.is_empty() {
        // The same person: it must neither stay under the old id nor come back.
        erase_everywhere(tenant, connection, from).await?;
        return Ok(Merged::Erased);
    }
    let told = untold.filter(|contact| contact.id == left);
    let text = |text: &Option<String>| text.as_deref().map(without_nul);
    let (name, email) = told
        .map(|contact| (text(&contact.name), text(&contact.email)))
        .unwrap_or_default();
    let pair = (from, left.as_str());
    let conversations = tenant
        .merge_contact(connection, pair, name.as_deref(), email.as_deref())
        .await?;
    if untold.is_none() {
        tenant.name_contacts(connection, &[&left]).await?;
    }
    tenant
        .waits_no_more(connection, Incomplete::Contact, from)
        .await?;
    let lines = tenant.erase_run_lines(connection, from).await?;
    let known = tenant.contact(connection, from).await?;
    let was_copied = known
        .as_ref()
        .is_some_and(|copy| copy.merged_into.is_none());
    if was_copied || conversations > 0 || lines > 0 {
        let removed = Removed {
            conversations,
            copies: was_copied.into(),
            lines,
            ..Removed::default()
        };
        let cause = RemovalCause::ContactMerged;
        tenant
            .note_removal(connection, cause, (from, Some(&left)), removed)
            .await?;
    }
    // What an earlier merge left stays where it is.
    if known.is_none_or(|copy| copy.merged_into.is_none()) {
        let time = CopyTime {
            updated_at: at,
            observed_at: at,
        };
        tenant.merge_mirrored(connection, pair, time).await?;
        if untold.is_none() {
            ask_for(tenant, connection, Incomplete::Contact, &left).await?;
        }
    }
    Ok(Merged::Followed(conversations))
}

/// The contact that is left of `into`, which may have been merged itself; none when that leads back to `from`.
async fn left_of(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    (from, into): (&str, &str),
) -> Result<Option<String>> {
    let mut left = into.to_owned();
    for _ in 0..HOPS {
        let copy = tenant.contact(connection, &left).await?;
        match copy.and_then(|copy| copy.merged_into) {
            Some(next) if next != from => left = next,
            Some(_) => return Ok(None),
            None => break,
        }
    }
    Ok((left != from).then_some(left))
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

/// Follows a merge that a webhook told of; what that did, in words.
pub(crate) async fn merge_told(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    (contact, from): (&Contact, Option<String>),
    at: DateTime<Utc>,
    (copied, buried): (bool, &Buried),
) -> Result<Applied> {
    let Some(from) = from else {
        return Ok(Applied::ignored(
            "the notification does not say which contact was merged",
        ));
    };
    if copied && !buried.contacts.contains(&contact.id) {
        let one = std::slice::from_ref(contact);
        put_contacts(tenant, connection, one, Seen::Told, at).await?;
    }
    let untold = (!copied).then_some(contact);
    let merged = merge(tenant, connection, (&from, &contact.id), untold, at).await?;
    Ok(match merged {
        Merged::Followed(0) if copied => Applied::processed(
            "contact merged: its companies and tags are the remaining contact's",
            None,
        ),
        Merged::Followed(0) => {
            Applied::ignored("no ticket's conversation is with the merged contact")
        }
        Merged::Followed(conversations) => Applied::processed(
            format!(
                "contact merged: {conversations} conversation(s) now name the remaining contact"
            ),
            None,
        ),
        Merged::Erased => Applied::processed(
            "contact merged into one that was deleted: erased with it",
            None,
        ),
        Merged::Contradicted => {
            if copied {
                ask_for(tenant, connection, Incomplete::Contact, &from).await?;
            }
            Applied::ignored("the remaining contact was merged into this one before")
        }
    })
}
