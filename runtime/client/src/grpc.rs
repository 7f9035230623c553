//! gRPC: one HTTP/2 connection to an address, made when it is first used, shared by all calls.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint as Target};
use tonic::{ConnectError, Request, Status, TimeoutExpired};
use tower::ServiceExt;

use kiteline_core::body::not_whole;
use kiteline_core::error::{Error, Origin};
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Answer, Call};
use kiteline_core::status_details::checked;
use kiteline_grpc::{Raw, error_of, read_metadata, write_metadata};
use kiteline_registry::Endpoint;

/// The connection to one address.
#[derive(Debug, Default)]
pub(super) struct Wire(OnceLock<Channel>);

/// How a channel speaks gRPC.
#[derive(Debug)]
pub(super) struct Grpc {
    connect: Duration,
    message: usize,
}

impl Grpc {
    pub(super) fn new(connect: Duration, message: usize) -> Self {
        Self { connect, message }
    }

    /// One call to one instance.
    ///
    /// # Errors
    /// [`Origin::NotConnected`] when no connection came about, [`Origin::Transport`] when it failed
    /// later, [`Origin::Remote`] for what the service answered.
    pub(super) async fn exchange(&self, endpoint: &Endpoint, wire: &Wire, call: &Call) -> Result<Answer, Error> {
        let channel = self.channel(endpoint, wire)?;
        let channel = channel.map_response(checked);
        let mut client = tonic::client::Grpc::new(channel).max_decoding_message_size(self.message);
        let ready = client.ready().await;
        ready.map_err(|error| local(&Status::from_error(error.into()), endpoint))?;
        let path = PathAndQuery::from_static(call.method.path);
        let reply = client.unary(request(call)?, path, Raw).await;
        let (headers, body, _) = reply.map_err(|status| error(&status, endpoint))?.into_parts();
        Ok(Answer { head: metadata(headers), ..Answer::from(body) })
    }

    fn channel(&self, endpoint: &Endpoint, wire: &Wire) -> Result<Channel, Error> {
        if let Some(channel) = wire.0.get() {
            return Ok(channel.clone());
        }
        let address = endpoint.address();
        let target = Target::from_shared(format!("http://{address}"));
        let target = target.map_err(|error| {
            Error::unavailable(format!("`{address}` cannot be dialed: {error}")).with_origin(Origin::NotConnected)
        })?;
        let open = || target.connect_timeout(self.connect).tcp_nodelay(true).connect_lazy();
        Ok(wire.0.get_or_init(open).clone())
    }
}

fn request(call: &Call) -> Result<Request<Bytes>, Error> {
    let mut headers = http::HeaderMap::new();
    if let Some(metadata) = call.cx.metadata() {
        write_metadata(metadata, &mut headers);
    }
    let mut request = Request::new(call.body.as_whole().ok_or_else(not_whole)?.clone());
    *request.metadata_mut() = MetadataMap::from_headers(headers);
    if let Some(left) = call.cx.remaining() {
        request.set_timeout(left);
    }
    Ok(request)
}

/// What came back, under the names that the handler gave.
fn metadata(headers: MetadataMap) -> Metadata {
    read_metadata(&headers.into_headers())
}

/// A status that tonic made here has a cause; one that the peer sent has none.
fn error(status: &Status, at: &Endpoint) -> Error {
    if status.source().is_some() {
        return local(status, at);
    }
    error_of(status).with_metadata(Metadata::new(), metadata(status.metadata().clone()))
}

#[cold]
fn local(status: &Status, at: &Endpoint) -> Error {
    let mut cause: Option<&dyn std::error::Error> = Some(status);
    let (mut connecting, mut late) = (false, false);
    let mut why = status.message().to_owned();
    while let Some(error) = cause {
        connecting |= error.is::<ConnectError>();
        late |= error.is::<TimeoutExpired>();
        why = error.to_string();
        cause = error.source();
    }
    // tonic's own clock, set by the header that tells the peer, may run out before the channel's.
    let address = at.address();
    if late {
        let text = format!("no answer from {address} before the deadline");
        return Error::deadline(text).with_origin(Origin::Transport);
    }
    if connecting {
        return Error::unavailable(format!("cannot connect to {address}: {why}")).with_origin(Origin::NotConnected);
    }
    Error::unavailable(format!("the connection to {address} failed: {why}")).with_origin(Origin::Transport)
}
