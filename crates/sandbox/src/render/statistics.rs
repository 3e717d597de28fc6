//! The numbers of a conversation, counted from its messages.

use crate::state::conversation::{AuthorKind, Conversation, PartKind};

/// `statistics` of a conversation. Times are Unix seconds, durations seconds.
#[derive(Default)]
pub(crate) struct Statistics {
    pub(crate) time_to_assignment: Option<i64>,
    pub(crate) time_to_admin_reply: Option<i64>,
    pub(crate) time_to_first_close: Option<i64>,
    pub(crate) time_to_last_close: Option<i64>,
    pub(crate) first_contact_reply_at: Option<i64>,
    pub(crate) last_contact_reply_at: Option<i64>,
    pub(crate) first_admin_reply_at: Option<i64>,
    pub(crate) last_admin_reply_at: Option<i64>,
    pub(crate) first_assignment_at: Option<i64>,
    pub(crate) last_assignment_at: Option<i64>,
    pub(crate) first_close_at: Option<i64>,
    pub(crate) last_close_at: Option<i64>,
    pub(crate) last_closed_by: Option<String>,
    pub(crate) count_reopens: i64,
    pub(crate) count_assignments: i64,
    /// The opening message counts.
    pub(crate) count_conversation_parts: i64,
}

impl Statistics {
    pub(crate) fn of(conversation: &Conversation) -> Self {
        let begun = conversation.created_at;
        let mut counted = Self {
            count_conversation_parts: 1,
            ..Self::default()
        };
        if conversation.source.author.kind.is_contact() {
            span(
                &mut counted.first_contact_reply_at,
                &mut counted.last_contact_reply_at,
                begun,
            );
        }
        for part in &conversation.parts {
            let at = part.created_at;
            counted.count_conversation_parts += 1;
            match (part.kind, part.author.kind) {
                (PartKind::Close, _) => {
                    span(&mut counted.first_close_at, &mut counted.last_close_at, at);
                    counted.last_closed_by = Some(part.author.id.clone());
                }
                (PartKind::Assignment, _) => {
                    counted.count_assignments += 1;
                    span(
                        &mut counted.first_assignment_at,
                        &mut counted.last_assignment_at,
                        at,
                    );
                }
                (PartKind::Snoozed | PartKind::Note, _) => {}
                (kind, author) if author.is_contact() => {
                    counted.count_reopens += i64::from(kind == PartKind::Open);
                    span(
                        &mut counted.first_contact_reply_at,
                        &mut counted.last_contact_reply_at,
                        at,
                    );
                }
                (PartKind::Open, _) => counted.count_reopens += 1,
                (_, AuthorKind::Admin) => span(
                    &mut counted.first_admin_reply_at,
                    &mut counted.last_admin_reply_at,
                    at,
                ),
                _ => {}
            }
        }
        let after = |at: Option<i64>| at.map(|at| at - begun);
        counted.time_to_assignment = after(counted.first_assignment_at);
        counted.time_to_admin_reply = after(counted.first_admin_reply_at);
        counted.time_to_first_close = after(counted.first_close_at);
        counted.time_to_last_close = after(counted.last_close_at);
        counted
    }
}

fn span(first: &mut Option<i64>, last: &mut Option<i64>, at: i64) {
    first.get_or_insert(at);
    *last = Some(at);
}
