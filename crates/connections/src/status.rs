//! A connection's status, moved by what calls to Intercom show.

use crate::clients::{holds, with_request};
use crate::store::Store;
use earmark_db::tenant::{Connection, PermissionCheck, Via};
use earmark_db::{Tenant, Tx};
use earmark_intercom::Error;
use earmark_model::{
    ConnectionId, Feature, Method, Permission, PermissionState, SecretId, StatusEvent, WorkspaceId,
};
use std::collections::BTreeSet;

/// Intercom's code for a workspace whose plan has no API. No permission of the app changes it.
const PLAN_RESTRICTED: &str = "api_plan_restricted";

/// What stops while Intercom refuses the credentials.
const STOPS: &str = "Webhooks still arrive, but threads, names and tags cannot be fetched.";

impl Store {
    /// Writes down what a failed call with the token `secret` says about the credentials, as long as it is the stored
    /// one: a refused token has to be replaced; a missing permission, which the caller names when the call needed one,
    /// degrades what cannot do without it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn note_failure(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        secret: SecretId,
        needed: Option<Permission>,
        error: &Error,
    ) -> earmark_db::Result<()> {
        tracing::warn!(%workspace, %connection, error = with_request(error), "a call to Intercom failed");
        match error {
            Error::Reconnect { code, .. } => {
                let code = code.as_deref().unwrap_or("unauthorized");
                let why = |row: &Connection| refused(row, code);
                return self.refuse(workspace, connection, secret, why).await;
            }
            Error::PermissionMissing { .. } => {}
            _ => return Ok(()),
        }
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        if !holds(&tenant, connection, secret).await? {
            return Ok(());
        }
        match (plan_words(error), needed) {
            (Some(words), _) => tenant.note_plan(connection, Some(&words)).await?,
            (None, Some(permission)) => miss(&tenant, connection, permission, error).await?,
            (None, None) => return Ok(()),
        }
        settle(&tenant, connection).await?;
        tx.commit().await
    }

    /// Writes down that Intercom answered calls with the token `secret` that needed the permissions `used`, and which calls
    /// beside them it `refused` for want of another. Writes nothing while the connection is well and nothing was refused.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn note_success(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        secret: SecretId,
        used: &[Permission],
        refused: &[(Permission, Error)],
    ) -> earmark_db::Result<()> {
        let known = self.db.workspace(workspace).connection(connection).await?;
        if refused.is_empty() && known.is_none_or(|row| row.status.is_well()) {
            return Ok(());
        }
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        if !holds(&tenant, connection, secret).await? {
            return Ok(());
        }
        for check in tenant.permission_checks(connection).await? {
            if check.state == PermissionState::Missing && used.contains(&check.permission) {
                let granted = PermissionCheck {
                    state: PermissionState::Granted,
                    note: None,
                    ..check
                };
                tenant.put_permission_check(connection, &granted).await?;
            }
        }
        let mut plan = None;
        for (permission, error) in refused {
            match plan_words(error) {
                Some(words) => plan = Some(words),
                None => miss(&tenant, connection, *permission, error).await?,
            }
        }
        tenant.note_plan(connection, plan.as_deref()).await?;
        settle(&tenant, connection).await?;
        tx.commit().await
    }

    /// Marks a connection's credentials refused, unless the token was replaced or the connection disconnected meanwhile.
    pub(crate) async fn refuse(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        secret: SecretId,
        why: impl FnOnce(&Connection) -> String,
    ) -> earmark_db::Result<()> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        if holds(&tenant, connection, secret).await? {
            let row = tenant.connection(connection).await?;
            let row = row.ok_or(earmark_db::Error::Missing)?;
            let status = row.status.after(StatusEvent::Refused);
            let why = why(&row);
            tenant
                .move_connection(connection, status, Some(&why))
                .await?;
        }
        tx.commit().await
    }
}

/// Writes down that a permission is missing.
async fn miss(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    permission: Permission,
    error: &Error,
) -> earmark_db::Result<()> {
    let Error::PermissionMissing { message, .. } = error else {
        return Ok(());
    };
    let missing = PermissionCheck {
        permission,
        state: PermissionState::Missing,
        note: message.clone(),
        took_ms: None,
    };
    tenant.put_permission_check(connection, &missing).await
}

/// What Intercom says of its workspace's plan, when that is why it does not answer.
pub(crate) fn plan_words(error: &Error) -> Option<String> {
    let Error::PermissionMissing { code, message, .. } = error else {
        return None;
    };
    let code = code.as_deref().filter(|code| *code == PLAN_RESTRICTED)?;
    Some(message.clone().unwrap_or_else(|| code.to_owned()))
}

/// Moves a connection whose credentials are accepted to connected or degraded, by what it does and what it may.
pub(crate) async fn settle(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
) -> earmark_db::Result<()> {
    let row = tenant.connection(connection).await?;
    let row = row.ok_or(earmark_db::Error::Missing)?;
    let checks = tenant.permission_checks(connection).await?;
    let (event, note) = match lack(&row, &checks) {
        Some(note) => (StatusEvent::Lacking, Some(note)),
        None => (StatusEvent::Accepted, None),
    };
    let status = row.status.after(event);
    if (status, &note) == (row.status, &row.status_note) {
        return Ok(());
    }
    tenant
        .move_connection(connection, status, note.as_deref())
        .await
}

/// What a connection that is accepted lacks for what it does, what that stops, and the cure.
fn lack(connection: &Connection, checks: &[PermissionCheck]) -> Option<String> {
    if let Some(plan) = &connection.plan_note {
        return Some(format!(
            "Intercom does not answer because of its workspace's plan: {}. Threads, names and tags cannot be fetched \
             until the plan of {} has access to the API.",
            plan.trim_end_matches('.'),
            connection.app_name
        ));
    }
    let is_missing = |permission: &Permission| {
        let mut missing = checks
            .iter()
            .filter(|check| check.state == PermissionState::Missing);
        missing.any(|check| check.permission == *permission)
    };
    let (mut names, mut stops) = (BTreeSet::<Permission>::new(), Vec::new());
    for feature in connection.features() {
        let missing: Vec<&Permission> = feature
            .needs()
            .iter()
            .filter(|one| is_missing(one))
            .collect();
        if !missing.is_empty() {
            names.extend(missing.into_iter().copied());
            stops.push(Feature::stops(feature));
        }
    }
    if names.is_empty() {
        return None;
    }
    let (permission, is, it) = match names.len() {
        1 => ("permission", "is", "it"),
        _ => ("permissions", "are", "them"),
    };
    let names: Vec<&str> = names.iter().map(|one| one.as_str()).collect();
    Some(format!(
        "The {permission} {} {is} missing: {}. {}, then check again.",
        names.join(" and "),
        stops.join("; "),
        cure(&connection.via, it)
    ))
}

/// How a permission is given, which takes someone who may change the app.
fn cure(via: &Via, it: &str) -> String {
    match via {
        Via::Token => {
            format!("Tick {it} under Authentication in your app in the Developer Hub")
        }
        Via::OwnApp { .. } => format!(
            "Tick {it} under Authentication in your OAuth app in the Developer Hub and reconnect"
        ),
        Via::Installation { .. } => format!(
            "Whoever runs this installation ticks {it} in its OAuth app; reconnect after that"
        ),
    }
}

fn refused(connection: &Connection, code: &str) -> String {
    match connection.via.method() {
        Method::AccessToken => {
            format!("Intercom refuses the access token ({code}). {STOPS} Paste a new one to go on.")
        }
        Method::OAuth => {
            format!("Intercom refuses the authorization ({code}). {STOPS} Reconnect to go on.")
        }
    }
}

/// Why a token that works is refused by us: it belongs to another Intercom workspace.
pub(crate) fn belongs_elsewhere(connection: &Connection, other: &str) -> String {
    let ours = &connection.app_name;
    match connection.via.method() {
        Method::AccessToken => format!(
            "The access token now belongs to another Intercom workspace, {other}. {STOPS} Paste one of {ours} to go on."
        ),
        Method::OAuth => format!(
            "The authorization now belongs to another Intercom workspace, {other}. {STOPS} Reconnect {ours} to go on."
        ),
    }
}
