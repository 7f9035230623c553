//! Calling services. Owns the request builder, channels, connections and the right to try again;
//! knows no registry but through a resolver's snapshots, and no bytes but through `thrift` and
//! tonic.
//!
//! A call goes through the layers of its channel, takes a snapshot of the resolver, asks the
//! balancer for an instance and uses a connection to it. It is sent to a second instance only when
//! no byte of it was written to the first, or when its method is idempotent.

#[cfg(feature = "thrift")]
mod answers;
mod budget;
mod channel;
#[cfg(feature = "thrift")]
mod connection;
mod counters;
mod deadline;
mod dispatch;
mod groups;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "thrift")]
mod link;
#[cfg(feature = "thrift")]
pub(crate) mod multiplex;
mod peer;
#[cfg(feature = "thrift")]
mod pool;
mod request;
#[cfg(feature = "thrift")]
mod thrift;
#[cfg(feature = "thrift")]
mod transport;
#[cfg(feature = "thrift")]
mod waiters;

#[cfg(test)]
#[cfg(feature = "thrift")]
mod tests;
#[cfg(test)]
#[cfg(feature = "thrift")]
mod tests_balance;
#[cfg(test)]
#[cfg(feature = "thrift")]
mod tests_caps;
#[cfg(test)]
#[cfg(feature = "thrift")]
mod tests_deadline;
#[cfg(test)]
#[cfg(feature = "grpc")]
mod tests_grpc;
#[cfg(test)]
#[cfg(feature = "thrift")]
mod tests_link;
#[cfg(test)]
#[cfg(feature = "thrift")]
mod tests_mux;
#[cfg(test)]
#[cfg(all(feature = "thrift", feature = "dev"))]
mod tests_registry;

pub use channel::{Builder, Channel};
pub use counters::{Counter, Counters};
pub use request::{Pending, Reply, Request};
#[cfg(feature = "thrift")]
pub use transport::{Protocol, Transport};
