//! Where an endpoint's webhooks go.

/// The path of webhook addresses, as a route's pattern; the token at its end names a connection.
pub const HOOK_PATH: &str = "/hooks/intercom/{endpoint_token}";

/// The path of one connection's webhook address.
#[must_use]
pub fn hook_path(endpoint_token: &str) -> String {
    HOOK_PATH.replace("{endpoint_token}", endpoint_token)
}
