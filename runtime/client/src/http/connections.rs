//! The connections to one address. Of HTTP/2 there are as many as it takes: one, up to about as many as cores
//! under load, and more where their streams run out. Of HTTP/1.1 each carries one call at a time.

use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::num::NonZero;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use http::{Request, Version};
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use super::Response;
use super::heard::{Heard, Noted};
use super::outgoing::Outgoing;
use crate::dial::Dialer;
use kiteline_core::error::{Error, Origin};
use kiteline_core::lock::lock;
use kiteline_registry::Endpoint;
use kiteline_tls::{Alpn, Stream};

/// Connections of HTTP/2 to one address that are opened for the sake of speed.
static WIDTH: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get).min(8));
/// Calls on each connection from which on another one is worth it.
const CROWDED: usize = 16;
/// Connections of HTTP/2 to one address at most, calls beyond their streams wait; those of HTTP/1.1 that are kept.
const MOST: usize = 64;
/// Silence after which a peer is asked whether it is there while calls are open, and how long it may take to say so.
const PING: Duration = Duration::from_secs(10);
const PONG: Duration = Duration::from_secs(5);
/// A call that ends without an answer after so long, on a connection on which nothing came for as long, takes it along.
const SILENCE: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1_000 });
/// Bytes of all headers of one answer.
const HEADERS: u32 = 64 << 10;

/// The connections to one address.
#[derive(Debug, Default)]
pub(crate) struct HttpConnections {
    shared: Mutex<Vec<Arc<Http2Connection>>>,
    /// Held by who opens one.
    opening: tokio::sync::Mutex<()>,
    idle: Arc<Mutex<Vec<Http1Sender>>>,
}

/// A connection of HTTP/1.1.
type Http1Sender = http1::SendRequest<Outgoing>;

/// A connection of HTTP/2.
#[derive(Debug)]
pub(super) struct Http2Connection {
    sender: http2::SendRequest<Outgoing>,
    /// Calls on it.
    open: AtomicUsize,
    /// As many as the peer takes.
    streams: Arc<AtomicUsize>,
    /// No other call is to go there.
    left: AtomicBool,
    heard: Arc<Heard>,
}

impl Http2Connection {
    fn takes_calls(&self) -> bool {
        !self.left.load(Ordering::Relaxed) && !self.sender.is_closed()
    }

    fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

/// Where one call goes.
pub(super) enum Chosen {
    Two(Arc<Http2Connection>),
    One(Http1Sender, Arc<Mutex<Vec<Http1Sender>>>),
}

/// A request that was sent, and the head of its answer.
pub(super) struct Sent {
    pub(super) response: Response,
    pub(super) open: Open,
}

/// A call on a connection, until its answer is read.
pub(super) struct Open {
    on: Option<Chosen>,
    since: Instant,
    answered: bool,
    /// Ends what is still sent of the request.
    _sending: Option<DropGuard>,
}

impl Open {
    fn new(on: Chosen, since: Instant, sending: Option<DropGuard>) -> Self {
        if let Chosen::Two(connection) = &on {
            connection.open.fetch_add(1, Ordering::Relaxed);
        }
        Self { on: Some(on), since, answered: false, _sending: sending }
    }

    /// Says that the answer is read, and whether its body is at its end.
    pub(super) fn answered(&mut self, to_the_end: bool) {
        self.answered = true;
        if let Some(Chosen::One(..)) = &self.on
            && let Some(Chosen::One(sender, idle)) = self.on.take()
            && to_the_end
        {
            let mut idle = lock(&idle);
            if idle.len() < MOST {
                idle.push(sender);
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(Chosen::Two(connection)) = &self.on else { return };
        connection.open.fetch_sub(1, Ordering::Relaxed);
        if !self.answered && self.since.elapsed() >= SILENCE && connection.heard.since() >= SILENCE {
            connection.left.store(true, Ordering::Relaxed);
        }
    }
}

impl HttpConnections {
    /// A connection for a call.
    ///
    /// # Errors
    ///
    /// [`Origin::NotConnected`].
    pub(super) async fn connection(&self, at: &Endpoint, dialer: &Dialer, version: Version) -> Result<Chosen, Error> {
        if version == Version::HTTP_11 {
            let ready = || lock(&self.idle).pop();
            while let Some(sender) = ready() {
                if sender.is_ready() {
                    return Ok(Chosen::One(sender, Arc::clone(&self.idle)));
                }
            }
            return Ok(Chosen::One(open_one(at, dialer).await?, Arc::clone(&self.idle)));
        }
        if let Some(connection) = self.ready() {
            return Ok(Chosen::Two(connection));
        }
        let _opening = self.opening.lock().await;
        // Another caller may have been here in between.
        if let Some(connection) = self.ready() {
            return Ok(Chosen::Two(connection));
        }
        let opened = open_two(at, dialer).await;
        let mut shared = lock(&self.shared);
        shared.retain(|connection| connection.takes_calls());
        match opened {
            Ok(connection) => {
                shared.push(Arc::clone(&connection));
                Ok(Chosen::Two(connection))
            }
            // Better crowded than not at all.
            Err(error) => {
                shared.iter().min_by_key(|connection| connection.open()).cloned().map(Chosen::Two).ok_or(error)
            }
        }
    }

    /// The connection with the fewest calls, unless another one should be opened.
    fn ready(&self) -> Option<Arc<Http2Connection>> {
        let shared = lock(&self.shared);
        let usable = shared.iter().filter(|connection| connection.takes_calls());
        let count = usable.clone().count();
        let connection = usable.min_by_key(|connection| connection.open())?;
        let room = if count < *WIDTH { CROWDED.min(connection.streams()) } else { connection.streams() };
        (connection.open() < room || count >= MOST).then(|| Arc::clone(connection))
    }
}

impl Chosen {
    /// Sends a request.
    ///
    /// # Errors
    ///
    /// [`Origin::NotSent`] when the service saw nothing of it, [`Origin::Transport`] when it may have.
    pub(super) async fn send(self, request: Request<Outgoing>, at: &Endpoint, since: Instant) -> Result<Sent, Error> {
        let mut open = Open::new(self, since, request.body().until_dropped());
        let answer = match &mut open.on {
            Some(Chosen::Two(connection)) => connection.sender.clone().try_send_request(request).await,
            Some(Chosen::One(sender, _)) => sender.try_send_request(request).await,
            None => return Err(Error::internal("a call without a connection")),
        };
        match answer {
            Ok(response) => Ok(Sent { response, open }),
            Err(error) => {
                if let Some(Chosen::Two(connection)) = &open.on
                    && (error.message().is_some() || was_not_seen(error.error()) || ends_connection(error.error()))
                {
                    connection.left.store(true, Ordering::Relaxed);
                }
                open.answered = true;
                Err(failed(&error, at))
            }
        }
    }
}

fn failed(error: &TrySendError<Request<Outgoing>>, at: &Endpoint) -> Error {
    let unseen = error.message().is_some() || was_not_seen(error.error());
    let failure = broken(at, error.error());
    if unseen { failure.with_origin(Origin::NotSent) } else { failure }
}

/// What HTTP/2 says that happened.
fn of_h2(error: &hyper::Error) -> Option<&h2::Error> {
    error.source().and_then(|source| source.downcast_ref())
}

/// Whether the peer says that nobody looked at the request: a refused stream, or one behind the last of a
/// connection that ends in order (RFC 9113, sections 6.8 and 8.7).
fn was_not_seen(error: &hyper::Error) -> bool {
    of_h2(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        refused || error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR)
    })
}

/// Whether an error is more than the end of one stream.
fn ends_connection(error: &hyper::Error) -> bool {
    of_h2(error).is_none_or(|error| !error.is_reset())
}

/// The error of a call whose connection failed, or whose stream the peer reset.
#[cold]
pub(super) fn broken(at: &Endpoint, error: &hyper::Error) -> Error {
    // What a stream of requests failed with is what the call fails with.
    if let Some(own) = error.source().and_then(|source| source.downcast_ref::<Error>()) {
        return own.clone();
    }
    let h2 = of_h2(error);
    let code = h2.filter(|error| error.is_reset()).and_then(h2::Error::reason).map(code_of_reset);
    // Behind "connection error" stands what the socket, or TLS, said.
    let whole = || error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    let why = h2.map_or_else(whole, ToString::to_string);
    let text = format!("the connection to {} failed: {why}", at.address());
    Error::new(code.unwrap_or(kiteline_core::Code::Unavailable), text).with_origin(Origin::Transport)
}

/// The codes that gRPC gives to HTTP/2's (`PROTOCOL-HTTP2.md`, "Errors").
fn code_of_reset(reason: h2::Reason) -> kiteline_core::Code {
    use kiteline_core::Code;
    match reason {
        h2::Reason::REFUSED_STREAM => Code::Unavailable,
        h2::Reason::CANCEL => Code::Cancelled,
        h2::Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        h2::Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
        _ => Code::Internal,
    }
}

async fn dial(at: &Endpoint, dialer: &Dialer, alpn: Alpn) -> Result<Stream, Error> {
    dialer.dial(at, alpn).await.map_err(|why| no_connection(at, &why))
}

#[cold]
fn no_connection(at: &Endpoint, why: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!("cannot connect to {}: {why}", at.address())).with_origin(Origin::NotConnected)
}

async fn open_two(at: &Endpoint, dialer: &Dialer) -> Result<Arc<Http2Connection>, Error> {
    let heard = Arc::<Heard>::default();
    let io = TokioIo::new(Noted::new(dial(at, dialer, Alpn::Http2).await?, &heard));
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_header_list_size(HEADERS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .keep_alive_while_idle(false);
    let (sender, mut connection) = http.handshake(io).await.map_err(|error| no_connection(at, &error))?;
    let streams = Arc::new(AtomicUsize::new(connection.current_max_send_streams()));
    let known = Arc::clone(&streams);
    let driven = poll_fn(move |task| {
        let polled = Pin::new(&mut connection).poll(task);
        known.store(connection.current_max_send_streams(), Ordering::Relaxed);
        polled
    });
    tokio::spawn(async move {
        if let Err(error) = driven.await {
            tracing::debug!(target: "runtime::client::http::connections", %error, "a connection ended");
        }
    });
    Ok(Arc::new(Http2Connection { sender, streams, open: AtomicUsize::new(0), left: AtomicBool::new(false), heard }))
}

async fn open_one(at: &Endpoint, dialer: &Dialer) -> Result<Http1Sender, Error> {
    let io = TokioIo::new(dial(at, dialer, Alpn::Http1).await?);
    let (sender, connection) = http1::handshake(io).await.map_err(|error| no_connection(at, &error))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(target: "runtime::client::http::connections", %error, "a connection ended");
        }
    });
    Ok(sender)
}
