//! Runs of actions: where they came from and how they are.

use crate::text_enum;

text_enum! {
    /// How a run of an action is.
    pub enum ActionState {
        /// Under way. A process that ended in the middle leaves it so: Intercom may have done it.
        Running = "running",
        /// Intercom did it.
        Done = "done",
        /// It failed; the error says why.
        Failed = "failed",
        /// A member ended it early.
        Stopped = "stopped",
    }
}

text_enum! {
    /// Where a run was asked for.
    pub enum ActionVia {
        /// On a page.
        Page = "page",
        /// On the command line.
        Command = "command",
    }
}
