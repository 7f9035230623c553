//! Calls over HTTP on one connection: HTTP/1.1 and HTTP/2 by hyper; gRPC, gRPC-Web and Connect by `kiteline-grpc`.

mod asked;
mod cors;
mod exchange;
mod goodbye;
mod held;
mod incoming;
mod lengths;
mod micro;
mod named;
mod outgoing;
mod pages;
mod rest;
mod socket;
mod streams;
mod target;

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, AbortRegistration, Abortable, Either};
use http::header::ORIGIN;
use http::request::Parts;
use http::{StatusCode, Version};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

use super::driver::{self, Claim, Driver, Serving};
use super::http1::PREFACE;
use super::shared::Shared;

use exchange::Exchange;
use goodbye::until_told;
use incoming::Arriving;
use kiteline_core::cancellation::Cancellation;
use kiteline_core::context::ReplySlot;
use kiteline_core::cors::Cors;
use kiteline_core::error::Error;
use kiteline_core::lock::lock;
use kiteline_core::reading::Reading;
use kiteline_core::router::Router;
use kiteline_core::service::Idl;
use kiteline_grpc::turn::{Begun, Driven, Jobs, gather};
use kiteline_rest::{Shape, Table};
use lengths::Lengths;
use named::named;
use outgoing::Outgoing;
pub(super) use pages::ListedPage;
pub use pages::Page;
use pages::Pages;
use socket::Socket;
use streams::Streams;

/// Bytes of all headers of one request.
const HEADERS: u32 = 16 << 10;
/// Bytes of one stream that are written ahead of the socket.
const SEND: usize = 64 << 10;
/// Silence after which a peer is asked whether it is there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(10);

/// How long a peer that was told to go is read from, once nothing of it is open.
const LINGER: Duration = Duration::from_secs(1);

/// The driver of calls over HTTP.
#[derive(Clone)]
pub(super) struct Http {
    surface: Arc<Surface>,
}

/// What all connections of HTTP answer with.
#[derive(Default)]
struct Surface {
    /// Whether calls of HTTP/1 are answered: on a server without proto services nothing but its pages is there, and
    /// who opens its port with a browser is told what it speaks.
    one: bool,
    routes: Table,
    pages: Pages,
    /// How the bodies of answers by routes are shaped.
    shape: Shape,
    /// Which web pages may call.
    cors: Option<Cors>,
}

impl Http {
    /// # Errors
    ///
    /// When two methods have one route; for a page that nobody would see.
    pub(super) fn new(
        router: &Router,
        shape: Shape,
        cors: Option<Cors>,
        pages: Vec<ListedPage>,
    ) -> Result<Self, Error> {
        let routes = Table::new(router.methods())?;
        let one = router.serves(Idl::Proto)
            || router.services().is_empty()
            || router.methods().any(|route| route.service.json());
        let mut all = Pages::default();
        for page in pages {
            all.add(page, &routes)?;
        }
        Ok(Self { surface: Arc::new(Surface { one, routes, pages: all, shape, cors }) })
    }

    /// Whether requests of HTTP/1 are answered.
    fn is_one_served(&self) -> bool {
        self.surface.one || !self.surface.pages.is_empty()
    }
}

impl Driver for Http {
    /// HTTP/2 with prior knowledge once its whole preface is there, and requests of HTTP/1.
    fn claim(&self, first: &[u8]) -> Claim {
        match Claim::beginning(first, PREFACE) {
            Claim::No if self.is_one_served() && first.first().is_some_and(u8::is_ascii_uppercase) => Claim::Yes,
            claim => claim,
        }
    }

    fn serve(&self, connection: driver::Connection) -> Serving {
        Box::pin(serve(connection, Arc::clone(&self.surface)))
    }
}

/// A connection as its streams see it.
struct Connection {
    shared: Arc<Shared>,
    surface: Arc<Surface>,
    peer: SocketAddr,
    streams: Streams,
    /// Bytes of requests that are not whole, which nothing is reserved for.
    waiting: AtomicUsize,
    /// Bytes of small answers that were not taken yet.
    untaken: AtomicUsize,
    /// Whether the socket takes nothing.
    full: Arc<AtomicBool>,
    /// Whether a request had two lengths.
    two_lengths: AtomicBool,
    /// Of the stream that begins, until hyper hands it over.
    begins: Mutex<Option<AbortRegistration>>,
    /// What a call that is over has left for the next one.
    spare: Mutex<(ReplySlot, Cancellation)>,
}

impl Connection {
    /// A slot and a cancellation for a call, those of one that is over where there is such.
    fn spare(&self) -> (ReplySlot, Cancellation) {
        let mut spare = lock(&self.spare);
        (spare.0.again(), spare.1.again())
    }
}

/// Serves a connection until it ends. When the server drains, the peer is told (GOAWAY, or `connection: close`)
/// and the open streams are answered.
async fn serve(connection: driver::Connection, surface: Arc<Surface>) {
    let driver::Connection { shared, guard, stream, peer, first } = connection;
    let goaway = guard.goaway();
    let is_two = Claim::beginning(&first, PREFACE) == Claim::Yes;
    let full = Arc::<AtomicBool>::default();
    let socket = named(Socket::new(driver::whole(first, stream), &shared, &full), is_two);
    let connection = Arc::new(Connection {
        shared,
        surface,
        peer,
        streams: Streams::new(guard),
        waiting: AtomicUsize::new(0),
        untaken: AtomicUsize::new(0),
        full,
        two_lengths: AtomicBool::new(false),
        begins: Mutex::default(),
        spare: Mutex::default(),
    });
    let (limits, of) = (connection.shared.limits.clone(), Arc::clone(&connection));
    let service = service_fn(move |request: http::Request<Incoming>| {
        let stream = Stream::open(&of, request.version());
        // In a box: hyper moves it several times.
        Box::pin(stream.answer(request))
    });
    let outcome = if is_two {
        let ((io, out), jobs) = (gather(socket), Jobs::default());
        let two = two(&connection, &jobs).serve_connection(TokioIo::new(io), service);
        let streams = Begun(|job| drop(tokio::spawn(job)));
        let mut two = Driven::new(two, jobs, streams, out);
        let outcome = until_told(&mut two, |two| two.connection().graceful_shutdown(), goaway, &limits).await;
        if outcome.is_ok() {
            // The peer may have gone, or may not go.
            let _ = tokio::time::timeout(LINGER, two.socket().to_the_end()).await;
        }
        outcome
    } else {
        let socket = Reading::new(socket, Lengths::new(Arc::clone(&connection)));
        let mut one = Box::pin(one().serve_connection(TokioIo::new(socket), service));
        until_told(&mut one, |one| one.as_mut().graceful_shutdown(), goaway, &limits).await
    };
    if let Err(error) = outcome {
        tracing::debug!(target: "runtime::server::http", %peer, %error, "closed");
    }
}

fn one() -> http1::Builder {
    let mut http = http1::Builder::new();
    // How long a head may take is the connection's phase: a timer for each request would cost more.
    http.auto_date_header(false).header_read_timeout(None).max_buf_size(64 << 10);
    http
}

fn two(connection: &Arc<Connection>, jobs: &Jobs) -> http2::Builder<Ended> {
    let mut http = http2::Builder::new(Ended { connection: Arc::clone(connection), jobs: jobs.clone() });
    http.timer(TokioTimer::new())
        .auto_date_header(false)
        .max_concurrent_streams(connection.shared.limits.grpc_streams)
        .max_header_list_size(HEADERS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .max_send_buf_size(SEND);
    http
}

/// One open stream, counted so that a connection without any can be seen as idle.
struct Stream {
    connection: Arc<Connection>,
    /// What ends it by itself. Of HTTP/1.1 a stream is the connection.
    task: Option<AbortHandle>,
}

impl Stream {
    fn open(connection: &Arc<Connection>, version: Version) -> Self {
        connection.streams.begin();
        let task = (version >= Version::HTTP_2).then(|| {
            let (handle, registration) = AbortHandle::new_pair();
            *lock(&connection.begins) = Some(registration);
            handle
        });
        Self { connection: Arc::clone(connection), task }
    }

    /// The answer to a request. What is known of it at once is no part of the future, which is moved into a box.
    fn answer(
        self,
        request: http::Request<Incoming>,
    ) -> impl Future<Output = Result<http::Response<Outgoing>, Infallible>> + Send {
        let (mut head, body) = request.into_parts();
        let mut body = Arriving::new(body, head.version);
        let surface = Arc::clone(&self.connection.surface);
        if let Some(told) = surface.cors.as_ref().and_then(|cors| cors::preflight(cors, &head)) {
            return Either::Left(ready(Ok(told)));
        }
        let origin = surface.cors.as_ref().and_then(|_| head.headers.get(ORIGIN).cloned());
        let micro_id = micro::id(&head);
        let mut begun = match asked::read(&head, &self.connection) {
            Ok(asked) => Ok(Exchange::new(self, asked, &head.headers)),
            Err(refusal) => Err((self, refusal)),
        };
        Either::Right(async move {
            // Lent: what is moved here would have its place twice.
            let mut response = match &mut begun {
                Ok(exchange) => exchange.answer(&mut head, &mut body).await,
                Err((stream, refusal)) => {
                    let page = if refusal.status() == StatusCode::NOT_FOUND { stream.page(&head) } else { None };
                    page.unwrap_or_else(|| std::mem::replace(&mut **refusal, http::Response::new(Outgoing::empty())))
                }
            };
            if let Some(id) = micro_id {
                response.headers_mut().insert(&kiteline_grpc::micro::ID, id);
            }
            if let Some(cors) = &surface.cors {
                cors::mark(cors, origin.as_ref(), response.headers_mut());
            }
            Ok(response)
        })
    }

    /// The same stream, open until both are dropped.
    fn again(&self) -> Self {
        self.connection.streams.begin();
        Self { connection: Arc::clone(&self.connection), task: self.task.clone() }
    }

    /// Whether no other stream is open on the connection: it is HTTP/1.
    fn is_alone(&self) -> bool {
        self.task.is_none()
    }

    /// The answer to a request that is no call.
    fn page(&self, head: &Parts) -> Option<http::Response<Outgoing>> {
        let Surface { one, pages, .. } = &*self.connection.surface;
        let page = pages.answer(head, self);
        if page.is_none() && !one && head.version < Version::HTTP_2 {
            return Some(asked::not_http_1(&self.connection.shared));
        }
        page
    }

    /// What ends it, for whoever does not keep it open.
    fn ending(&self) -> Ending {
        let connection = Arc::downgrade(&self.connection);
        Ending { shared: Arc::clone(&self.connection.shared), connection, task: self.task.clone() }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.streams.end();
    }
}

/// Ends a stream that may be over.
struct Ending {
    shared: Arc<Shared>,
    connection: Weak<Connection>,
    task: Option<AbortHandle>,
}

impl Ending {
    /// Ends it, and frees what hyper holds of it; of HTTP/1.1 the connection with it.
    fn give_up(&self) {
        match &self.task {
            Some(task) => task.abort(),
            None => self.connection.upgrade().iter().for_each(|connection| connection.streams.abort()),
        }
    }
}

/// Takes the streams of one connection over, so that each can be ended.
#[derive(Clone)]
struct Ended {
    connection: Arc<Connection>,
    jobs: Jobs,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Ended {
    fn execute(&self, stream: F) {
        // hyper asks the service for the answer's future, then hands it over here.
        match lock(&self.connection.begins).take() {
            Some(registration) => self.jobs.execute(Abortable::new(stream, registration).map(drop)),
            None => self.jobs.execute(stream),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_prefaces_and_requests_of_http_1_are_claimed() {
        let mut pages = Pages::default();
        pages.add(ListedPage::new("/p", Arc::new(|| Page::text(""))), &Table::default()).unwrap();
        let with_page = Http { surface: Arc::new(Surface { pages, ..Surface::default() }) };
        let http = |one| Http { surface: Arc::new(Surface { one, ..Surface::default() }) };
        for (first, claim, alone) in [
            (&b"G"[..], Claim::Yes, Claim::No),
            (b"P", Claim::More, Claim::More),
            (b"PO", Claim::Yes, Claim::No),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n", Claim::More, Claim::More),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0", Claim::Yes, Claim::Yes),
            (b"\x16", Claim::No, Claim::No),
        ] {
            assert_eq!((http(true).claim(first), http(false).claim(first)), (claim, alone), "{first:?}");
            assert_eq!(with_page.claim(first), claim, "{first:?}");
        }
    }
}
