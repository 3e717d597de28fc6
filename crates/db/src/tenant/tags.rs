//! Tags and teammates as Intercom has them, and the trigger tags that products chose.

use crate::entities::{admins, tags, trigger_tags};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, ProductId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder,
};
use uuid::Uuid;

/// A tag of an Intercom workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The connection.
    pub connection: ConnectionId,
    /// Intercom's id.
    pub id: String,
    /// Its name when it was last fetched.
    pub name: String,
    /// Since when Intercom no longer lists it.
    pub missing_since: Option<DateTime<Utc>>,
}

/// A teammate of an Intercom workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Intercom's id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A tag that a product chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerTag {
    /// The connection.
    pub connection: ConnectionId,
    /// Intercom's id of the tag.
    pub tag: String,
    /// When it was chosen.
    pub chosen_at: DateTime<Utc>,
}

/// A product that chose a tag, with what decides whether a tagging counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub product_name: String,
    /// Intercom's id of the tag.
    pub tag: String,
    /// When the tag was chosen.
    pub chosen_at: DateTime<Utc>,
    /// Since when the product's feedback is on, if it is.
    pub product_on_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct TriggerRow {
    product_id: Uuid,
    name: String,
    tag_id: String,
    chosen_at: DateTime<Utc>,
    feedback_on_at: Option<DateTime<Utc>>,
}

impl<S: Source> Tenant<'_, S> {
    /// All known tags of all connections, by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn tags(&self) -> Result<Vec<Tag>> {
        let rows = tags::Entity::find()
            .filter(tags::Column::WorkspaceId.eq(self.workspace()))
            .order_by_asc(tags::Column::Name)
            .all(self.on())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let tags::Model {
                    workspace_id: _,
                    connection_id,
                    id,
                    name,
                    missing_since,
                } = row;
                Tag {
                    connection: ConnectionId(connection_id),
                    id,
                    name,
                    missing_since,
                }
            })
            .collect())
    }

    /// A teammate's name, if the teammate is known.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn admin_name(&self, connection: ConnectionId, id: &str) -> Result<Option<String>> {
        let row = admins::Entity::find_by_id((self.workspace(), connection.0, id.to_owned()))
            .one(self.on())
            .await?;
        Ok(row.map(|row| row.name))
    }

    /// The known teammates of a connection, by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn admins(&self, connection: ConnectionId) -> Result<Vec<Admin>> {
        let rows = admins::Entity::find()
            .filter(admins::Column::WorkspaceId.eq(self.workspace()))
            .filter(admins::Column::ConnectionId.eq(connection.0))
            .order_by_asc(admins::Column::Name)
            .all(self.on())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let admins::Model {
                    workspace_id: _,
                    connection_id: _,
                    id,
                    name,
                } = row;
                Admin { id, name }
            })
            .collect())
    }

    /// The tags a product chose.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn trigger_tags(&self, product: ProductId) -> Result<Vec<TriggerTag>> {
        let rows = trigger_tags::Entity::find()
            .filter(trigger_tags::Column::WorkspaceId.eq(self.workspace()))
            .filter(trigger_tags::Column::ProductId.eq(product.0))
            .all(self.on())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let trigger_tags::Model {
                    workspace_id: _,
                    connection_id,
                    tag_id,
                    product_id: _,
                    chosen_at,
                } = row;
                TriggerTag {
                    connection: ConnectionId(connection_id),
                    tag: tag_id,
                    chosen_at,
                }
            })
            .collect())
    }

    /// The products that chose a tag of a connection, by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn triggers(&self, connection: ConnectionId, tag: &str) -> Result<Vec<Trigger>> {
        let sql = "SELECT t.product_id, p.name, t.tag_id, t.chosen_at, p.feedback_on_at FROM trigger_tags t \
            JOIN products p ON p.workspace_id = t.workspace_id AND p.id = t.product_id \
            WHERE t.workspace_id = $1 AND t.connection_id = $2 AND t.tag_id = $3 ORDER BY p.name, p.id";
        let values = vec![self.workspace().into(), connection.0.into(), tag.into()];
        let rows: Vec<TriggerRow> = sql::all(self.on(), sql, values).await?;
        Ok(rows
            .into_iter()
            .map(
                |TriggerRow {
                     product_id,
                     name,
                     tag_id,
                     chosen_at,
                     feedback_on_at,
                 }| Trigger {
                    product: ProductId(product_id),
                    product_name: name,
                    tag: tag_id,
                    chosen_at,
                    product_on_at: feedback_on_at,
                },
            )
            .collect())
    }
}

impl<S: Source> Tenant<'_, S> {
    /// Ids of the tags of a connection that products chose.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn trigger_tag_ids(&self, connection: ConnectionId) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT tag_id FROM trigger_tags WHERE workspace_id = $1 AND connection_id = $2 ORDER BY tag_id";
        sql::column(self.on(), sql, self.ids(connection, &[])).await
    }
}

impl Tenant<'_, Tx> {
    /// Stores what Intercom lists now. Tags that it no longer lists are kept and marked, because products may have chosen
    /// them.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_tags_and_admins(
        &self,
        connection: ConnectionId,
        tags: &[(String, String)],
        admins: &[Admin],
    ) -> Result<()> {
        let (workspace, now) = (self.workspace(), self.now());
        let sql = "UPDATE tags SET missing_since = $3 WHERE workspace_id = $1 AND connection_id = $2 \
            AND missing_since IS NULL";
        sql::execute(
            self.on(),
            sql,
            vec![workspace.into(), connection.0.into(), now.into()],
        )
        .await?;
        for (id, name) in tags {
            self.put_tag(connection, id, name).await?;
        }
        for admin in admins {
            self.put_admin(connection, admin).await?;
        }
        let sql = "UPDATE connections SET tags_fetched_at = $3, tags_note = NULL WHERE workspace_id = $1 AND id = $2";
        self.change_connection(connection, sql, vec![now.into()])
            .await
    }

    /// Stores one tag that Intercom has.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_tag(&self, connection: ConnectionId, id: &str, name: &str) -> Result<()> {
        let sql = "INSERT INTO tags (workspace_id, connection_id, id, name) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (workspace_id, connection_id, id) DO UPDATE SET name = excluded.name, missing_since = NULL";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            id.into(),
            name.into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }

    /// Marks one tag that Intercom no longer has. It is kept, because products may have chosen it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn lose_tag(&self, connection: ConnectionId, id: &str) -> Result<()> {
        let sql = "UPDATE tags SET missing_since = $4 WHERE workspace_id = $1 AND connection_id = $2 AND id = $3 \
            AND missing_since IS NULL";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            id.into(),
            self.now().into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }

    /// Stores a teammate's name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_admin(&self, connection: ConnectionId, admin: &Admin) -> Result<()> {
        let Admin { id, name } = admin;
        let sql = "INSERT INTO admins (workspace_id, connection_id, id, name) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (workspace_id, connection_id, id) DO UPDATE SET name = excluded.name";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            id.as_str().into(),
            name.as_str().into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        Ok(())
    }

    /// Stores the teams that a connection has now, by id and name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_teams(
        &self,
        connection: ConnectionId,
        teams: &[(String, String)],
    ) -> Result<()> {
        let sql = "DELETE FROM teams WHERE workspace_id = $1 AND connection_id = $2";
        sql::execute(self.on(), sql, self.ids(connection, &[])).await?;
        let sql = "INSERT INTO teams (workspace_id, connection_id, id, name) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (workspace_id, connection_id, id) DO UPDATE SET name = excluded.name";
        for (id, name) in teams {
            sql::execute(self.on(), sql, self.ids(connection, &[id, name])).await?;
        }
        Ok(())
    }

    /// Notes why tags could not be fetched.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn note_tags_failure(&self, connection: ConnectionId, why: &str) -> Result<()> {
        let sql = "UPDATE connections SET tags_note = $3 WHERE workspace_id = $1 AND id = $2";
        self.change_connection(connection, sql, vec![why.into()])
            .await
    }

    /// Makes `chosen` the product's trigger tags. A tag that stays keeps the time it was chosen; one that is chosen
    /// again starts anew.
    ///
    /// # Errors
    /// [`Error::Missing`] when a tag is not known.
    pub async fn choose_trigger_tags(
        &self,
        product: ProductId,
        chosen: &[(ConnectionId, String)],
    ) -> Result<()> {
        let before = self.trigger_tags(product).await?;
        for old in &before {
            if !chosen
                .iter()
                .any(|(connection, tag)| *connection == old.connection && *tag == old.tag)
            {
                let key = (
                    self.workspace(),
                    old.connection.0,
                    old.tag.clone(),
                    product.0,
                );
                trigger_tags::Entity::delete_by_id(key)
                    .exec(self.on())
                    .await?;
            }
        }
        for (n, (connection, tag)) in chosen.iter().enumerate() {
            if chosen[..n].contains(&(*connection, tag.clone())) {
                continue;
            }
            if before
                .iter()
                .any(|old| old.connection == *connection && old.tag == *tag)
            {
                continue;
            }
            let known = tags::Entity::find_by_id((self.workspace(), connection.0, tag.clone()))
                .one(self.on())
                .await?;
            known.ok_or(Error::Missing)?;
            let row = trigger_tags::ActiveModel {
                workspace_id: Set(self.workspace()),
                connection_id: Set(connection.0),
                tag_id: Set(tag.clone()),
                product_id: Set(product.0),
                chosen_at: Set(self.now()),
            };
            row.insert(self.on()).await?;
        }
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }
}
