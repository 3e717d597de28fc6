//! Harmless calls that show whether a token has a permission.

use crate::{Client, Error, client::Request, operation::table as op};

/// An id that no Intercom object has: asking for it changes nothing, and its 404 shows the permission.
const UNKNOWN_ID: &str = "000000000000000000000000";

/// A read permission that can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// Lists contacts.
    ListContacts,
    /// Asks for one contact that does not exist.
    OneContact,
    /// Lists companies.
    ListCompanies,
    /// Lists conversations.
    Conversations,
    /// Lists tags.
    Tags,
    /// Lists teammates.
    Admins,
}

/// What a probe showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeOutcome {
    /// The permission is there.
    Granted,
    /// It is not.
    Missing {
        /// Intercom's explanation.
        message: Option<String>,
    },
    /// The probe showed nothing about the permission.
    Failed(Error),
}

impl Probe {
    /// All probes.
    pub const ALL: [Self; 6] = [
        Self::ListContacts,
        Self::OneContact,
        Self::ListCompanies,
        Self::Conversations,
        Self::Tags,
        Self::Admins,
    ];

    /// The permission's name in Intercom's Developer Hub.
    #[must_use]
    pub const fn permission(self) -> &'static str {
        match self {
            Self::ListContacts | Self::ListCompanies => "Read and list users and companies",
            Self::OneContact => "Read one user and one company",
            Self::Conversations => "Read conversations",
            Self::Tags => "Read tags",
            Self::Admins => "Read admins",
        }
    }

    fn request(self, client: &Client) -> Request {
        let ask = |operation, arguments: &[&str]| client.to(operation, arguments);
        let first = |operation| ask(operation, &[]).query("per_page", "1");
        match self {
            Self::ListContacts => first(&op::CONTACT_LIST),
            Self::OneContact => ask(&op::CONTACT_GET, &[UNKNOWN_ID]),
            Self::ListCompanies => first(&op::COMPANY_FIND),
            Self::Conversations => first(&op::CONVERSATION_LIST),
            Self::Tags => ask(&op::TAG_LIST, &[]),
            Self::Admins => ask(&op::ADMIN_LIST, &[]),
        }
    }
}

impl Client {
    /// Tries a permission with a GET that changes nothing. The content of the answer is not looked at.
    pub async fn probe(&self, probe: Probe) -> ProbeOutcome {
        match self.send(&probe.request(self)).await {
            Ok(_) | Err(Error::NotFound { .. } | Error::Merged { .. }) => ProbeOutcome::Granted,
            // The plan of the Intercom workspace has no API: that says nothing about the app's permissions.
            Err(Error::PermissionMissing { code, message, .. })
                if code.as_deref() != Some("api_plan_restricted") =>
            {
                ProbeOutcome::Missing { message }
            }
            Err(fault) => ProbeOutcome::Failed(fault),
        }
    }
}
