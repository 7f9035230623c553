//! Base64 (RFC 4648), as JSON has bytes: read in either alphabet, with padding or without, written in the first with it.

use runtime::metadata::base64;

/// The bytes of a text; `None` for what is none.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let standard = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    base64::decode(&standard).map(Into::into)
}

/// The text of bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    let text = base64::encode(bytes);
    let padded = text.len().next_multiple_of(4);
    format!("{text:=<padded$}")
}
