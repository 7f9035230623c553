//! The connections of a channel to one endpoint.

#[cfg(feature = "grpc")]
use super::http::HttpConnections;
use super::mux_pool::MuxPool;
use super::pool::Pool;
use kiteline_registry::{Endpoint, Instance};

/// Made at the first call to an instance, kept over all lists in which it has this address.
#[derive(Debug)]
pub(super) struct EndpointConnections {
    pub(super) endpoint: Endpoint,
    /// Whether calls may share connections: the instance says so.
    pub(super) multiplexes: bool,
    pub(super) pool: Pool,
    pub(super) mux: MuxPool,
    #[cfg(feature = "grpc")]
    pub(super) http: HttpConnections,
}

impl EndpointConnections {
    pub(super) fn new(instance: &Instance, endpoint: &Endpoint) -> Self {
        Self {
            endpoint: endpoint.clone(),
            multiplexes: instance.out_of_order,
            pool: Pool::default(),
            mux: MuxPool::default(),
            #[cfg(feature = "grpc")]
            http: HttpConnections::default(),
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
