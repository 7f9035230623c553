//! Messages: the header in front of a body, and how messages are wrapped and cut from the bytes of a connection.
//!
//! [`MessageReader`] splits received bytes into messages and says how each is wrapped; [`Outgoing`] wraps what is sent.
//! What is in a body is not known here.

mod binary_scanner;
pub mod buffer_pool;
mod compact_header;
mod compact_scanner;
mod frame;
mod header;
mod message_reader;
mod outgoing;
mod protocol;
pub mod receive;

pub use self::frame::{Frame, FrameError, FrameReader, Frames, MAX_FRAME};
pub use self::header::{Header, HeaderError, MAX_NAME, MessageType};
pub use self::message_reader::{Incoming, MessageReader, Wire};
pub use self::outgoing::Outgoing;
pub use self::protocol::Protocol;
