//! States of a connection and the Intercom permissions it is checked for.

use crate::text_enum;

text_enum! {
    /// How a workspace was given the right to an Intercom workspace.
    pub enum Method {
        /// A pasted access token of an app in the customer's own Intercom workspace.
        AccessToken = "access_token",
        /// Intercom's Authorize flow.
        OAuth = "oauth",
    }
}

text_enum! {
    /// How a connection is.
    pub enum ConnectionStatus {
        /// The last call was accepted, and nothing that is switched on lacks a permission.
        Connected = "connected",
        /// The credentials work, but something that is switched on lacks a permission.
        Degraded = "degraded",
        /// Intercom refuses the credentials; a member has to reconnect.
        NeedsReconnecting = "needs_reconnecting",
        /// The app was uninstalled in Intercom; a member has to reconnect.
        Uninstalled = "uninstalled",
        /// A member disconnected it; the secrets are wiped.
        Disconnected = "disconnected",
    }
}

/// What happens to a connection's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusEvent {
    /// Intercom accepted them, and every permission that is needed is there as far as known.
    Accepted,
    /// Intercom accepted them, but a permission that is needed is missing.
    Lacking,
    /// Intercom refused them.
    Refused,
    /// Intercom refused them after it reported that the app was uninstalled.
    Uninstalled,
    /// A member gave new ones, which were proved.
    Granted,
    /// A member disconnected.
    Disconnected,
}

impl ConnectionStatus {
    /// The status after an event. Disconnected is left by new credentials only: a late answer about old ones says nothing
    /// any more. A refusal adds nothing to an uninstall.
    #[must_use]
    pub const fn after(self, event: StatusEvent) -> Self {
        match (self, event) {
            (_, StatusEvent::Granted) => Self::Connected,
            (Self::Disconnected, _) | (_, StatusEvent::Disconnected) => Self::Disconnected,
            (_, StatusEvent::Accepted) => Self::Connected,
            (_, StatusEvent::Lacking) => Self::Degraded,
            (Self::Uninstalled, StatusEvent::Refused) | (_, StatusEvent::Uninstalled) => {
                Self::Uninstalled
            }
            (_, StatusEvent::Refused) => Self::NeedsReconnecting,
        }
    }

    /// Whether nothing is wrong with it, as far as known.
    #[must_use]
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Connected)
    }

    /// Whether Intercom takes the credentials, as far as known.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::Connected | Self::Degraded)
    }

    /// Whether a member has to connect again before Intercom can be asked.
    #[must_use]
    pub const fn needs_member(self) -> bool {
        matches!(self, Self::NeedsReconnecting | Self::Uninstalled)
    }
}

text_enum! {
    /// Something that a connection does once it is switched on.
    pub enum Feature {
        /// Tagged conversations become tickets.
        Feedback = "feedback",
        /// Contacts and companies are copied and kept up to date.
        Contacts = "contacts",
    }
}

impl Feature {
    /// The permissions it cannot do without.
    #[must_use]
    pub const fn needs(self) -> &'static [Permission] {
        match self {
            Self::Feedback => &[Permission::ReadConversations, Permission::ReadTags],
            Self::Contacts => &[
                Permission::ReadListUsersCompanies,
                Permission::ReadOneUserCompany,
                Permission::ReadTags,
            ],
        }
    }

    /// What stops while a permission is missing, in words.
    #[must_use]
    pub const fn stops(self) -> &'static str {
        match self {
            Self::Feedback => "threads, names and tags cannot be fetched",
            Self::Contacts => "contacts and companies cannot be copied",
        }
    }
}

text_enum! {
    /// A permission as Intercom's Developer Hub prints it, of those the access-token steps ask for.
    pub enum Permission {
        /// Lists of contacts and companies.
        ReadListUsersCompanies = "Read and list users and companies",
        /// Writing contacts.
        ReadWriteUsers = "Read and write users",
        /// One contact, one company.
        ReadOneUserCompany = "Read one user and one company",
        /// Conversations with their messages.
        ReadConversations = "Read conversations",
        /// The list of tags.
        ReadTags = "Read tags",
        /// The teammates, and `/me`, which proves a token.
        ReadAdmins = "Read admins",
    }
}

impl Permission {
    /// Whether Earmark can prove this permission with a request that changes nothing.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        !matches!(self, Self::ReadWriteUsers)
    }
}

text_enum! {
    /// What the last check of a permission found.
    pub enum PermissionState {
        /// A harmless request was accepted.
        Granted = "granted",
        /// Intercom refused for want of this permission.
        Missing = "missing",
        /// Nothing harmless proves it.
        NotTested = "not_tested",
        /// Intercom could not be asked.
        Unknown = "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConnectionStatus as Status;

    /// Every status against every event: connected, degraded, needs reconnecting, uninstalled, disconnected.
    #[test]
    fn the_state_machine() {
        let row = |event| [0, 1, 2, 3, 4].map(|i: usize| Status::ALL[i].after(event));
        let gone = Status::Disconnected;
        assert_eq!(row(StatusEvent::Granted), [Status::Connected; 5]);
        assert_eq!(row(StatusEvent::Disconnected), [gone; 5]);
        let but_gone = |status| [status, status, status, status, gone];
        assert_eq!(row(StatusEvent::Accepted), but_gone(Status::Connected));
        assert_eq!(row(StatusEvent::Lacking), but_gone(Status::Degraded));
        assert_eq!(row(StatusEvent::Uninstalled), but_gone(Status::Uninstalled));
        let (refused, uninstalled) = (Status::NeedsReconnecting, Status::Uninstalled);
        assert_eq!(
            row(StatusEvent::Refused),
            [refused, refused, refused, uninstalled, gone]
        );
    }

    #[test]
    fn only_readable_permissions_are_needed() {
        for feature in Feature::ALL {
            assert!(!feature.needs().is_empty() && !feature.stops().is_empty());
            assert!(feature.needs().iter().all(|one| one.is_readable()));
        }
    }
}
