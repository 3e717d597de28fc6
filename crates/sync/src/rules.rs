//! What decides about the deliveries of a connection, read once a transaction.

use earmark_db::tenant::Trigger;
use earmark_db::{Result, Tenant, Tx};
use earmark_model::{ConnectionId, TicketKey};
use std::collections::{HashMap, HashSet};

/// Who chose which tag, how tickets are called, and which conversations are not known yet. What is not given is read when
/// it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    triggers: HashMap<String, Vec<Trigger>>,
    prefix: Option<String>,
    unknown: HashSet<String>,
}

impl Rules {
    /// For deliveries about these conversations, no two about the same one, whose locks are held.
    pub(crate) async fn of(
        tenant: &Tenant<'_, Tx>,
        connection: ConnectionId,
        conversations: &[&str],
    ) -> Result<Self> {
        let known = tenant
            .known_conversations(connection, conversations)
            .await?;
        let unknown = conversations.iter().filter(|id| !known.contains(**id));
        Ok(Self {
            unknown: unknown.map(|id| (*id).to_owned()).collect(),
            ..Self::default()
        })
    }

    /// Whether it is certain that nothing of a conversation is known here.
    pub(crate) fn is_unknown(&self, conversation: &str) -> bool {
        self.unknown.contains(conversation)
    }

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
