//! IP addresses and prefixes (RFC 4291, RFC 4632).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv4 address with dots: four numbers without zeros in front.
pub fn ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// An IPv6 address, which may have a zone (`fe80::1%eth0`).
pub fn ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    zone.is_none_or(|zone| !zone.is_empty() && !zone.contains('\0')) && address.parse::<Ipv6Addr>().is_ok()
}

/// An IP address.
pub fn ip(text: &str) -> bool {
    ipv4(text) || ipv6(text)
}

/// The bytes of an address: 4 or 16.
pub fn ip_bytes(bytes: &[u8]) -> bool {
    matches!(bytes.len(), 4 | 16)
}

/// An address with the length of a prefix: `10.0.0.1/8`, `2001:db8::1/32`.
pub fn ip_prefix(text: &str) -> bool {
    prefix(text).is_some()
}

/// The same of IPv4.
pub fn ipv4_prefix(text: &str) -> bool {
    prefix(text).is_some_and(|(address, _)| address.is_ipv4())
}

/// The same of IPv6.
pub fn ipv6_prefix(text: &str) -> bool {
    prefix(text).is_some_and(|(address, _)| address.is_ipv6())
}

/// A network: an address with the length of its prefix, behind which all bits are 0.
pub fn ip_network(text: &str) -> bool {
    prefix(text).is_some_and(network)
}

/// The same of IPv4.
pub fn ipv4_network(text: &str) -> bool {
    prefix(text).is_some_and(|it| it.0.is_ipv4() && network(it))
}

/// The same of IPv6.
pub fn ipv6_network(text: &str) -> bool {
    prefix(text).is_some_and(|it| it.0.is_ipv6() && network(it))
}

fn prefix(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let digits = length.bytes().all(|byte| byte.is_ascii_digit()) && (length.len() == 1 || !length.starts_with('0'));
    let length: u32 = length.parse().ok().filter(|_| digits)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    (length <= most).then_some((address, length))
}

fn network((address, length): (IpAddr, u32)) -> bool {
    match address {
        IpAddr::V4(address) => address.to_bits().checked_shl(length).unwrap_or(0) == 0,
        IpAddr::V6(address) => address.to_bits().checked_shl(length).unwrap_or(0) == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        assert!(ipv4("127.0.0.1") && !ipv4("127.0.0.01") && !ipv4("256.0.0.1") && !ipv4("1.2.3") && !ipv4("::1"));
        for good in ["::", "::1", "2001:db8::ff00:42:8329", "::ffff:10.0.0.1", "fe80::1%eth0"] {
            assert!(ipv6(good) && ip(good), "{good}");
        }
        for bad in ["", ":", ":::", "1::2::3", "12345::", "fe80::1%", "g::", "[::1]", "::1/64"] {
            assert!(!ipv6(bad) && !ip(bad), "{bad}");
        }
        assert!(ip_bytes(&[0; 4]) && ip_bytes(&[0; 16]) && !ip_bytes(&[0; 5]));
    }

    #[test]
    fn a_network_has_nothing_behind_its_prefix() {
        assert!(ip_prefix("10.1.2.3/8") && !ip_network("10.1.2.3/8") && ip_network("10.0.0.0/8"));
        assert!(ipv4_network("0.0.0.0/0") && ipv4_network("1.2.3.4/32") && !ipv6_network("1.2.3.4/32"));
        assert!(ipv6_network("2001:db8::/32") && ipv6_prefix("2001:db8::1/32") && !ipv4_prefix("::/0"));
        for bad in ["10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "::/129", "fe80::1%a/64", "10.0.0.0/+8"] {
            assert!(!ip_prefix(bad), "{bad}");
        }
    }
}
