//! What a history left behind, compared with what the API shows of it: taggings, and the exceptions with their names.

use super::History;
use chrono::{DateTime, Utc};
use earmark_db::tenant::RunLine;

impl History<'_> {
    /// Whether a late letter told of a contact that the catch-up could not see because it was archived already, and that is
    /// so young that search may not show it yet: whether it is archived is not known before the next one. Named exception.
    pub(super) async fn shows_one_born_since(&self, young: DateTime<Utc>) -> bool {
        let (tenant, connection) = (self.engine.tenant(), self.engine.connection);
        for id in &self.known.archived {
            let copy = tenant.contact(connection, id).await.unwrap();
            let is_live = copy.is_some_and(|copy| copy.archived_at.is_none());
            if is_live && self.known.born[id] >= young {
                eprintln!("the archived contact {id} is too young to tell by search");
                return true;
            }
        }
        false
    }

    /// Whether this is an opening message of a conversation in which a part was tagged, too.
    fn is_beside_a_part(&self, conversation: &str, message: &str) -> bool {
        let tagged = &self.known.tagged;
        self.known.sources[conversation] == message
            && tagged
                .iter()
                .any(|(of, other)| of == conversation && other != message)
    }

    /// Whether the API does not show that such an opening message was tagged: a part that was tagged, too, was there when the
    /// conversation got the tag, so that the tag's time may be that of the part's.
    fn is_hidden(&self, conversation: &str, message: &str) -> bool {
        let first = self.known.first_tagged[conversation];
        self.is_beside_a_part(conversation, message)
            && self.known.tagged.iter().any(|(of, other)| {
                of == conversation && other != message && self.known.written[other] <= first
            })
    }

    /// Every tagging has its one ticket, unless its conversation was deleted before anybody could see it. Named exceptions:
    /// the report says that it makes none because Intercom does not say when it was, which is possible with old messages, and
    /// with an opening message beside a tagged part; or the API does not show it, which is possible with an opening message
    /// alone, and only beside a tagged part that was written before its conversation got the tag.
    pub(super) async fn taggings(&self, what: &str) {
        let told = self.told("time_unknown").await;
        for (conversation, message) in &self.known.tagged {
            if self.known.deleted.contains(conversation) {
                continue;
            }
            let tickets = self
                .engine
                .tenant()
                .tickets_of_conversation(self.engine.connection, conversation)
                .await
                .unwrap();
            let of_message = tickets.iter().filter(|one| one.message == *message).count();
            let words = format!("message {message} ");
            let is_told = told.iter().any(|line| {
                let note = line.note.as_deref().unwrap_or_default();
                line.subject_id == *conversation && note.starts_with(&words)
            });
            let exception = match of_message {
                0 if is_told && self.known.old.contains(message) => "listed by the report",
                0 if is_told && self.is_beside_a_part(conversation, message) => {
                    "listed by the report"
                }
                // The opening message shows no tags; the conversation's one tag stands for the part's.
                0 if self.is_hidden(conversation, message) => {
                    "not shown by the API beside a part's"
                }
                _ => "",
            };
            if !exception.is_empty() {
                eprintln!("{what}: the tagging of {message} in {conversation} is {exception}");
                continue;
            }
            assert_eq!(
                of_message, 1,
                "{what}: tickets of the tagging of {message} in {conversation}"
            );
        }
    }

    /// Lines of all reports with an outcome.
    async fn told(&self, outcome: &str) -> Vec<RunLine> {
        let tenant = self.engine.tenant();
        let mut told = Vec::new();
        for run in tenant.runs(None, None, 100).await.unwrap() {
            told.extend(self.engine.lines(&run).await);
        }
        told.retain(|line| line.outcome == outcome);
        told
    }
}
