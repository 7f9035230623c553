//! How requests of a Thrift channel are wrapped, and what their headers say.

use crate::service::{Call, Kind};
use crate::thrift::ttheader::{flags, int_keys};
use crate::thrift::{TtHeader, Wire, metainfo};

/// How a Thrift channel wraps its requests. Answers are read on any transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// Behind a TTHeader and a frame's length, with metadata, deadline and the service's name, as
    /// Kitex's `WithTransportProtocol(transport.TTHeader)` sends it. The default.
    #[default]
    TtheaderFramed,
    /// Behind a frame's length: every Thrift implementation takes it. No metadata.
    Framed,
    /// Bare, as Apache's `TBufferedTransport` and Kitex's `PurePayload` send it. No metadata.
    Buffered,
    /// As [`Transport::TtheaderFramed`], many calls at once on a few connections: Kitex's
    /// multiplexing. Servers that answer in order only are slower with it than without.
    Multiplexed,
}

impl Transport {
    pub(super) fn wire(self) -> Wire {
        match self {
            Self::TtheaderFramed | Self::Multiplexed => Wire::TtHeaderFramed,
            Self::Framed => Wire::Framed,
            Self::Buffered => Wire::Buffered,
        }
    }

    /// The header of a request to a service that the registry calls `to`.
    pub(super) fn header<'a>(self, call: &'a Call, seq: i32, to: &'a str) -> TtHeader<'a> {
        let mut header = TtHeader { seq, ..TtHeader::default() };
        if !self.wire().has_header() {
            return header;
        }
        if self == Self::Multiplexed {
            // The shortest header: the rest is in the message, or for people only.
            header.flags = flags::OUT_OF_ORDER;
        } else {
            describe(&mut header, call, to);
        }
        if let Some(left) = call.cx.remaining() {
            metainfo::set_timeout(left, &mut header);
        }
        header.set_string(metainfo::SERVICE, call.method.service);
        if let Some(metadata) = call.cx.metadata() {
            metainfo::set_metadata(metadata, &mut header);
        }
        header
    }
}

/// Says what the message and the connection say too, for proxies and people.
fn describe<'a>(header: &mut TtHeader<'a>, call: &'a Call, to: &'a str) {
    header.ints.reserve(7);
    header.set_int(int_keys::PAYLOAD, "framed");
    header.set_int(int_keys::TO_SERVICE, to);
    header.set_int(int_keys::TO_METHOD, call.method.name);
    header.set_int(int_keys::MESSAGE_TYPE, if call.method.kind == Kind::Oneway { "4" } else { "1" });
    if let Some(caller) = call.cx.caller {
        header.set_int(int_keys::FROM_SERVICE, caller.service);
        header.set_int(int_keys::FROM_METHOD, caller.name);
    }
}
