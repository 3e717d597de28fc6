//! Parts of a conversation on both sides: how many Intercom counts, how many our copy holds, and why they differ.

use super::pass::Pass;
use crate::thread::belongs;
use earmark_db::tenant::Message;
use earmark_intercom::Conversation;
use earmark_model::MessageKind;
use std::collections::HashSet;

impl Pass<'_> {
    /// What a proof has to say of a conversation's parts on both sides.
    pub(super) fn proved(
        &mut self,
        parts: &Parts,
        held: &[Message],
        whole: bool,
    ) -> Option<(&'static str, String)> {
        self.place.undercounted += i64::from(parts.is_undercounted());
        match parts.compared(held, whole) {
            Difference::None => None,
            Difference::Wordless => {
                self.place.wordless += 1;
                None
            }
            Difference::Listed(words) => Some(("parts", words)),
        }
    }

    /// Says in the report what is the same with many conversations.
    pub(super) fn sum_up_parts(&mut self) {
        let (wordless, undercounted) = (self.place.wordless, self.place.undercounted);
        if wordless > 0 {
            self.place.remark(format!(
                "of {wordless} conversation(s) Intercom counts more parts than our copy holds, which have no words: \
                assignments, changes of state and a bot's routine"
            ));
        }
        if undercounted > 0 {
            self.place.remark(format!(
                "of {undercounted} conversation(s) Intercom's statistics count fewer parts than it gives; what it gives was \
                compared"
            ));
        }
    }
}

/// Intercom gives so many parts of a conversation at most: the newest.
pub(crate) const MOST_GIVEN: u64 = 500;

/// What Intercom says of a conversation's parts.
pub(super) struct Parts {
    /// How many its list of them has.
    total: u64,
    /// How many its statistics count, with or without the opening message.
    counted: Option<u64>,
    /// Those it gave, by id, and whether they belong into a thread.
    given: Vec<(String, bool)>,
}

/// How our copy differs.
#[derive(Debug, PartialEq, Eq)]
enum Difference {
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
            counted: conversation.parts_counted(),
            given,
        }
    }

    /// How many Intercom counts: what its statistics say, if that is more than its list and the opening message have.
    fn all(&self) -> u64 {
        let listed = self.total.max(self.given.len() as u64);
        self.counted
            .filter(|counted| *counted > listed + 1)
            .unwrap_or(listed)
    }

    /// That Intercom does not give all parts, in words.
    pub(super) fn cut(&self) -> Option<String> {
        let given = self.given.len() as u64;
        let all = match given < MOST_GIVEN {
            true => self.total,
            false => self.all(),
        };
        (all > given).then(|| format!("Intercom gives the newest {given} of its {all} parts"))
    }

    /// How many more its statistics count than it lists, where it could give them: then the answer may have been behind.
    pub(super) fn unlisted(&self) -> Option<u64> {
        let given = self.given.len() as u64;
        let listed = self.total.max(given);
        (given < MOST_GIVEN && self.all() > listed).then(|| self.all() - listed)
    }

    /// Whether its statistics count fewer than it gives.
    fn is_undercounted(&self) -> bool {
        let given = self.given.len() as u64;
        self.counted.is_some_and(|counted| counted < given)
    }

    /// Compares with the messages that our copy holds; `whole` says that all that belongs into the thread is copied.
    fn compared(&self, messages: &[Message], whole: bool) -> Difference {
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
        if let Some(unlisted) = self.unlisted() {
            causes.push(format!(
                "Intercom's statistics count {unlisted} more than it lists, also when it was asked again"
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
                self.all(),
                held.len(),
                causes.join("; ")
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(total: u64, counted: u64, given: u64) -> Parts {
        Parts {
            total,
            counted: Some(counted),
            given: (0..given).map(|n| (n.to_string(), false)).collect(),
        }
    }

    #[test]
    fn statistics_may_count_the_opening_message() {
        for counted in [3, 4] {
            let same = parts(3, counted, 3);
            assert_eq!((same.all(), same.cut(), same.unlisted()), (3, None, None));
        }
        assert_eq!(parts(3, 6, 3).unlisted(), Some(3));
        assert!(parts(3, 2, 3).is_undercounted());
    }

    #[test]
    fn what_intercom_does_not_give_is_no_reason_to_ask_again() {
        let cut = parts(500, 612, 500);
        let words = "Intercom gives the newest 500 of its 612 parts";
        assert_eq!((cut.cut().as_deref(), cut.unlisted()), (Some(words), None));
    }
}
