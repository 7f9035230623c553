//! `AddService` of add.thrift, handed on to the service behind.
use crate::generated::api::{AddRequest, AddResponse, AddService};
use runtime::{Context, Error};

/// Hands the calls of `AddService` on.
#[derive(Debug)]
pub struct Add {
    /// Of every service behind the gateway.
    pub clients: crate::clients::Clients,
}

impl Add {
    /// Hands calls on by these clients.
    pub fn new(clients: &crate::clients::Clients) -> Self {
        Self { clients: clients.clone() }
    }
}

impl AddService for Add {
    async fn add(&self, cx: &Context, req: AddRequest) -> Result<AddResponse, Error> {
        self.clients.add.add(req).with(cx).await.map_err(super::failed)
    }
}
