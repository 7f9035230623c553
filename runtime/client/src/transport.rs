//! The transports of a channel: how its requests are encoded and wrapped, and their headers.

use std::borrow::Cow;

use tokio::time::Instant;

use kiteline_core::error::{Error, Origin};
use kiteline_core::service::{Call, Idl, Kind};
use kiteline_thrift::metainfo::{RequestInfoRef, Way};
use kiteline_thrift::ttheader::{self, Fixed, flags};
use kiteline_thrift::{self as thrift, Wire};

/// How a channel wraps its requests. Answers are read on any transport. A proto service is called
/// over gRPC unless its channel names one of these; then in Kitex-Protobuf, as Kitex's clients do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// Behind a TTHeader and a frame's length, with metadata, deadline and the service's name, as
    /// Kitex's `WithTransportProtocol(transport.TTHeader)` sends it. The default.
    #[default]
    TtheaderFramed,
    /// Behind a frame's length: every Thrift implementation takes it. No metadata.
    Framed,
    /// Bare, as Apache's `TBufferedTransport` and Kitex's `PurePayload` send it. No metadata, and
    /// no proto service: its messages do not say where they end.
    Buffered,
    /// As [`Transport::TtheaderFramed`], many calls at once on a few connections: Kitex's
    /// multiplexing. Servers that answer in order only are slower with it than without.
    Multiplexed,
}

/// How a Thrift channel writes its requests. Answers are read in either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// Strict Binary: every Thrift implementation has it. The default.
    #[default]
    Binary,
    /// Compact: fewer bytes, more work. Kitex does not read it.
    Compact,
}

/// The builder's settings about requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    /// `None`: gRPC for proto, the default for Thrift.
    pub(super) transport: Option<Transport>,
    pub(super) protocol: Protocol,
    /// Whether a method's name has its service's in front.
    pub(super) service_names: bool,
}

impl Style {
    /// The protocol of a call's messages.
    ///
    /// # Errors
    ///
    /// When there is none for its IDL on this transport.
    pub(super) fn protocol(&self, call: &Call) -> Result<thrift::Protocol, Error> {
        match (call.method.idl, self.protocol) {
            (Idl::Thrift, Protocol::Binary) => Ok(thrift::Protocol::Binary),
            (Idl::Thrift, Protocol::Compact) => Ok(thrift::Protocol::Compact),
            #[cfg(feature = "grpc")]
            (Idl::Proto, _) if self.transport != Some(Transport::Buffered) => Ok(thrift::Protocol::KitexProtobuf),
            (Idl::Proto, _) => {
                let text = format!("{} is a method of a proto service, which needs frames", call.method.path);
                Err(Error::invalid(text).with_origin(Origin::Encode))
            }
        }
    }

    /// The method's name on the wire.
    pub(super) fn name(&self, call: &Call) -> Cow<'static, str> {
        let method = call.method;
        match self.service_names {
            true => format!("{}:{}", method.service, method.name).into(),
            false => method.name.into(),
        }
    }
}

impl Transport {
    pub(super) fn wire(self) -> Wire {
        match self {
            Self::TtheaderFramed | Self::Multiplexed => Wire::TtHeaderFramed,
            Self::Framed => Wire::Framed,
            Self::Buffered => Wire::Buffered,
        }
    }

    /// What the header of a request says, which began at `start`, to a service that the registry calls `to`;
    /// `ours` where the registry says that this runtime serves it.
    pub(super) fn request_info<'a>(
        self,
        protocol: thrift::Protocol,
        (call, start): (&'a Call, Instant),
        seq: i32,
        (to, ours): (&'a str, bool),
    ) -> RequestInfoRef<'a> {
        let mut info = RequestInfoRef::default();
        if !self.wire().has_header() {
            return info;
        }
        let shared = self == Self::Multiplexed;
        let protocol = if protocol == thrift::Protocol::Compact { ttheader::COMPACT } else { 0 };
        info.fixed = Fixed { flags: if shared { flags::OUT_OF_ORDER } else { 0 }, seq, protocol };
        // On shared connections the shortest header: the rest is in the message, or for people only.
        info.way = (!shared).then(|| way(call, to));
        info.service = call.method.service;
        info.log_id = call.cx.log_id();
        if let Some(deadline) = call.cx.deadline() {
            info.set_timeout(deadline.saturating_duration_since(start.into_std()));
        }
        if let Some(metadata) = call.cx.metadata() {
            info.add_metadata(metadata, ours);
        }
        info
    }
}

fn way<'a>(call: &'a Call, to: &'a str) -> Way<'a> {
    let kind = if call.method.kind == Kind::Oneway { "4" } else { "1" };
    let from = call.cx.caller().map(|caller| (caller.service, caller.name));
    Way { to, method: call.method.name, kind, from }
}
