//! The protocols that a message can be in.

use kiteline_core::service::Idl;

/// The protocol of a message; an answer has that of its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// Strict Binary.
    #[default]
    Binary,
    /// Compact, transcoded.
    Compact,
    /// Unary proto calls without HTTP/2, as Kitex makes them.
    #[cfg(feature = "grpc")]
    KitexProtobuf,
}

impl Protocol {
    /// The language of the services that are called in it.
    pub fn idl(self) -> Idl {
        match self {
            Self::Binary | Self::Compact => Idl::Thrift,
            #[cfg(feature = "grpc")]
            Self::KitexProtobuf => Idl::Proto,
        }
    }
}
