//! A product's feedback: its switch and its trigger tags, kept together.

use super::audit;
use crate::error::{ChangeError, FieldErrors};
use crate::member::Member;
use earmark_db::tenant::TriggerTag;
use earmark_db::{self as db, Db, Tenant, Tx};
use earmark_model::{ConnectionId, ProductId, Right};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A tag of a connection, by Intercom's id.
type Tag = (ConnectionId, String);

/// Switches a product's feedback on or off and makes `chosen` its trigger tags.
///
/// What stays keeps its time: a tag that was chosen before counts from when it was first chosen, and a product that is on
/// from when it was switched on. What is new counts from now.
///
/// # Errors
/// [`ChangeError::Invalid`], with the field `tag` for a tag that is not known or was deleted in Intercom and the field
/// `enabled` for an archived product; [`ChangeError::Forbidden`]; or [`ChangeError::Database`], with
/// [`db::Error::Missing`] when the workspace has no such product.
pub async fn set_feedback(
    db: &Db,
    member: &Member,
    address: Option<IpAddr>,
    product: ProductId,
    on: bool,
    chosen: &[(ConnectionId, String)],
) -> Result<(), ChangeError> {
    member.require(Right::ManageTriggers)?;
    let tx = db.begin().await?;
    let tenant = tx.workspace(member.workspace().id);
    tenant.lock().await?;
    let before = tenant.product(product).await?.ok_or(db::Error::Missing)?;
    if on && before.archived_at.is_some() {
        let message = "This product is archived. Bring it back first.";
        return Err(ChangeError::Invalid(FieldErrors::one("enabled", message)));
    }
    let old: BTreeSet<Tag> = tenant
        .trigger_tags(product)
        .await?
        .into_iter()
        .map(tag_of)
        .collect();
    let new: BTreeSet<Tag> = chosen.iter().cloned().collect();
    if old == new && before.feedback_on_at.is_some() == on {
        return Ok(());
    }
    check_known(tenant, new.difference(&old)).await?;
    let detail = json!({
        "on": on,
        "chosen": listed(new.difference(&old)),
        "dropped": listed(old.difference(&new)),
    });
    let tags: Vec<Tag> = new.into_iter().collect();
    tenant.choose_trigger_tags(product, &tags).await?;
    tenant.set_product_feedback(product, on).await?;
    audit(
        tenant,
        member,
        "product.feedback_changed",
        product,
        detail,
        address,
    )
    .await?;
    Ok(tx.commit().await?)
}

fn tag_of(trigger: TriggerTag) -> Tag {
    let TriggerTag {
        connection,
        tag,
        chosen_at: _,
    } = trigger;
    (connection, tag)
}

/// Whether Intercom listed each newly chosen tag when its connection's tags were last fetched.
async fn check_known(
    tenant: Tenant<'_, Tx>,
    chosen: impl Iterator<Item = &Tag>,
) -> Result<(), ChangeError> {
    let known = tenant.tags().await?;
    for (connection, id) in chosen {
        let found = known
            .iter()
            .find(|tag| tag.connection == *connection && tag.id == *id);
        let message = match found {
            Some(tag) if tag.missing_since.is_none() => continue,
            Some(tag) => format!(
                "The tag {} was deleted in Intercom. Choose another.",
                tag.name
            ),
            None => "One of these tags is not known. Fetch the tags again, then choose.".to_owned(),
        };
        return Err(ChangeError::Invalid(FieldErrors::one("tag", message)));
    }
    Ok(())
}

fn listed<'a>(tags: impl Iterator<Item = &'a Tag>) -> Vec<Json> {
    let line = |(connection, tag): &Tag| json!({ "connection": connection, "tag": tag });
    tags.map(line).collect()
}
