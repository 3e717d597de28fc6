//! The ticket types of an Intercom workspace: their names, for suggesting them.

use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use earmark_model::ConnectionId;
use sea_orm::FromQueryResult;

/// A ticket type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketType {
    /// Intercom's id.
    pub id: String,
    /// Its name when it was last fetched.
    pub name: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    name: String,
}

impl<S: Source> Tenant<'_, S> {
    /// The known ticket types of a connection, by name.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn ticket_types(&self, connection: ConnectionId) -> Result<Vec<TicketType>> {
        let sql = "SELECT id, name FROM ticket_types WHERE workspace_id = $1 AND connection_id = $2 ORDER BY name, id";
        let rows: Vec<Row> = sql::all(self.on(), sql, self.ids(connection, &[])).await?;
        let types = rows
            .into_iter()
            .map(|Row { id, name }| TicketType { id, name });
        Ok(types.collect())
    }
}

impl Tenant<'_, Tx> {
    /// Stores the ticket types of a connection in place of those known.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn put_ticket_types(
        &self,
        connection: ConnectionId,
        types: &[TicketType],
    ) -> Result<()> {
        self.drop_ticket_types(connection).await?;
        for TicketType { id, name } in types {
            let sql = "INSERT INTO ticket_types (workspace_id, connection_id, id, name) VALUES ($1, $2, $3, $4) \
                ON CONFLICT (workspace_id, connection_id, id) DO UPDATE SET name = excluded.name";
            sql::execute(self.on(), sql, self.ids(connection, &[id, name])).await?;
        }
        Ok(())
    }

    /// Drops the ticket types of a connection; gives how many.
    pub(crate) async fn drop_ticket_types(&self, connection: ConnectionId) -> Result<u64> {
        let sql = "DELETE FROM ticket_types WHERE workspace_id = $1 AND connection_id = $2";
        sql::execute(self.on(), sql, self.ids(connection, &[])).await
    }
}
