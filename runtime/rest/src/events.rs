//! Streams of answers in one response: server-sent events (the WHATWG's HTML standard, section 9.2), or a line of JSON each.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::ACCEPT;

/// How the messages of a stream are set apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// `text/event-stream`.
    #[default]
    Events,
    /// `application/x-ndjson`.
    Lines,
}

/// What a caller takes: lines where its `accept` names them, else events.
pub fn framing(headers: &HeaderMap) -> Framing {
    let wanted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let wants_lines = wanted.flat_map(|value| value.split(',')).any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        ["application/x-ndjson", "application/ndjson", "application/jsonl"].contains(&kind.as_str())
    });
    if wants_lines { Framing::Lines } else { Framing::Events }
}

impl Framing {
    /// The content type of the response.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "application/x-ndjson",
        }
    }

    /// A message in JSON without line breaks, as our writer makes it.
    pub fn message(self, json: &[u8]) -> Bytes {
        match self {
            Self::Events => wrapped(b"data: ", json, b"\n\n"),
            Self::Lines => wrapped(b"", json, b"\n"),
        }
    }

    /// The error that ends a stream; `json` is its body.
    pub fn failure(self, json: &[u8]) -> Bytes {
        match self {
            Self::Events => wrapped(b"event: error\ndata: ", json, b"\n\n"),
            Self::Lines => wrapped(b"{\"error\":", json, b"}\n"),
        }
    }
}

fn wrapped(before: &[u8], json: &[u8], behind: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(before.len() + json.len() + behind.len());
    out.extend_from_slice(before);
    out.extend_from_slice(json);
    out.extend_from_slice(behind);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_for_those_who_say_so() {
        let of = |accept: &str| framing(&HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]));
        for events in ["*/*", "text/event-stream", "application/json", "é"] {
            assert_eq!(of(events), Framing::Events, "{events}");
        }
        assert_eq!(of("text/html, application/x-NDJSON;q=0.9"), Framing::Lines);
        assert_eq!(framing(&HeaderMap::new()), Framing::Events);
    }

    #[test]
    fn messages_and_the_error_at_the_end_are_set_apart() {
        assert_eq!(&Framing::Events.message(b"{}")[..], b"data: {}\n\n");
        assert_eq!(&Framing::Events.failure(b"{}")[..], b"event: error\ndata: {}\n\n");
        assert_eq!(&Framing::Lines.message(b"{}")[..], b"{}\n");
        assert_eq!(&Framing::Lines.failure(b"{}")[..], b"{\"error\":{}}\n");
    }
}
