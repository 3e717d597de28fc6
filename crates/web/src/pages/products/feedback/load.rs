//! Reads what the settings show.

use super::super::super::prelude::*;
use super::{FeedbackPage, PreviewView, TagGroup, TagKey, TagOption};
use earmark_db::tenant::{Connection, Product, Tag};
use earmark_model::{ConnectionStatus, Job, Right};
use std::collections::{BTreeSet, HashMap};

impl FeedbackPage {
    /// The settings of a product, with a switch and a choice that were sent and refused in place of the stored ones.
    pub(super) async fn load(
        at: &At,
        product: Product,
        sent: Option<(bool, BTreeSet<TagKey>)>,
    ) -> Result<Self, Failed> {
        let (tenant, tags) = (at.tenant(), Tags::load(at, &product).await?);
        let stored = (product.feedback_on_at.is_some(), tags.chosen.clone());
        let (on, chosen) = sent.unwrap_or(stored);
        let mut groups = Vec::new();
        for connection in tenant.connections().await? {
            let connected = connection.status != ConnectionStatus::Disconnected;
            // A disconnected one is shown as long as it takes part in the choice.
            if connected || tags.chosen.iter().any(|(id, _)| *id == connection.id) {
                let job = Job::RefreshTags {
                    connection: connection.id,
                };
                let fetching = tenant.is_queued(&job).await?;
                let group = tags.group(&connection, &chosen, fetching);
                groups.push((connection, group));
            }
        }
        let archived = product.archived_at.is_some();
        let previews = PreviewView::of(at, &product, &groups).await?;
        let groups = groups.into_iter().map(|(_, group)| group).collect();
        Ok(Self {
            ws: at.ws().to_owned(),
            slug: product.slug,
            name: product.name,
            on,
            on_since: product.feedback_on_at,
            archived,
            groups,
            previews,
            may: at.may(Right::ManageTriggers) && !archived,
            may_connect: at.may(Right::ManageConnections),
            errors: FormErrors::none(),
        })
    }
}

/// The known tags, and who chose which.
struct Tags {
    known: Vec<Tag>,
    chosen: BTreeSet<TagKey>,
    /// The names of the other products in use that chose a tag.
    also_in: HashMap<TagKey, Vec<String>>,
}

impl Tags {
    async fn load(at: &At, product: &Product) -> earmark_db::Result<Self> {
        let tenant = at.tenant();
        let (mut chosen, mut also_in) = (BTreeSet::new(), HashMap::<_, Vec<_>>::new());
        for other in tenant.products().await? {
            for trigger in tenant.trigger_tags(other.id).await? {
                let key = (trigger.connection, trigger.tag);
                if other.id == product.id {
                    chosen.insert(key);
                } else if other.archived_at.is_none() {
                    also_in.entry(key).or_default().push(other.name.clone());
                }
            }
        }
        Ok(Self {
            known: tenant.tags().await?,
            chosen,
            also_in,
        })
    }

    /// A connection's tags. One that was deleted in Intercom is shown to be dropped only.
    fn group(
        &self,
        connection: &Connection,
        chosen: &BTreeSet<TagKey>,
        fetching: bool,
    ) -> TagGroup {
        let own = self
            .known
            .iter()
            .filter(|tag| tag.connection == connection.id);
        let tags = own.filter_map(|tag| {
            let key = (tag.connection, tag.id.clone());
            let (missing, stored) = (tag.missing_since.is_some(), self.chosen.contains(&key));
            (stored || !missing).then(|| TagOption {
                id: tag.id.clone(),
                name: tag.name.clone(),
                chosen: chosen.contains(&key),
                missing,
                also_in: self.also_in.get(&key).cloned().unwrap_or_default(),
            })
        });
        TagGroup {
            tags: tags.collect(),
            connection: connection.id.to_string(),
            name: connection.name.clone(),
            app_name: connection.app_name.clone(),
            feedback_on: connection.feedback_on_at.is_some(),
            connected: connection.status != ConnectionStatus::Disconnected,
            fetching,
            fetched_at: connection.tags_fetched_at,
            note: connection.tags_note.clone(),
        }
    }
}
