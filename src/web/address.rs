//! Where a request comes from.

use crate::{app::App, config::Network};
use actix_web::HttpRequest;
use std::net::{IpAddr, Ipv6Addr};

/// The address of whoever asks. A proxy is believed only where the settings name it (`TENANTRY_TRUSTED_PROXIES`); what
/// anybody else says about other addresses is not looked at.
pub fn of(request: &HttpRequest, app: &App) -> String {
    let Some(peer) = request.peer_addr() else { return String::new() };
    let said: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    shown(nearest_stranger(peer.ip(), &said, &app.settings.trusted_proxies))
}

/// The last address on the way here that is no proxy of ours: each proxy adds the one that it was asked by at the end.
fn nearest_stranger(peer: IpAddr, said: &[&str], trusted: &[Network]) -> IpAddr {
    let is_ours = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
    let mut nearest = peer;
    for text in said.iter().rev() {
        if !is_ours(nearest) {
            break;
        }
        let Ok(address) = text.parse() else { break };
        nearest = address;
    }
    nearest.to_canonical()
}

/// One line of a house has a whole /64 of IPv6: it counts as one address.
fn shown(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(peer: &str, said: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        shown(nearest_stranger(peer.parse().unwrap(), said, &trusted))
    }

    #[test]
    fn only_proxies_that_the_settings_name_are_believed() {
        assert_eq!(nearest("203.0.113.7", &["198.51.100.1"], &[]), "203.0.113.7");
        assert_eq!(nearest("203.0.113.7", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.7");
        assert_eq!(nearest("10.0.0.2", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        // What the client itself wrote stands before what our proxy added.
        assert_eq!(nearest("10.0.0.2", &["1.2.3.4", "198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(nearest("10.0.0.2", &["198.51.100.1", "10.0.0.9"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(nearest("10.0.0.2", &["nonsense"], &["10.0.0.2"]), "10.0.0.2");
        assert_eq!(nearest("10.0.0.2", &[], &["10.0.0.2"]), "10.0.0.2");
        assert_eq!(nearest("::ffff:10.0.0.2", &[], &[]), "10.0.0.2");
    }

    #[test]
    fn addresses_of_one_line_count_as_one() {
        assert_eq!(nearest("2001:db8:1:2:aaaa::1", &[], &[]), "2001:db8:1:2::/64");
        assert_eq!(nearest("2001:db8:1:2:bbbb::2", &[], &[]), "2001:db8:1:2::/64");
    }
}
