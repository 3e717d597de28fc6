//! Products and the statuses of their tickets.

use crate::entities::{products, statuses};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{DEFAULT_STATUSES, ProductId, StatusCategory, StatusId, slugify};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
};

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The id.
    pub id: ProductId,
    /// Its name in URLs, unique in the workspace; stays when it is renamed.
    pub slug: String,
    /// Its shown name.
    pub name: String,
    /// Since when its trigger tags make tickets, if they do.
    pub feedback_on_at: Option<DateTime<Utc>>,
    /// Since when it is archived, if it is.
    pub archived_at: Option<DateTime<Utc>>,
}

impl From<products::Model> for Product {
    fn from(row: products::Model) -> Self {
        let products::Model {
            workspace_id: _,
            id,
            slug,
            name,
            feedback_on_at,
            archived_at,
            created_at: _,
        } = row;
        Self {
            id: ProductId(id),
            slug,
            name,
            feedback_on_at,
            archived_at,
        }
    }
}

/// A status of a product's tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The id.
    pub id: StatusId,
    /// The product.
    pub product: ProductId,
    /// Its name in URLs and filters.
    pub key: String,
    /// Its shown name.
    pub name: String,
    /// What it means for the inbox.
    pub category: StatusCategory,
}

impl TryFrom<statuses::Model> for Status {
    type Error = Error;
    fn try_from(row: statuses::Model) -> Result<Self> {
        let statuses::Model {
            workspace_id: _,
            id,
            product_id,
            key,
            name,
            category,
            position: _,
        } = row;
        let category = category
            .parse()
            .map_err(|why| Error::contradiction("statuses", id, why))?;
        Ok(Self {
            id: StatusId(id),
            product: ProductId(product_id),
            key,
            name,
            category,
        })
    }
}

impl<S: Source> Tenant<'_, S> {
    /// All products, archived ones too, by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn products(&self) -> Result<Vec<Product>> {
        let rows = products::Entity::find()
            .filter(products::Column::WorkspaceId.eq(self.workspace()))
            .order_by_asc(products::Column::Name)
            .order_by_asc(products::Column::Id)
            .all(self.on())
            .await?;
        Ok(rows.into_iter().map(Product::from).collect())
    }

    /// A product by id.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn product(&self, id: ProductId) -> Result<Option<Product>> {
        let row = products::Entity::find_by_id((self.workspace(), id.0))
            .one(self.on())
            .await?;
        Ok(row.map(Product::from))
    }

    /// A product by its name in URLs.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn product_by_slug(&self, slug: &str) -> Result<Option<Product>> {
        let row = products::Entity::find()
            .filter(products::Column::WorkspaceId.eq(self.workspace()))
            .filter(products::Column::Slug.eq(slug))
            .one(self.on())
            .await?;
        Ok(row.map(Product::from))
    }

    /// The statuses of a product, in order.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn statuses(&self, product: ProductId) -> Result<Vec<Status>> {
        let rows = statuses::Entity::find()
            .filter(statuses::Column::WorkspaceId.eq(self.workspace()))
            .filter(statuses::Column::ProductId.eq(product.0))
            .order_by_asc(statuses::Column::Position)
            .all(self.on())
            .await?;
        rows.into_iter().map(Status::try_from).collect()
    }
}

impl Tenant<'_, Tx> {
    /// Makes a product with the default statuses.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn create_product(&self, name: &str) -> Result<Product> {
        let wanted = slugify(name, "product");
        let mut slug = wanted.clone();
        for n in 2_u32.. {
            if self.product_by_slug(&slug).await?.is_none() {
                break;
            }
            slug = format!("{wanted}-{n}");
        }
        let id: ProductId = self.source.sources().id();
        let row = products::ActiveModel {
            workspace_id: Set(self.workspace()),
            id: Set(id.0),
            slug: Set(slug),
            name: Set(name.to_owned()),
            feedback_on_at: Set(None),
            archived_at: Set(None),
            created_at: Set(self.now()),
        };
        let product = Product::from(row.insert(self.on()).await?);
        for (position, seed) in (0_i32..).zip(DEFAULT_STATUSES) {
            let status: StatusId = self.source.sources().id();
            let row = statuses::ActiveModel {
                workspace_id: Set(self.workspace()),
                id: Set(status.0),
                product_id: Set(id.0),
                key: Set(seed.key.to_owned()),
                name: Set(seed.name.to_owned()),
                category: Set(seed.category.as_str().to_owned()),
                position: Set(position),
            };
            row.insert(self.on()).await?;
        }
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(product)
    }

    /// Renames a product; its slug stays, so links do too.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn rename_product(&self, id: ProductId, name: &str) -> Result<()> {
        let sql = "UPDATE products SET name = $3 WHERE workspace_id = $1 AND id = $2";
        self.change_product(sql, vec![self.workspace().into(), id.0.into(), name.into()])
            .await
    }

    /// Archives a product or takes it back. An archived one makes no tickets: its feedback is switched off.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn set_product_archived(&self, id: ProductId, archived: bool) -> Result<()> {
        let sql = "UPDATE products SET archived_at = $3, feedback_on_at = CASE WHEN $4 THEN NULL ELSE feedback_on_at END \
            WHERE workspace_id = $1 AND id = $2";
        let at = archived.then(|| self.now());
        self.change_product(
            sql,
            vec![
                self.workspace().into(),
                id.0.into(),
                at.into(),
                archived.into(),
            ],
        )
        .await
    }

    /// Switches a product's feedback on, from now, or off. Switching on what is on changes nothing.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn set_product_feedback(&self, id: ProductId, on: bool) -> Result<()> {
        let product = self.product(id).await?.ok_or(Error::Missing)?;
        if product.feedback_on_at.is_some() == on {
            return Ok(());
        }
        let at = on.then(|| self.now());
        let sql = "UPDATE products SET feedback_on_at = $3 WHERE workspace_id = $1 AND id = $2";
        self.change_product(sql, vec![self.workspace().into(), id.0.into(), at.into()])
            .await
    }

    async fn change_product(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<()> {
        if sql::execute(self.on(), sql, values).await? == 0 {
            return Err(Error::Missing);
        }
        self.source.changed(self.id, ChangeKind::Tickets);
        Ok(())
    }
}
