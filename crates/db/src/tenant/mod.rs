//! The queries of one workspace, a file a subject.

mod audit;
mod comments;
mod connections;
mod conversations;
mod deliveries;
mod erasures;
mod evidence;
mod inbox;
mod jobs;
mod messages;
mod oauth_apps;
mod products;
mod secrets;
mod tags;
mod tickets;
mod tombstones;
mod workspace;

pub use audit::{Actor, AuditLine};
pub use comments::Comment;
pub use connections::{Connection, NewConnection, Via};
pub use conversations::Conversation;
pub use deliveries::{Delivery, DeliveryFilter, WaitingDelivery};
pub use erasures::Erasure;
pub use evidence::{PermissionCheck, Refusal, TopicSighting};
pub use inbox::{Assignee, InboxFilter, InboxRow, InboxTag};
pub use messages::Message;
pub use oauth_apps::OAuthApp;
pub use products::{Product, Status};
pub use secrets::{NewSecret, SecretKind, SecretOwner, StoredSecret};
pub use tags::{Admin, Tag, Trigger, TriggerTag};
pub use tickets::{NewTicket, Ticket, TicketChange, TicketTag};
pub use workspace::{Member, Workspace};
