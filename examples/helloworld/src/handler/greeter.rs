//! `Greeter` of helloworld.proto.
use crate::generated::helloworld::{Greeter, HelloReply, HelloRequest};
use runtime::{Context, Error};

/// The handler of `Greeter`.
#[derive(Debug, Default)]
pub struct GreeterHandler {}

impl Greeter for GreeterHandler {
    /// Welcomes somebody.
    async fn say_hello(&self, _cx: &Context, req: HelloRequest) -> Result<HelloReply, Error> {
        Ok(HelloReply { message: format!("welcome {}!", req.name) })
    }
}
