//! Storing copies of contacts and companies, each unless what is there is newer, with what they belong to.

use super::convert::{self, is_one_second};
use chrono::{DateTime, Utc};
use earmark_db::tenant::{CopyChange, CopyTime, Links, RunCounts};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::{Company, Contact};
use earmark_model::ConnectionId;
use std::collections::{HashMap, HashSet};

/// How a copy was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A list or search of the API shows it, so it is not archived.
    Listed,
    /// The API gave it when asked by id.
    Asked,
    /// A webhook told it.
    Told,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    New,
    Changed,
    Unchanged,
    /// What is there is newer, or stands for one that was merged into another.
    Older,
    /// It was deleted at Intercom and must not come back.
    Buried,
}

impl From<CopyChange> for Change {
    fn from(change: CopyChange) -> Self {
        match change {
            CopyChange::New => Self::New,
            CopyChange::Changed => Self::Changed,
            CopyChange::Unchanged => Self::Unchanged,
            CopyChange::Older => Self::Older,
        }
    }
}

impl Change {
    pub(crate) const fn is_news(self) -> bool {
        matches!(self, Self::New | Self::Changed)
    }

    /// The same with what became of its links.
    const fn with_links(self, changed: bool) -> Self {
        match self {
            Self::Unchanged if changed => Self::Changed,
            other => other,
        }
    }

    /// Whether what a webhook told differs from what was known, and both are of one second: which is the present state,
    /// only Intercom can say.
    pub(crate) fn is_tie(self, known: CopyTime, told: CopyTime) -> bool {
        matches!(self, Self::Changed | Self::Older)
            && known.updated_at == told.updated_at
            && is_one_second(known.observed_at, told.observed_at)
    }

    /// As a run counts it. What is newer with us is nothing that the run would have had to change; whoever leaves out what
    /// is buried counts it with its reason.
    pub(crate) fn count(self, into: &mut RunCounts) {
        into.done += 1;
        match self {
            Self::New => into.added += 1,
            Self::Changed => into.changed += 1,
            Self::Unchanged | Self::Older => into.unchanged += 1,
            Self::Buried => {}
        }
    }
}

/// The last of each id: a statement takes none twice.
fn once<T>(all: &[T], id: impl Fn(&T) -> &str) -> Vec<&T> {
    let mut seen = HashSet::new();
    let mut kept: Vec<&T> = all
        .iter()
        .rev()
        .filter(|one| seen.insert(id(one)))
        .collect();
    kept.reverse();
    kept
}

/// Stores contacts with their companies and tags; says what became of each.
pub(crate) async fn put_contacts(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    contacts: &[Contact],
    seen: Seen,
    at: DateTime<Utc>,
) -> Result<Vec<(String, Change)>> {
    let contacts = once(contacts, |one| one.id.as_str());
    let ids: Vec<&str> = contacts.iter().map(|one| one.id.as_str()).collect();
    if seen != Seen::Told {
        // Whoever applies a delivery has its contact's lock for itself already.
        tenant.lock_contacts(connection, &ids, false).await?;
    }
    let buried = tenant.deleted_contacts(connection, &ids).await?;
    let buried: HashSet<String> = buried.into_iter().collect();
    let living: Vec<&Contact> = contacts
        .into_iter()
        .filter(|one| !buried.contains(&one.id))
        .collect();
    let rows: Vec<_> = living.iter().map(|one| convert::contact(one, at)).collect();
    let changes = tenant
        .put_contacts(connection, &rows, seen == Seen::Listed)
        .await?;
    let mut outcome: HashMap<&str, Change> = HashMap::with_capacity(ids.len());
    let mut linked = Vec::new();
    for (contact, change) in living.iter().zip(changes) {
        let change = Change::from(change);
        outcome.insert(&contact.id, change);
        // A webhook that tells nothing new may be an old one.
        if change.is_news() || (change == Change::Unchanged && seen != Seen::Told) {
            linked.push(*contact);
        }
    }
    let relinked = link(tenant, connection, &linked).await?;
    // Tickets show the contact's present name.
    let news = outcome.iter().filter(|(_, change)| change.is_news());
    let news: Vec<&str> = news.map(|(id, _)| *id).collect();
    tenant.name_contacts(connection, &news).await?;
    Ok(ids
        .into_iter()
        .map(|id| {
            let change = outcome.get(id).copied();
            let change = change.unwrap_or(Change::Buried);
            (id.to_owned(), change.with_links(relinked.contains(id)))
        })
        .collect())
}

/// Makes the companies and tags of contacts those that are listed; where a list is cut, none is taken away. Gives the
/// contacts for which that changed something.
async fn link(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    contacts: &[&Contact],
) -> Result<HashSet<String>> {
    if contacts.is_empty() {
        return Ok(HashSet::new());
    }
    let companies: HashSet<&str> = contacts
        .iter()
        .flat_map(|one| &one.companies)
        .map(|one| one.id.as_str())
        .collect();
    let companies: Vec<&str> = companies.into_iter().collect();
    let gone = tenant.archived_companies(connection, &companies).await?;
    let in_companies: Vec<(&str, Vec<&str>, bool)> = contacts
        .iter()
        .map(|one| {
            let ids = one.companies.iter().map(|company| company.id.as_str());
            let ids = ids.filter(|id| !gone.iter().any(|gone| gone == id));
            (one.id.as_str(), ids.collect(), one.more_companies)
        })
        .collect();
    let mut changed = tenant
        .put_links(Links::Companies, connection, &in_companies)
        .await?;
    let tagged: Vec<(&str, Vec<&str>, bool)> = contacts
        .iter()
        .map(|one| {
            let ids = one.tags.iter().map(|tag| tag.id.as_str());
            (one.id.as_str(), ids.collect(), one.more_tags)
        })
        .collect();
    changed.extend(
        tenant
            .put_links(Links::ContactTags, connection, &tagged)
            .await?,
    );
    Ok(changed)
}

/// Stores companies with their tags; says what became of each.
pub(crate) async fn put_companies(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    companies: &[Company],
    seen: Seen,
    at: DateTime<Utc>,
) -> Result<Vec<(String, Change)>> {
    let companies = once(companies, |one| one.id.as_str());
    let rows: Vec<_> = companies
        .iter()
        .map(|one| convert::company(one, at))
        .collect();
    // Intercom gives no archived company, not even by id.
    let changes = tenant
        .put_companies(connection, &rows, seen != Seen::Told)
        .await?;
    let changes: Vec<Change> = changes.into_iter().map(Change::from).collect();
    let tagged: Vec<(&str, Vec<&str>, bool)> = companies
        .iter()
        .zip(&changes)
        .filter(|(_, change)| {
            change.is_news() || (**change == Change::Unchanged && seen != Seen::Told)
        })
        .map(|(one, _)| {
            let ids = one.tags.iter().map(|tag| tag.id.as_str());
            (one.id.as_str(), ids.collect(), false)
        })
        .collect();
    let relinked = tenant
        .put_links(Links::CompanyTags, connection, &tagged)
        .await?;
    let told = companies.iter().zip(changes).map(|(one, change)| {
        let change = change.with_links(relinked.contains(&one.id));
        (one.id.clone(), change)
    });
    Ok(told.collect())
}
