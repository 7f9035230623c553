//! `Greeter` of hello.proto.
use crate::generated::hello::{Greeter, HelloRequest, HelloResponse};
use runtime::{Context, Error};

/// The handler of `Greeter`.
#[derive(Debug, Default)]
pub struct GreeterHandler {}

impl Greeter for GreeterHandler {
    async fn hello(&self, _cx: &Context, req: HelloRequest) -> Result<HelloResponse, Error> {
        println!("received from:{:?} to:{:?} msg:{:?}", req.from, req.to, req.msg);
        Ok(HelloResponse { from: "server".to_owned(), to: req.from, msg: "ok".to_owned() })
    }
}
