//! Where webhooks go, and what else Intercom asks or says of an app.

/// The webhook address of the installation's OAuth app.
pub const INSTALLATION_HOOK_PATH: &str = "/hooks/intercom";

/// The path of webhook addresses, as a route's pattern; the token at its end names a connection or a workspace's own app.
pub const HOOK_PATH: &str = "/hooks/intercom/{endpoint_token}";

/// Added to an app's webhook address: where Intercom says that the app was uninstalled.
pub const UNINSTALL_SUFFIX: &str = "/uninstall";

/// Added to an app's webhook address: where Intercom asks how an installation is.
pub const HEALTH_SUFFIX: &str = "/health";

/// The path of the webhook address with this token.
#[must_use]
pub fn hook_path(endpoint_token: &str) -> String {
    HOOK_PATH.replace("{endpoint_token}", endpoint_token)
}
