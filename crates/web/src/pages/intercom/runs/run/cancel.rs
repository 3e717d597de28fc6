//! `{run}/cancel`: asks before it ends a run early, which cannot be taken back.

use super::super::super::super::prelude::*;
use super::super::kind_words;
use super::found;
use super::moves::moved;
use earmark_model::RunKind;
use earmark_sync::cancel_run;

/// The question.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/run_cancel.html")]
pub struct CancelPage {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// The run's id.
    pub run: String,
    /// What it does.
    pub kind: RunKind,
    /// Whether it is over already.
    pub is_over: bool,
}

impl CancelPage {
    const fn words(&self) -> &'static str {
        kind_words(self.kind)
    }
}

impl Page for CancelPage {
    const NAME: &'static str = "intercom/run_cancel";

    fn head(&self) -> Head {
        let Self {
            ws,
            connection,
            run,
            ..
        } = self;
        let crumbs = vec![
            Crumb::link("Runs", url::runs(ws, connection)),
            Crumb::link(self.words(), url::run(ws, connection, run)),
            Crumb::here("Cancel"),
        ];
        Head {
            title: "Cancel the run".to_owned(),
            place: app(Current::Integrations, crumbs),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |name: &str, is_over| Self {
            ws: "quillwater".to_owned(),
            connection: "c1".to_owned(),
            name: name.to_owned(),
            run: "r1".to_owned(),
            kind: RunKind::Backfill,
            is_over,
        };
        vec![
            ("asks", page("Support EU", false)),
            ("over", page("Support EU", true)),
            ("hostile", page(HOSTILE, false)),
        ]
    }
}

/// Asks.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let (connection, run) = found(&at).await?;
    let page = CancelPage {
        ws: at.ws().to_owned(),
        connection: connection.id.to_string(),
        name: connection.name,
        run: run.id.to_string(),
        kind: run.kind,
        is_over: run.state.is_over(),
    };
    let here = url::run_cancel(&page.ws, &page.connection, &page.run);
    at.page(here, &page).await
}

/// Ends the run.
pub(crate) async fn post(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let (connection, run) = found(&at).await?;
    let done = cancel_run(at.web().db(), at.id(), &at.actor(), run.id).await;
    let words = "The run is cancelled. What it stored stays.";
    moved(&at, &connection, &run, done, words)
}
