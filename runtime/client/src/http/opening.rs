//! Opens connections of HTTP.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::connections::{Http1Connection, Http2Connection, reason};
use super::heard::{Heard, noted};
use super::lent::Lent;
use crate::dial::Dialer;
use kiteline_core::error::{Error, Origin};
use kiteline_grpc::turn::{Driven, Jobs, Kept, gather};
use kiteline_registry::Endpoint;
use kiteline_tls::{Alpn, Stream};

/// Silence after which a peer is asked whether it is there while calls are open, and how long it may take to say so.
const PING: Duration = Duration::from_secs(10);
const PONG: Duration = Duration::from_secs(5);
/// Bytes of all headers of one answer.
const HEADERS: u32 = 64 << 10;

async fn dial(at: &Endpoint, dialer: &Dialer, alpn: Alpn) -> Result<Stream, Error> {
    dialer.dial(at, alpn).await.map_err(|why| not_connected(at, &why))
}

#[cold]
fn not_connected(at: &Endpoint, why: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!("cannot connect to {}: {why}", at.address())).with_origin(Origin::NotConnected)
}

#[cold]
fn no_handshake(at: &Endpoint, error: &hyper::Error) -> Error {
    not_connected(at, error)
}

/// Opens a connection of HTTP/2, and waits for the peer's settings: only then it is known how many calls it takes, and
/// that somebody is there who speaks HTTP/2.
pub(super) async fn open_two(
    at: &Endpoint,
    dialer: &Dialer,
    freed: &Arc<Notify>,
) -> Result<Arc<Http2Connection>, Error> {
    let connect = dialer.timeout;
    let end = Instant::now() + connect;
    let heard = Arc::<Heard>::default();
    let (socket, begun) = noted(dial(at, dialer, Alpn::Http2).await?, &heard);
    let ((io, out), jobs) = (gather(socket), Jobs::default());
    let mut http = http2::Builder::new(jobs.clone());
    http.timer(TokioTimer::new())
        .max_header_list_size(HEADERS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .keep_alive_while_idle(false);
    let (sender, connection) = http.handshake(TokioIo::new(io)).await.map_err(|error| no_handshake(at, &error))?;
    let streams = Arc::new(AtomicUsize::new(connection.current_max_send_streams()));
    let known = Arc::clone(&streams);
    let (settled, settings) = oneshot::channel();
    let mut begins = Some((begun, settled));
    let mut driven = Driven::new(connection, jobs, Kept::default(), out).letting_ahead();
    let driven = poll_fn(move |task| {
        let polled = Pin::new(&mut driven).poll(task);
        let connection = driven.connection();
        known.store(connection.current_max_send_streams(), Ordering::Relaxed);
        let begun = begins.as_mut().map_or(Poll::Pending, |(begun, _)| Pin::new(begun).poll(task));
        let came = match (&polled, begun) {
            (Poll::Ready(Err(error)), _) => Some(Err(reason(error))),
            (_, Poll::Ready(Ok(()))) => Some(Ok(())),
            (_, Poll::Ready(Err(_))) => Some(Err("it was closed at once".to_owned())),
            (_, Poll::Pending) => None,
        };
        if let Some(came) = came
            && let Some((_, settled)) = begins.take()
        {
            known.store(connection.current_max_send_streams(), Ordering::Relaxed);
            // Whoever opened it may have gone.
            let _ = settled.send(came);
        }
        polled
    });
    let sender = Lent::new(sender);
    let ends = sender.end();
    tokio::spawn(async move {
        let _ends = ends;
        if let Err(error) = driven.await {
            tracing::debug!(target: "runtime::client::http::connections", %error, "a connection ended");
        }
    });
    match tokio::time::timeout_at(end, settings).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(why))) => return Err(not_connected(at, &why)),
        Ok(Err(_)) => return Err(not_connected(at, &"it was closed at once")),
        Err(_) => return Err(not_connected(at, &format_args!("no settings of HTTP/2 after {connect:?}"))),
    }
    Ok(Arc::new(Http2Connection::new(sender, streams, heard, freed)))
}

pub(super) async fn open_one(at: &Endpoint, dialer: &Dialer) -> Result<Http1Connection, Error> {
    let io = TokioIo::new(dial(at, dialer, Alpn::Http1).await?);
    let (sender, connection) = http1::handshake(io).await.map_err(|error| no_handshake(at, &error))?;
    let sender = Lent::new(sender);
    let ends = sender.end();
    tokio::spawn(async move {
        let _ends = ends;
        if let Err(error) = connection.await {
            tracing::debug!(target: "runtime::client::http::connections", %error, "a connection ended");
        }
    });
    Ok(sender)
}
