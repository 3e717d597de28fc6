//! The workspace itself and its members.

use crate::entities::{members, workspaces};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use earmark_model::{Role, UserId, WorkspaceId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, FromQueryResult};
use uuid::Uuid;

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// The id.
    pub id: WorkspaceId,
    /// Its name in URLs, unique in the installation.
    pub slug: String,
    /// Its shown name.
    pub name: String,
    /// What its ticket keys begin with.
    pub ticket_prefix: String,
}

impl From<workspaces::Model> for Workspace {
    fn from(row: workspaces::Model) -> Self {
        let workspaces::Model {
            id,
            slug,
            name,
            ticket_prefix,
            last_ticket_number: _,
            created_at: _,
        } = row;
        Self {
            id: WorkspaceId(id),
            slug,
            name,
            ticket_prefix,
        }
    }
}

/// A person in the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role here.
    pub role: Role,
}

#[derive(FromQueryResult)]
struct MemberRow {
    user_id: Uuid,
    name: String,
    email: String,
    role: String,
}

impl<S: Source> Tenant<'_, S> {
    /// The workspace's own row.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn details(&self) -> Result<Workspace> {
        let row = workspaces::Entity::find_by_id(self.workspace())
            .one(self.on())
            .await?;
        row.map(Workspace::from).ok_or(Error::Missing)
    }

    /// All members, by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn members(&self) -> Result<Vec<Member>> {
        let sql = "SELECT m.user_id, u.name, u.email, m.role FROM members m JOIN users u ON u.id = m.user_id \
            WHERE m.workspace_id = $1 ORDER BY u.name, m.user_id";
        let rows: Vec<MemberRow> = sql::all(self.on(), sql, vec![self.workspace().into()]).await?;
        rows.into_iter()
            .map(
                |MemberRow {
                     user_id,
                     name,
                     email,
                     role,
                 }| {
                    let role = role
                        .parse()
                        .map_err(|why| Error::contradiction("members", user_id, why))?;
                    Ok(Member {
                        user: UserId(user_id),
                        name,
                        email,
                        role,
                    })
                },
            )
            .collect()
    }

    /// The role of a person, if they are a member.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn role_of(&self, user: UserId) -> Result<Option<Role>> {
        let row = members::Entity::find_by_id((self.workspace(), user.0))
            .one(self.on())
            .await?;
        let role = row.map(|row| {
            let role = row.role.parse();
            role.map_err(|why| Error::contradiction("members", user.0, why))
        });
        role.transpose()
    }

    /// Whether a person is a member.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn is_member(&self, user: UserId) -> Result<bool> {
        Ok(self.role_of(user).await?.is_some())
    }
}

impl Tenant<'_, Tx> {
    /// Makes other transactions that lock this workspace wait for the end of this one. For rules over several rows, such
    /// as a name that is unique whatever its letters' case.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is no such workspace.
    pub async fn lock(&self) -> Result<()> {
        // SQLite has no SELECT … FOR UPDATE; an update that changes nothing locks the row on both databases.
        let sql = "UPDATE workspaces SET last_ticket_number = last_ticket_number WHERE id = $1";
        match sql::execute(self.on(), sql, vec![self.workspace().into()]).await? {
            0 => Err(Error::Missing),
            _ => Ok(()),
        }
    }

    /// Makes a person a member.
    ///
    /// # Errors
    /// [`Error::Conflict`] when they are one already.
    pub async fn add_member(&self, user: UserId, role: Role) -> Result<()> {
        let row = members::ActiveModel {
            workspace_id: Set(self.workspace()),
            user_id: Set(user.0),
            role: Set(role.as_str().to_owned()),
            created_at: Set(self.now()),
        };
        row.insert(self.on()).await?;
        self.source.across().link_user(user, self.id).await
    }
}
