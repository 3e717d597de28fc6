//! What members do with products. Each change has its audit row; what changes nothing has none.
//!
//! Names are 1 to 80 characters and unique in the workspace, whatever their letters' case. `address` is the client's.

mod feedback;

pub use feedback::set_feedback;

use crate::error::{ChangeError, FieldErrors};
use crate::fields::{self, ProductFields};
use crate::member::Member;
use earmark_db::tenant::Product;
use earmark_db::{self as db, Db, Tenant, Tx};
use earmark_model::{ProductId, Right};
use serde_json::{Value as Json, json};
use std::net::IpAddr;

/// Makes a product.
///
/// # Errors
/// [`ChangeError::Invalid`], with the field `name`, [`ChangeError::Forbidden`] or [`ChangeError::Database`].
pub async fn create(
    db: &Db,
    member: &Member,
    name: &str,
    address: Option<IpAddr>,
) -> Result<Product, ChangeError> {
    member.require(Right::ManageProducts)?;
    let name = checked(name)?;
    let tx = db.begin().await?;
    let tenant = tx.workspace(member.workspace().id);
    tenant.lock().await?;
    check_free(tenant, name, None).await?;
    let product = tenant.create_product(name).await?;
    let detail = json!({ "name": product.name, "slug": product.slug });
    audit(
        tenant,
        member,
        "product.created",
        product.id,
        detail,
        address,
    )
    .await?;
    tx.commit().await?;
    Ok(product)
}

/// Renames a product. Its slug stays.
///
/// # Errors
/// As [`create`], and [`db::Error::Missing`] when the workspace has no such product.
pub async fn rename(
    db: &Db,
    member: &Member,
    id: ProductId,
    name: &str,
    address: Option<IpAddr>,
) -> Result<(), ChangeError> {
    member.require(Right::ManageProducts)?;
    let name = checked(name)?;
    let tx = db.begin().await?;
    let tenant = tx.workspace(member.workspace().id);
    tenant.lock().await?;
    let product = tenant.product(id).await?.ok_or(db::Error::Missing)?;
    if product.name == name {
        return Ok(());
    }
    check_free(tenant, name, Some(id)).await?;
    tenant.rename_product(id, name).await?;
    let detail = json!({ "from": product.name, "to": name });
    audit(tenant, member, "product.renamed", id, detail, address).await?;
    Ok(tx.commit().await?)
}

/// Archives a product, which switches its feedback off.
///
/// # Errors
/// [`ChangeError::Forbidden`], or [`ChangeError::Database`] with [`db::Error::Missing`] when the workspace has no such
/// product.
pub async fn archive(
    db: &Db,
    member: &Member,
    id: ProductId,
    address: Option<IpAddr>,
) -> Result<(), ChangeError> {
    set_archived(db, member, id, true, address).await
}

/// Takes a product back from the archive. Its feedback stays off.
///
/// # Errors
/// As [`archive`].
pub async fn unarchive(
    db: &Db,
    member: &Member,
    id: ProductId,
    address: Option<IpAddr>,
) -> Result<(), ChangeError> {
    set_archived(db, member, id, false, address).await
}

async fn set_archived(
    db: &Db,
    member: &Member,
    id: ProductId,
    archived: bool,
    address: Option<IpAddr>,
) -> Result<(), ChangeError> {
    member.require(Right::ManageProducts)?;
    let tx = db.begin().await?;
    let tenant = tx.workspace(member.workspace().id);
    tenant.lock().await?;
    let product = tenant.product(id).await?.ok_or(db::Error::Missing)?;
    if product.archived_at.is_some() == archived {
        return Ok(());
    }
    tenant.set_product_archived(id, archived).await?;
    let action = if archived {
        "product.archived"
    } else {
        "product.restored"
    };
    let detail = json!({ "name": product.name });
    audit(tenant, member, action, id, detail, address).await?;
    Ok(tx.commit().await?)
}

fn checked(name: &str) -> Result<&str, ChangeError> {
    let name = name.trim();
    fields::check(&ProductFields { name }).map_err(ChangeError::Invalid)?;
    Ok(name)
}

/// Whether no product but `own` has the name. The workspace is locked, so none can take it meanwhile.
async fn check_free(
    tenant: Tenant<'_, Tx>,
    name: &str,
    own: Option<ProductId>,
) -> Result<(), ChangeError> {
    let wanted = name.to_lowercase();
    let products = tenant.products().await?;
    let holder = products
        .iter()
        .find(|product| Some(product.id) != own && product.name.to_lowercase() == wanted);
    let message = match holder {
        None => return Ok(()),
        Some(product) if product.archived_at.is_some() => {
            "An archived product has this name. Restore it, or choose another name."
        }
        Some(_) => "A product with this name exists already. Choose another name.",
    };
    Err(ChangeError::Invalid(FieldErrors::one("name", message)))
}

async fn audit(
    tenant: Tenant<'_, Tx>,
    member: &Member,
    action: &str,
    id: ProductId,
    detail: Json,
    address: Option<IpAddr>,
) -> db::Result<()> {
    let actor = member.actor(address);
    tenant.audit(&actor, action, ("product", id), detail).await
}
