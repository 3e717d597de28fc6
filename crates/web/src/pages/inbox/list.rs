//! Reading the list: what a query means, and the rows it finds.

use super::{InboxPage, InboxQuery, InboxRows, SetUp, TicketRow};
use crate::pages::people::Chip;
use crate::pages::prelude::*;
use crate::pages::tickets::Untitled;
use crate::pages::{companies, contacts};
use earmark_db::tenant::{Assignee, CopyKey, InboxFilter, InboxRow, Product, SecretKind, Status};
use earmark_model::{ConnectionStatus, Right, StatusCategory, TicketKey};
use std::collections::BTreeSet;

/// Rows on a page.
const PAGE: u32 = 25;

/// What filters can be chosen from.
pub(super) struct Ground {
    products: Vec<Product>,
    /// Of all products in use, or of the chosen one; each key once.
    statuses: Vec<Status>,
}

impl Ground {
    pub(super) async fn load(at: &At, query: &InboxQuery) -> Result<Self, Failed> {
        let tenant = at.tenant();
        let mut products = tenant.products().await?;
        products.retain(|product| product.archived_at.is_none() || product.slug == query.product);
        if !query.product.is_empty() && !products.iter().any(|one| one.slug == query.product) {
            return Err(Failed::NotFound);
        }
        let shown = products
            .iter()
            .filter(|product| query.product.is_empty() || product.slug == query.product);
        let all = futures::future::try_join_all(shown.map(|one| tenant.statuses(one.id))).await?;
        let mut known = BTreeSet::new();
        let mut statuses: Vec<Status> = all.into_iter().flatten().collect();
        statuses.retain(|status| known.insert(status.key.clone()));
        Ok(Self { products, statuses })
    }

    fn filter(&self, at: &At, query: &InboxQuery) -> Result<InboxFilter, Failed> {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let product = self.products.iter().find(|one| one.slug == query.product);
        let (status, open_only) = match query.status.as_str() {
            "" => (None, true),
            "all" => (None, false),
            key => (Some(key.to_owned()), false),
        };
        let assignee = match query.assignee.as_str() {
            "" => None,
            "me" => Some(Assignee::User(at.user.id)),
            "none" => Some(Assignee::Nobody),
            id => Some(Assignee::User(id.parse().map_err(|_| Failed::NotFound)?)),
        };
        Ok(InboxFilter {
            product: product.map(|product| product.id),
            status,
            open_only,
            tag: text(&query.tag),
            assignee,
            words: text(&query.q),
            contact: copy_key(&query.contact)?,
            company: copy_key(&query.company)?,
        })
    }

    /// The contact and the company of the filter, by name where they are copied.
    async fn chips(at: &At, query: &InboxQuery) -> Result<Vec<Chip>, Failed> {
        let mut chips = Vec::new();
        let mut chip = |field, value: &str, label, rest, without: InboxQuery| {
            chips.push(Chip {
                label,
                field,
                value: value.to_owned(),
                without: url::with_query(url::inbox(at.ws()), &without.newest()),
                rest,
            });
        };
        if let Some((connection, id)) = copy_key(&query.contact)? {
            let found = at.tenant().contact(connection, &id).await?;
            let name = found.map(|found| {
                let of = found.contact;
                contacts::shown_name(of.name.as_deref(), of.email.as_deref(), of.role.as_deref())
                    .to_owned()
            });
            let mut without = query.clone();
            without.contact.clear();
            let rest = "show those of all contacts";
            chip("contact", &query.contact, name.unwrap_or(id), rest, without);
        }
        if let Some((connection, id)) = copy_key(&query.company)? {
            let found = at.tenant().company(connection, &id).await?;
            let name = found
                .map(|found| companies::shown_name(found.company.name.as_deref(), &id).to_owned());
            let mut without = query.clone();
            without.company.clear();
            let rest = "show those of all companies";
            chip("company", &query.company, name.unwrap_or(id), rest, without);
        }
        Ok(chips)
    }

    /// How many tickets of a filter nobody has looked at.
    async fn count_new(&self, at: &At, filter: &InboxFilter) -> Result<u64, Failed> {
        let mut new = 0;
        for status in &self.statuses {
            let covered = filter.status.as_ref().is_none_or(|key| *key == status.key);
            if covered && status.category == StatusCategory::New {
                let filter = InboxFilter {
                    status: Some(status.key.clone()),
                    ..filter.clone()
                };
                new += at.tenant().inbox_count(&filter).await?.unsigned_abs();
            }
        }
        Ok(new)
    }

    pub(super) async fn rows(
        &self,
        at: &At,
        query: InboxQuery,
        alone: bool,
    ) -> Result<InboxRows, Failed> {
        let filter = self.filter(at, &query)?;
        let before = match query.before.as_str() {
            "" => None,
            key => Some(number(at, key)?),
        };
        let mut found = at.tenant().inbox(&filter, before, PAGE + 1).await?;
        let more = found.len() > PAGE as usize;
        found.truncate(PAGE as usize);
        let older = found
            .last()
            .filter(|_| more)
            .map(|row| at.ticket_key(row.number));
        let set_up = if found.is_empty() && before.is_none() {
            set_up(at, &self.products).await?
        } else {
            None
        };
        let rows = ticket_rows(at, found).await?;
        Ok(InboxRows {
            ws: at.ws().to_owned(),
            new: self.count_new(at, &filter).await?,
            rows,
            older,
            set_up,
            alone,
            query,
        })
    }

    pub(super) async fn page(
        &self,
        at: &At,
        list: InboxRows,
        ticket: Option<crate::pages::tickets::TicketView>,
    ) -> Result<InboxPage, Failed> {
        let InboxQuery {
            product,
            status,
            tag,
            assignee,
            ..
        } = &list.query;
        let first = |label: &str, current: &str| vec![Choice::new("", label, current)];
        let mut products = first("All products", product);
        let slugs = self.products.iter();
        products.extend(slugs.map(|one| Choice::new(&one.slug, &one.name, product)));
        let mut statuses = first("Open", status);
        statuses.push(Choice::new("all", "All statuses", status));
        let keys = self.statuses.iter();
        statuses.extend(keys.map(|one| Choice::new(&one.key, &one.name, status)));
        let mut tags = first("Any tag", tag);
        let names = at.tenant().inbox_tags().await?;
        tags.extend(
            names
                .iter()
                .map(|one| Choice::new(&one.name, &one.name, tag)),
        );
        let mut assignees = first("Anyone", assignee);
        assignees.push(Choice::new("me", "Me", assignee));
        assignees.push(Choice::new("none", "Nobody", assignee));
        let members = at.tenant().members().await?;
        let others = members.iter().filter(|member| member.user != at.user.id);
        assignees.extend(others.map(|m| Choice::new(m.user.to_string(), &m.name, assignee)));
        Ok(InboxPage {
            chips: Self::chips(at, &list.query).await?,
            list,
            ticket,
            products,
            statuses,
            tags,
            assignees,
        })
    }
}

/// A contact or company that a query names.
fn copy_key(text: &str) -> Result<Option<CopyKey>, Failed> {
    if text.is_empty() {
        return Ok(None);
    }
    let (connection, id) = text.split_once(':').ok_or(Failed::NotFound)?;
    let connection = connection.parse().map_err(|_| Failed::NotFound)?;
    Ok(Some((connection, id.to_owned())))
}

/// The number of a ticket of this workspace, from its key.
pub(crate) fn number(at: &At, key: &str) -> Result<i64, Failed> {
    let key: TicketKey = key.parse().map_err(|_| Failed::NotFound)?;
    if key.prefix != at.workspace().ticket_prefix {
        return Err(Failed::NotFound);
    }
    Ok(key.number)
}

/// Rows as they are shown.
pub(crate) async fn ticket_rows(at: &At, found: Vec<InboxRow>) -> Result<Vec<TicketRow>, Failed> {
    let rows = found.into_iter().map(async |row| {
        let untitled = untitled(at, &row).await?;
        Ok::<_, Failed>(ticket_row(at, row, untitled))
    });
    futures::future::try_join_all(rows).await
}

/// Why a row has no title. Only a row whose text is gone is looked at more closely, and those are few.
async fn untitled(at: &At, row: &InboxRow) -> Result<Untitled, Failed> {
    if !row.source_gone || row.title.is_some() {
        return Ok(Untitled::NoText);
    }
    let tenant = at.tenant();
    let conversation = match tenant.ticket(row.number).await? {
        Some(one) => {
            tenant
                .conversation(one.connection, &one.conversation)
                .await?
        }
        None => None,
    };
    let conversation_gone = conversation.is_some_and(|one| one.gone_at.is_some());
    Ok(Untitled::of(true, conversation_gone))
}

fn ticket_row(at: &At, row: InboxRow, untitled: Untitled) -> TicketRow {
    let InboxRow {
        id: _,
        number,
        title,
        product_name,
        status_name,
        category,
        contact,
        company,
        assignee_name,
        details: _,
        source_gone: _,
        created_at,
        tags,
    } = row;
    TicketRow {
        key: at.ticket_key(number),
        title,
        untitled,
        contact,
        company,
        at: created_at,
        product: product_name,
        status: status_name,
        category,
        tags: tags.into_iter().map(|tag| tag.name).collect(),
        assignee: assignee_name,
    }
}

/// How far the workspace has come; `None` once it has a ticket.
async fn set_up(at: &At, products: &[Product]) -> Result<Option<SetUp>, Failed> {
    let tenant = at.tenant();
    if !tenant.ticket_counts().await?.is_empty() {
        return Ok(None);
    }
    let connections = tenant.connections().await?;
    let usable = connections
        .into_iter()
        .filter(|one| one.status != ConnectionStatus::Disconnected);
    // The one that is furthest shows the way.
    let connection = usable.max_by_key(|one| one.feedback_on_at.is_some());
    let secret = match &connection {
        Some(one) => {
            let stored = tenant.secrets(one.id, SecretKind::ClientSecret).await?;
            !stored.is_empty()
        }
        None => false,
    };
    let mut tags = false;
    for product in products.iter().filter(|one| one.feedback_on_at.is_some()) {
        tags |= !tenant.trigger_tags(product.id).await?.is_empty();
    }
    let feedback = connection
        .as_ref()
        .is_some_and(|one| one.feedback_on_at.is_some());
    Ok(Some(SetUp {
        connection: connection.map(|one| one.id.to_string()),
        secret,
        feedback,
        product: products.first().map(|product| product.slug.clone()),
        tags,
        may: at.may(Right::ManageConnections) && at.may(Right::ManageTriggers),
    }))
}
