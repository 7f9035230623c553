//! gRPC-Web (`PROTOCOL-WEB.md`): trailers in an envelope, and bodies in base64.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::envelope::{TRAILERS, seal};
use kiteline_core::base64;
use kiteline_core::error::{Code, Error, Origin};

/// Trailers in their envelope, names in lower case.
pub fn seal_trailers(trailers: &HeaderMap) -> Bytes {
    let mut text = Vec::new();
    for (name, value) in trailers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    seal(TRAILERS, &text)
}

/// The trailers of an envelope. Lines that are none are left out.
pub fn read_trailers(text: &[u8]) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let name = HeaderName::from_bytes(name.trim_ascii());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            trailers.append(name, value);
        }
    }
    trailers
}

/// Bytes as base64 with padding: pieces of a body may follow one another.
pub fn to_text(bytes: &[u8]) -> Bytes {
    let mut text = base64::encode(bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text.into()
}

/// Reads base64 in pieces, whose padding may stand anywhere between them.
#[derive(Debug, Default)]
pub struct FromText(BytesMut);

impl FromText {
    /// The bytes of a chunk, as far as whole groups of four have come.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidArgument`] for what is not base64.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Bytes, Error> {
        self.0.extend(chunk.iter().filter(|byte| !byte.is_ascii_whitespace()));
        let whole = self.0.len() / 4 * 4;
        let text = self.0.split_to(whole);
        let mut out = BytesMut::with_capacity(whole / 4 * 3);
        let mut rest = &text[..];
        while !rest.is_empty() {
            // Up to the end of the group that has padding.
            let end = rest.iter().position(|byte| *byte == b'=').map_or(rest.len(), |at| at / 4 * 4 + 4);
            let (piece, behind) = rest.split_at(end.min(rest.len()));
            let bytes = std::str::from_utf8(piece).ok().and_then(base64::decode);
            out.extend_from_slice(&bytes.ok_or_else(no_base64)?);
            rest = behind;
        }
        Ok(out.freeze())
    }

    /// Whether everything that came was given out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cold]
fn no_base64() -> Error {
    Error::new(Code::InvalidArgument, "a body that is no base64").with_origin(Origin::Decode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_come_back() {
        let mut trailers = HeaderMap::new();
        trailers.append("grpc-status", HeaderValue::from_static("0"));
        trailers.append("x", HeaderValue::from_static("1"));
        trailers.append("x", HeaderValue::from_static("a: b"));
        let sealed = seal_trailers(&trailers);
        assert_eq!(&sealed[..5], [0x80, 0, 0, 0, 31]);
        assert_eq!(read_trailers(&sealed[5..]), trailers);
        assert_eq!(read_trailers(b"Grpc-Status:5\r\nno line\r\n: x\r\n\xff: y\n").len(), 1);
    }

    #[test]
    fn base64_comes_in_any_pieces() {
        let text = [to_text(b"one"), to_text(b"four"), to_text(b""), to_text(b"eleven byte")].concat();
        for size in 1..=text.len() {
            let (mut reader, mut out) = (FromText::default(), Vec::new());
            text.chunks(size).for_each(|chunk| out.extend_from_slice(&reader.push(chunk).unwrap()));
            assert_eq!((&out[..], reader.is_empty()), (&b"onefoureleven byte"[..], true), "{size}");
        }
        for bad in [&b"!!!!"[..], b"ab=c", b"====", b"\xff\xff\xff\xff"] {
            assert_eq!(FromText::default().push(bad).unwrap_err().code(), Code::InvalidArgument);
        }
    }
}
