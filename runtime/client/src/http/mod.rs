//! Calls of proto services over HTTP: gRPC, gRPC-Web or Connect, on HTTP/2 or HTTP/1.1.

mod connections;
mod heard;
mod lent;
mod micro;
mod opening;
mod outgoing;
mod reading;
mod replies;
mod style;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Version, header};
use hyper::body::Incoming;
use tokio::time::Instant;

use kiteline_core::body::Body;
use kiteline_core::error::{Error, Origin};
use kiteline_core::http_route::HttpRoute;
use kiteline_core::service::{Answer, Call, Form, Kind};
use kiteline_grpc::micro::{TIMEOUT as MICRO_TIMEOUT, write_timeout as write_micro_timeout};
use kiteline_grpc::{
    CONNECT_TIMEOUT, Content, ENCODINGS, Encoding, Protocol, TIMEOUT, connect, envelope, write_connect_timeout,
    write_metadata, write_timeout,
};
use kiteline_registry::Endpoint;
use kiteline_rest::{Written, write_request};

use crate::dial::Dialer;

pub(super) use connections::HttpConnections;
use connections::{Failed, Sent};
use outgoing::Outgoing;
pub use style::Http;

/// How often a call is tried that no peer has looked at: on that many connections that end, or three that refuse it.
const TRIES: usize = 12;
const REFUSAL: usize = TRIES / 3;

/// How a channel makes calls over HTTP.
#[derive(Debug)]
pub(super) struct Caller {
    dialer: Dialer,
    message: usize,
    style: Http,
    /// The service's name in the registry.
    service: String,
}

impl Caller {
    pub(super) fn new(dialer: Dialer, message: usize, style: Http, service: String) -> Self {
        Self { dialer, message, style, service }
    }

    pub(super) fn form(&self) -> Form {
        self.style.form
    }

    /// One call to one instance. A call that a connection did not take, because that ends, goes to another one.
    ///
    /// # Errors
    /// [`Origin::NotConnected`] when no connection came about, [`Origin::NotSent`] when the service saw nothing of
    /// the call, [`Origin::Transport`] when the connection failed later, [`Origin::Remote`] for what the service
    /// answered.
    pub(super) async fn exchange(
        &self,
        endpoint: &Endpoint,
        connections: &HttpConnections,
        call: &Call,
    ) -> Result<Answer, Error> {
        let content = self.content(endpoint, call)?;
        let (mut tries, again) = (0, call.body.as_whole().is_some());
        let deadline = call.cx.deadline().map(Instant::from_std);
        loop {
            let chosen = connections.connection(endpoint, &self.dialer, (self.version(content), deadline)).await?;
            let request = self.request(endpoint, content, call)?;
            match chosen.send(request, endpoint, (Instant::now(), deadline)).await {
                Ok(sent) => return self.read(sent, endpoint, content, call).await,
                Err(Failed { error, refused }) => {
                    if deadline.is_some_and(|at| at <= Instant::now()) {
                        return Err(Error::deadline("no answer in time").with_origin(Origin::Transport));
                    }
                    tries += if refused { REFUSAL } else { 1 };
                    if error.origin() != Origin::NotSent || !again || tries >= TRIES {
                        return Err(error);
                    }
                }
            }
        }
    }

    fn content(&self, at: &Endpoint, call: &Call) -> Result<Content, Error> {
        if let Some(content) = micro::content(at, call)? {
            return Ok(content);
        }
        let streams = call.method.kind.streams_requests() || call.method.kind.streams_answers();
        let protocol = match self.style.protocol {
            Protocol::Rest if !streams && !call.method.routes.is_empty() => Protocol::Rest,
            Protocol::Connect | Protocol::Rest if streams => Protocol::ConnectStream,
            Protocol::Rest => Protocol::Connect,
            protocol => protocol,
        };
        Ok(Content { protocol, form: call.form })
    }

    fn version(&self, content: Content) -> Version {
        if content.protocol == Protocol::Micro { Version::HTTP_11 } else { self.style.version }
    }

    /// How requests are compressed; go-micro's servers read them as they are.
    fn encoding(&self, content: Content) -> Encoding {
        if content.protocol == Protocol::Micro { Encoding::Identity } else { self.style.encoding }
    }

    /// Makes a request, which takes a stream out of the call.
    fn request(&self, at: &Endpoint, content: Content, call: &Call) -> Result<Request<Outgoing>, Error> {
        let mut headers = self.headers(content, call);
        let (version, encoding) = (self.version(content), self.encoding(content));
        let (mut query, mut routed) = (None, None);
        let body = match (&call.body, route_of(content, call)) {
            (Body::Whole(message), Some(route)) => {
                let mut written = write_request(route, message)?;
                let body = written.body.take();
                if body.is_none() {
                    headers.remove(header::CONTENT_ENCODING);
                }
                add_route(&mut headers, &written, body.is_some());
                routed = Some((written.verb, written.target));
                body.map_or_else(Outgoing::none, |body| Outgoing::whole(encoding.pack(body).1))
            }
            (Body::Whole(message), None) => {
                let (flags, message) = encoding.pack(message.clone());
                match content.protocol {
                    Protocol::Connect if self.style.get && call.method.safe => {
                        query = Some(connect::Query::write(content.form, encoding, &message));
                        Outgoing::none()
                    }
                    Protocol::Connect | Protocol::Micro => Outgoing::whole(message),
                    _ => Outgoing::whole(envelope::seal(flags, &message)),
                }
            }
            (Body::Stream(messages), _) => {
                let taken = || Error::internal("a stream of requests is sent once").with_origin(Origin::Encode);
                Outgoing::stream(messages.take().ok_or_else(taken)?, encoding)
            }
        };
        let own = if content.protocol == Protocol::Micro { "/" } else { call.method.path };
        let path = routed.as_ref().map_or(own, |(_, target)| target);
        let one = version == Version::HTTP_11;
        let scheme = if self.dialer.is_secure(at) { "https" } else { "http" };
        let mut uri = if one { path.to_owned() } else { format!("{scheme}://{}{path}", at.address()) };
        if let Some(query) = &query {
            uri.push('?');
            uri.push_str(query);
            [header::CONTENT_TYPE, header::CONTENT_ENCODING].iter().for_each(|name| drop(headers.remove(name)));
        }
        if one && let Ok(host) = HeaderValue::from_str(&at.address()) {
            headers.insert(header::HOST, host);
        }
        let verb = routed.as_ref().map_or(if query.is_some() { "GET" } else { "POST" }, |(verb, _)| verb);
        let request = Request::builder().method(verb).uri(uri).version(version).body(body);
        let mut request = request.map_err(|error| {
            Error::invalid(format!("no request can be made for {path}: {error}")).with_origin(Origin::Encode)
        })?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn headers(&self, content: Content, call: &Call) -> HeaderMap {
        let (protocol, mut headers) = (content.protocol, HeaderMap::new());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content.name()));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("kiteline/", env!("CARGO_PKG_VERSION"))));
        headers.insert(protocol.accepts(), HeaderValue::from_static(ENCODINGS));
        let encoding = self.encoding(content);
        if encoding.is_some() {
            headers.insert(protocol.encoding(), HeaderValue::from_static(encoding.name()));
        }
        match protocol {
            Protocol::Grpc => drop(headers.insert(header::TE, HeaderValue::from_static("trailers"))),
            Protocol::GrpcWeb | Protocol::GrpcWebText => {
                headers.insert("x-grpc-web", HeaderValue::from_static("1"));
            }
            Protocol::Connect | Protocol::ConnectStream => {
                headers.insert(&connect::VERSION, HeaderValue::from_static("1"));
            }
            Protocol::Micro => micro::add_headers(&mut headers, content, &self.service, call),
            Protocol::Rest => {}
        }
        if let Some(left) = call.cx.remaining() {
            match protocol {
                Protocol::Connect | Protocol::ConnectStream => {
                    headers.insert(&CONNECT_TIMEOUT, write_connect_timeout(left))
                }
                Protocol::Micro => headers.insert(&MICRO_TIMEOUT, write_micro_timeout(left)),
                _ => headers.insert(&TIMEOUT, write_timeout(left)),
            };
        }
        if let Some(metadata) = call.cx.metadata() {
            write_metadata(metadata, self.style.spelling, &mut headers);
        }
        headers
    }

    async fn read(&self, sent: Sent, at: &Endpoint, content: Content, call: &Call) -> Result<Answer, Error> {
        let expected = reading::Expected {
            route: route_of(content, call),
            content,
            most: self.message,
            deadline: call.cx.deadline(),
        };
        if call.method.kind.streams_answers() {
            let answer = replies::stream(sent, expected, at).await?;
            return Ok(match (call.cx.deadline(), answer) {
                (Some(at), Answer { head, body, trailers }) => {
                    Answer { head, body: body.into_messages().until(at).into(), trailers }
                }
                (None, answer) => answer,
            });
        }
        debug_assert!(call.method.kind != Kind::Oneway, "proto has no oneway");
        replies::whole(sent, expected, at).await
    }
}

/// The route that a call takes.
fn route_of(content: Content, call: &Call) -> Option<&'static HttpRoute> {
    call.method.routes.first().filter(|_| content.protocol == Protocol::Rest)
}

/// The headers of a request by a route.
fn add_route(headers: &mut HeaderMap, written: &Written, has_body: bool) {
    let label = Some(&written.content_type).filter(|_| has_body).and_then(|label| HeaderValue::from_str(label).ok());
    match label {
        Some(label) => drop(headers.insert(header::CONTENT_TYPE, label)),
        None => drop(headers.remove(header::CONTENT_TYPE)),
    }
    for (name, text) in &written.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(text)) {
            headers.append(name, value);
        }
    }
}

/// An answer whose body is still to come.
type Response = http::Response<Incoming>;
