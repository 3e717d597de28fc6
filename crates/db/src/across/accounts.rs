//! People, their sessions, and which workspaces they are members of. A person belongs to several tenants, and logging in
//! happens before any tenant is known.

use super::Across;
use crate::entities::{sessions, user_workspaces, users, workspaces};
use crate::error::{Error, Result};
use crate::scope::{Source, Tx};
use crate::sql;
use crate::tenant::Workspace;
use chrono::{DateTime, Utc};
use earmark_model::{Role, TicketKey, UserId, WorkspaceId, slugify};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter,
};
use uuid::Uuid;

/// A person.
#[derive(Clone)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The e-mail address as typed.
    pub email: String,
    /// The shown name.
    pub name: String,
    /// The password's argon2id hash in PHC form.
    pub password_hash: String,
}

impl User {
    /// What an e-mail address is found by: surrounding space and letters' case do not make another person.
    #[must_use]
    pub fn email_key(email: &str) -> String {
        email.trim().to_lowercase()
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            id,
            email,
            name,
            password_hash: _,
        } = self;
        f.debug_struct("User")
            .field("id", id)
            .field("email", email)
            .field("name", name)
            .finish_non_exhaustive()
    }
}

impl From<users::Model> for User {
    fn from(row: users::Model) -> Self {
        let users::Model {
            id,
            email,
            email_key: _,
            name,
            password_hash,
            created_at: _,
        } = row;
        Self {
            id: UserId(id),
            email,
            name,
            password_hash,
        }
    }
}

/// A browser session's row. `id` is the SHA-256 of the cookie's key, so a stolen table opens no session.
#[derive(Debug, Clone)]
pub struct Session {
    /// SHA-256 of the key, lower-case hex.
    pub id: String,
    /// Who is logged in, once somebody is.
    pub user: Option<UserId>,
    /// The session library's state, a JSON map.
    pub state: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// A workspace that a person is a member of.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The workspace.
    pub workspace: Workspace,
    /// The person's role there.
    pub role: Role,
}

#[derive(FromQueryResult)]
struct MembershipRow {
    id: Uuid,
    slug: String,
    name: String,
    ticket_prefix: String,
    role: String,
}

impl MembershipRow {
    fn into_membership(self) -> Result<Membership> {
        let Self {
            id,
            slug,
            name,
            ticket_prefix,
            role,
        } = self;
        let role = role
            .parse()
            .map_err(|why| Error::contradiction("members", id, why))?;
        Ok(Membership {
            workspace: Workspace {
                id: WorkspaceId(id),
                slug,
                name,
                ticket_prefix,
            },
            role,
        })
    }
}

const MEMBERSHIPS: &str = "SELECT w.id, w.slug, w.name, w.ticket_prefix, m.role FROM user_workspaces u \
    JOIN workspaces w ON w.id = u.workspace_id \
    JOIN members m ON m.workspace_id = u.workspace_id AND m.user_id = u.user_id WHERE u.user_id = $1";

impl<S: Source> Across<'_, S> {
    /// The person with this e-mail address, whatever its letters' case. Login knows nothing else.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        let found = users::Entity::find()
            .filter(users::Column::EmailKey.eq(User::email_key(email)))
            .one(self.on())
            .await?;
        Ok(found.map(User::from))
    }

    /// The person with this id, for a session.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        Ok(users::Entity::find_by_id(id.0)
            .one(self.on())
            .await?
            .map(User::from))
    }

    /// A session that has not ended. Asked before a tenant is known.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn session(&self, id: &str) -> Result<Option<Session>> {
        let now = self.now();
        let row = sessions::Entity::find_by_id(id.to_owned())
            .filter(sessions::Column::ExpiresAt.gt(now))
            .one(self.on())
            .await?;
        Ok(row.map(|row| {
            let sessions::Model {
                id,
                user_id,
                state,
                created_at: _,
                expires_at,
            } = row;
            Session {
                id,
                user: user_id.map(UserId),
                state,
                expires_at,
            }
        }))
    }

    /// The workspaces a person is a member of, by name, for the switcher.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn memberships(&self, user: UserId) -> Result<Vec<Membership>> {
        let sql = format!("{MEMBERSHIPS} ORDER BY w.name, w.id");
        let rows: Vec<MembershipRow> = sql::all(self.on(), &sql, vec![user.0.into()]).await?;
        rows.into_iter()
            .map(MembershipRow::into_membership)
            .collect()
    }

    /// A person's membership in the workspace with this slug, if there is one. The guard of every tenant page.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn membership(&self, user: UserId, slug: &str) -> Result<Option<Membership>> {
        let sql = format!("{MEMBERSHIPS} AND w.slug = $2");
        let row: Option<MembershipRow> =
            sql::one(self.on(), &sql, vec![user.0.into(), slug.into()]).await?;
        row.map(MembershipRow::into_membership).transpose()
    }
}

impl Across<'_, Tx> {
    /// Stores a new person.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the address is taken.
    pub async fn create_user(
        &self,
        email: &str,
        name: &str,
        password_hash: &str,
    ) -> Result<UserId> {
        let id: UserId = self.source.sources().id();
        let row = users::ActiveModel {
            id: Set(id.0),
            email: Set(email.to_owned()),
            email_key: Set(User::email_key(email)),
            name: Set(name.to_owned()),
            password_hash: Set(password_hash.to_owned()),
            created_at: Set(self.now()),
        };
        row.insert(self.on()).await?;
        Ok(id)
    }

    /// Stores a new hash of a person's password, made with newer parameters.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn set_password_hash(&self, user: UserId, hash: &str) -> Result<()> {
        let sql = "UPDATE users SET password_hash = $2 WHERE id = $1";
        sql::execute(self.on(), sql, vec![user.0.into(), hash.into()])
            .await
            .map(drop)
    }

    /// Makes a workspace with its first owner. The slug comes from the name; a taken one gets a number.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn create_workspace(&self, name: &str, owner: UserId) -> Result<Workspace> {
        let slug = self.free_slug(&slugify(name, "workspace")).await?;
        let id: WorkspaceId = self.source.sources().id();
        let prefix = TicketKey::prefix_for(name);
        let row = workspaces::ActiveModel {
            id: Set(id.0),
            slug: Set(slug.clone()),
            name: Set(name.to_owned()),
            ticket_prefix: Set(prefix.clone()),
            last_ticket_number: Set(0),
            created_at: Set(self.now()),
        };
        row.insert(self.on()).await?;
        let tenant = self.source.workspace(id);
        tenant.add_member(owner, Role::Owner).await?;
        Ok(Workspace {
            id,
            slug,
            name: name.to_owned(),
            ticket_prefix: prefix,
        })
    }

    async fn free_slug(&self, wanted: &str) -> Result<String> {
        let mut slug = wanted.to_owned();
        for n in 2_u32.. {
            let taken = workspaces::Entity::find()
                .filter(workspaces::Column::Slug.eq(&slug))
                .one(self.on())
                .await?;
            if taken.is_none() {
                break;
            }
            slug = format!("{wanted}-{n}");
        }
        Ok(slug)
    }

    pub(crate) async fn link_user(&self, user: UserId, workspace: WorkspaceId) -> Result<()> {
        let row = user_workspaces::ActiveModel {
            user_id: Set(user.0),
            workspace_id: Set(workspace.0),
        };
        row.insert(self.on()).await?;
        Ok(())
    }

    /// Stores a session, new or changed.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_session(&self, session: &Session) -> Result<()> {
        let Session {
            id,
            user,
            state,
            expires_at,
        } = session;
        let sql = "INSERT INTO sessions (id, user_id, state, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, state = excluded.state, \
            expires_at = excluded.expires_at";
        let values = vec![
            id.as_str().into(),
            user.map(Uuid::from).into(),
            state.as_str().into(),
            self.now().into(),
            (*expires_at).into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Stores the new state and end of a session that has not ended, and says whether there was one: a session revoked
    /// meanwhile does not come back.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn change_session(&self, session: &Session) -> Result<bool> {
        let Session {
            id,
            user,
            state,
            expires_at,
        } = session;
        let sql = "UPDATE sessions SET user_id = $2, state = $3, expires_at = $4 WHERE id = $1 AND expires_at > $5";
        let values = vec![
            id.as_str().into(),
            user.map(Uuid::from).into(),
            state.as_str().into(),
            (*expires_at).into(),
            self.now().into(),
        ];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }

    /// Moves the end of a session that has not ended.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn extend_session(&self, id: &str, expires_at: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE sessions SET expires_at = $2 WHERE id = $1 AND expires_at > $3";
        let values = vec![id.into(), expires_at.into(), self.now().into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Ends a session, and clears away those that ended by themselves.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn end_session(&self, id: &str) -> Result<()> {
        let sql = "DELETE FROM sessions WHERE id = $1";
        sql::execute(self.on(), sql, vec![id.into()]).await?;
        self.clear_ended_sessions().await
    }

    /// Clears away the sessions that ended by themselves.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn clear_ended_sessions(&self) -> Result<()> {
        let sql = "DELETE FROM sessions WHERE expires_at < $1";
        sql::execute(self.on(), sql, vec![self.now().into()])
            .await
            .map(drop)
    }

    /// Ends all sessions of a person.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn end_sessions_of(&self, user: UserId) -> Result<()> {
        sql::execute(
            self.on(),
            "DELETE FROM sessions WHERE user_id = $1",
            vec![user.0.into()],
        )
        .await
        .map(drop)
    }
}
