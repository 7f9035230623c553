//! `Greeter` of hello.proto.
use crate::generated::hello::{Greeter, HelloRequest, HelloResponse};
use runtime::{Context, Error};

/// The handler of `Greeter`.
#[derive(Debug, Default)]
pub struct GreeterHandler {
    /// The address of its server: each answer says who gave it.
    pub at: String,
}

impl Greeter for GreeterHandler {
    async fn hello(&self, _cx: &Context, req: HelloRequest) -> Result<HelloResponse, Error> {
        Ok(HelloResponse { from: self.at.clone(), msg: format!("{}, {}", req.msg, req.from), to: req.from })
    }
}
