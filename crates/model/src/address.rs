//! Whose address a request came from.

use std::net::IpAddr;

/// The client's address: the socket's peer, unless that is a trusted proxy; then the last address in its
/// `X-Forwarded-For` that is no trusted proxy. Anybody else's header is not believed. `forwarded_for` has the header's
/// lines in their order: a proxy may add a line of its own to one that the client sent. An IPv4 address is the same one
/// whether or not it is written as IPv6.
#[must_use]
pub fn client_address<'a>(
    peer: IpAddr,
    forwarded_for: impl IntoIterator<Item = &'a str>,
    trusted: &[IpAddr],
) -> IpAddr {
    let trusts = |address| trusted.iter().any(|one| one.to_canonical() == address);
    let mut nearest = peer.to_canonical();
    if !trusts(nearest) {
        return nearest;
    }
    let lines: Vec<&str> = forwarded_for.into_iter().collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = address.to_canonical();
        if !trusts(nearest) {
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

    #[test]
    fn the_lines_of_a_header_make_one_list() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let lines = ["6.6.6.6", "1.2.3.4", "10.0.0.2"];
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        assert_eq!(client_address(proxies[0], lines, &proxies), ip("1.2.3.4"));
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_the_same() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [ip("10.0.0.1"), ip("::ffff:10.0.0.2")];
        let header = Some("1.2.3.4, ::ffff:10.0.0.1, 10.0.0.2");
        assert_eq!(
            client_address(ip("::ffff:10.0.0.1"), header, &proxies),
            ip("1.2.3.4")
        );
        assert_eq!(
            client_address(ip("::ffff:9.9.9.9"), None, &proxies),
            ip("9.9.9.9")
        );
    }
}
