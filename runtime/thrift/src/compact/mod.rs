//! The Compact protocol, transcoded from and to Binary at the edge of a frame: nothing behind it knows of Compact.
//!
//! Owns every byte of a body in `thrift-compact-protocol.md` of Apache Thrift. It makes no values and checks no UTF-8: the
//! decoder of Binary does, from the transcoded body. `walk` is the one grammar; `read` drives it over a whole body, the
//! scanner of bare messages over bytes that arrive.

pub(crate) mod cursor;
mod kind;
mod read;
pub(crate) mod walk;
mod write;

#[cfg(test)]
mod tests;

pub use read::to_binary;
pub use write::from_binary;
