//! The meaning of a TTHeader's pairs: metadata, deadline, business errors, values that come back
//! (`metainfo.go` of bytedance/gopkg; `transmeta` and `bizstatus.go` of Kitex).
//!
//! Both sides of a call go through the pairs once, where they stand: [`RequestInfo`] and [`ReplyInfo`] are what they read,
//! [`RequestInfoRef`] and [`ReplyInfoRef`] what they write.

mod digits;
mod read;
mod write;

use std::borrow::Cow;

use kiteline_core::base64;
use kiteline_core::metadata::Value;

pub use self::read::{ReplyInfo, RequestInfo};
pub use self::write::{Business, ReplyInfoRef, RequestInfoRef, Way, pairs};

/// The service's name in the IDL.
pub const SERVICE: &str = "isn";
/// `1` on an answer: the peer closes this connection, no other call should go there.
pub const CLOSING: &str = "crrst";

const TRANSIENT: &str = "RPC_TRANSIT_";
const PERSISTENT: &str = "RPC_PERSIST_";
/// What only the called service sees, between our own: all values of a name, as over HTTP.
const PLAIN: &str = "KITELINE_PLAIN_";
/// Kitex sends the pair of this name as the header's access token.
const TOKEN: &str = "gdpr-token";
const STATUS: &str = "biz-status";
const MESSAGE: &str = "biz-message";
const EXTRA: &str = "biz-extra";
/// How many of the last pairs before this one a handler sent behind its answer; not there for none. Ours: others see
/// one pair more.
const TRAILERS: &str = "kiteline-trailers";
/// A business error's reason and details: its exception, in base64. Ours.
const WHOLE: &str = "kiteline-error";
/// The longest of them that is sent: the header has to hold the rest, too.
const MOST_WHOLE: usize = 16 * 1024;
/// How the names of entries end that hold bytes.
const BYTES: &str = "-bin";

/// The value of a pair: text stands as it is, bytes (of names in `-bin`) as base64.
fn read_value(name: &str, text: &str) -> Value {
    let bytes = name.ends_with(BYTES).then(|| base64::decode(text)).flatten();
    bytes.map_or_else(|| text.into(), Value::Bytes)
}

/// The text of a value.
fn write_value(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => Cow::Borrowed(text),
        Value::Bytes(bytes) => Cow::Owned(base64::encode(bytes)),
    }
}

/// Names that mean something on an answer: no handler's pair may take them.
fn is_reserved(key: &str) -> bool {
    matches!(key, STATUS | MESSAGE | EXTRA | TRAILERS | WHOLE | CLOSING | SERVICE | "crc32c")
}
