//! `{intercom}/{connection}/actions`: what can be run at Intercom, and what was.

pub mod action;
mod command;
mod field;
mod run_view;
pub mod runs;
mod samples;

pub use field::{Control, FieldView};
pub use run_view::{RunView, ShownView};

use super::super::prelude::*;
use actix_web::web::Query;
use earmark_actions::{Action, Asker, Effect, Group, Place as Where};
use earmark_db::tenant::Connection;
use earmark_model::ActionVia;

/// An action in a list.
#[derive(Debug, Clone)]
pub struct ActionRow {
    /// The action.
    pub action: &'static Action,
    /// Whether the reader may run it.
    pub may: bool,
}

impl ActionRow {
    /// The pill that says what it does.
    fn pill(&self) -> (Tone, &'static str) {
        effect_pill(self.action.effect)
    }
}

const fn effect_pill(effect: Effect) -> (Tone, &'static str) {
    match effect {
        Effect::Reads => (Tone::Muted, "Reads"),
        Effect::Changes => (Tone::Info, "Changes"),
        Effect::Destroys => (Tone::Bad, "Destroys"),
    }
}

/// A group of actions.
#[derive(Debug, Clone)]
pub struct ActionGroup {
    /// The group.
    pub group: Group,
    /// Its actions.
    pub rows: Vec<ActionRow>,
}

/// Actions by group; `words` are looked for in title, id and help.
fn groups(words: &str, may: impl Fn(&Action) -> bool) -> Vec<ActionGroup> {
    let words = words.to_lowercase();
    let fits = |action: &Action| {
        let text = format!("{} {} {}", action.title, action.id, action.help).to_lowercase();
        words.split_whitespace().all(|word| text.contains(word))
    };
    let group = |group| ActionGroup {
        group,
        rows: Action::all()
            .filter(|action| action.group == group && fits(action))
            .map(|action| ActionRow {
                action,
                may: may(action),
            })
            .collect(),
    };
    let all = Group::ALL.into_iter().map(group);
    all.filter(|group| !group.rows.is_empty()).collect()
}

/// Where the pages of a connection's actions stand.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
}

impl Spot {
    fn new(at: &At, connection: &Connection) -> Self {
        Self {
            ws: at.ws().to_owned(),
            connection: connection.id.to_string(),
            name: connection.name.clone(),
        }
    }

    fn head(&self, title: &str, deeper: &[(&str, String)]) -> Head {
        let Self {
            ws,
            connection,
            name,
        } = self;
        let mut crumbs = vec![
            Crumb::link("Intercom", url::intercom(ws)),
            Crumb::link(name, url::connection(ws, connection)),
        ];
        crumbs.extend(
            deeper
                .iter()
                .map(|(label, href)| Crumb::link(*label, href.clone())),
        );
        crumbs.push(Crumb::here(title));
        Head {
            title: title.to_owned(),
            place: app(Current::Integrations, crumbs),
        }
    }

    fn actions(&self) -> String {
        url::actions(&self.ws, &self.connection)
    }

    fn runs(&self) -> String {
        url::action_runs(&self.ws, &self.connection)
    }
}

fn place(at: &At, connection: &Connection) -> Where {
    Where {
        workspace: at.id(),
        connection: connection.id,
    }
}

fn asker(at: &At) -> Asker {
    Asker {
        actor: at.actor(),
        role: at.member.role(),
        via: ActionVia::Page,
    }
}

/// What the list is asked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
}

/// The actions of a connection.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/actions/list.html")]
pub struct ActionsPage {
    /// Where it stands.
    pub spot: Spot,
    /// The words looked for.
    pub words: String,
    /// What fits.
    pub groups: Vec<ActionGroup>,
}

/// Lists the actions.
pub(crate) async fn get(at: At, asked: Query<Asked>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let words = asked.into_inner().q;
    let page = ActionsPage {
        spot: Spot::new(&at, &connection),
        groups: groups(&words, |action| at.may(action.right())),
        words,
    };
    at.page(page.spot.actions(), &page).await
}

impl Page for ActionsPage {
    const NAME: &'static str = "intercom/actions/list";

    fn head(&self) -> Head {
        self.spot.head("Actions", &[])
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::list()
    }
}
