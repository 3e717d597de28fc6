//! A run as the pages show it.

use super::super::super::prelude::*;
use super::super::deliveries::duration_words;
use super::command::command;
use crate::pages::people::grouped;
use earmark_actions::{Action, Inputs, Shown};
use earmark_db::tenant::{ActionRun, Member};
use earmark_model::{ActionState, ActionVia};

/// A request as it is shown.
#[derive(Debug, Clone)]
pub struct ShownView {
    /// Method and path.
    pub line: String,
    /// The version of the API.
    pub version: String,
    /// Headers of one's own.
    pub headers: Vec<(String, String)>,
    /// The body as JSON.
    pub body: Option<String>,
    /// Tells it from another request.
    pub digest: String,
}

impl From<Shown> for ShownView {
    fn from(shown: Shown) -> Self {
        let digest = shown.digest();
        let Shown {
            method,
            path,
            version,
            headers,
            body,
        } = shown;
        Self {
            line: format!("{method} {path}"),
            version,
            headers,
            body: body.map(|body| body.to_string()),
            digest,
        }
    }
}

/// A run.
#[derive(Debug, Clone)]
pub struct RunView {
    /// Its id.
    pub id: String,
    /// The action's id.
    pub action: String,
    /// The action, when there still is one.
    pub known: Option<&'static Action>,
    /// Who ran it.
    pub who: String,
    /// Where.
    pub via: ActionVia,
    /// When.
    pub at: DateTime<Utc>,
    /// How it is.
    pub state: ActionState,
    /// HTTP status.
    pub status: Option<i32>,
    /// How long it took, in milliseconds.
    pub took_ms: Option<i64>,
    /// Calls it used.
    pub calls: i64,
    /// Intercom's id of the request.
    pub request_id: Option<String>,
    /// What was filled in.
    pub inputs: Vec<(String, String)>,
    /// What was sent.
    pub request: Option<ShownView>,
    /// The answer, or its beginning.
    pub answer: Option<String>,
    /// How long the whole answer was, in bytes.
    pub answer_bytes: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// Entries fetched.
    pub fetched: i64,
    /// Entries there are.
    pub total: Option<i64>,
    /// Whether it fetches a whole list.
    pub is_fetch: bool,
    /// When its content was erased.
    pub erased_at: Option<DateTime<Utc>>,
    /// The command that does the same.
    pub command: String,
}

impl RunView {
    pub(super) fn new(run: ActionRun, members: &[Member], email: &str) -> Self {
        let ActionRun {
            id,
            connection,
            action,
            actor,
            via,
            at,
            state,
            inputs,
            request,
            status,
            request_id,
            answer,
            answer_bytes,
            took_ms,
            calls,
            error,
            advice,
            position: _,
            fetched,
            total,
            finished_at: _,
            erased_at,
        } = run;
        let inputs = Inputs::from_log(&inputs);
        let who = actor.and_then(|actor| members.iter().find(|member| member.user == actor));
        Self {
            command: command(&action, &connection.to_string(), email, &inputs),
            known: Action::find(&action),
            is_fetch: inputs.get("fetch_all") == "true",
            inputs: inputs
                .filled()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            id: id.to_string(),
            action,
            who: who.map_or_else(
                || "A former member".to_owned(),
                |member| member.name.clone(),
            ),
            via,
            at,
            state,
            status,
            took_ms,
            calls,
            request_id,
            request: Shown::from_log(&request).map(ShownView::from),
            answer,
            answer_bytes,
            error,
            advice,
            fetched,
            total,
            erased_at,
        }
    }

    /// The action's name.
    pub(super) fn title(&self) -> &str {
        self.known
            .map_or(self.action.as_str(), |action| action.title)
    }

    /// The pill that says how it went.
    pub(super) fn pill(&self) -> (Tone, String) {
        let status = |word: &str| match self.status {
            Some(status) => format!("{status} {word}"),
            None => word.to_owned(),
        };
        match self.state {
            ActionState::Running => (Tone::Info, "Running".to_owned()),
            ActionState::Done => (Tone::Ok, status("Done")),
            ActionState::Failed if self.status == Some(429) => (Tone::Warn, status("Wait")),
            ActionState::Failed => (Tone::Bad, status("Failed")),
            ActionState::Stopped => (Tone::Muted, "Stopped".to_owned()),
        }
    }

    pub(super) fn took(&self) -> String {
        self.took_ms.map_or_else(String::new, duration_words)
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == ActionState::Running
    }

    pub(super) fn where_run(&self) -> &'static str {
        match self.via {
            ActionVia::Page => "on a page",
            ActionVia::Command => "on the command line",
        }
    }

    /// Whether the log kept the beginning of the answer only.
    pub(super) fn is_cut(&self) -> bool {
        let kept = self.answer.as_ref().map(|answer| answer.len() as i64);
        matches!((kept, self.answer_bytes), (Some(kept), Some(all)) if kept < all)
    }

    /// Whether the answer came as a file, which is not kept.
    pub(super) fn was_file(&self) -> bool {
        self.state == ActionState::Done
            && !self.is_fetch
            && self.answer.is_none()
            && self.erased_at.is_none()
    }

    /// What the files of a list hold that was not fetched to its end.
    pub(super) fn holds(&self) -> Option<String> {
        let what = match self.state {
            ActionState::Done => return None,
            ActionState::Running => "It is under way",
            ActionState::Stopped => "It was stopped",
            ActionState::Failed => "It broke off",
        };
        Some(match (self.fetched, self.erased_at) {
            (0, _) | (_, Some(_)) => format!("{what}."),
            (1, _) => format!("{what}: the files hold the first entry."),
            (fetched, _) => {
                let fetched = grouped(fetched);
                format!("{what}: the files hold the first {fetched} entries.")
            }
        })
    }

    /// How far a list is, for people.
    pub(super) fn progress(&self) -> String {
        match self.total {
            Some(total) if total >= self.fetched => {
                format!("{} of {} fetched", grouped(self.fetched), grouped(total))
            }
            _ => format!("{} fetched", grouped(self.fetched)),
        }
    }
}
