//! Thrift, one call at a time on a connection, idle ones kept for the next. Without a TTHeader there
//! is no place for metadata: none is sent and none comes back.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::counters::{Counter, Counters};
use super::deadline::{self, Alarm, within};
use super::link::{Link, Refusal, Silence};
use super::multiplex::Lane;
use super::transport::{Style, Transport};
use crate::error::{Error, Origin};
use crate::registry::Endpoint;
use crate::service::{Answer, Call, Kind};
use crate::thrift::{Header, Incoming, MessageType, Messages, Outgoing, Protocol, metainfo, spare};

/// Idle connections kept to one address.
const IDLE_MOST: usize = 64;
/// An idle connection older than this is not used: servers close theirs, ours after 5 min.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// Bodies from this size on are written from where they are.
const APART: usize = 16 << 10;

static NOTHING: Bytes = Bytes::new();

/// Idle connections to one address, the one used last at the end.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "it moves into the future of each call and back")]
pub(super) struct Rack(Mutex<Vec<Box<Connection>>>);

/// How a channel speaks Thrift.
#[derive(Clone, Debug)]
pub(super) struct Thrift {
    connect: Duration,
    frame: usize,
    style: Style,
    counters: Arc<Counters>,
}

#[derive(Debug)]
struct Connection {
    socket: Socket,
    seq: i32,
    /// When its last call began.
    since: Instant,
    alarm: Alarm,
}

#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    messages: Messages,
    /// Whether the peer said that it closes this connection, or may have.
    leaving: bool,
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

impl Thrift {
    pub(super) fn new(connect: Duration, frame: usize, style: Style, counters: Arc<Counters>) -> Self {
        Self { connect, frame, style, counters }
    }

    /// One call to one instance. Dropped before its end it takes its connection along.
    ///
    /// # Errors
    /// [`Origin::NotConnected`] and [`Origin::NotSent`] when no byte was written, [`Origin::Transport`] when some may have been
    /// or the call's deadline passed, [`Origin::Remote`] for an exception.
    pub(super) async fn exchange(
        &self,
        (endpoint, rack): (&Endpoint, &Rack),
        (call, start): (&Call, Instant),
        service: &str,
    ) -> Result<Answer, Error> {
        let protocol = self.style.protocol(call)?;
        let body = protocol.close(&call.body)?;
        let (mut connection, start) = match rack.take(start, &self.counters) {
            Some(connection) => (connection, start),
            None => {
                // In a box: the path of every call need not have room for it.
                let connection = Box::pin(within(call.cx.deadline, self.connection(endpoint, service, start))).await?;
                (connection, Instant::now())
            }
        };
        connection.since = start;
        connection.seq = connection.seq.wrapping_add(1).max(1);
        let mut head = spare::take();
        {
            let transport = self.style.transport.unwrap_or_default();
            let request = Request { start, transport, protocol, call, body: &body, service };
            self.head(&request, connection.seq, &mut head)?;
        }
        let result = {
            let Connection { socket, seq, alarm, .. } = &mut *connection;
            let work = pin!(socket.exchange((head, &body), (call, *seq), endpoint, &self.counters));
            alarm.within(call.cx.deadline, work).await
        };
        // What an exception left behind is a sound connection; what a fault left behind is not.
        let sound = !matches!(result.as_ref().map_err(Error::origin), Err(Origin::Transport | Origin::NotSent));
        if sound && !connection.socket.leaving && connection.socket.messages.buffered() == 0 {
            rack.give(connection);
        }
        result
    }

    /// One call beside others on one connection. Dropped before its end it leaves the others be.
    ///
    /// # Errors
    /// As [`Thrift::exchange`].
    pub(super) async fn multiplex(
        &self,
        (endpoint, lane): (&Endpoint, &Lane),
        (call, start): (&Call, Instant),
        service: &str,
    ) -> Result<Answer, Error> {
        let protocol = self.style.protocol(call)?;
        let body = protocol.close(&call.body)?;
        let (link, start) = match lane.ready() {
            Some(link) => (link, start),
            None => {
                let open = || self.clone().link(endpoint.clone(), service.to_owned());
                // In a box, as there.
                (Box::pin(lane.link(call.cx.deadline, open)).await?, Instant::now())
            }
        };
        let answered = call.method.kind == Kind::Unary;
        let request = Request { start, transport: Transport::Multiplexed, protocol, call, body: &body, service };
        let head = |seq, out: &mut BytesMut| self.head(&request, seq, out);
        let deadline = call.cx.deadline.map(Instant::from_std);
        let mut ticket = link.enter(answered, deadline, head, &body).map_err(|refusal| match refusal {
            Refusal::Closed(why) => broken(endpoint, &why).with_origin(Origin::NotSent),
            Refusal::Request(error) => error,
        })?;
        if call.method.kind == Kind::Oneway {
            return Ok(Answer::default());
        }
        let silence = |silence| match silence {
            Silence::Late => deadline::passed(),
            Silence::Closed(why) => broken(endpoint, &why),
        };
        let incoming = if link.is_foreign() {
            let answer = async { ticket.answer().await.map_err(silence) };
            Box::pin(within(call.cx.deadline, answer)).await?
        } else {
            ticket.answer().await.map_err(silence)?
        };
        let (result, leaving) = understand(&incoming, ticket.seq, call, endpoint, &self.counters);
        if leaving {
            link.leave();
        }
        result
    }

    /// Writes everything of a request in front of its body.
    fn head(&self, request: &Request<'_>, seq: i32, out: &mut BytesMut) -> Result<(), Error> {
        let Request { start, transport, protocol, call, body, service } = *request;
        let kind = match call.method.kind {
            Kind::Unary => MessageType::Call,
            Kind::Oneway => MessageType::Oneway,
        };
        let name = self.style.name(call);
        let header = Header { protocol, kind, name: &name, seq };
        let info = transport.header(protocol, (call, start), seq, service);
        Outgoing { wire: transport.wire(), header, info: &info, body }
            .write_head(self.frame, out)
            .map_err(|error| Error::invalid(error.to_string()).with_origin(Origin::Encode))
    }

    async fn open(&self, endpoint: &Endpoint, service: &str) -> Result<TcpStream, Error> {
        let fail = |why: String| {
            self.counters.add(Counter::ConnectFailures);
            let address = endpoint.address();
            Error::unavailable(format!("cannot connect to {service} at {address}: {why}"))
                .with_origin(Origin::NotConnected)
        };
        let place = (endpoint.host.as_str(), endpoint.port);
        let connect = tokio::time::timeout(self.connect, TcpStream::connect(place)).await;
        let stream = match connect {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(fail(error.to_string())),
            Err(_) => return Err(fail(format!("no connection after {:?}", self.connect))),
        };
        // Without it a small request may wait for the acknowledgement of the one before.
        stream.set_nodelay(true).map_err(|error| fail(error.to_string()))?;
        Ok(stream)
    }

    async fn connection(&self, endpoint: &Endpoint, service: &str, since: Instant) -> Result<Box<Connection>, Error> {
        let stream = self.open(endpoint, service).await?;
        let socket = Socket { stream, messages: Messages::new(self.frame), leaving: false };
        Ok(Box::new(Connection { socket, seq: 0, since, alarm: Alarm::default() }))
    }

    async fn link(self, endpoint: Endpoint, service: String) -> Result<Link, Error> {
        Ok(Link::new(self.open(&endpoint, &service).await?, self.frame, self.counters))
    }
}

impl Rack {
    /// An idle connection that is still good, the one used last first.
    fn take(&self, now: Instant, counters: &Counters) -> Option<Box<Connection>> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            if connection.is_young(now) && connection.socket.is_quiet(counters) {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection for the next call.
    fn give(&self, mut connection: Box<Connection>) {
        connection.socket.messages.release();
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The oldest stand in front; taken are the others, so that nobody else would look at them.
        let since = connection.since;
        let old = idle.iter().take_while(|idle| !idle.is_young(since)).count();
        idle.drain(..old);
        if idle.len() < IDLE_MOST {
            idle.push(connection);
        }
    }
}

impl Connection {
    fn is_young(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < IDLE_TIME
    }
}

impl Socket {
    /// Whether nothing came since the last answer: neither the end of the stream nor a byte that
    /// nobody asked for.
    fn is_quiet(&self, counters: &Counters) -> bool {
        match self.stream.try_read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
            Ok(1..) => {
                counters.add(Counter::UnknownReplies);
                false
            }
            _ => false,
        }
    }

    /// Writes a request, all but its body in `head`, and reads the answer.
    #[expect(clippy::manual_async_fn, reason = "an async fn has a second place for its arguments")]
    fn exchange(
        &mut self,
        (mut head, body): (BytesMut, &Bytes),
        (call, seq): (&Call, i32),
        at: &Endpoint,
        counters: &Counters,
    ) -> impl Future<Output = Result<Answer, Error>> {
        async move {
            if body.len() < APART {
                head.extend_from_slice(body);
                self.write(&head, &NOTHING, at).await?;
            } else {
                self.write(&head, body, at).await?;
            }
            spare::give(head);
            match call.method.kind {
                Kind::Oneway => Ok(Answer::default()),
                Kind::Unary => self.read((call, seq), at, counters).await,
            }
        }
    }

    /// Writes `head`, and `behind` after it.
    async fn write(&mut self, head: &BytesMut, behind: &Bytes, at: &Endpoint) -> Result<(), Error> {
        let mut sent = 0;
        loop {
            let written = match (head.get(sent..), behind.get(sent.saturating_sub(head.len())..)) {
                (None | Some([]), None | Some([])) => return Ok(()),
                // A plain write costs less than one of several parts.
                (Some(rest), None | Some([])) | (None | Some([]), Some(rest)) => self.stream.write(rest).await,
                (Some(head), Some(behind)) => {
                    self.stream.write_vectored(&[IoSlice::new(head), IoSlice::new(behind)]).await
                }
            };
            let why = match written {
                Ok(count @ 1..) => {
                    sent += count;
                    continue;
                }
                Ok(0) => "it takes no more bytes".to_owned(),
                Err(error) => error.to_string(),
            };
            let origin = if sent == 0 { Origin::NotSent } else { Origin::Transport };
            return Err(broken(at, &why).with_origin(origin));
        }
    }

    async fn read(&mut self, (call, seq): (&Call, i32), at: &Endpoint, counters: &Counters) -> Result<Answer, Error> {
        let damaged = |error| {
            counters.add(Counter::BrokenReplies);
            broken(at, &error)
        };
        let incoming = loop {
            if let Some(incoming) = self.messages.take().map_err(damaged)? {
                break incoming;
            }
            match self.stream.read_buf(self.messages.room()).await {
                Ok(1..) => {}
                Ok(0) => return Err(broken(at, &"closed before the answer")),
                Err(error) => return Err(broken(at, &error)),
            }
        };
        let (result, leaving) = understand(&incoming, seq, call, at, counters);
        self.leaving = leaving;
        result
    }
}

/// Reads an answer on any transport, as Kitex's client does; tells too whether its connection ends.
fn understand(
    incoming: &Incoming,
    seq: i32,
    call: &Call,
    at: &Endpoint,
    counters: &Counters,
) -> (Result<Answer, Error>, bool) {
    match try_understand(incoming, seq, call, at) {
        Ok((result, leaving)) => (result, leaving),
        Err(broken) => {
            counters.add(Counter::BrokenReplies);
            (Err(broken), true)
        }
    }
}

type Understood = (Result<Answer, Error>, bool);

fn try_understand(incoming: &Incoming, seq: i32, call: &Call, at: &Endpoint) -> Result<Understood, Error> {
    let info = incoming.header().map_err(|error| broken(at, &error))?;
    let (header, size) = Header::read(&incoming.message).map_err(|error| broken(at, &error))?;
    // A proxy that answers for its upstream may not know the call's number.
    let foreign = header.kind == MessageType::Exception && header.seq == 0;
    if header.seq != seq && !foreign {
        return Err(broken(at, &format!("an answer to call {}, not to {seq}", header.seq)));
    }
    if header.protocol.idl() != call.method.idl {
        return Err(broken(at, &"an answer in the protocol of another IDL"));
    }
    // An exception may come from somebody who knows no method, a result cannot; as in Kitex.
    if header.kind == MessageType::Reply && header.name != call.method.name {
        return Err(broken(at, &format!("an answer to method {}, not to {}", header.name, call.method.name)));
    }
    let closing = info.as_ref().and_then(|info| info.string(metainfo::CLOSING));
    let body = incoming.message.slice(size..);
    let mut leaving = foreign || closing == Some("1");
    let result = match header.kind {
        MessageType::Reply => match info.as_ref().and_then(metainfo::business) {
            Some(error) => Err(error),
            None => header.protocol.open(body, &mut { call.limits }).map_err(Error::from).map(|body| {
                let backward = info.as_ref().map(metainfo::backward).unwrap_or_default();
                Answer { body, backward }
            }),
        },
        MessageType::Exception => {
            let (error, may_close) = header.protocol.error(body, call.limits);
            leaving |= may_close;
            Err(error)
        }
        MessageType::Call | MessageType::Oneway => return Err(broken(at, &"a request where an answer belongs")),
    };
    Ok((result, leaving))
}

#[cold]
fn broken(at: &Endpoint, why: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!("the connection to {} failed: {why}", at.address())).with_origin(Origin::Transport)
}
