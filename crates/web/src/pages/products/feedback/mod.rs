//! `/w/{ws}/products/{product}/settings/feedback`: what makes tickets in a product.

mod load;
pub(crate) mod preview;
mod samples;

use super::super::prelude::*;
use earmark_accounts::{ChangeError, products};
use earmark_model::{ConnectionId, Job, RunState};
pub use preview::{PreviewView, WouldMake};
use std::collections::BTreeSet;

/// A tag of a connection, by Intercom's id.
type TagKey = (ConnectionId, String);

/// A tag of Intercom that may be chosen.
#[derive(Debug, Clone)]
pub struct TagOption {
    /// Intercom's id of the tag.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is a trigger tag of this product.
    pub chosen: bool,
    /// Whether it was deleted in Intercom.
    pub missing: bool,
    /// The other products it is a trigger tag of.
    pub also_in: Vec<String>,
}

impl TagOption {
    fn note(&self) -> String {
        match (self.missing, self.also_in.as_slice()) {
            (true, _) => "Deleted in Intercom".to_owned(),
            (false, []) => String::new(),
            (false, names) => format!("Also in {}", names.join(", ")),
        }
    }
}

/// The tags of one connection.
#[derive(Debug, Clone)]
pub struct TagGroup {
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// The Intercom workspace's name.
    pub app_name: String,
    /// Whether the connection's feedback switch is on.
    pub feedback_on: bool,
    /// Whether the connection is not disconnected.
    pub connected: bool,
    /// Whether the tags are being fetched.
    pub fetching: bool,
    /// When the tags were last fetched.
    pub fetched_at: Option<DateTime<Utc>>,
    /// Why fetching them failed, in words.
    pub note: Option<String>,
    /// Its tags by name, the chosen ones that were deleted among them.
    pub tags: Vec<TagOption>,
}

impl TagGroup {
    fn chosen(&self) -> Vec<&TagOption> {
        self.tags.iter().filter(|tag| tag.chosen).collect()
    }
}

/// The switch and the trigger tags of a product.
#[derive(Debug, Template)]
#[template(path = "pages/products/feedback.html")]
pub struct FeedbackPage {
    /// The workspace's slug.
    pub ws: String,
    /// The product's slug.
    pub slug: String,
    /// The product's name.
    pub name: String,
    /// Whether the switch is shown as on.
    pub on: bool,
    /// Since when it is switched on; `None` while it is off.
    pub on_since: Option<DateTime<Utc>>,
    /// Whether the product is archived, which keeps it off.
    pub archived: bool,
    /// The connections with their tags.
    pub groups: Vec<TagGroup>,
    /// What tags would have made, as far as it was asked.
    pub previews: Vec<PreviewView>,
    /// Whether the reader may change it.
    pub may: bool,
    /// Whether the reader may connect Intercom.
    pub may_connect: bool,
    /// What is wrong: field `tag` for the choice, `enabled` for the switch.
    pub errors: FormErrors,
}

impl FeedbackPage {
    fn here(&self) -> String {
        url::feedback(&self.ws, &self.slug)
    }

    fn chosen(&self) -> usize {
        self.groups.iter().map(|group| group.chosen().len()).sum()
    }

    /// The chosen tags that other products share.
    fn shared(&self) -> Vec<&TagOption> {
        let all = self.groups.iter().flat_map(|group| group.chosen());
        all.filter(|tag| !tag.also_in.is_empty()).collect()
    }

    /// The chosen tags that no longer exist.
    fn missing(&self) -> Vec<&TagOption> {
        let all = self.groups.iter().flat_map(|group| group.chosen());
        all.filter(|tag| tag.missing).collect()
    }
}

/// What the form sends; of the tags, those that are ticked.
#[derive(Deserialize)]
pub(crate) struct Sent {
    enabled: Option<String>,
    #[serde(default)]
    tag: Vec<String>,
}

/// What a refresh sends.
#[derive(Deserialize)]
pub(crate) struct SentRefresh {
    connection: String,
}

/// Shows the settings.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let product = at.product().await?;
    let page = FeedbackPage::load(&at, product, None).await?;
    at.page(page.here(), &page).await
}

/// Keeps switch and tags.
pub(crate) async fn post(at: At, Form(sent): Form<Sent>) -> Result<HttpResponse, Failed> {
    let product = at.product().await?;
    let on = sent.enabled.is_some();
    let keys = sent_tags(&sent.tag)?;
    let chosen: Vec<TagKey> = keys.iter().cloned().collect();
    let (db, address) = (at.web().db(), at.address());
    match products::set_feedback(db, &at.member, address, product.id, on, &chosen).await {
        Ok(()) => {
            let (tone, words) = saved_words(on, chosen.len(), &product.name);
            at.flash(tone, words)?;
            Ok(at.see_other(url::feedback(at.ws(), &product.slug)))
        }
        Err(ChangeError::Invalid(errors)) => {
            let mut page = FeedbackPage::load(&at, product, Some((on, keys))).await?;
            page.errors = FormErrors::of_service(errors);
            at.page_as(StatusCode::UNPROCESSABLE_ENTITY, page.here(), &page)
                .await
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks for a connection's tags again.
pub(crate) async fn refresh(at: At, Form(sent): Form<SentRefresh>) -> Result<HttpResponse, Failed> {
    let product = at.product().await?;
    let connection: ConnectionId = sent.connection.parse().map_err(|_| Failed::NotFound)?;
    at.tenant()
        .connection(connection)
        .await?
        .ok_or(Failed::NotFound)?;
    let job = Job::RefreshTags { connection };
    let actor = at.actor();
    let asked = at.web().store().ask(at.id(), &actor, connection, &job);
    asked.await?;
    at.flash(
        Tone::Ok,
        "Asked Intercom for its tags. Reload this page in a moment to see them.",
    )?;
    Ok(at.see_other(url::feedback(at.ws(), &product.slug)))
}

/// Reads the tags that are ticked.
fn sent_tags(sent: &[String]) -> Result<BTreeSet<TagKey>, Failed> {
    let keys: Option<_> = sent.iter().map(|value| tag_key(value)).collect();
    keys.ok_or_else(|| Failed::BadRequest("A tag cannot be read.".to_owned()))
}

/// Reads the value of a tag's checkbox, `{connection}:{tag}`.
fn tag_key(value: &str) -> Option<TagKey> {
    let (connection, tag) = value.split_once(':')?;
    Some((connection.parse().ok()?, tag.to_owned()))
}

fn saved_words(on: bool, chosen: usize, name: &str) -> (Tone, String) {
    match (on, chosen) {
        (false, _) => (Tone::Ok, format!("Saved. Tags make no tickets in {name}.")),
        (true, 0) => {
            let words = format!(
                "Saved, but no trigger tag is chosen, so nothing makes a ticket in {name} yet."
            );
            (Tone::Warn, words)
        }
        (true, _) => (
            Tone::Ok,
            format!(
                "Saved. The chosen tags make tickets in {name} when they are applied from now on."
            ),
        ),
    }
}

impl Page for FeedbackPage {
    const NAME: &'static str = "products/feedback";

    fn head(&self) -> Head {
        Head {
            title: format!("{} feedback", self.name),
            place: app(Current::Products, product_crumbs(&self.ws, &self.name)),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}
