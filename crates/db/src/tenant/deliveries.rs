//! Deliveries: the waiting ones of a lane, their outcomes, the log, and the erasing of payloads.

use crate::entities::deliveries;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, DeliveryId, Outcome, TicketId};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryFilter,
    QueryOrder, QuerySelect, Select, Value, sea_query::Expr,
};
use uuid::Uuid;

/// A delivery as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The id; sorts by time.
    pub id: DeliveryId,
    /// The connection.
    pub connection: ConnectionId,
    /// Intercom's id of the notification.
    pub notification_id: Option<String>,
    /// The topic, if it could be read.
    pub topic: Option<String>,
    /// The conversation or contact it is about.
    pub subject: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// That in words.
    pub note: Option<String>,
    /// The ticket it made or changed.
    pub ticket: Option<TicketId>,
    /// The first delivery of the same notification.
    pub repeat_of: Option<DeliveryId>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// When it was finished.
    pub finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<deliveries::Model> for Delivery {
    type Error = Error;
    fn try_from(row: deliveries::Model) -> Result<Self> {
        let deliveries::Model {
            workspace_id: _,
            id,
            connection_id,
            dedupe_key: _,
            notification_id,
            topic,
            subject,
            outcome,
            note,
            ticket_id,
            repeat_of,
            received_at,
            finished_at,
            body: _,
        } = row;
        Ok(Self {
            id: DeliveryId(id),
            connection: ConnectionId(connection_id),
            notification_id,
            topic,
            subject,
            outcome: outcome
                .parse()
                .map_err(|why| Error::contradiction("deliveries", id, why))?,
            note,
            ticket: ticket_id.map(TicketId),
            repeat_of: repeat_of.map(DeliveryId),
            received_at,
            finished_at,
        })
    }
}

/// A delivery that its lane has not come to yet.
#[derive(Debug, Clone)]
pub struct WaitingDelivery {
    /// The id.
    pub id: DeliveryId,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The conversation or contact it is about, as far as its outline told.
    pub subject: Option<String>,
    /// The raw body.
    pub body: Vec<u8>,
}

/// The deliveries of one topic that their lanes have not come to yet.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Waiting {
    /// The topic as it was sent, if it could be read.
    pub topic: Option<String>,
    /// How many.
    pub count: i64,
    /// When the oldest was received.
    pub oldest: DateTime<Utc>,
    /// When the newest was received.
    pub newest: DateTime<Utc>,
}

/// Which deliveries the log shows.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Only this topic.
    pub topic: Option<String>,
    /// Only this outcome.
    pub outcome: Option<Outcome>,
    /// Only what contains this in notification id, subject or outcome words.
    pub words: Option<String>,
    /// Only what came before this one.
    pub before: Option<DeliveryId>,
}

#[derive(FromQueryResult)]
struct WaitingRow {
    id: Uuid,
    received_at: DateTime<Utc>,
    subject: Option<String>,
    body: Option<Vec<u8>>,
}

#[derive(FromQueryResult)]
struct BodyRow {
    id: Uuid,
    body: Option<Vec<u8>>,
}

/// Deliveries without their bodies, which may be long.
pub(crate) fn without_bodies() -> Select<deliveries::Entity> {
    let body = deliveries::Column::Body;
    let columns = deliveries::Column::iter().filter(|one| one.as_str() != body.as_str());
    let query = deliveries::Entity::find().select_only().columns(columns);
    query.expr_as(Expr::cust("NULL"), body.as_str())
}

impl<S: Source> Tenant<'_, S> {
    /// A page of a connection's log, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn deliveries(
        &self,
        connection: ConnectionId,
        filter: &DeliveryFilter,
        most: u64,
    ) -> Result<Vec<Delivery>> {
        let DeliveryFilter {
            topic,
            outcome,
            words,
            before,
        } = filter;
        let mut query = without_bodies()
            .filter(deliveries::Column::WorkspaceId.eq(self.workspace()))
            .filter(deliveries::Column::ConnectionId.eq(connection.0));
        if let Some(topic) = topic {
            query = query.filter(deliveries::Column::Topic.eq(topic.as_str()));
        }
        if let Some(outcome) = outcome {
            query = query.filter(deliveries::Column::Outcome.eq(outcome.as_str()));
        }
        if let Some(words) = words {
            query = query.filter(
                Condition::any()
                    .add(sql::contains(deliveries::Column::NotificationId, words))
                    .add(sql::contains(deliveries::Column::Subject, words))
                    .add(sql::contains(deliveries::Column::Note, words)),
            );
        }
        if let Some(before) = before {
            query = query.filter(deliveries::Column::Id.lt(before.0));
        }
        let rows = query
            .order_by_desc(deliveries::Column::Id)
            .limit(most)
            .all(self.on())
            .await?;
        rows.into_iter().map(Delivery::try_from).collect()
    }

    /// One delivery with its body, if that is kept and holds nobody whose erasure did not reach it yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<(Delivery, Option<Vec<u8>>)>> {
        let sql = "SELECT connection_id FROM deliveries WHERE workspace_id = $1 AND id = $2";
        let own = vec![self.workspace().into(), id.0.into()];
        let connection: Vec<Uuid> = sql::column(self.on(), sql, own).await?;
        let Some(connection) = connection.first() else {
            return Ok(None);
        };
        // Before the body: an erasure that ends between the two has rewritten it.
        let withheld = self.withheld(ConnectionId(*connection)).await?;
        let row = deliveries::Entity::find_by_id((self.workspace(), id.0))
            .one(self.on())
            .await?;
        let Some(mut row) = row else {
            return Ok(None);
        };
        let body = row.body.take().filter(|body| !withheld.in_body(body));
        Ok(Some((Delivery::try_from(row)?, body)))
    }

    /// What waits of a connection, by topic.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn waiting(&self, connection: ConnectionId) -> Result<Vec<Waiting>> {
        let sql = "SELECT topic, count(*) AS count, min(received_at) AS oldest, max(received_at) AS newest FROM deliveries \
            WHERE workspace_id = $1 AND connection_id = $2 AND outcome = 'waiting' GROUP BY topic ORDER BY topic";
        let values = vec![self.workspace().into(), connection.0.into()];
        sql::all(self.on(), sql, values).await
    }

    /// Since when the oldest delivery of a connection waits, if one does.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn waiting_since(&self, connection: ConnectionId) -> Result<Option<DateTime<Utc>>> {
        let sql = "SELECT received_at FROM deliveries WHERE workspace_id = $1 AND connection_id = $2 \
            AND outcome = 'waiting' ORDER BY id LIMIT 1";
        let own = vec![self.workspace().into(), connection.0.into()];
        let oldest: Vec<DateTime<Utc>> = sql::column(self.on(), sql, own).await?;
        Ok(oldest.first().copied())
    }

    /// The kept bodies among a connection's newest deliveries, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn newest_bodies(&self, connection: ConnectionId, most: u64) -> Result<Vec<Vec<u8>>> {
        let sql = "SELECT id, body FROM deliveries WHERE workspace_id = $1 AND connection_id = $2 \
            ORDER BY id DESC LIMIT $3";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            i64::try_from(most).unwrap_or(i64::MAX).into(),
        ];
        let rows: Vec<BodyRow> = sql::all(self.on(), sql, values).await?;
        Ok(rows.into_iter().filter_map(|row| row.body).collect())
    }

    /// The oldest waiting deliveries of a connection, in the order they came.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn waiting_deliveries(
        &self,
        connection: ConnectionId,
        most: u64,
    ) -> Result<Vec<WaitingDelivery>> {
        let sql = "SELECT id, received_at, subject, body FROM deliveries WHERE workspace_id = $1 AND connection_id = $2 \
            AND outcome = 'waiting' ORDER BY id LIMIT $3";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            i64::try_from(most).unwrap_or(i64::MAX).into(),
        ];
        let rows: Vec<WaitingRow> = sql::all(self.on(), sql, values).await?;
        Ok(rows
            .into_iter()
            .map(
                |WaitingRow {
                     id,
                     received_at,
                     subject,
                     body,
                 }| WaitingDelivery {
                    id: DeliveryId(id),
                    received_at,
                    subject,
                    body: body.unwrap_or_default(),
                },
            )
            .collect())
    }
}

impl Tenant<'_, Tx> {
    /// Writes what became of a delivery. One that is finished already stays as it is: false.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn finish_delivery(
        &self,
        id: DeliveryId,
        outcome: Outcome,
        note: &str,
        ticket: Option<TicketId>,
    ) -> Result<bool> {
        let one = [(id, outcome, note, ticket)];
        Ok(self.finish_deliveries(&one).await? > 0)
    }

    /// Writes what became of deliveries; gives how many were not finished already, which stay as they are.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn finish_deliveries(
        &self,
        finished: &[(DeliveryId, Outcome, &str, Option<TicketId>)],
    ) -> Result<u64> {
        if finished.is_empty() {
            return Ok(0);
        }
        let sql = format!(
            "WITH f (id, outcome, note, ticket_id) AS (VALUES {}) \
            UPDATE deliveries SET outcome = f.outcome, note = f.note, ticket_id = f.ticket_id, finished_at = $1 \
            FROM f WHERE deliveries.workspace_id = $2 AND deliveries.id = f.id AND deliveries.outcome = 'waiting'",
            sql::places(finished.len(), 4, 3)
        );
        let mut values = vec![self.now().into(), self.workspace().into()];
        for (id, outcome, note, ticket) in finished {
            values.extend([
                id.0.into(),
                outcome.as_str().into(),
                (*note).into(),
                Value::from(ticket.map(|ticket| ticket.0)),
            ]);
        }
        let count = sql::execute(self.on(), &sql, values).await?;
        self.source.changed(self.id, ChangeKind::Deliveries);
        Ok(count)
    }

    /// Rewrites the kept body of one delivery as it is now: `rewrite` gives the new body, or `None` to leave it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn rewrite_body(
        &self,
        connection: ConnectionId,
        id: DeliveryId,
        rewrite: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<u64> {
        self.rewrite_where(connection, "id = $4", vec![id.0.into()], rewrite)
            .await
    }

    /// Rewrites every kept body about one conversation or contact: `rewrite` gives the new body, or `None` to leave it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn rewrite_bodies(
        &self,
        connection: ConnectionId,
        subject: &str,
        rewrite: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<u64> {
        self.rewrite_where(connection, "subject = $4", vec![subject.into()], rewrite)
            .await
    }

    /// Rewrites kept bodies that could not be read, of which nobody knows what they are about.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn rewrite_unreadable_bodies(
        &self,
        connection: ConnectionId,
        rewrite: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<u64> {
        self.rewrite_where(
            connection,
            "subject IS NULL AND outcome = $4",
            vec![Outcome::Unreadable.as_str().into()],
            rewrite,
        )
        .await
    }

    async fn rewrite_where(
        &self,
        connection: ConnectionId,
        condition: &str,
        more: Vec<Value>,
        mut rewrite: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<u64> {
        const PAGE: usize = 50;
        let (mut after, mut rewritten) = (Uuid::nil(), 0);
        // Locked, so that nobody writes what this erases back from a body read before.
        let lock = sql::for_update(self.on());
        let sql = format!(
            "SELECT id, body FROM deliveries WHERE workspace_id = $1 AND connection_id = $2 AND {condition} \
            AND body IS NOT NULL AND id > $3 ORDER BY id LIMIT {PAGE} {lock}"
        );
        let update = "UPDATE deliveries SET body = $3 WHERE workspace_id = $1 AND id = $2";
        loop {
            let mut values = vec![self.workspace().into(), connection.0.into(), after.into()];
            values.extend(more.iter().cloned());
            let rows: Vec<BodyRow> = sql::all(self.on(), &sql, values).await?;
            for BodyRow { id, body } in &rows {
                if let Some(body) = body.as_deref().and_then(&mut rewrite) {
                    let values = vec![self.workspace().into(), (*id).into(), body.into()];
                    rewritten += sql::execute(self.on(), update, values).await?;
                }
            }
            match rows.last() {
                Some(last) if rows.len() == PAGE => after = last.id,
                _ => return Ok(rewritten),
            }
        }
    }
}
