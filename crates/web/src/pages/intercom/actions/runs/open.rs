//! `{actions}/runs/{run}`: one run, what it fetched as a file, and ending it.

use super::super::super::super::prelude::*;
use super::super::{RunView, Spot, asker, place, samples};
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Query;
use bytes::Bytes;
use earmark_actions::{Format, Refusal};
use earmark_db::tenant::{ActionRun, Connection};
use earmark_model::ActionState;
use futures::TryStreamExt;

/// One run.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/actions/run.html")]
pub struct RunPage {
    /// Where it stands.
    pub spot: Spot,
    /// The run.
    pub run: RunView,
}

/// The connection's run with this id.
pub(in super::super) async fn find(
    at: &At,
    connection: &Connection,
    id: &str,
) -> Result<ActionRun, Failed> {
    let id = id.parse().map_err(|_| Failed::NotFound)?;
    let found = at.tenant().action_run(id).await?;
    let found = found.filter(|run| run.connection == connection.id);
    found.ok_or(Failed::NotFound)
}

/// Shows the run.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let run = find(&at, &connection, at.segment("run")).await?;
    let members = at.tenant().members().await?;
    let page = RunPage {
        spot: Spot::new(&at, &connection),
        run: RunView::new(run, &members, &at.user.email),
    };
    at.page(page.here(), &page).await
}

impl RunPage {
    fn here(&self) -> String {
        let Spot { ws, connection, .. } = &self.spot;
        url::action_run(ws, connection, &self.run.id)
    }

    fn file(&self, format: &str) -> String {
        let Spot { ws, connection, .. } = &self.spot;
        let path = url::action_download(ws, connection, &self.run.id);
        url::with_query(path, &[("format", format)])
    }
}

/// Which file is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    format: String,
}

/// The answer as it came, or what was fetched, as a file.
pub(crate) async fn download(at: At, asked: Query<Asked>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let run = find(&at, &connection, at.segment("run")).await?;
    // The name says of a list that was not fetched to its end what the file holds.
    let part = match (run.position.is_some(), run.state) {
        (true, ActionState::Running | ActionState::Failed | ActionState::Stopped) => {
            format!("-first-{}", run.fetched)
        }
        _ => String::new(),
    };
    let mut response = HttpResponse::Ok();
    let mut file = |ending: &str, kind: &'static str| {
        let name = format!(
            "attachment; filename=\"{}-{}{part}.{ending}\"",
            run.action, run.id
        );
        response.insert_header((CONTENT_DISPOSITION, name));
        response.insert_header((CONTENT_TYPE, kind));
    };
    let Some(format) = Format::parse(&asked.format) else {
        file("json", "application/json");
        return Ok(response.body(run.answer.unwrap_or_default()));
    };
    file(format.ending(), format.media_type());
    let pieces = at.web().actions().export(at.id(), run.id, format).await?;
    Ok(response.streaming(Box::pin(pieces.map_ok(Bytes::from))))
}

/// Ends a list that is being fetched.
pub(crate) async fn stop(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let run = find(&at, &connection, at.segment("run")).await?;
    let stopped = at
        .web()
        .actions()
        .stop(place(&at, &connection), &asker(&at), run.id)
        .await;
    match stopped {
        Ok(true) => at.flash(Tone::Ok, "Stopped. What was fetched stays here.")?,
        Ok(false) => at.flash(Tone::Info, "It was over already.")?,
        Err(Refusal::Forbidden(right)) => return Err(at.forbidden(right).await),
        Err(Refusal::Database(error)) => return Err(error.into()),
        Err(other) => return Err(Failed::internal(other)),
    }
    let connection = connection.id.to_string();
    Ok(at.see_other(url::action_run(at.ws(), &connection, &run.id.to_string())))
}

impl Page for RunPage {
    const NAME: &'static str = "intercom/actions/run";

    fn head(&self) -> Head {
        let way = [("Actions", self.spot.actions()), ("Log", self.spot.runs())];
        self.spot.head(self.run.title(), &way)
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::runs()
    }
}
