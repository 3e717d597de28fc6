//! The letterbox's statements. A request names no tenant: its endpoint token finds one. One transaction stores whatever
//! is waiting for any tenant (group commit), because a commit costs the same for one row as for hundreds.

use super::Across;
use crate::entities::{endpoints, installation_refusals};
use crate::error::{Error, Result};
use crate::scope::{Source, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, DeliveryId, Job, Outcome, RefusalId, WorkspaceId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use uuid::Uuid;

/// What an endpoint token leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The connection.
    pub connection: ConnectionId,
    /// Since when the connection is disconnected, if it is.
    pub closed_at: Option<DateTime<Utc>>,
}

/// A verified request, ready to be stored.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// The workspace that receives it.
    pub workspace: WorkspaceId,
    /// The connection that receives it.
    pub connection: ConnectionId,
    /// What makes it the same notification as another of this connection.
    pub dedupe_key: String,
    /// Intercom's id of the notification.
    pub notification_id: Option<String>,
    /// The topic; absent when the body cannot be read.
    pub topic: Option<String>,
    /// The conversation or contact it is about.
    pub subject: Option<String>,
    /// Its outcome with the words, when it is finished at once: unreadable, or not meant for this connection.
    pub finished: Option<(Outcome, String)>,
    /// When the request came.
    pub received_at: DateTime<Utc>,
    /// When its lane is due at the latest; then all that came until then is applied.
    pub lane_at: DateTime<Utc>,
    /// The raw body, unless it is not to be kept.
    pub body: Option<Vec<u8>>,
}

/// What storing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Its first time.
    New(DeliveryId),
    /// The same notification was there: a row without body points at it.
    Repeat(DeliveryId),
}

const COLUMNS: usize = 12;
/// Rows of one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535.
const MOST_ROWS: usize = 2_048;
const INSERT: &str = "INSERT INTO deliveries (workspace_id, id, connection_id, dedupe_key, notification_id, topic, subject, \
    outcome, note, received_at, finished_at, body) VALUES ";

impl<S: Source> Across<'_, S> {
    /// Finds the connection behind an endpoint token.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn endpoint(&self, token: &str) -> Result<Option<Endpoint>> {
        let row = endpoints::Entity::find_by_id(token.to_owned())
            .one(self.on())
            .await?;
        Ok(row.map(|row| {
            let endpoints::Model {
                token: _,
                workspace_id,
                connection_id,
                closed_at,
            } = row;
            Endpoint {
                workspace: WorkspaceId(workspace_id),
                connection: ConnectionId(connection_id),
                closed_at,
            }
        }))
    }
}

impl Across<'_, Tx> {
    /// Stores deliveries, marks their lanes, and says of each, in order, whether it was new.
    ///
    /// # Errors
    /// Any: then nothing of the batch is stored, and the caller tries its rows singly.
    pub async fn store_deliveries(&self, batch: &[NewDelivery]) -> Result<Vec<Stored>> {
        let mut ids: Vec<DeliveryId> = batch.iter().map(|_| self.source.sources().id()).collect();
        // Ids of one millisecond are in no order, and a lane goes by them.
        ids.sort_unstable();
        let mut new: HashSet<Uuid> = HashSet::with_capacity(batch.len());
        let with_ids: Vec<_> = batch.iter().zip(&ids).collect();
        for part in sql::parts(&with_ids, MOST_ROWS) {
            new.extend(self.insert_new(part).await?);
        }
        let mut stored = Vec::with_capacity(batch.len());
        for (delivery, id) in batch.iter().zip(&ids) {
            if new.contains(&id.0) {
                stored.push(Stored::New(*id));
            } else {
                self.insert_repeat(delivery, *id).await?;
                stored.push(Stored::Repeat(*id));
            }
        }
        self.mark_lanes(batch, &stored).await?;
        for workspace in batch
            .iter()
            .map(|delivery| delivery.workspace)
            .collect::<BTreeSet<_>>()
        {
            self.source.changed(workspace, ChangeKind::Deliveries);
        }
        Ok(stored)
    }

    async fn insert_new(&self, rows: &[(&NewDelivery, &DeliveryId)]) -> Result<Vec<Uuid>> {
        let sql = format!(
            "{INSERT}{} ON CONFLICT (workspace_id, connection_id, dedupe_key) DO NOTHING RETURNING id",
            sql::places(rows.len(), COLUMNS, 1)
        );
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * COLUMNS);
        for (row, id) in rows {
            let NewDelivery {
                workspace,
                connection,
                dedupe_key,
                notification_id,
                topic,
                subject,
                finished,
                received_at,
                lane_at: _,
                body,
            } = row;
            let (outcome, note) = match finished {
                Some((outcome, note)) => (*outcome, Some(note.as_str())),
                None => (Outcome::Waiting, None),
            };
            values.extend([
                workspace.0.into(),
                id.0.into(),
                connection.0.into(),
                dedupe_key.as_str().into(),
                notification_id.clone().into(),
                topic.clone().into(),
                subject.clone().into(),
                outcome.as_str().into(),
                note.into(),
                (*received_at).into(),
                finished.as_ref().map(|_| *received_at).into(),
                body.clone().into(),
            ]);
        }
        sql::column(self.on(), &sql, values).await
    }

    async fn insert_repeat(&self, delivery: &NewDelivery, id: DeliveryId) -> Result<()> {
        let sql = "INSERT INTO deliveries (workspace_id, id, connection_id, notification_id, topic, subject, outcome, \
            note, repeat_of, received_at, finished_at) \
            SELECT $1, $2, $3, $4, $5, $6, $7, $8, first.id, $9, $9 FROM deliveries first \
            WHERE first.workspace_id = $1 AND first.connection_id = $3 AND first.dedupe_key = $10";
        let values = vec![
            delivery.workspace.0.into(),
            id.0.into(),
            delivery.connection.0.into(),
            delivery.notification_id.clone().into(),
            delivery.topic.clone().into(),
            delivery.subject.clone().into(),
            Outcome::Repeat.as_str().into(),
            "repeat: the same notification came before".into(),
            delivery.received_at.into(),
            delivery.dedupe_key.as_str().into(),
        ];
        match sql::execute(self.on(), sql, values).await? {
            0 => Err(Error::Missing),
            _ => Ok(()),
        }
    }

    /// Makes sure that each lane with a new delivery has a pending job. Touching a pending job's row keeps it from being
    /// claimed before this transaction commits, so no delivery is left behind.
    async fn mark_lanes(&self, batch: &[NewDelivery], stored: &[Stored]) -> Result<()> {
        let mut lanes: BTreeMap<ConnectionId, (WorkspaceId, DateTime<Utc>)> = BTreeMap::new();
        for (delivery, stored) in batch.iter().zip(stored) {
            if matches!(stored, Stored::New(_)) && delivery.finished.is_none() {
                let at = (delivery.workspace, delivery.lane_at);
                let lane = lanes.entry(delivery.connection).or_insert(at);
                lane.1 = lane.1.min(delivery.lane_at);
            }
        }
        // Everybody takes the rows in the same order, so no two processes wait for each other.
        let lanes = lanes.into_iter();
        let jobs =
            lanes.map(|(connection, (workspace, at))| (workspace, Job::Lane { connection }, at));
        self.enqueue_all(&jobs.collect::<Vec<_>>()).await
    }

    /// Records a refused request that belongs to no connection; keeps the newest `keep`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn record_refusal(
        &self,
        cause: &str,
        address: Option<&str>,
        keep: u32,
    ) -> Result<()> {
        let id: RefusalId = self.source.sources().id();
        let row = installation_refusals::ActiveModel {
            id: Set(id.0),
            at: Set(self.now()),
            cause: Set(cause.to_owned()),
            address: Set(address.map(ToOwned::to_owned)),
        };
        row.insert(self.on()).await?;
        let sql = "DELETE FROM installation_refusals WHERE id IN \
            (SELECT id FROM installation_refusals ORDER BY id DESC LIMIT 1000 OFFSET $1)";
        sql::execute(self.on(), sql, vec![i64::from(keep).into()])
            .await
            .map(drop)
    }
}
