//! `EchoService` of echo.thrift, handed on to the service behind.
use crate::generated::api::{EchoRequest, EchoResponse, EchoService};
use runtime::{Context, Error};

/// Hands the calls of `EchoService` on.
#[derive(Debug)]
pub struct Echo {
    /// Of every service behind the gateway.
    pub clients: crate::clients::Clients,
}

impl Echo {
    /// Hands calls on by these clients.
    pub fn new(clients: &crate::clients::Clients) -> Self {
        Self { clients: clients.clone() }
    }
}

impl EchoService for Echo {
    async fn echo(&self, cx: &Context, req: EchoRequest) -> Result<EchoResponse, Error> {
        self.clients.echo.echo(req).with(cx).await.map_err(super::failed)
    }
}
