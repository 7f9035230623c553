//! `EchoService` of echo.thrift.
use crate::generated::api::{EchoRequest, EchoResponse, EchoService};
use runtime::{Context, Error};

/// The handler of `EchoService`.
#[derive(Debug, Default)]
pub struct Echo {}

impl EchoService for Echo {
    async fn echo(&self, _cx: &Context, req: EchoRequest) -> Result<EchoResponse, Error> {
        Ok(EchoResponse { message: req.message })
    }
}
