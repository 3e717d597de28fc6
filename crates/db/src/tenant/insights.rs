//! What tickets tell together: how many by tag and over time, and how their conversations were answered.

use crate::error::Result;
use crate::scope::{Source, Tenant};
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::ProductId;
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

/// Which tickets are counted.
#[derive(Debug, Clone, Copy)]
pub struct TicketsSince {
    /// Those made since then.
    pub since: DateTime<Utc>,
    /// Only this product's; those of all products without it, archived ones too.
    pub product: Option<ProductId>,
}

/// Tickets with a tag of one name.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct TagTickets {
    /// The tag's name.
    pub name: String,
    /// How many tickets have it.
    pub tickets: i64,
}

/// A conversation that made tickets, and when it was answered, as far as our copy of its thread tells.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct AnsweredTalk {
    /// The connection, inside which the team's id means something.
    pub connection_id: Uuid,
    /// How many of the tickets are its.
    pub tickets: i64,
    /// Intercom's id of the team it was assigned to when it was last read.
    pub team_id: Option<String>,
    /// That team's name, if it is known.
    pub team_name: Option<String>,
    /// When the customer first wrote.
    pub asked_at: Option<DateTime<Utc>>,
    /// When a teammate first replied after that; notes and bots do not count.
    pub replied_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct StretchRow {
    n: i64,
    tickets: i64,
}

impl TicketsSince {
    fn conditions(self, workspace: Uuid) -> (String, Vec<Value>) {
        let Self { since, product } = self;
        let mut sql = "t.workspace_id = $1 AND t.created_at >= $2".to_owned();
        let mut values = vec![workspace.into(), since.into()];
        if let Some(product) = product {
            sql.push_str(" AND t.product_id = $3");
            values.push(product.0.into());
        }
        (sql, values)
    }
}

impl<S: Source> Tenant<'_, S> {
    /// Tickets by the names of their tags, the most first; a ticket with several tags counts for each.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn tickets_by_tag(&self, which: TicketsSince, most: u64) -> Result<Vec<TagTickets>> {
        let (conditions, values) = which.conditions(self.workspace());
        let sql = format!(
            "SELECT g.name, count(DISTINCT t.id) AS tickets FROM tickets t JOIN ticket_tags g \
            ON g.workspace_id = t.workspace_id AND g.ticket_id = t.id WHERE {conditions} \
            GROUP BY g.name ORDER BY tickets DESC, g.name LIMIT {most}"
        );
        sql::all(self.on(), &sql, values).await
    }

    /// The conversations of the newest tickets with when each was answered, in no order, up to `most`.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn answered_talks(
        &self,
        which: TicketsSince,
        most: u64,
    ) -> Result<Vec<AnsweredTalk>> {
        let (conditions, values) = which.conditions(self.workspace());
        let first = |m: &str, which: &str| {
            format!(
                "(SELECT min({m}.created_at) FROM messages {m} WHERE {m}.workspace_id = c.workspace_id \
                AND {m}.connection_id = c.connection_id AND {m}.conversation_id = c.id AND {m}.{which})"
            )
        };
        let asked = first("q", "author_kind = 'customer'");
        let reply =
            format!("author_kind = 'teammate' AND a.kind = 'reply' AND a.created_at >= {asked}");
        let replied = first("a", &reply);
        let sql = format!(
            "SELECT k.tickets, c.connection_id, c.team_id, w.name AS team_name, {asked} AS asked_at, {replied} AS replied_at FROM \
            (SELECT t.workspace_id, t.connection_id, t.conversation_id, count(*) AS tickets FROM tickets t \
              WHERE {conditions} GROUP BY t.workspace_id, t.connection_id, t.conversation_id \
              ORDER BY max(t.created_at) DESC LIMIT {most}) k \
            JOIN conversations c ON c.workspace_id = k.workspace_id AND c.connection_id = k.connection_id \
              AND c.id = k.conversation_id \
            LEFT JOIN teams w ON w.workspace_id = c.workspace_id AND w.connection_id = c.connection_id AND w.id = c.team_id"
        );
        sql::all(self.on(), &sql, values).await
    }

    /// How many tickets were made between each two of these edges, which ascend.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn tickets_between(
        &self,
        edges: &[DateTime<Utc>],
        product: Option<ProductId>,
    ) -> Result<Vec<i64>> {
        let stretches = edges.len().saturating_sub(1);
        let Some(since) = edges.first().filter(|_| stretches > 0) else {
            return Ok(Vec::new());
        };
        let since = *since;
        let (conditions, mut values) = TicketsSince { since, product }.conditions(self.workspace());
        let places = sql::places(stretches, 3, values.len() + 1);
        for (n, edge) in edges.windows(2).enumerate() {
            values.push(i64::try_from(n).unwrap_or(i64::MAX).into());
            values.extend(edge.iter().map(|at| Value::from(*at)));
        }
        let sql = format!(
            "WITH b(n, first, next) AS (VALUES {places}) SELECT b.n, count(*) AS tickets FROM b \
            JOIN tickets t ON t.created_at >= b.first AND t.created_at < b.next WHERE {conditions} GROUP BY b.n"
        );
        let rows: Vec<StretchRow> = sql::all(self.on(), &sql, values).await?;
        let mut counts = vec![0; stretches];
        for StretchRow { n, tickets } in rows {
            if let Some(count) = usize::try_from(n).ok().and_then(|n| counts.get_mut(n)) {
                *count = tickets;
            }
        }
        Ok(counts)
    }
}
