//! What a channel keeps about one address: its connections.

#[cfg(feature = "grpc")]
use super::grpc::Wire;
use super::multiplex::Lane;
use super::pool::Pool;
use kiteline_registry::{Endpoint, Instance};

/// Made at the first call to an instance, kept over all lists in which it has this address.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) endpoint: Endpoint,
    /// Whether calls may share connections: the instance says so.
    pub(super) multiplexes: bool,
    pub(super) pool: Pool,
    pub(super) lane: Lane,
    #[cfg(feature = "grpc")]
    pub(super) wire: Wire,
}

impl Peer {
    pub(super) fn new(instance: &Instance, endpoint: &Endpoint) -> Self {
        Self {
            endpoint: endpoint.clone(),
            multiplexes: instance.out_of_order,
            pool: Pool::default(),
            lane: Lane::default(),
            #[cfg(feature = "grpc")]
            wire: Wire::default(),
        }
    }

    /// Whether these connections are those of an instance that is stated anew.
    pub(super) fn fits(&self, instance: &Instance, endpoint: &Endpoint) -> bool {
        if self.multiplexes != instance.out_of_order {
            return false;
        }
        self.endpoint == *endpoint
    }
}
