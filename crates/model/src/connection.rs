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
    /// What we know of a connection's credentials.
    pub enum ConnectionStatus {
        /// The last call was accepted.
        Connected = "connected",
        /// Intercom refuses the credentials; a member has to reconnect.
        Refused = "refused",
        /// A member disconnected it; the secrets are wiped.
        Disconnected = "disconnected",
    }
}

impl ConnectionStatus {
    /// Whether a connection may go from this status to `next`. Disconnected is final: connecting again makes a new
    /// connection or replaces the credentials through [`ConnectionStatus::Connected`] of a fresh proof.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Disconnected, Self::Refused) => false,
            (Self::Connected | Self::Refused | Self::Disconnected, _) => true,
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
