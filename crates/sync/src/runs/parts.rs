//! Parts of a conversation on both sides: how many Intercom counts, how many our copy holds, and why they differ.

use crate::thread::belongs;
use earmark_db::tenant::Message;
use earmark_intercom::Conversation;
use earmark_model::MessageKind;
use std::collections::HashSet;

/// What Intercom says of a conversation's parts.
pub(super) struct Parts {
    /// How many it counts.
    total: u64,
    /// Those it gave, by id, and whether they belong into a thread.
    given: Vec<(String, bool)>,
}

/// How our copy differs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    None,
    /// It lacks parts without words, and nothing else.
    Wordless,
    /// In words.
    Listed(String),
}

impl Parts {
    pub(super) fn of(conversation: &Conversation) -> Self {
        let given = conversation.parts.iter();
        let given: Vec<_> = given.map(|one| (one.id.clone(), belongs(one))).collect();
        Self {
            total: conversation.parts_total.unwrap_or(given.len() as u64),
            given,
        }
    }

    /// That Intercom does not give all parts, in words.
    pub(super) fn cut(&self) -> Option<String> {
        let (given, total) = (self.given.len(), self.total);
        (total > given as u64)
            .then(|| format!("Intercom gives the newest {given} of its {total} parts"))
    }

    /// Compares with the messages that our copy holds; `whole` says that all that belongs into the thread is copied.
    pub(super) fn compared(&self, messages: &[Message], whole: bool) -> Difference {
        let held = messages
            .iter()
            .filter(|one| one.kind != MessageKind::Source);
        let held: HashSet<&str> = held.map(|one| one.id.as_str()).collect();
        let lacks = |words: bool| {
            let wanted = self.given.iter().filter(|(_, belongs)| *belongs == words);
            wanted.filter(|(id, _)| !held.contains(id.as_str())).count()
        };
        let (wordless, missing) = (lacks(false), lacks(true));
        let given: HashSet<&str> = self.given.iter().map(|(id, _)| id.as_str()).collect();
        let older = held.difference(&given).count();
        let mut causes = Vec::new();
        if wordless > 0 {
            causes.push(format!(
                "{wordless} have no words: assignments, changes of state and a bot's routine"
            ));
        }
        if let Some(cut) = self.cut() {
            causes.push(format!("{cut}, of the others our copy holds {older}"));
        } else if older > 0 {
            causes.push(format!(
                "{older} of ours are not among those that Intercom gives"
            ));
        }
        if missing > 0 {
            let why = match whole {
                true => "are missing here, and are looked at again by the next run",
                false => "came while feedback was switched off, so they were not copied",
            };
            causes.push(format!("{missing} {why}"));
        }
        match (causes.len(), wordless) {
            (0, _) => Difference::None,
            (1, 1..) => Difference::Wordless,
            _ => Difference::Listed(format!(
                "Intercom counts {} parts and our copy holds {}: {}",
                self.total,
                held.len(),
                causes.join("; ")
            )),
        }
    }
}
