//! Intercom's webhooks: signature, payload, topics, and erasing content from stored payloads.

mod event;
mod parse;
mod peek;
mod scrub;
mod signature;
mod tagging;
mod topics;
mod versions;

pub use event::{CompanyChange, ContactChange, ConversationChange, Event, Notification};
pub use parse::parse;
pub use peek::{Peek, Subject, SubjectKind, peek};
pub use scrub::{Erase, mentions, scrub};
pub use signature::{
    BODY_SIGNATURE_HEADER, SIGNATURE_HEADER, SignatureError, sign, verify, verify_body,
};
pub use tagging::{Anchor, Tagged};
pub use topics::{TOPICS, Topic, TopicGroup, current_topic};
pub use versions::{PayloadVersion, PayloadVersions, implied_versions};
