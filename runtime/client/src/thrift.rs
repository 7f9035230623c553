//! Thrift on connections of its own or on shared ones. Without a TTHeader there is no place for
//! metadata: none is sent and none comes back.

use std::borrow::Cow;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use super::answers::{Understood, broken, open_aside, understand};
use super::connection::Connection;
use super::counters::{Counter, Counters};
use super::deadline::{self, within};
use super::dial::Dialer;
use super::dispatch::Settings;
use super::mux_connection::{CallOptions, MuxConnection, Refusal, Silence};
use super::mux_pool::MuxPool;
use super::pool::{Caps, Given, Pool};
use super::transport::{Style, Transport};
use kiteline_core::error::{Error, Origin};
use kiteline_core::service::{Answer, Call, Idl, Kind};
use kiteline_registry::Endpoint;
use kiteline_thrift::{Header, MessageType, Outgoing, Protocol};
use kiteline_tls::{Alpn, Stream};

/// How a channel speaks Thrift.
#[derive(Clone, Debug)]
pub(super) struct Thrift {
    dialer: Dialer,
    frame: usize,
    style: Style,
    caps: Caps,
    counters: Arc<Counters>,
}

/// A call as its messages are made.
struct Request<'a> {
    /// When it could be sent, or shortly before.
    start: Instant,
    transport: Transport,
    protocol: Protocol,
    call: &'a Call,
    /// As it is on the wire.
    body: &'a Bytes,
    service: &'a str,
}

/// The one message of a call: there are no streams on these transports.
fn whole(call: &Call) -> Result<&Bytes, Error> {
    let streams = call.method.kind.streams_answers() || call.method.kind.streams_requests();
    let no_streams = || Error::unimplemented(&format!("{}: streams on transports of Thrift", call.method.path));
    call.body.as_whole().filter(|_| !streams).ok_or_else(|| no_streams().with_origin(Origin::Encode))
}

/// The message as it goes on the wire, made aside where that takes long.
async fn closed(protocol: Protocol, body: &Bytes) -> Result<Cow<'_, Bytes>, Error> {
    match protocol.is_slow(body.len()) {
        // In a box: the path of every call need not have room for it.
        true => Ok(Cow::Owned(Box::pin(protocol.close_aside(body)).await?)),
        false => protocol.close(body),
    }
}

impl Thrift {
    pub(super) fn new(settings: &Settings<'_>, counters: Arc<Counters>) -> Self {
        let Settings { limits, style, caps, .. } = *settings;
        Self { dialer: settings.dialer.clone(), frame: limits.frame, style, caps, counters }
    }

    /// One call to one instance. Dropped before its end it takes its connection along.
    ///
    /// # Errors
    /// [`Origin::NotConnected`] and [`Origin::NotSent`] when no byte was written, [`Origin::Transport`] when some may have been
    /// or the call's deadline passed, [`Origin::Remote`] for an exception.
    pub(super) async fn exchange(
        &self,
        (endpoint, pool): (&Endpoint, &Pool),
        (call, start): (&Call, Instant),
        service: &str,
    ) -> Result<Answer, Error> {
        let protocol = self.style.protocol(call)?;
        let body = closed(protocol, whole(call)?).await?;
        let (mut connection, start) = match pool.take(start, &self.counters) {
            Some(connection) => (connection, start),
            None => {
                // In a box: the path of every call need not have room for it.
                let connection = self.connection((endpoint, pool), service, start);
                let connection = Box::pin(within(call.cx.deadline(), connection)).await?;
                (connection, Instant::now())
            }
        };
        {
            let (seq, head) = connection.begin(start);
            let transport = self.style.transport.unwrap_or_default();
            let request = Request { start, transport, protocol, call, body: &body, service };
            self.head(&request, seq, head)?;
        }
        let result = connection.exchange(&body, call, endpoint, &self.counters).await;
        if connection.is_sound(&result) {
            pool.give(connection, self.caps);
        }
        result
    }

    /// One call beside others on one connection. Dropped before its end it leaves the others be.
    ///
    /// # Errors
    /// As [`Thrift::exchange`].
    pub(super) async fn multiplex(
        &self,
        (endpoint, mux): (&Endpoint, &MuxPool),
        (call, start): (&Call, Instant),
        service: &str,
    ) -> Result<Answer, Error> {
        let protocol = self.style.protocol(call)?;
        let body = closed(protocol, whole(call)?).await?;
        let (connection, start) = match mux.ready() {
            Some(connection) => (connection, start),
            None => {
                let open = || self.clone().mux_connection(endpoint.clone(), service.to_owned());
                // In a box, as there.
                (Box::pin(mux.connection(call.cx.deadline(), open)).await?, Instant::now())
            }
        };
        let answered = call.method.kind != Kind::Oneway;
        let request = Request { start, transport: Transport::Multiplexed, protocol, call, body: &body, service };
        let head = |seq, out: &mut BytesMut| self.head(&request, seq, out);
        let deadline = call.cx.deadline().map(Instant::from_std);
        let waker = poll_fn(|task| Poll::Ready(answered.then(|| task.waker().clone()))).await;
        let mut ticket = connection.enter(CallOptions { answered, deadline, waker }, head, &body).map_err(
            |refusal| match refusal {
                Refusal::Closed(why) => broken(endpoint, &why).with_origin(Origin::NotSent),
                Refusal::Request(error) => error,
            },
        )?;
        if call.method.kind == Kind::Oneway {
            return Ok(Answer::default());
        }
        let silence = |silence| match silence {
            Silence::Late => deadline::passed(),
            Silence::Closed(why) => broken(endpoint, &why),
        };
        let incoming = if connection.is_foreign() {
            let answer = async { ticket.answer().await.map_err(silence) };
            Box::pin(within(call.cx.deadline(), answer)).await?
        } else {
            ticket.answer().await.map_err(silence)?
        };
        let Understood { result, leaving, closed } = understand(incoming, ticket.seq, call, endpoint, &self.counters);
        if leaving {
            connection.leave();
        }
        if closed { Box::pin(open_aside(result, protocol, call.limits)).await } else { result }
    }

    /// Writes everything of a request in front of its body.
    fn head(&self, request: &Request<'_>, seq: i32, out: &mut BytesMut) -> Result<(), Error> {
        let Request { start, transport, protocol, call, body, service } = *request;
        let kind = match call.method.kind {
            Kind::Oneway => MessageType::Oneway,
            _ => MessageType::Call,
        };
        let name = self.style.name(call);
        let header = Header { protocol, kind, name: &name, seq };
        // Without a transport of its own a channel speaks so to those alone that offer it.
        let ours = self.style.transport.is_none() && call.method.idl == Idl::Proto;
        let info = transport.request_info(protocol, (call, start), seq, (service, ours));
        Outgoing { wire: transport.wire(), header, info: &info, body }
            .write_head(self.frame, out)
            .map_err(|error| Error::invalid(error.to_string()).with_origin(Origin::Encode))
    }

    async fn open(&self, endpoint: &Endpoint, service: &str) -> Result<Stream, Error> {
        let fail = |why: String| {
            self.counters.add(Counter::ConnectFailures);
            let address = endpoint.address();
            Error::unavailable(format!("cannot connect to {service} at {address}: {why}"))
                .with_origin(Origin::NotConnected)
        };
        self.dialer.dial(endpoint, Alpn::Unnamed).await.map_err(fail)
    }

    /// Waits for its turn where as many connections are open as may be.
    async fn connection(
        &self,
        (endpoint, pool): (&Endpoint, &Pool),
        service: &str,
        since: Instant,
    ) -> Result<Box<Connection>, Error> {
        let slot = match pool.turn(self.caps).await {
            Given::Connection(connection) => return Ok(connection),
            Given::Slot(slot) => slot,
        };
        let stream = self.open(endpoint, service).await?;
        Ok(Box::new(Connection::new(stream, self.frame, since, slot)))
    }

    async fn mux_connection(self, endpoint: Endpoint, service: String) -> Result<MuxConnection, Error> {
        Ok(MuxConnection::new(self.open(&endpoint, &service).await?, self.frame, self.counters))
    }
}
