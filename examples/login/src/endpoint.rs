//! What every call passes on its way from the transport to the service: go-kit's endpoint middleware.
use runtime::layers::jwt::Jwt;
use runtime::layers::{Authentication, Inner, Logging, Policy, PolicyLayer, RateLimit, RequestId};
use runtime::{Call, Handling, Server};
use std::sync::Arc;

/// Makes the tokens: it is called without one, and not too often.
const LOGIN: &str = "/pb.User/RpcUserLogin";

/// What `kiteline call` and grpcurl ask a server for its methods.
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/*";

/// Adds the layers; the one that is added first sees a call first.
pub fn layers(server: Server, instance: String, jwt: Jwt) -> Server {
    server
        .layer(RequestId::new())
        .layer(Logging::new()) // method, time and error; neither a password nor a token
        .layer(PolicyLayer::new(Instance(instance)))
        .layer(Authentication::new(jwt).except([LOGIN, REFLECTION]))
        .layer(RateLimit::per_second(10.0).burst(1).only([LOGIN]))
}

/// A layer of our own: says in each answer which instance gave it.
struct Instance(String);

impl Policy for Instance {
    fn call<S: Inner>(self: &Arc<Self>, call: Call, inner: &mut S) -> Handling {
        call.cx.send_back("x-instance", self.0.as_str());
        let work = inner.call(call);
        Box::pin(async move { work.await.map_err(Into::into) })
    }
}
