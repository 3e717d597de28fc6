//! The right to be in a workspace.

use crate::accounts::User;
use crate::error::Forbidden;
use earmark_db::across::Membership;
use earmark_db::tenant::{Actor, Workspace};
use earmark_db::{self as db, Db};
use earmark_model::{Right, Role, UserId};
use std::net::IpAddr;

/// A person in a workspace that they are a member of. It can only be loaded, so having the value is having the right.
#[derive(Debug, Clone)]
pub struct Member {
    user: User,
    workspace: Workspace,
    role: Role,
}

impl Member {
    /// The person's membership in the workspace with this slug. `None` says nothing about whether there is such a
    /// workspace.
    ///
    /// # Errors
    /// [`db::Error::Unavailable`].
    pub async fn load(db: &Db, user: UserId, slug: &str) -> db::Result<Option<Self>> {
        let Some(membership) = db.across().membership(user, slug).await? else {
            return Ok(None);
        };
        let Some(user) = db.across().user(user).await? else {
            return Ok(None);
        };
        let Membership { workspace, role } = membership;
        Ok(Some(Self {
            user: user.into(),
            workspace,
            role,
        }))
    }

    /// The person.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The person's role there.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether they may do this.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.role.may(right)
    }

    /// Goes on only when they may do this.
    ///
    /// # Errors
    /// [`Forbidden`], which names who may.
    pub fn require(&self, right: Right) -> Result<(), Forbidden> {
        if self.may(right) {
            return Ok(());
        }
        Err(Forbidden {
            right,
            least_role: right.least_role(),
        })
    }

    /// This person in the audit log. `address` is the client's.
    #[must_use]
    pub fn actor(&self, address: Option<IpAddr>) -> Actor {
        actor(self.user.id, address)
    }
}

pub(crate) fn actor(user: UserId, address: Option<IpAddr>) -> Actor {
    Actor {
        user: Some(user),
        address: address.map(|address| address.to_string()),
    }
}
