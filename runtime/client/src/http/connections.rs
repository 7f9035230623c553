//! The connections to one address. Of HTTP/2 there are as many as it takes: one, up to about as many as cores
//! under load, and more where their streams run out. Of HTTP/1.1 each carries one call at a time.

use std::error::Error as _;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use http::{Request, Version};
use hyper::client::conn::{TrySendError, http1, http2};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use super::Response;
use super::heard::Heard;
use super::lent::Lent;
use super::opening::{open_one, open_two};
use super::outgoing::Outgoing;
use crate::dial::Dialer;
use kiteline_core::error::{Error, Origin};
use kiteline_core::lock::lock;
use kiteline_registry::Endpoint;

/// Connections of HTTP/2 to one address that are opened for the sake of speed.
static WIDTH: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get).min(8));
/// Calls on each connection from which on another one is worth it.
const CROWDED: usize = 8;
/// Connections of HTTP/2 to one address at most, calls beyond their streams wait; those of HTTP/1.1 that are kept.
const MOST: usize = 64;
/// A call that is given up after so long, on a connection on which nothing came for as long, takes it along.
const SILENCE: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1_000 });
/// As [`SILENCE`], for a call whose deadline passed; of those with less time it takes [`SILENT`] in a row.
const QUIET: Duration = Duration::from_millis(100);
const SILENT: usize = 3;

/// The connections to one address.
#[derive(Debug, Default)]
pub(crate) struct HttpConnections {
    shared: Mutex<Vec<Arc<Http2Connection>>>,
    /// Held by who opens one; when that failed last, and how.
    opening: tokio::sync::Mutex<Option<(Instant, Error)>>,
    /// Told when a stream is free again where there were none.
    freed: Arc<Notify>,
    idle: Arc<Mutex<Vec<Http1Connection>>>,
}

/// A connection of HTTP/1.1.
pub(super) type Http1Connection = Lent<http1::SendRequest<Outgoing>>;

/// A connection of HTTP/2.
#[derive(Debug)]
pub(super) struct Http2Connection {
    sender: Lent<http2::SendRequest<Outgoing>>,
    /// Calls on it.
    open: AtomicUsize,
    /// As many as the peer takes.
    streams: Arc<AtomicUsize>,
    /// No other call is to go there.
    left: AtomicBool,
    /// Calls in a row whose deadline passed while nothing came.
    silent: AtomicUsize,
    heard: Arc<Heard>,
    freed: Arc<Notify>,
}

impl Http2Connection {
    pub(super) fn new(
        sender: Lent<http2::SendRequest<Outgoing>>,
        streams: Arc<AtomicUsize>,
        heard: Arc<Heard>,
        freed: &Arc<Notify>,
    ) -> Self {
        let (open, silent, left) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        Self { sender, open, streams, left, silent, heard, freed: Arc::clone(freed) }
    }

    fn takes_calls(&self) -> bool {
        !self.left.load(Ordering::Relaxed) && self.sender.with(|sender| !sender.is_closed()).unwrap_or_default()
    }

    fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed).max(1)
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether a call that was sent so long ago, and is given up or `late`, shows that nobody is there.
    fn leads_nowhere(&self, waited: Duration, late: bool) -> bool {
        let quiet = self.heard.since();
        let few = || self.silent.fetch_add(1, Ordering::Relaxed) + 1 < SILENT;
        // Nearly since then: the peer may have said a last word about what was before.
        let unheard = late && quiet >= waited * 3 / 4 && (waited >= QUIET || !few());
        unheard || waited >= SILENCE && quiet >= SILENCE
    }
}

/// Where one call goes.
pub(super) enum Chosen {
    Two(Arc<Http2Connection>),
    One(Http1Connection, Arc<Mutex<Vec<Http1Connection>>>),
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
    deadline: Option<Instant>,
    answered: bool,
    /// Ends what is still sent of the request.
    _sending: Option<DropGuard>,
}

impl Open {
    fn new(on: Chosen, (since, deadline): (Instant, Option<Instant>), sending: Option<DropGuard>) -> Self {
        if let Chosen::Two(connection) = &on {
            connection.open.fetch_add(1, Ordering::Relaxed);
        }
        Self { on: Some(on), since, deadline, answered: false, _sending: sending }
    }

    /// The failure of a request for a connection that has ended.
    #[cold]
    fn unsent(&mut self, at: &Endpoint) -> Failed {
        self.answered = true;
        let error = Error::unavailable(format!("the connection to {} has ended", at.address()));
        Failed { error: error.with_origin(Origin::NotSent), refused: false }
    }

    /// Says that the answer is read, and whether its body is at its end.
    pub(super) fn answered(&mut self, to_the_end: bool) {
        self.answered = true;
        if let Some(Chosen::Two(connection)) = &self.on
            && connection.silent.load(Ordering::Relaxed) > 0
        {
            connection.silent.store(0, Ordering::Relaxed);
        }
        if let Some(Chosen::One(..)) = &self.on
            && let Some(Chosen::One(connection, idle)) = self.on.take()
            && to_the_end
        {
            let mut idle = lock(&idle);
            if idle.len() < MOST {
                idle.push(connection);
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(Chosen::Two(connection)) = &self.on else { return };
        if connection.open.fetch_sub(1, Ordering::Relaxed) >= connection.streams() {
            connection.freed.notify_one();
        }
        let late = || self.deadline.is_some_and(|at| at <= Instant::now());
        if !self.answered && connection.leads_nowhere(self.since.elapsed(), late()) {
            connection.left.store(true, Ordering::Relaxed);
        }
    }
}

/// What there is for a call.
enum Ready {
    This(Arc<Http2Connection>),
    /// Another connection is worth it.
    Open,
    /// No stream is free, and no other connection is to be opened.
    Full,
}

impl HttpConnections {
    /// A connection for a call. Where no stream is free on any, it waits for one until the deadline.
    ///
    /// # Errors
    ///
    /// [`Origin::NotConnected`]; [`Origin::NotSent`] at the deadline, which is nobody's fault but ours.
    pub(super) async fn connection(
        &self,
        at: &Endpoint,
        dialer: &Dialer,
        (version, deadline): (Version, Option<Instant>),
    ) -> Result<Chosen, Error> {
        if version == Version::HTTP_11 {
            let ready = || lock(&self.idle).pop();
            while let Some(connection) = ready() {
                if connection.with(|sender| sender.is_ready()).unwrap_or_default() {
                    return Ok(Chosen::One(connection, Arc::clone(&self.idle)));
                }
            }
            return Ok(Chosen::One(open_one(at, dialer).await?, Arc::clone(&self.idle)));
        }
        if let Ready::This(connection) = self.ready() {
            return Ok(Chosen::Two(connection));
        }
        let waiting = self.shared(at, dialer);
        let found = match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, waiting).await,
            None => Ok(waiting.await),
        };
        found.unwrap_or_else(|_| Err(no_stream(at))).map(Chosen::Two)
    }

    /// Waits for a stream, or opens a connection.
    async fn shared(&self, at: &Endpoint, dialer: &Dialer) -> Result<Arc<Http2Connection>, Error> {
        let arrived = Instant::now();
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            match self.ready() {
                Ready::This(connection) => return Ok(connection),
                Ready::Full => {
                    freed.await;
                    continue;
                }
                Ready::Open => {}
            }
            let mut opening = self.opening.lock().await;
            // Another caller may have been here in between.
            let (ready, mut failed) = (self.ready(), opening.as_ref().filter(|(when, _)| *when >= arrived).cloned());
            match ready {
                Ready::This(connection) => return Ok(connection),
                Ready::Full => continue,
                Ready::Open if failed.is_some() => {}
                Ready::Open => match open_two(at, dialer, &self.freed).await {
                    Ok(connection) => {
                        *opening = None;
                        let mut shared = lock(&self.shared);
                        shared.retain(|connection| connection.takes_calls());
                        shared.push(Arc::clone(&connection));
                        // Callers that wait for a stream find some here.
                        self.freed.notify_waiters();
                        return Ok(connection);
                    }
                    Err(error) => {
                        failed = Some((Instant::now(), error));
                        opening.clone_from(&failed);
                    }
                },
            }
            drop(opening);
            // Better crowded than not at all.
            let Some((_, error)) = failed else { continue };
            let least = lock(&self.shared).iter().filter(|it| it.takes_calls()).min_by_key(|it| it.open()).cloned();
            match least {
                Some(connection) if connection.open() < connection.streams() => return Ok(connection),
                Some(_) => freed.await,
                None => return Err(error),
            }
        }
    }

    /// The connection with the fewest calls, unless another one should be opened.
    fn ready(&self) -> Ready {
        let shared = lock(&self.shared);
        let usable = shared.iter().filter(|connection| connection.takes_calls());
        let count = usable.clone().count();
        let Some(connection) = usable.min_by_key(|connection| connection.open()) else { return Ready::Open };
        let room = if count < *WIDTH { CROWDED.min(connection.streams()) } else { connection.streams() };
        match connection.open() < room {
            true => Ready::This(Arc::clone(connection)),
            false if count < MOST => Ready::Open,
            false => Ready::Full,
        }
    }
}

/// A request that got no answer, and whether the peer refused it alone, not its connection.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) refused: bool,
}

impl Chosen {
    /// Sends a request.
    ///
    /// # Errors
    ///
    /// [`Origin::NotSent`] when the service saw nothing of it, [`Origin::Transport`] when it may have.
    pub(super) async fn send(
        self,
        request: Request<Outgoing>,
        at: &Endpoint,
        times: (Instant, Option<Instant>),
    ) -> Result<Sent, Failed> {
        let own = request.body().failure();
        let mut open = Open::new(self, times, request.body().until_dropped());
        let answer = match &open.on {
            Some(Chosen::Two(connection)) => {
                // Of a copy: others send by the same one. None is held while the answer is waited for.
                let sender = connection.sender.with(|sender| sender.clone());
                match sender.map(|mut sender| sender.try_send_request(request)) {
                    Some(answer) => answer.await,
                    None => return Err(open.unsent(at)),
                }
            }
            Some(Chosen::One(connection, _)) => match connection.with(|sender| sender.try_send_request(request)) {
                Some(answer) => answer.await,
                None => return Err(open.unsent(at)),
            },
            None => return Err(Failed { error: Error::internal("a call without a connection"), refused: false }),
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
                let refused = of_h2(error.error()).is_some_and(is_refused);
                let own = own.and_then(|own| own.get().cloned());
                Err(Failed { error: own.unwrap_or_else(|| failed(&error, at)), refused })
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
        is_refused(error) || error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR)
    })
}

fn is_refused(error: &h2::Error) -> bool {
    error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
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
    let code = of_h2(error).filter(|error| error.is_reset()).and_then(h2::Error::reason).map(code_of_reset);
    let text = format!("the connection to {} failed: {}", at.address(), reason(error));
    Error::new(code.unwrap_or(kiteline_core::Code::Unavailable), text).with_origin(Origin::Transport)
}

/// What hyper's error is about: behind "connection error" stands what the socket, or TLS, said.
#[cold]
pub(super) fn reason(error: &hyper::Error) -> String {
    match (of_h2(error), error.source()) {
        (Some(error), _) => error.to_string(),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
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

#[cold]
fn no_stream(at: &Endpoint) -> Error {
    Error::deadline(format!("no stream to {} was free in time", at.address())).with_origin(Origin::NotSent)
}
