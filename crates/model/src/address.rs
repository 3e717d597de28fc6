//! Whose address a request came from.

use std::net::IpAddr;

/// The client's address: the socket's peer, unless that is a trusted proxy; then the last address in its
/// `X-Forwarded-For` that is no trusted proxy. Anybody else's header is not believed.
#[must_use]
pub fn client_address(peer: IpAddr, forwarded_for: Option<&str>, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    let mut nearest = peer;
    for hop in forwarded_for.unwrap_or_default().rsplit(',') {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = address;
        if !trusted.contains(&address) {
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        let header = Some("6.6.6.6, 1.2.3.4, 10.0.0.2");
        assert_eq!(
            client_address(ip("9.9.9.9"), header, &proxies),
            ip("9.9.9.9")
        );
        assert_eq!(
            client_address(ip("10.0.0.1"), header, &proxies),
            ip("1.2.3.4")
        );
        assert_eq!(
            client_address(ip("10.0.0.1"), None, &proxies),
            ip("10.0.0.1")
        );
        assert_eq!(
            client_address(ip("10.0.0.1"), Some("nonsense"), &proxies),
            ip("10.0.0.1")
        );
    }
}
