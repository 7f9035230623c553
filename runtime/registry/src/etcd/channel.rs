//! A tonic channel to one member that can be reconnected below its client, which keeps its token.

use std::sync::{Arc, Mutex, MutexGuard};

use tonic::Status;
use tonic::body::Body;
use tonic::transport::Endpoint;
use tower::ServiceExt;

use super::api::Channel;

use super::status_details::checked;
use kiteline_core::lock::lock;

const WATCH: &str = "/etcdserverpb.Watch/Watch";

/// Two connections that look like one: calls on the first; watches on the second, where every call
/// requires a leader: a watch on a member that was cut off from the others would stay silent for
/// ever.
pub(super) struct EtcdChannel(Mutex<Arc<Pair>>);

/// The two, connected when they are first used.
pub(super) struct Pair {
    calls: tonic::transport::Channel,
    watches: tonic::transport::Channel,
}

impl Pair {
    fn new(endpoint: &Endpoint) -> Arc<Self> {
        Arc::new(Self { calls: endpoint.connect_lazy(), watches: endpoint.connect_lazy() })
    }
}

impl EtcdChannel {
    pub(super) fn new(endpoint: &Endpoint) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Pair::new(endpoint))))
    }

    fn pair(&self) -> MutexGuard<'_, Arc<Pair>> {
        lock(&self.0)
    }

    /// Those that calls take now.
    pub(super) fn now(&self) -> Arc<Pair> {
        Arc::clone(&self.pair())
    }

    /// Lets the next call take others, unless those that were `used` are left already.
    ///
    /// # Errors
    ///
    /// What `endpoint` gives; those of before stay then.
    pub(super) fn renew<E>(&self, used: &Arc<Pair>, endpoint: impl FnOnce() -> Result<Endpoint, E>) -> Result<(), E> {
        let mut pair = self.pair();
        if Arc::ptr_eq(&pair, used) {
            *pair = Pair::new(&endpoint()?);
        }
        Ok(())
    }

    /// The channel of a client, over the newest pair of connections.
    pub(super) fn channel(self: &Arc<Self>) -> Channel {
        let channel = Arc::clone(self);
        Channel::new(tower::service_fn(move |mut request: http::Request<Body>| {
            let pair = channel.now();
            let connection = if request.uri().path() == WATCH {
                request.headers_mut().insert("hasleader", http::HeaderValue::from_static("true"));
                pair.watches.clone()
            } else {
                pair.calls.clone()
            };
            async move {
                let answer = connection.oneshot(request).await.map_err(|error| Status::from_error(error.into()))?;
                Ok::<_, Status>(checked(answer).map(Body::new))
            }
        }))
    }
}

#[cfg(test)]
#[cfg(feature = "dev")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn details_that_do_not_decode_are_an_error_of_the_call() {
        for in_trailers in [false, true] {
            let address = e2e::bad_details(in_trailers).await;
            let channel = EtcdChannel::new(&Endpoint::from_shared(format!("http://{address}")).unwrap());
            let client = super::super::api::Client::new(channel.channel(), None).await.unwrap();
            let asked = client.range(super::super::api::RangeRequest::default()).await;
            let super::super::api::Error::Status(status) = asked.unwrap_err() else {
                unreachable!("another kind of error");
            };
            assert_eq!((status.code(), status.message()), (tonic::Code::InvalidArgument, "no"));
        }
    }
}
