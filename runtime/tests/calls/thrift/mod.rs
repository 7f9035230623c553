//! Thrift over real sockets, on every transport and in every protocol, against recorded bytes and damaged ones.

mod hex;
mod sink;

mod buffered;
mod compact;
mod framed;
#[cfg(feature = "grpc")]
mod kitex_protobuf;
mod large;
mod names;
mod out_of_order;
mod ttheader;
mod values;
