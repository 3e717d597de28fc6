//! Runs: one pass of the sync engine, with its states.

use crate::text_enum;

text_enum! {
    /// What a run does.
    pub enum RunKind {
        /// Copies every contact and company.
        Backfill = "backfill",
        /// Looks for what changed since the last pass, and heals what webhooks left out.
        CatchUp = "catch_up",
        /// Compares both sides and lists each difference.
        Proof = "proof",
        /// Makes tickets of conversations that were tagged before the tag counted.
        Tagged = "tagged",
        /// Says which tickets that would make, and makes none.
        Preview = "preview",
        /// Tries again the records that failed in another run.
        Retry = "retry",
    }
}

text_enum! {
    /// How a run is.
    pub enum RunState {
        /// Asked for; nothing is done yet.
        Waiting = "waiting",
        /// Under way.
        Running = "running",
        /// A member holds it.
        Paused = "paused",
        /// It came to its end.
        Done = "done",
        /// A member ended it early.
        Cancelled = "cancelled",
        /// It cannot go on; the note says why.
        Failed = "failed",
    }
}

impl RunKind {
    /// Those that walk over contacts, companies and what changed: one at a time for a connection.
    pub const PASSES: &'static [Self] = &[Self::Backfill, Self::CatchUp, Self::Proof];

    /// Those that one job of a connection works through, one after another: the passes, and what is tried again of them.
    pub const IN_TURN: &'static [Self] = &[Self::Backfill, Self::CatchUp, Self::Proof, Self::Retry];

    /// Those over tagged conversations, which wait for none of the former.
    pub const TAGGED: &'static [Self] = &[Self::Tagged, Self::Preview];

    /// Whether it belongs to [`RunKind::PASSES`].
    #[must_use]
    pub const fn is_pass(self) -> bool {
        matches!(self, Self::Backfill | Self::CatchUp | Self::Proof)
    }

    /// Whether it belongs to [`RunKind::TAGGED`].
    #[must_use]
    pub const fn is_tagged(self) -> bool {
        matches!(self, Self::Tagged | Self::Preview)
    }
}

impl RunState {
    /// Whether nothing follows.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }

    /// Whether a run may go from this state to `next`. A failed run may be taken up again where it stopped, or
    /// from its start if it never began.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Waiting | Self::Paused | Self::Failed, Self::Running)
                | (Self::Paused | Self::Failed, Self::Waiting)
                | (Self::Waiting | Self::Running, Self::Paused)
                | (
                    Self::Waiting | Self::Running | Self::Paused,
                    Self::Cancelled | Self::Failed
                )
                | (Self::Running, Self::Done)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over_unless_it_failed() {
        for state in RunState::ALL
            .iter()
            .copied()
            .filter(|state| state.is_over())
        {
            let next = RunState::ALL.iter().filter(|next| state.may_become(**next));
            let next: Vec<_> = next.copied().collect();
            match state {
                RunState::Failed => assert_eq!(next, [RunState::Waiting, RunState::Running]),
                _ => assert!(next.is_empty(), "{state}: {next:?}"),
            }
        }
        assert!(RunState::Running.may_become(RunState::Done));
        assert!(!RunState::Paused.may_become(RunState::Done));
    }
}
