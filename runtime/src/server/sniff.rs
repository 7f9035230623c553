//! Which protocol a connection speaks, by its first bytes.

/// What the first bytes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// A length below 256 MiB: Thrift or Kitex-Protobuf, framed or behind a TTHeader.
    Framed,
    /// HTTP/2 with prior knowledge, as gRPC begins without TLS (RFC 9113, section 3.4).
    Http2,
    /// A request line of HTTP/1.
    Http1,
    /// A TLS handshake record.
    Tls,
    /// Thrift without frames, Binary or Compact.
    Buffered,
    /// Anything else.
    Unknown,
}

const PREFACE: &[u8] = b"PRI ";

/// Names the protocol; `None` until more bytes arrive.
pub(super) fn sniff(bytes: &[u8]) -> Option<Protocol> {
    let first = *bytes.first()?;
    let head = bytes.get(..PREFACE.len()).unwrap_or(bytes);
    Some(match first {
        0x00..=0x0f => Protocol::Framed,
        0x16 => Protocol::Tls,
        0x80 | 0x82 => Protocol::Buffered,
        _ if head == PREFACE => Protocol::Http2,
        _ if PREFACE.starts_with(head) => return None,
        b'A'..=b'Z' => Protocol::Http1,
        _ => Protocol::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_protocols_by_their_first_bytes() {
        assert_eq!(sniff(b""), None);
        assert_eq!(sniff(&[0]), Some(Protocol::Framed));
        assert_eq!(sniff(&[0x0f, 0xff]), Some(Protocol::Framed));
        assert_eq!(sniff(&[0x10]), Some(Protocol::Unknown));
        assert_eq!(sniff(&[0x16, 3, 1]), Some(Protocol::Tls));
        assert_eq!(sniff(&[0x80, 1]), Some(Protocol::Buffered));
        assert_eq!(sniff(&[0x82]), Some(Protocol::Buffered));
        assert_eq!(sniff(b"P"), None);
        assert_eq!(sniff(b"PRI"), None);
        assert_eq!(sniff(b"PRI * HTTP/2.0"), Some(Protocol::Http2));
        assert_eq!(sniff(b"PO"), Some(Protocol::Http1));
        assert_eq!(sniff(b"G"), Some(Protocol::Http1));
        assert_eq!(sniff(&[0xff]), Some(Protocol::Unknown));
    }
}
