//! The token, whose it is, where, and what it may.

use super::words::{bad, good, not_checked, unknown};
use super::{Blocked, Patient, Reach, said};
use crate::check::check_permission;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{PermissionCheck, Via};
use earmark_intercom::Error;
use earmark_model::{Check, Feature, Finding, Permission, PermissionState};

/// What credentials have to give.
pub(super) struct Credentials;

impl Credentials {
    /// The read permissions that are needed, with the features that need them; none for what every connection needs.
    pub(super) fn needed() -> impl Iterator<Item = (Permission, Vec<Feature>)> {
        Permission::ALL.iter().filter_map(|permission| {
            let features = Feature::ALL.iter().copied();
            let by: Vec<Feature> = features
                .filter(|feature| feature.needs().contains(permission))
                .collect();
            // `/me`, by which a token is proved, needs Read admins.
            let needed = !by.is_empty() || *permission == Permission::ReadAdmins;
            needed.then_some((*permission, by))
        })
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
        features: &[Feature],
    ) -> (Finding, Option<PermissionCheck>) {
        let line = Check::Permission(permission);
        let client = match reach.open() {
            Ok(client) => client,
            Err(blocked) => return (blocked.line(line), None),
        };
        let on: Vec<Feature> = features
            .iter()
            .copied()
            .filter(|feature| self.on_since(*feature).is_some())
            .collect();
        if on.is_empty() && !features.is_empty() {
            return (not_checked(line, only_while(features)), None);
        }
        let (check, _) = check_permission(client, permission).await;
        let note = || check.note.as_deref().unwrap_or("Intercom gave no reason");
        let finding = match check.state {
            PermissionState::Granted => {
                good(line, "A harmless request that needs it was accepted.")
            }
            PermissionState::Missing => bad(
                line,
                format!(
                    "Intercom refused a request: {} Without it {}.",
                    sentence(note()),
                    stops(&on)
                ),
                self.tick(permission),
            ),
            PermissionState::NotTested => not_checked(line, "Nothing harmless proves it."),
            PermissionState::Unknown => unknown(line, sentence(note())),
        };
        (finding, Some(check))
    }

    /// What actions showed of the permissions that nothing harmless proves.
    pub(super) async fn writing(&self) -> earmark_db::Result<Finding> {
        let tenant = self.doctor.store.db.workspace(self.workspace);
        let checks = tenant.permission_checks(self.row.id).await?;
        let (mut granted, mut missing) = (Vec::new(), None);
        for check in checks.iter().filter(|one| !one.permission.is_readable()) {
            match check.state {
                PermissionState::Granted => granted.push(check.permission.as_str()),
                PermissionState::Missing => missing = Some(check),
                PermissionState::NotTested | PermissionState::Unknown => {}
            }
        }
        Ok(match missing {
            Some(PermissionCheck {
                permission, note, ..
            }) => bad(
                Check::Writing,
                format!(
                    "Intercom refused an action that needs {permission}: {}",
                    sentence(note.as_deref().unwrap_or("it gave no reason"))
                ),
                format!(
                    "{} Then run the action once more: nothing else proves it.",
                    self.tick(*permission)
                ),
            ),
            None if granted.is_empty() => not_checked(
                Check::Writing,
                "Not tested until an action used them: Earmark writes nothing just to test it.",
            ),
            None => good(
                Check::Writing,
                format!(
                    "An action used {}, and Intercom accepted it.",
                    granted.join(" and ")
                ),
            ),
        })
    }

    /// Since when a feature is switched on, if it is.
    pub(super) fn on_since(&self, feature: Feature) -> Option<DateTime<Utc>> {
        match feature {
            Feature::Feedback => self.row.feedback_on_at,
            Feature::Contacts => self.row.contacts_on_at,
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

/// Why nothing is looked at that only features need which are off.
pub(super) fn only_while(features: &[Feature]) -> String {
    let names: Vec<&str> = features.iter().map(|feature| feature.as_str()).collect();
    format!("Needed only while {} is switched on.", names.join(" or "))
}

/// What stops without a permission.
fn stops(features: &[Feature]) -> String {
    let stops: Vec<&str> = features.iter().map(|feature| feature.stops()).collect();
    if stops.is_empty() {
        return "a token cannot be proved".to_owned();
    }
    stops.join(", and ")
}

/// A text that ends as a sentence does.
fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}
