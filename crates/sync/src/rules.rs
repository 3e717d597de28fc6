//! What decides about the deliveries of a connection, read once a transaction.

use earmark_db::tenant::Trigger;
use earmark_db::{Result, Tenant, Tx};
use earmark_model::{ConnectionId, TicketKey};
use std::collections::HashMap;

/// Who chose which tag, and how tickets are called. Each is read when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    triggers: HashMap<String, Vec<Trigger>>,
    prefix: Option<String>,
}

impl Rules {
    /// The products that chose a tag of the connection, by name.
    pub(crate) async fn triggers(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        connection: ConnectionId,
        tag: &str,
    ) -> Result<Vec<Trigger>> {
        if let Some(known) = self.triggers.get(tag) {
            return Ok(known.clone());
        }
        let read = tenant.triggers(connection, tag).await?;
        self.triggers.insert(tag.to_owned(), read.clone());
        Ok(read)
    }

    /// What a ticket is called by.
    pub(crate) async fn key(&mut self, tenant: &Tenant<'_, Tx>, number: i64) -> Result<TicketKey> {
        if self.prefix.is_none() {
            self.prefix = Some(tenant.details().await?.ticket_prefix);
        }
        let prefix = self.prefix.clone().unwrap_or_default();
        Ok(TicketKey { prefix, number })
    }
}
