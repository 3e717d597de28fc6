//! Newtype ids, so that a product id can never be passed where a ticket id is meant.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A person who can log in; may be a member of several workspaces.
    UserId,
    /// Our tenant. Never Intercom's side: that one is the `app_id`.
    WorkspaceId,
    /// A product of a workspace.
    ProductId,
    /// A status of a product's tickets.
    StatusId,
    /// A workspace's stored right to one Intercom workspace.
    ConnectionId,
    /// A workspace's own OAuth app.
    OAuthAppId,
    /// One webhook request as one connection received it.
    DeliveryId,
    /// A feedback item in a product's inbox.
    TicketId,
    /// A teammate's comment on a ticket; stays with us.
    CommentId,
    /// One pass of the sync engine.
    RunId,
    /// One run of an action.
    ActionRunId,
    /// A row of the durable queue.
    JobId,
    /// A sealed secret of a connection or an OAuth app.
    SecretId,
    /// A row of the audit log.
    AuditId,
    /// A webhook request that was refused, kept with its cause.
    RefusalId,
    /// A change of a doctor's verdict.
    DoctorChangeId,
}
