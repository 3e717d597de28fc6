//! The inbox: tickets by product, status, tag, assignee and words, newest first, page by page.

use crate::error::{Error, Result};
use crate::scope::{Source, Tenant};
use crate::sql;
use crate::tenant::people_views::CopyKey;
use chrono::{DateTime, Utc};
use earmark_model::{DetailsState, ProductId, StatusCategory, TicketId, UserId};
use sea_orm::{FromQueryResult, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// Whose tickets to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignee {
    /// This person's.
    User(UserId),
    /// Those nobody works on yet.
    Nobody,
}

/// Which tickets to show; `None` does not filter.
#[derive(Debug, Clone, Default)]
pub struct InboxFilter {
    /// Only this product's; without it, those of all products that are not archived, or of all when a contact or company
    /// is given.
    pub product: Option<ProductId>,
    /// Only those of this contact's conversations.
    pub contact: Option<CopyKey>,
    /// Only those of this company's conversations.
    pub company: Option<CopyKey>,
    /// Only those whose status has this key.
    pub status: Option<String>,
    /// Only those whose status is not of a closed category.
    pub open_only: bool,
    /// Only those with a tag of this name.
    pub tag: Option<String>,
    /// Only this person's, or nobody's.
    pub assignee: Option<Assignee>,
    /// Only those with these words in title, contact or company.
    pub words: Option<String>,
}

/// A tag in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxTag {
    /// Its name.
    pub name: String,
}

/// A ticket's line in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// The ticket.
    pub id: TicketId,
    /// Its number.
    pub number: i64,
    /// Its title; absent when the text it came from is gone.
    pub title: Option<String>,
    /// The product's name.
    pub product_name: String,
    /// The status's name.
    pub status_name: String,
    /// What the status means.
    pub category: StatusCategory,
    /// The contact's name, or e-mail address.
    pub contact: Option<String>,
    /// The company's name.
    pub company: Option<String>,
    /// Who works on it.
    pub assignee_name: Option<String>,
    /// Whether details are still to come.
    pub details: DetailsState,
    /// Whether its source was redacted or deleted.
    pub source_gone: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its tags.
    pub tags: Vec<InboxTag>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    title: Option<String>,
    product_name: String,
    status_name: String,
    category: String,
    contact_name: Option<String>,
    contact_email: Option<String>,
    company_name: Option<String>,
    assignee_name: Option<String>,
    details: String,
    source_gone_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct TagRow {
    ticket_id: Uuid,
    name: String,
}

#[derive(FromQueryResult)]
struct NameRow {
    name: String,
}

#[derive(FromQueryResult)]
struct CountRow {
    product_id: Uuid,
    category: String,
    tickets: i64,
}

const FROM: &str = "FROM tickets t \
    JOIN products p ON p.workspace_id = t.workspace_id AND p.id = t.product_id \
    JOIN statuses s ON s.workspace_id = t.workspace_id AND s.id = t.status_id \
    JOIN conversations c ON c.workspace_id = t.workspace_id AND c.connection_id = t.connection_id \
      AND c.id = t.conversation_id \
    LEFT JOIN users u ON u.id = t.assignee_id";

/// The conditions of a filter, with their values.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn new(workspace: Uuid, filter: &InboxFilter) -> Self {
        let InboxFilter {
            product,
            contact,
            company,
            status,
            open_only,
            tag,
            assignee,
            words,
        } = filter;
        let mut all = Self {
            sql: "WHERE t.workspace_id = $1".to_owned(),
            values: vec![workspace.into()],
        };
        match product {
            Some(product) => all.and("t.product_id = {}", product.0),
            None if contact.is_some() || company.is_some() => {}
            None => all.sql.push_str(" AND p.archived_at IS NULL"),
        }
        for (column, key) in [("contact_id", contact), ("company_id", company)] {
            if let Some((connection, id)) = key {
                all.and("c.connection_id = {}", connection.0);
                all.and(&format!("c.{column} = {{}}"), id.as_str());
            }
        }
        if let Some(status) = status {
            all.and("s.key = {}", status.as_str());
        }
        if *open_only {
            all.and("s.category <> {}", StatusCategory::Closed.as_str());
        }
        if let Some(tag) = tag {
            all.and(
                "EXISTS (SELECT 1 FROM ticket_tags g WHERE g.workspace_id = t.workspace_id AND g.ticket_id = t.id \
                 AND g.name = {})",
                tag.as_str(),
            );
        }
        match assignee {
            Some(Assignee::User(user)) => all.and("t.assignee_id = {}", user.0),
            Some(Assignee::Nobody) => all.sql.push_str(" AND t.assignee_id IS NULL"),
            None => {}
        }
        if let Some(words) = words {
            let columns = [
                "t.title",
                "c.contact_name",
                "c.contact_email",
                "c.company_name",
            ];
            let hold = columns.map(|column| sql::holds(column, words));
            let any = format!("({})", hold.join(" OR "));
            all.and(&any, sql::containing_lower(words));
        }
        all
    }

    /// Adds a condition; every `{}` in it is the value's place.
    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql.push_str(" AND ");
        self.sql
            .push_str(&condition.replace("{}", &format!("${}", self.values.len())));
    }
}

impl<S: Source> Tenant<'_, S> {
    /// A page of the inbox, newest first: tickets whose number is below `before`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn inbox(
        &self,
        filter: &InboxFilter,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<InboxRow>> {
        let mut conditions = Conditions::new(self.workspace(), filter);
        if let Some(before) = before {
            conditions.and("t.number < {}", before);
        }
        let Conditions { sql, values } = conditions;
        let sql = format!(
            "SELECT t.id, t.number, t.title, p.name AS product_name, s.name AS status_name, s.category, c.contact_name, \
             c.contact_email, c.company_name, u.name AS assignee_name, c.details, t.source_gone_at, t.created_at \
             {FROM} {sql} ORDER BY t.number DESC LIMIT {most}"
        );
        let rows: Vec<Row> = sql::all(self.on(), &sql, values).await?;
        let mut tags = self.tags_of(&rows).await?;
        rows.into_iter()
            .map(|row| into_inbox_row(row, &mut tags))
            .collect()
    }

    /// How many tickets a filter finds.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn inbox_count(&self, filter: &InboxFilter) -> Result<i64> {
        #[derive(FromQueryResult)]
        struct Count {
            tickets: i64,
        }
        let Conditions { sql, values } = Conditions::new(self.workspace(), filter);
        let count: Option<Count> = sql::one(
            self.on(),
            &format!("SELECT count(*) AS tickets {FROM} {sql}"),
            values,
        )
        .await?;
        Ok(count.map_or(0, |count| count.tickets))
    }

    /// Tickets by product and by what their status means, for the navigation.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ticket_counts(&self) -> Result<Vec<(ProductId, StatusCategory, i64)>> {
        let sql = "SELECT t.product_id, s.category, count(*) AS tickets FROM tickets t \
            JOIN statuses s ON s.workspace_id = t.workspace_id AND s.id = t.status_id \
            WHERE t.workspace_id = $1 GROUP BY t.product_id, s.category";
        let rows: Vec<CountRow> = sql::all(self.on(), sql, vec![self.workspace().into()]).await?;
        rows.into_iter()
            .map(
                |CountRow {
                     product_id,
                     category,
                     tickets,
                 }| {
                    let category = category
                        .parse()
                        .map_err(|why| Error::contradiction("statuses", product_id, why))?;
                    Ok((ProductId(product_id), category, tickets))
                },
            )
            .collect()
    }

    /// The names of all tags on tickets, for the filter.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn inbox_tags(&self) -> Result<Vec<InboxTag>> {
        let sql = "SELECT DISTINCT name FROM ticket_tags WHERE workspace_id = $1 ORDER BY name";
        let rows: Vec<NameRow> = sql::all(self.on(), sql, vec![self.workspace().into()]).await?;
        Ok(rows
            .into_iter()
            .map(|NameRow { name }| InboxTag { name })
            .collect())
    }

    async fn tags_of(&self, rows: &[Row]) -> Result<HashMap<Uuid, Vec<InboxTag>>> {
        let mut tags: HashMap<Uuid, Vec<InboxTag>> = HashMap::new();
        if rows.is_empty() {
            return Ok(tags);
        }
        let sql = format!(
            "SELECT ticket_id, name FROM ticket_tags WHERE workspace_id = $1 AND ticket_id IN {} ORDER BY tagged_at, name",
            sql::places(1, rows.len(), 2)
        );
        let values = [self.workspace()]
            .into_iter()
            .chain(rows.iter().map(|row| row.id))
            .map(Value::from)
            .collect();
        let found: Vec<TagRow> = sql::all(self.on(), &sql, values).await?;
        for TagRow { ticket_id, name } in found {
            tags.entry(ticket_id).or_default().push(InboxTag { name });
        }
        Ok(tags)
    }
}

fn into_inbox_row(row: Row, tags: &mut HashMap<Uuid, Vec<InboxTag>>) -> Result<InboxRow> {
    let Row {
        id,
        number,
        title,
        product_name,
        status_name,
        category,
        contact_name,
        contact_email,
        company_name,
        assignee_name,
        details,
        source_gone_at,
        created_at,
    } = row;
    Ok(InboxRow {
        id: TicketId(id),
        number,
        title,
        product_name,
        status_name,
        category: category
            .parse()
            .map_err(|why| Error::contradiction("statuses", id, why))?,
        contact: contact_name.or(contact_email),
        company: company_name,
        assignee_name,
        details: details
            .parse()
            .map_err(|why| Error::contradiction("conversations", id, why))?,
        source_gone: source_gone_at.is_some(),
        created_at,
        tags: tags.remove(&id).unwrap_or_default(),
    })
}
