//! The token, whose it is, where, and what it may.

use super::words::{bad, good, not_checked, unknown};
use super::{Blocked, Patient, Reach, said};
use crate::check::check_permission;
use earmark_db::tenant::{PermissionCheck, Via};
use earmark_intercom::Error;
use earmark_model::{Check, Feature, Finding, Permission, PermissionState};

/// What credentials have to give.
pub(super) struct Credentials;

impl Credentials {
    /// The read permissions that are needed, with the feature that needs them; `None` for what every connection needs.
    pub(super) fn needed() -> Vec<(Permission, Option<Feature>)> {
        // `/me`, by which a token is proved.
        let mut needed = vec![(Permission::ReadAdmins, None)];
        for feature in Feature::ALL {
            for permission in feature.needs() {
                if needed.iter().all(|(known, _)| known != permission) {
                    needed.push((*permission, Some(*feature)));
                }
            }
        }
        needed
    }
}

impl Patient<'_> {
    /// The lines that `/me` answers.
    pub(super) fn credentials(&self, reach: &Reach) -> [Finding; 3] {
        let blocked = match (&reach.me, &reach.blocked) {
            (Some(me), _) => {
                return [
                    good(Check::Token, "Intercom accepted it and said whose it is."),
                    self.same_workspace(&me.app.id_code, me.app.name.as_deref()),
                    self.region(me.app.region.map(|region| region.as_str())),
                ];
            }
            (None, None) => {
                let why =
                    "The token may not ask whose it is: the permission Read admins is missing.";
                return [
                    good(Check::Token, "Intercom accepted it."),
                    unknown(Check::SameWorkspace, why),
                    unknown(Check::Region, why),
                ];
            }
            (None, Some(blocked)) => blocked,
        };
        let token = match blocked {
            Blocked::Intercom(error @ Error::Reconnect { .. }) => bad(
                Check::Token,
                format!("Intercom refuses it: {}.", said(error)),
                self.new_token(),
            ),
            Blocked::Sealed(why) => bad(
                Check::Token,
                format!("The stored token cannot be opened: {why}."),
                "If the encryption key was changed, the operator has to bring the former one back (keys.previous). Else \
                 connect again.",
            ),
            other => other.line(Check::Token),
        };
        [
            token,
            blocked.line(Check::SameWorkspace),
            blocked.line(Check::Region),
        ]
    }

    fn new_token(&self) -> &'static str {
        match self.row.via {
            Via::Token => {
                "Copy the access token from Configure, Authentication in your app in the Developer Hub, and paste it as a \
                 new token. A token that was regenerated replaces the old one."
            }
            Via::Installation { .. } | Via::OwnApp { .. } => {
                "Connect again and authorize the app in Intercom. Tickets, tags and history stay."
            }
        }
    }

    fn same_workspace(&self, app_id: &str, name: Option<&str>) -> Finding {
        let other = name.unwrap_or(app_id);
        if app_id == self.row.app_id {
            return good(
                Check::SameWorkspace,
                format!("The token belongs to {other} ({app_id}), as before."),
            );
        }
        bad(
            Check::SameWorkspace,
            format!(
                "The token belongs to {other} ({app_id}) now; this connection is to {} ({}).",
                self.row.app_name, self.row.app_id
            ),
            format!(
                "Give this connection credentials of {} again, or make a connection of its own to {other}.",
                self.row.app_name
            ),
        )
    }

    fn region(&self, told: Option<&str>) -> Finding {
        let stored = self.row.region.as_str();
        match told {
            None => unknown(
                Check::Region,
                format!("Intercom does not say it; calls go to {stored}."),
            ),
            Some(told) if told == stored => good(
                Check::Region,
                format!("Intercom says {told}, and calls go there."),
            ),
            Some(told) => bad(
                Check::Region,
                format!("Intercom says {told}, but calls go to {stored}."),
                "Press Check again beside the permissions on the connection's overview: that stores the region which \
                 Intercom names.",
            ),
        }
    }

    /// Tries a permission; also gives the check as the connection's overview shows it.
    pub(super) async fn permission(
        &self,
        reach: &Reach,
        permission: Permission,
        feature: Option<Feature>,
    ) -> (Finding, Option<PermissionCheck>) {
        let line = Check::Permission(permission);
        let client = match reach.open() {
            Ok(client) => client,
            Err(blocked) => return (blocked.line(line), None),
        };
        if feature.is_some_and(|feature| !self.is_on(feature)) {
            let why = "Needed only while a feature is on that is off now: feedback.";
            return (not_checked(line, why), None);
        }
        let check = check_permission(client, permission).await;
        let note = || check.note.as_deref().unwrap_or("Intercom gave no reason");
        let finding = match check.state {
            PermissionState::Granted => {
                good(line, "A harmless request that needs it was accepted.")
            }
            PermissionState::Missing => bad(
                line,
                match feature {
                    Some(feature) => format!(
                        "Intercom refused a request: {} Without it {}.",
                        sentence(note()),
                        feature.stops()
                    ),
                    None => format!(
                        "Intercom refused a request: {} Without it a token cannot be proved.",
                        sentence(note())
                    ),
                },
                self.tick(permission),
            ),
            PermissionState::NotTested => not_checked(line, "Nothing harmless proves it."),
            PermissionState::Unknown => unknown(line, sentence(note())),
        };
        (finding, Some(check))
    }

    /// Whether a feature is switched on.
    pub(super) fn is_on(&self, feature: Feature) -> bool {
        match feature {
            Feature::Feedback => self.row.feedback_on_at.is_some(),
            Feature::Contacts => self.row.contacts_on_at.is_some(),
        }
    }

    fn tick(&self, permission: Permission) -> String {
        match self.row.via {
            Via::Token => format!(
                "Tick {permission} under Configure, Authentication in your app in the Developer Hub, save, then check \
                 again."
            ),
            Via::OwnApp { .. } => format!(
                "Tick {permission} under Configure, Authentication in your app in the Developer Hub and save; then \
                 connect again, so that Intercom asks for it."
            ),
            Via::Installation { .. } => format!(
                "The operator's Intercom app needs {permission}. Ask the operator to add it, then connect again."
            ),
        }
    }
}

/// A text that ends as a sentence does.
fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}
