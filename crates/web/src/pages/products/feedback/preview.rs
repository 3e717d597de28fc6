//! What the tags would have made: asked for as a run, and shown beneath the settings once it is done.

use super::super::super::prelude::*;
use super::{FeedbackPage, TagGroup, TagKey, sent_tags};
use earmark_connections::{Region, conversation_link};
use earmark_db::tenant::{Connection, Preview, Product, RunLine};
use earmark_model::{ConnectionId, RunState};
use earmark_sync::{AskError, preview};
use std::collections::BTreeMap;

/// Conversations that are listed on the page; the run's own page has all.
const LISTED: u64 = 20;

/// A conversation that would have made a ticket.
#[derive(Debug, Clone)]
pub struct WouldMake {
    /// Intercom's id.
    pub conversation: String,
    /// For which product and when it was tagged, in words.
    pub note: String,
    /// Where it is in Intercom, while the connection is not disconnected.
    pub href: Option<String>,
}

/// What some tags of a connection would have made.
#[derive(Debug, Clone)]
pub struct PreviewView {
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// The names of the tags.
    pub tags: Vec<String>,
    /// The run's id.
    pub run: String,
    /// How it is.
    pub state: RunState,
    /// Why it waits or failed, in words.
    pub note: Option<String>,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// Conversations that would have made a ticket.
    pub made: i64,
    /// Tagged conversations that have a ticket of this product already.
    pub had: i64,
    /// The first of those that would have made one.
    pub lines: Vec<WouldMake>,
}

impl PreviewView {
    async fn load(
        at: &At,
        connection: &Connection,
        preview: Preview,
        group: &TagGroup,
    ) -> Result<Self, Failed> {
        let Preview { run, tags } = preview;
        let lines = match run.state {
            RunState::Done => at.tenant().run_lines(run.id, 0, LISTED).await?,
            _ => Vec::new(),
        };
        let named = |id: String| {
            let tag = group.tags.iter().find(|tag| tag.id == id);
            tag.map_or(id, |tag| tag.name.clone())
        };
        let region: Region = connection.region.parse().map_err(Failed::internal)?;
        let web = &at.web().store().hosts().of(region).web;
        let line = |line: RunLine| WouldMake {
            href: Some(conversation_link(web, &connection.app_id, &line.subject_id).into()),
            conversation: line.subject_id,
            note: line.note.unwrap_or_default(),
        };
        Ok(Self {
            connection: group.connection.clone(),
            name: group.name.clone(),
            tags: tags.into_iter().map(named).collect(),
            run: run.id.to_string(),
            state: run.state,
            note: run.note,
            asked_at: run.asked_at,
            made: run.counts.added,
            had: run.counts.unchanged,
            lines: lines.into_iter().map(line).collect(),
        })
    }

    /// Those of a product, one for each connection that was asked about.
    pub(super) async fn of(
        at: &At,
        product: &Product,
        groups: &[(Connection, TagGroup)],
    ) -> Result<Vec<Self>, Failed> {
        let mut views = Vec::new();
        for (connection, group) in groups.iter().filter(|(_, group)| group.connected) {
            if let Some(preview) = at.tenant().preview(product.id, connection.id).await? {
                views.push(Self::load(at, connection, preview, group).await?);
            }
        }
        Ok(views)
    }

    pub(super) const fn is_over(&self) -> bool {
        self.state.is_over()
    }

    /// The answer in a sentence.
    pub(super) fn answer(&self) -> String {
        let these = match self.tags.len() {
            1 => "This tag",
            _ => "These tags",
        };
        let tickets = match self.made {
            0 => "no ticket".to_owned(),
            1 => "1 ticket".to_owned(),
            several => format!("{} tickets", crate::pages::people::grouped(several)),
        };
        format!("{these} would have made {tickets} in the last 30 days.")
    }

    pub(super) fn more(&self) -> i64 {
        self.made - self.lines.len() as i64
    }
}

impl FeedbackPage {
    /// Whether an answer is still to come.
    pub(super) fn is_asking(&self) -> bool {
        self.previews.iter().any(|preview| !preview.is_over())
    }
}

/// What the form sends: the tags that are ticked, kept or not.
#[derive(Deserialize)]
pub(crate) struct SentPreview {
    #[serde(default)]
    tag: Vec<String>,
}

/// Asks what the ticked tags would have made.
pub(crate) async fn post(at: At, Form(sent): Form<SentPreview>) -> Result<HttpResponse, Failed> {
    let product = at.product().await?;
    let back = format!("{}#previews", url::feedback(at.ws(), &product.slug));
    let keys = sent_tags(&sent.tag)?;
    let known = at.tenant().tags().await?;
    let is_known = |(connection, id): &TagKey| {
        let mut known = known.iter();
        known.any(|tag| tag.connection == *connection && tag.id == *id)
    };
    if !keys.iter().all(is_known) {
        return Err(Failed::NotFound);
    }
    let mut chosen: BTreeMap<ConnectionId, Vec<String>> = BTreeMap::new();
    for (connection, tag) in keys {
        chosen.entry(connection).or_default().push(tag);
    }
    if chosen.is_empty() {
        at.flash(Tone::Warn, AskError::NoTag.to_string())?;
        return Ok(at.see_other(back));
    }
    let db = at.web().db();
    for (connection, tags) in chosen {
        let about = (product.id, tags.as_slice());
        match preview(db, at.id(), &at.actor(), connection, about).await {
            Ok(_) => {}
            Err(AskError::Database(error)) => return Err(error.into()),
            Err(error) => at.flash(Tone::Warn, error.to_string())?,
        }
    }
    Ok(at.see_other(back))
}
