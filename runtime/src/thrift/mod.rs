//! The Thrift protocol.
