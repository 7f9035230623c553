//! URIs and references to them, by the grammar of RFC 3986, appendix A.

use crate::ip::ipv6;

/// A URI: a scheme and what is behind it.
pub fn uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let (rest, fragment) = cut(rest, '#');
    let (hierarchy, query) = cut(rest, '?');
    is_scheme(scheme) && is_hierarchy(hierarchy) && tail(query) && tail(fragment)
}

/// A URI, or a reference that is relative to one: `//host/a`, `/a`, `a/b`, `?q`, nothing.
pub fn uri_reference(text: &str) -> bool {
    if uri(text) {
        return true;
    }
    let (rest, fragment) = cut(text, '#');
    let (hierarchy, query) = cut(rest, '?');
    // A colon in the first segment would make it a scheme.
    let first = hierarchy.split('/').next().unwrap_or_default();
    !first.contains(':') && is_hierarchy(hierarchy) && tail(query) && tail(fragment)
}

/// The text in front of a mark, and what is behind it if there is one.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(front, behind)| (front, Some(behind)))
}

/// A query or a fragment: characters of paths, and `/` and `?`.
fn tail(part: Option<&str>) -> bool {
    part.is_none_or(|part| encoded(part, b":@/?"))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_hierarchy(text: &str) -> bool {
    match text.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            is_authority(&rest[..end]) && encoded(&rest[end..], b":@/")
        }
        None => encoded(text, b":@/"),
    }
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.split_once('@').map_or((None, text), |(user, host)| (Some(user), host));
    if !user.is_none_or(|user| encoded(user, b":")) {
        return false;
    }
    let (host, port) = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((literal, "")) => (is_literal(literal), ""),
        Some((literal, port)) => match port.strip_prefix(':') {
            Some(port) => (is_literal(literal), port),
            None => return false,
        },
        None => {
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            (encoded(name, b"") && is_text(name), port)
        }
    };
    host && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is escaped in the name of a host is UTF-8.
fn is_text(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut offset = 0;
    while let Some(&byte) = bytes.get(offset) {
        let escaped = (byte == b'%').then(|| name.get(offset + 1..offset + 3)).flatten();
        let escaped = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(byte));
        offset += if escaped.is_some() { 3 } else { 1 };
    }
    std::str::from_utf8(&out).is_ok()
}

/// What is in brackets: an IPv6 address, with a zone behind `%25` (RFC 6874), or an address of the future.
fn is_literal(text: &str) -> bool {
    if let Some(future) = text.strip_prefix(['v', 'V']) {
        return future.split_once('.').is_some_and(|(version, address)| {
            let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
            digits && !address.is_empty() && !address.contains('%') && encoded(address, b":")
        });
    }
    match text.split_once("%25") {
        Some((address, zone)) => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
            ipv6(address) && !zone.is_empty() && zone.bytes().all(plain) && encoded(zone, b"") && is_text(zone)
        }
        None => !text.contains('%') && ipv6(text),
    }
}

/// Whether a part holds unreserved characters, sub-delimiters, escapes and what else is named alone.
fn encoded(text: &str, more: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let mut offset = 0;
    while let Some(&byte) = bytes.get(offset) {
        if byte == b'%' {
            let digits = bytes.get(offset + 1..offset + 3);
            if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                return false;
            }
            offset += 3;
            continue;
        }
        if !byte.is_ascii_alphanumeric() && !b"-._~!$&'()*+,;=".contains(&byte) && !more.contains(&byte) {
            return false;
        }
        offset += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_follow_their_grammar() {
        let good = [
            "https://example.com/a?b=c#d",
            "urn:a:b",
            "a:",
            "http://[::1]:80/",
            "http://u:p@h:/",
            "x://",
            "a:/b//c",
            "http://[fe80::1%25eth0]/",
            "http://[v1.x]/",
            "a:%20",
            "http://h:65536",
            "foo://a?b?c/#d?e/",
        ];
        for text in good {
            assert!(uri(text) && uri_reference(text), "{text}");
        }
        for bad in ["", "a", "/a", "1a:b", "http://a b", "a:%2", "a:%zz", "http://[::1", "http://h:x", "a:#b#c", "é:a"]
        {
            assert!(!uri(bad), "{bad}");
        }
    }

    #[test]
    fn references_may_be_relative() {
        for good in ["", "/a", "a/b:c", "./a:b", "//h/p", "?q", "#f"] {
            assert!(uri_reference(good), "{good}");
        }
        for bad in ["1a:b", ":", "a b", "%", "//h:x"] {
            assert!(!uri_reference(bad), "{bad}");
        }
    }
}
