//! A service for tests.

use bytes::Bytes;
use kiteline_core::limits::DecodeLimits;
use kiteline_core::service::Idl;
use kiteline_core::{Answer, Call, Context, Error, Layered, Method};
use tower::Layer;

use crate::around::Inner;

pub(crate) static ADD: Method = Method::new(Idl::Thrift, "/AddService/Add", 0);
pub(crate) static GET: Method = Method::new(Idl::Proto, "/kites.v1.Kites/Get", 0);

/// Answers each call by a function.
#[derive(Clone)]
pub(crate) struct Handler<F>(F);

impl<F: Fn(Call) -> Result<Answer, Error> + Clone> tower::Service<Call> for Handler<F> {
    type Response = Answer;
    type Error = Error;
    type Future = std::future::Ready<Result<Answer, Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        std::future::ready((self.0)(call))
    }
}

/// A layer around a service that answers each call with its request.
pub(crate) fn serve<L: Layer<Layered, Service: Inner + Sync>>(layer: &L) -> Layered {
    around(layer, |call| Ok(Answer::new(&call.cx, call.body)))
}

/// A layer around a function.
pub(crate) fn around<L: Layer<Layered, Service: Inner + Sync>>(
    layer: &L,
    handler: impl Fn(Call) -> Result<Answer, Error> + Clone + Send + Sync + 'static,
) -> Layered {
    Layered::new(layer.layer(Layered::new(Handler(handler))))
}

pub(crate) fn call(method: &'static Method, cx: Context) -> Call {
    Call::new(method, cx.with_method(method), Bytes::new(), DecodeLimits::default())
}

/// The outcome of a call.
pub(crate) async fn called(service: &mut Layered, method: &'static Method, cx: Context) -> Result<Answer, Error> {
    service.oneshot(call(method, cx)).await
}
