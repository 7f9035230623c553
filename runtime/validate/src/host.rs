//! Host names, and hosts with ports.

use crate::ip::{ip, ipv4, ipv6};

/// A label of a domain name: letters, digits and dashes, 63 at most, no dash at its ends (RFC 1034, section 3.5).
pub(crate) fn label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A host name of 253 characters at most, behind which a dot may be. Its last label is not all digits, so that it is not
/// an address.
pub fn hostname(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A host name or an IP address.
pub fn address(text: &str) -> bool {
    hostname(text) || ip(text)
}

/// A host name or an IP address and a port: `example.com:80`, `10.0.0.1:80`, `[::1]:80`.
pub fn host_and_port(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[') {
        return inner.rsplit_once("]:").is_some_and(|(host, number)| ipv6(host) && port(number));
    }
    text.split_once(':').is_some_and(|(host, number)| (hostname(host) || ipv4(host)) && port(number))
}

/// A port in decimal, without zeros in front.
pub(crate) fn port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
        && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_not_an_address() {
        let long = format!("{}a", "a.".repeat(126));
        for good in ["a", "a-b.c", "example.com.", "1.a", "A.B", &long, &format!("{long}.")] {
            assert!(hostname(good), "{good}");
        }
        let longer = format!("{}ab", "a.".repeat(126));
        for bad in ["", ".", "a..b", "-a", "a-", "1.2", "a.1", "a_b", "é", &longer, &"x".repeat(64)] {
            assert!(!hostname(bad), "{bad}");
        }
        assert!(address("::1") && address("10.0.0.1") && address("a.b") && !address("a b"));
    }

    #[test]
    fn a_port_belongs_to_a_host() {
        for good in ["a.b:80", "10.0.0.1:0", "[::1]:65535"] {
            assert!(host_and_port(good), "{good}");
        }
        for bad in ["a", "a:", ":80", "a:65536", "a:080", "::1:80", "[::1]", "[a]:80", "a:+1", "[::1]:"] {
            assert!(!host_and_port(bad), "{bad}");
        }
    }
}
