//! Explains etcd's refusals, and what to change.

use crate::registration::{Reason, Refused};

/// etcd's default for `--max-request-bytes`.
pub(super) const LARGEST: usize = 1_572_864;

/// Reads etcd's own text (`rpctypes/error.go`); `prefixes` are where the keys stand.
pub(super) fn read(text: &str, prefixes: &[String]) -> Refused {
    let is = |part: &str| text.contains(part);
    let (reason, advice) = if is("permission denied") {
        let places = prefixes.join(" and ");
        (
            Reason::Permission,
            format!(
                "grant its etcd user readwrite on the prefix {places} (etcdctl role grant-permission --prefix=true)"
            ),
        )
    } else if is("authentication failed")
        || is("user name is empty")
        || is("user name not found")
        || is("invalid auth token")
    {
        (
            Reason::Credentials,
            "set the user in the URL (etcd://user@host:2379) and its password in KITELINE_ETCD_PASSWORD".to_owned(),
        )
    } else if text.starts_with("TLS: ") {
        (
            Reason::Untrusted,
            "set ca, cert, key and server_name in the URL to what this etcd shows and asks for".to_owned(),
        )
    } else if is("too large") || is("larger than max") {
        (Reason::TooLarge, "shorten the instance's metadata, or raise etcd's --max-request-bytes".to_owned())
    } else if is("too many operations") {
        (Reason::TooLarge, "register fewer services in one process, or raise etcd's --max-txn-ops to 128".to_owned())
    } else if is("space exceeded") {
        (Reason::NoSpace, "compact and defragment etcd, then disarm its alarm (etcdctl alarm disarm)".to_owned())
    } else {
        return Refused { reason: Reason::Other, text: text.to_owned() };
    };
    Refused { reason, text: format!("{text}: {advice}") }
}

/// The text about an entry that no etcd with default settings takes; [`read`] knows it.
pub(super) fn too_large(key: &str, size: usize) -> String {
    format!("the entry {key} is too large: {size} bytes, and etcd takes {LARGEST} by default")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_change() {
        for (text, reason, part) in [
            ("etcdserver: permission denied", Reason::Permission, "readwrite on the prefix a/ and b/"),
            (
                "etcdserver: authentication failed, invalid user ID or password",
                Reason::Credentials,
                "KITELINE_ETCD_PASSWORD",
            ),
            ("etcdserver: user name is empty", Reason::Credentials, "etcd://user@host"),
            ("etcdserver: request is too large", Reason::TooLarge, "metadata"),
            ("grpc: received message larger than max (9 vs. 8)", Reason::TooLarge, "metadata"),
            ("etcdserver: mvcc: database space exceeded", Reason::NoSpace, "alarm disarm"),
            ("etcdserver: something new", Reason::Other, "something new"),
        ] {
            let refused = read(text, &["a/".to_owned(), "b/".to_owned()]);
            assert_eq!(refused.reason, reason);
            assert!(refused.to_string().starts_with(text) && refused.text.contains(part), "{refused}");
        }
    }
}
