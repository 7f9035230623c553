//! Remote calls in Thrift: argument lists and results as bodies, errors as application exceptions, and the conversion of
//! bodies for the protocol of a message.

mod call;
mod conversion;
pub mod exception;
#[cfg(feature = "grpc")]
mod kitex_protobuf;

pub use self::call::{
    Argument, argument, arguments, body, fields, missing, missing_result, nothing, reply, result, void,
};
