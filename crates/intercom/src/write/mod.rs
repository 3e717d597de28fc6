//! What is sent to create and change things.

mod change;
mod company;
mod contact;
mod content;
mod conversation;
mod ticket;

pub use change::Change;
pub use company::CompanyFields;
pub use contact::{ContactFields, NewEvent};
pub use content::{
    ArticleFields, AttributeFields, AttributeModel, AttributeOption, CollectionFields,
};
pub use conversation::{Assignee, ConversationFields, NewConversation, Redaction, Reply, Who};
pub use ticket::{NewTicket, TicketFields, TicketTypeFields};

pub(crate) use contact::owner_by_version;
pub(crate) use content::{author_as_number, numbers_in_article};
pub(crate) use ticket::admin_as_number;

use serde_json::Value;

use crate::json::Object;

/// Ids are texts here; some fields of some versions want numbers. A text that is no number stays, for Intercom to refuse.
fn as_numbers(body: &mut Object, keys: &[&str]) {
    for key in keys {
        if let Some(value) = body.get_mut(*key)
            && let Some(number) = value.as_str().and_then(|text| text.parse::<u64>().ok())
        {
            *value = Value::from(number);
        }
    }
}
