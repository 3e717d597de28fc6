//! `{actions}/runs`: the log of what was run.

pub mod open;

use super::super::super::prelude::*;
use super::{RunView, Spot, samples};
use actix_web::web::Query;
use earmark_actions::Action;
use earmark_db::tenant::{ActionRunFilter, Member};
use earmark_model::ActionState;
use serde::Serialize;

/// Runs on a page.
const PAGE: usize = 50;

/// What the log shows; its fields are the query's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunQuery {
    /// An action's id; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// A state; empty for any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// A member's id; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Words in what was filled in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// Only runs before this id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
}

impl RunQuery {
    fn filters(&self) -> bool {
        !(self.action.is_empty()
            && self.state.is_empty()
            && self.by.is_empty()
            && self.q.is_empty())
    }

    /// What the database is asked. A value that cannot be filters nothing.
    fn filter(&self) -> ActionRunFilter {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        ActionRunFilter {
            action: text(&self.action),
            state: self.state.parse().ok(),
            actor: self.by.parse().ok(),
            words: text(&self.q),
            before: self.before.parse().ok(),
        }
    }
}

/// The log.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/actions/runs.html")]
pub struct RunsPage {
    /// Where it stands.
    pub spot: Spot,
    /// What is shown.
    pub query: RunQuery,
    /// The members, for the filter: id and name.
    pub members: Vec<(String, String)>,
    /// Newest first.
    pub rows: Vec<RunView>,
    /// The id below which the next page begins; `None` on the last.
    pub older: Option<String>,
    /// For how many days runs are kept.
    pub days: i32,
}

impl RunsPage {
    fn to(&self, before: &str) -> String {
        let query = RunQuery {
            before: before.to_owned(),
            ..self.query.clone()
        };
        url::with_query(self.spot.runs(), &query)
    }

    fn actions(&self) -> Vec<Choice> {
        let chosen = &self.query.action;
        let all = Action::all().map(|action| Choice::new(action.id, action.title, chosen));
        let first = Choice::new("", "All actions", chosen);
        std::iter::once(first).chain(all).collect()
    }

    fn states(&self) -> Vec<Choice> {
        let words = |state: ActionState| match state {
            ActionState::Running => "Running",
            ActionState::Done => "Done",
            ActionState::Failed => "Failed",
            ActionState::Stopped => "Stopped",
        };
        let chosen = &self.query.state;
        let all = ActionState::ALL.iter();
        let all = all.map(|&state| Choice::new(state.as_str(), words(state), chosen));
        let first = Choice::new("", "Any result", chosen);
        std::iter::once(first).chain(all).collect()
    }

    fn people(&self) -> Vec<Choice> {
        let chosen = &self.query.by;
        let all = self.members.iter();
        let all = all.map(|(id, name)| Choice::new(id, name, chosen));
        let first = Choice::new("", "Everybody", chosen);
        std::iter::once(first).chain(all).collect()
    }
}

/// Shows the log.
pub(crate) async fn get(at: At, query: Query<RunQuery>) -> Result<HttpResponse, Failed> {
    let (query, connection) = (query.into_inner(), at.connection().await?);
    let tenant = at.tenant();
    // One more than a page tells whether there is another.
    let most = PAGE as u64 + 1;
    let mut rows = tenant
        .action_runs(connection.id, &query.filter(), most)
        .await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let members: Vec<Member> = tenant.members().await?;
    let page = RunsPage {
        spot: Spot::new(&at, &connection),
        days: tenant.payload_days().await?,
        query,
        older: rows.last().filter(|_| more).map(|row| row.id.to_string()),
        rows: rows
            .into_iter()
            .map(|row| RunView::new(row, &members, &at.user.email))
            .collect(),
        members: members
            .into_iter()
            .map(|member| (member.user.to_string(), member.name))
            .collect(),
    };
    at.page(page.to(&page.query.before), &page).await
}

impl Page for RunsPage {
    const NAME: &'static str = "intercom/actions/runs";

    fn head(&self) -> Head {
        let way = [("Actions", self.spot.actions())];
        self.spot.head("Log of actions", &way)
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::log()
    }
}
