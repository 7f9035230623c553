//! Compact, transcoded from and to Binary at the edge of a frame: nothing behind it knows of it.
//!
//! Owns every byte of `thrift-compact-protocol.md` in Apache Thrift. It makes no values and checks
//! no UTF-8 but the method's name: the decoder of Binary does, from the transcoded body. `walk` is
//! the one grammar; `read` and `scanner` drive it, over a whole body and over bytes that arrive.

mod cursor;
pub(super) mod header;
mod kind;
mod read;
pub(super) mod scanner;
mod walk;
mod write;

#[cfg(test)]
mod tests;

pub use read::to_binary;
pub use write::from_binary;
