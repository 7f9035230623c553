//! What a channel keeps about one address: its connections.

#[cfg(feature = "grpc")]
use super::grpc::Wire;
#[cfg(feature = "thrift")]
use super::multiplex::Lane;
#[cfg(feature = "thrift")]
use super::pool::Pool;
use crate::registry::{Endpoint, Instance};

/// Made at the first call to an instance, kept over all lists in which it has this address.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) endpoint: Endpoint,
    /// Whether calls may share connections: the instance says so.
    #[cfg(feature = "thrift")]
    pub(super) multiplexes: bool,
    #[cfg(feature = "thrift")]
    pub(super) pool: Pool,
    #[cfg(feature = "thrift")]
    pub(super) lane: Lane,
    #[cfg(feature = "grpc")]
    pub(super) wire: Wire,
}

#[cfg_attr(not(feature = "thrift"), allow(unused_variables, reason = "only Thrift's connections may be shared or not"))]
impl Peer {
    pub(super) fn new(instance: &Instance, endpoint: &Endpoint) -> Self {
        Self {
            endpoint: endpoint.clone(),
            #[cfg(feature = "thrift")]
            multiplexes: instance.out_of_order,
            #[cfg(feature = "thrift")]
            pool: Pool::default(),
            #[cfg(feature = "thrift")]
            lane: Lane::default(),
            #[cfg(feature = "grpc")]
            wire: Wire::default(),
        }
    }

    /// Whether these connections are those of an instance that is stated anew.
    pub(super) fn fits(&self, instance: &Instance, endpoint: &Endpoint) -> bool {
        #[cfg(feature = "thrift")]
        if self.multiplexes != instance.out_of_order {
            return false;
        }
        self.endpoint == *endpoint
    }
}
