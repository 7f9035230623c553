//! What a TTHeader's pairs mean: metadata, deadline, business errors, values that come back
//! (`metainfo.go` of bytedance/gopkg; `transmeta` and `bizstatus.go` of Kitex).
//!
//! Both sides of a call go through the pairs once, where they stand: [`Asked`] and [`Answered`] are what they read,
//! [`Asking`] and [`Answering`] what they write.

mod digits;
mod read;
mod write;

pub use self::read::{Answered, Asked};
pub use self::write::{Answering, Asking, Business, Way};

/// The service's name in the IDL.
pub const SERVICE: &str = "isn";
/// `1` on an answer: the peer closes this connection, no other call should go there.
pub const CLOSING: &str = "crrst";

const TRANSIENT: &str = "RPC_TRANSIT_";
const PERSISTENT: &str = "RPC_PERSIST_";
/// Kitex sends the pair of this name as the header's access token.
const TOKEN: &str = "gdpr-token";
const STATUS: &str = "biz-status";
const MESSAGE: &str = "biz-message";
const EXTRA: &str = "biz-extra";

/// Names that mean something on an answer: no handler's pair may take them.
fn is_reserved(key: &str) -> bool {
    matches!(key, STATUS | MESSAGE | EXTRA | CLOSING | SERVICE | "crc32c")
}
