//! The share of one caller of a server while others call it: bytes that arrive, and calls in work.

use crate::limited::{WIRES, start, text, whole};
use crate::peer::{Peer, frame};
use bytes::Bytes;
use runtime::limits::DecodeLimits;
use runtime::server::Counter;
use runtime::thrift::ttheader::flags;
use runtime::thrift::{Header, MessageReader, MessageType, TtHeader, Wire, exception};
use runtime::{Code, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Frames that take all bytes together, each sent in halves: all are answered.
#[tokio::test]
async fn frames_that_fit_together_are_all_answered() {
    let request = frame(MessageType::Call, "Take", 1, &text(900 << 10));
    let (_, running) = start(Limits { in_flight_bytes: 4 * request.len(), ..Limits::default() }).await;
    let mut peers = Vec::new();
    for count in 1..=4 {
        let mut peer = Peer::connect(running.addr()).await;
        peer.send(&request[..400 << 10]).await;
        while running.in_flight_bytes() < count * request.len() {
            tokio::task::yield_now().await;
        }
        peers.push(peer);
    }
    // Small ones go on beside them.
    let mut small = Peer::connect(running.addr()).await;
    assert_eq!(small.call("Take", 1, &text(50 << 10)).await.kind, MessageType::Reply);
    for mut peer in peers {
        peer.send(&request[400 << 10..]).await;
        assert_eq!(peer.receive().await.unwrap().kind, MessageType::Reply);
    }
    while running.in_flight_bytes() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(running.counters().get(Counter::Shed), 0);
}

/// A frame for which there is no room is refused by its beginning, and its connection goes on behind it.
#[tokio::test]
async fn a_frame_without_room_is_refused_at_once() {
    for wire in WIRES {
        let (_, running) = start(Limits { in_flight_bytes: 1 << 20, ..Limits::default() }).await;
        let first = frame(MessageType::Call, "Take", 1, &text(800 << 10));
        let mut holder = Peer::connect(running.addr()).await;
        holder.send(&first[..400 << 10]).await;
        while running.in_flight_bytes() < first.len() {
            tokio::task::yield_now().await;
        }
        let mut peer =
            Wired { stream: TcpStream::connect(running.addr()).await.unwrap(), messages: MessageReader::new(1 << 30) };
        let request =
            whole(wire, "Take", MessageType::Call, &TtHeader { seq: 1, ..TtHeader::default() }, &text(800 << 10));
        let half = 300 << 10;
        peer.stream.write_all(&request[..half]).await.unwrap();
        let (kind, error) = peer.receive(wire).await.unwrap();
        assert_eq!((kind, error.unwrap().code()), (MessageType::Exception, Code::ResourceExhausted), "{wire:?}");
        assert_eq!(running.counters().get(Counter::Shed), 1);
        if wire == Wire::Buffered {
            // It says nowhere how long it is.
            assert!(peer.receive(wire).await.is_none());
            continue;
        }
        assert_eq!(running.in_flight_bytes(), first.len());
        peer.stream.write_all(&request[half..]).await.unwrap();
        let small = whole(wire, "Take", MessageType::Call, &TtHeader { seq: 1, ..TtHeader::default() }, &text(10));
        peer.stream.write_all(&small).await.unwrap();
        assert_eq!(peer.receive(wire).await.unwrap().0, MessageType::Reply, "{wire:?}");
        holder.send(&first[400 << 10..]).await;
        assert_eq!(holder.receive().await.unwrap().kind, MessageType::Reply);
    }
}

/// A peer on any transport.
struct Wired {
    stream: TcpStream,
    messages: MessageReader,
}

impl Wired {
    /// The next answer, and its error when it is one; `None` at the end.
    async fn receive(&mut self, wire: Wire) -> Option<(MessageType, Option<runtime::Error>)> {
        loop {
            if let Some(incoming) = self.messages.take().unwrap() {
                assert_eq!(incoming.wire, wire);
                let (Header { kind, .. }, taken) = Header::read(incoming.message()).unwrap();
                let body = Bytes::copy_from_slice(&incoming.message()[taken..]);
                let error = (kind == MessageType::Exception).then(|| exception::decode(&body, DecodeLimits::default()));
                return Some((kind, error));
            }
            if matches!(self.stream.read_buf(self.messages.room()).await, Ok(0) | Err(_)) {
                return None;
            }
        }
    }
}

/// Two connections with as many slow calls as they may have: another one's calls go on, and theirs are refused.
#[tokio::test]
async fn who_has_more_than_its_share_is_refused_first() {
    let (server, running) = start(Limits { in_flight: 40, ..Limits::default() }).await;
    let mut hogs = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(running.addr()).await.unwrap();
        for seq in 1..=30 {
            let info = TtHeader { flags: flags::OUT_OF_ORDER, seq, ..TtHeader::default() };
            let call = whole(Wire::TtHeaderFramed, "Wait", MessageType::Call, &info, &Bytes::from_static(&[0]));
            stream.write_all(&call).await.unwrap();
        }
        hogs.push(stream);
    }
    while running.counters().get(Counter::Shed) + (running.in_flight() as u64) < 60 {
        tokio::task::yield_now().await;
    }
    // The second one's first calls were within its share of an eighth.
    assert!((30..=35).contains(&running.in_flight()), "{}", running.in_flight());
    let mut peer = Peer::connect(running.addr()).await;
    for seq in 1..=100 {
        assert_eq!(peer.call("Take", seq, &[0]).await.kind, MessageType::Reply);
    }
    let shed = running.counters().get(Counter::Shed);
    let mut hog = Wired { stream: hogs.remove(0), messages: MessageReader::new(1 << 20) };
    server.probe.release.send_replace(true);
    let mut refused = 0;
    for _ in 0..30 {
        let (_, error) = hog.receive(Wire::TtHeaderFramed).await.unwrap();
        refused += u64::from(error.is_some_and(|error| error.code() == Code::ResourceExhausted));
    }
    assert!(refused <= shed && shed >= 25, "{refused} of {shed}");
}
