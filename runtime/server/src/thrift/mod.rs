//! The driver of Thrift: reads batches of calls from a connection and answers them in order, each on the transport of its
//! request. A TTHeader may allow an answer out of order ([`out_of_order`]).
//!
//! One task per connection, which runs [`connection_loop`]: the [`reader`] gives whole messages, [`request`] makes each a
//! call, the [`writer`] holds the answers until they are written. A handler that is ready at once costs no timer and no
//! wake-up, and all answers of a batch leave in one write. The peer's end of stream means that it has gone, also while a
//! handler is pending: its future is dropped.

mod connection_loop;
mod out_of_order;
mod reader;
mod reply;
mod request;
mod writer;

use std::io;

use self::connection_loop::serve;
use super::driver::{Claim, Connection, Serving};
use kiteline_core::router::Router;
use kiteline_core::service::Idl;

/// The first bytes of messages without frames.
const BINARY: u8 = 0x80;
const COMPACT: u8 = 0x82;

/// The end of a connection. Nobody is told why: it just closes.
struct Close;

impl From<io::Error> for Close {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// The driver of Thrift and Kitex-Protobuf on all of their transports.
pub(super) struct Thrift {
    /// Whether messages without frames are served: they hold calls of Thrift alone.
    buffered: bool,
}

impl Thrift {
    /// For these services.
    pub(super) fn new(router: &Router) -> Self {
        Self { buffered: router.serves(Idl::Thrift) }
    }
}

impl super::Driver for Thrift {
    fn claim(&self, first: &[u8]) -> Claim {
        match first {
            // A length below 256 MiB. Frames hold calls of both languages.
            [0x00..=0x0f, ..] => Claim::Yes,
            [BINARY | COMPACT, ..] if self.buffered => Claim::Yes,
            _ => Claim::No,
        }
    }

    fn serve(&self, connection: Connection) -> Serving {
        Box::pin(serve(connection))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Driver as _;
    use super::*;

    #[test]
    fn lengths_and_versions_are_claimed() {
        for buffered in [true, false] {
            let driver = Thrift { buffered };
            let bare = if buffered { Claim::Yes } else { Claim::No };
            let table: [(&[u8], Claim); 7] = [
                (&[0], Claim::Yes),
                (&[0x0f, 0xff], Claim::Yes),
                (&[0x10], Claim::No),
                (&[0x16, 3, 1], Claim::No),
                (&[0x80, 1], bare),
                (&[0x82], bare),
                (b"PRI ", Claim::No),
            ];
            for (first, claim) in table {
                assert_eq!(driver.claim(first), claim, "{first:?}");
            }
        }
    }
}
