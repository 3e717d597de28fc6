//! Roles and the one table that says which role may do what.

use crate::text_enum;

text_enum! {
    /// A member's role in a workspace, weakest first: a later role may do all that an earlier one may.
    pub enum Role {
        /// Reads.
        Viewer = "viewer",
        /// Works on tickets and runs actions that read.
        Agent = "agent",
        /// Also connections, trigger tags, members, and actions that change something.
        Admin = "admin",
        /// Everything, the workspace itself included.
        Owner = "owner",
    }
}

impl Role {
    /// Whether this role may do `right`.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        self >= right.least_role()
    }
}

/// A right in a workspace: what a member can want to do there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See tickets, products, connections, deliveries and contacts.
    Read,
    /// Change a ticket's status, title, assignee or product, and comment on it.
    WorkOnTickets,
    /// Read the payload of a delivery, which may hold whole conversations.
    ReadPayloads,
    /// Run actions that only read at Intercom, and see the log of runs.
    RunReadActions,
    /// Run actions that change or destroy something at Intercom, and raw requests.
    RunActions,
    /// Create, rename and archive products.
    ManageProducts,
    /// Choose trigger tags and switch a product's feedback on or off.
    ManageTriggers,
    /// Connect, change and disconnect Intercom.
    ManageConnections,
    /// Invite, change and remove members.
    ManageMembers,
    /// Rename or delete the workspace.
    ManageWorkspace,
}

impl Right {
    /// Every right, in the order of the permission table.
    pub const ALL: [Self; 10] = [
        Self::Read,
        Self::WorkOnTickets,
        Self::ReadPayloads,
        Self::RunReadActions,
        Self::RunActions,
        Self::ManageProducts,
        Self::ManageTriggers,
        Self::ManageConnections,
        Self::ManageMembers,
        Self::ManageWorkspace,
    ];

    /// The weakest role that may do this.
    #[must_use]
    pub const fn least_role(self) -> Role {
        match self {
            Self::Read => Role::Viewer,
            Self::WorkOnTickets | Self::ReadPayloads | Self::RunReadActions => Role::Agent,
            Self::RunActions
            | Self::ManageProducts
            | Self::ManageTriggers
            | Self::ManageConnections
            | Self::ManageMembers => Role::Admin,
            Self::ManageWorkspace => Role::Owner,
        }
    }

    /// The right in words that finish the sentence "You may not …".
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Read => "see this workspace",
            Self::WorkOnTickets => "change tickets",
            Self::ReadPayloads => "read webhook payloads",
            Self::RunReadActions => "run actions that read",
            Self::RunActions => "run actions that change something",
            Self::ManageProducts => "change products",
            Self::ManageTriggers => "change trigger tags",
            Self::ManageConnections => "change connections",
            Self::ManageMembers => "change members",
            Self::ManageWorkspace => "change the workspace",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permission_table() {
        let row = |right: Right| {
            Role::ALL
                .iter()
                .map(|role| role.may(right))
                .collect::<Vec<_>>()
        };
        assert_eq!(row(Right::Read), [true, true, true, true]);
        assert_eq!(row(Right::WorkOnTickets), [false, true, true, true]);
        assert_eq!(row(Right::ReadPayloads), [false, true, true, true]);
        assert_eq!(row(Right::RunReadActions), [false, true, true, true]);
        for right in [
            Right::RunActions,
            Right::ManageProducts,
            Right::ManageTriggers,
            Right::ManageConnections,
            Right::ManageMembers,
        ] {
            assert_eq!(row(right), [false, false, true, true], "{right:?}");
        }
        assert_eq!(row(Right::ManageWorkspace), [false, false, false, true]);
    }

    #[test]
    fn roles_read_back_what_they_write() {
        for role in Role::ALL.iter().copied() {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        }
        assert!("root".parse::<Role>().is_err());
    }
}
