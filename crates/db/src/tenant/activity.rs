//! How many deliveries a connection received over time, by what became of them.

use crate::error::{Error, Result};
use crate::scope::{Source, Tenant};
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, Outcome};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

/// Deliveries of one stretch of time with one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Which stretch: the one that begins with this edge.
    pub stretch: usize,
    /// What became of them.
    pub outcome: Outcome,
    /// How many.
    pub count: i64,
}

#[derive(FromQueryResult)]
struct Row {
    n: i64,
    outcome: String,
    deliveries: i64,
}

impl<S: Source> Tenant<'_, S> {
    /// Counts a connection's deliveries between each two of these edges, which ascend. A delivery's time is that of its
    /// id, so that the log's index leads to each stretch.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn received(
        &self,
        connection: ConnectionId,
        edges: &[DateTime<Utc>],
    ) -> Result<Vec<Received>> {
        let stretches = edges.len().saturating_sub(1);
        if stretches == 0 {
            return Ok(Vec::new());
        }
        let sql = format!(
            "WITH b(n, first, next) AS (VALUES {}) SELECT b.n, d.outcome, count(*) AS deliveries FROM b \
            JOIN deliveries d ON d.workspace_id = $1 AND d.connection_id = $2 AND d.id >= b.first AND d.id < b.next \
            GROUP BY b.n, d.outcome ORDER BY b.n, d.outcome",
            sql::places(stretches, 3, 3)
        );
        let mut values = self.ids(connection, &[]);
        for (n, edge) in edges.windows(2).enumerate() {
            values.push(i64::try_from(n).unwrap_or(i64::MAX).into());
            values.extend(edge.iter().map(|at| Value::from(first_id(*at))));
        }
        let rows: Vec<Row> = sql::all(self.on(), &sql, values).await?;
        let rows = rows.into_iter().map(
            |Row {
                 n,
                 outcome,
                 deliveries,
             }| {
                Ok(Received {
                    stretch: usize::try_from(n).unwrap_or_default(),
                    outcome: outcome
                        .parse()
                        .map_err(|why| Error::contradiction("deliveries", n, why))?,
                    count: deliveries,
                })
            },
        );
        rows.collect()
    }
}

/// The least id that is made at a time: the first 48 bits of an id are its milliseconds.
fn first_id(at: DateTime<Utc>) -> Uuid {
    let milliseconds = u128::from(at.timestamp_millis().unsigned_abs());
    Uuid::from_u128(milliseconds << 80)
}
