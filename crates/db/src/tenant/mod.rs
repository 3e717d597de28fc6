//! The queries of one workspace, a file a subject.

mod audit;
mod connections;
mod conversations;
mod deliveries;
mod inbox;
mod jobs;
mod products;
mod tags;
mod tickets;
mod workspace;

pub use audit::{Actor, AuditLine};
pub use connections::{
    Connection, NewConnection, PermissionCheck, Refusal, SecretKind, StoredSecret, TopicSighting,
};
pub use conversations::{Conversation, Message};
pub use deliveries::{Delivery, DeliveryFilter, WaitingDelivery};
pub use inbox::{Assignee, InboxFilter, InboxRow, InboxTag};
pub use products::{Product, Status};
pub use tags::{Admin, Tag, Trigger, TriggerTag};
pub use tickets::{Comment, NewTicket, Ticket, TicketChange, TicketTag};
pub use workspace::{Member, Workspace};
