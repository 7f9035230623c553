//! A shared connection whose callers give up and whose peer is slow or wrong.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::mux_connection::{CallOptions, MuxConnection, PendingCall, Refusal, Silence};
use super::*;
use kiteline_thrift::{Header, Incoming, MessageReader, MessageType, Outgoing, Protocol, TtHeader, Wire};

/// A connection and the socket at its other end.
async fn pair() -> (MuxConnection, Arc<Counters>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let counters = Arc::<Counters>::default();
    let connection = MuxConnection::new(near, 1 << 20, Arc::clone(&counters));
    (connection, counters, listener.accept().await.unwrap().0)
}

fn message(kind: MessageType, seq: i32) -> BytesMut {
    let info = TtHeader { seq, ..TtHeader::default() };
    let body = Bytes::from_static(&[0]);
    let mut out = BytesMut::new();
    let header = Header { protocol: Protocol::Binary, kind, name: "Echo", seq };
    Outgoing { wire: Wire::TtHeaderFramed, header, info: &info, body: &body }.write_head(1 << 20, &mut out).unwrap();
    out.extend_from_slice(&body);
    out
}

fn enter<'a>(connection: &'a MuxConnection, body: &[u8]) -> Result<PendingCall<'a>, Refusal> {
    enter_until(connection, None, body)
}

fn enter_until<'a>(
    connection: &'a MuxConnection,
    deadline: Option<Instant>,
    body: &[u8],
) -> Result<PendingCall<'a>, Refusal> {
    let head = |seq, out: &mut BytesMut| {
        out.extend_from_slice(&message(MessageType::Call, seq));
        Ok(())
    };
    connection.enter(CallOptions { answered: true, deadline, waker: None }, head, body)
}

/// The next message that arrives.
async fn receive(stream: &mut TcpStream, messages: &mut MessageReader) -> Incoming {
    loop {
        if let Some(incoming) = messages.take().unwrap() {
            return incoming;
        }
        assert!(stream.read_buf(messages.room()).await.unwrap() > 0);
    }
}

/// More uses of one place than its number can tell apart.
#[tokio::test]
async fn the_number_of_a_call_that_was_given_up_is_nobody_elses_until_its_answer_came() {
    let (connection, counters, mut peer) = pair().await;
    let mut messages = MessageReader::new(1 << 20);
    let gone = enter(&connection, &[]).unwrap();
    let late = gone.seq;
    drop(gone);
    receive(&mut peer, &mut messages).await;
    for _ in 0..40_000 {
        let mut call = enter(&connection, &[]).unwrap();
        assert_ne!(call.seq, late);
        let request = receive(&mut peer, &mut messages).await;
        peer.write_all(&message(MessageType::Reply, request.seq)).await.unwrap();
        assert_eq!(call.answer().await.unwrap().seq, call.seq);
    }
    peer.write_all(&message(MessageType::Reply, late)).await.unwrap();
    let mut last = enter(&connection, &[]).unwrap();
    receive(&mut peer, &mut messages).await;
    peer.write_all(&message(MessageType::Reply, last.seq)).await.unwrap();
    last.answer().await.unwrap();
    assert_eq!(counters.get(Counter::UnknownReplies), 1);
    // Its answer came: the place is free again.
    assert!(enter(&connection, &[]).is_ok_and(|next| next.seq != late));
}

/// The clock stands, so that the silence is none.
#[tokio::test(start_paused = true)]
async fn a_connection_whose_answers_do_not_come_takes_no_more_calls() {
    let (connection, _, mut peer) = pair().await;
    let drain = tokio::spawn(async move { tokio::io::copy(&mut peer, &mut tokio::io::sink()).await });
    let mut given_up = 0;
    while connection.is_open() {
        drop(enter(&connection, &[]).unwrap());
        given_up += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(given_up, 1 << 14);
    drop(connection);
    drain.await.unwrap().unwrap();
}

/// Calls with little time notice before a second is over.
#[tokio::test(start_paused = true)]
async fn deadlines_in_silence_take_their_connection_along() {
    let (connection, _, _peer) = pair().await;
    for number in 1..=3 {
        assert!(connection.is_open(), "{number}");
        let deadline = Instant::now() + Duration::from_millis(60);
        let call = enter_until(&connection, Some(deadline), &[]);
        tokio::time::advance(Duration::from_millis(60)).await;
        drop(call.unwrap());
    }
    assert!(!connection.is_open());
}

/// As when a firewall has forgotten the connection: writes go on, and nobody says anything.
#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nothing_comes_is_left() {
    let (connection, _, mut peer) = pair().await;
    let mut messages = MessageReader::new(1 << 20);
    drop(enter(&connection, &[]).unwrap());
    tokio::time::advance(Duration::from_millis(999)).await;
    drop(enter(&connection, &[]).unwrap());
    assert!(connection.is_open());
    // What arrives, late as it is, shows that somebody is there.
    let seq = receive(&mut peer, &mut messages).await.seq;
    peer.write_all(&message(MessageType::Reply, seq)).await.unwrap();
    let mut asked = enter(&connection, &[]).unwrap();
    for _ in 0..2 {
        let seq = receive(&mut peer, &mut messages).await.seq;
        peer.write_all(&message(MessageType::Reply, seq)).await.unwrap();
    }
    asked.answer().await.unwrap();
    tokio::time::advance(Duration::from_secs(9)).await;
    drop(enter(&connection, &[]).unwrap());
    assert!(connection.is_open());
    tokio::time::advance(Duration::from_secs(1)).await;
    drop(enter(&connection, &[]).unwrap());
    assert!(!connection.is_open());
}

/// One timer serves all, whoever entered first.
#[tokio::test(start_paused = true)]
async fn each_call_ends_at_its_own_deadline() {
    let (connection, _, mut peer) = pair().await;
    let begin = Instant::now();
    let mut calls: Vec<_> = [300, 100, 200, 5000]
        .map(|millis| enter_until(&connection, Some(begin + Duration::from_millis(millis)), &[]).unwrap())
        .into();
    let mut answered = calls.pop().unwrap();
    let end = async |mut call: PendingCall<'_>| {
        assert!(matches!(call.answer().await, Err(Silence::Late)));
        begin.elapsed().as_millis()
    };
    let mut calls = calls.into_iter().map(end);
    let ends = tokio::join!(calls.next().unwrap(), calls.next().unwrap(), calls.next().unwrap());
    // A timer of tokio counts whole milliseconds.
    assert!((300..302).contains(&ends.0) && (100..102).contains(&ends.1) && (200..202).contains(&ends.2), "{ends:?}");
    peer.write_all(&message(MessageType::Reply, answered.seq)).await.unwrap();
    answered.answer().await.unwrap();
}

#[tokio::test]
async fn what_waits_to_be_written_is_bounded() {
    let (connection, counters, _peer) = pair().await;
    let body = vec![0; 1 << 20];
    let mut calls = Vec::new();
    let refusal = loop {
        match enter(&connection, &body) {
            Ok(call) => calls.push(call),
            Err(refusal) => break refusal,
        }
    };
    assert!(matches!(refusal, Refusal::Closed(_)));
    // What the sockets hold comes on top of the 16 MiB.
    assert!((16..64).contains(&calls.len()), "{}", calls.len());
    assert_eq!(counters.get(Counter::Shed), 1);
}

#[tokio::test]
async fn what_is_no_message_ends_the_connection() {
    let (connection, counters, mut peer) = pair().await;
    let mut call = enter(&connection, &[]).unwrap();
    peer.write_all(&[0x7f; 8]).await.unwrap();
    assert!(matches!(call.answer().await, Err(Silence::Closed(_))));
    assert_eq!((counters.get(Counter::BrokenReplies), connection.is_open()), (1, false));
}

/// On a clock that moves on by itself when nobody has anything to do.
#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_given_up() {
    let (connection, counters, _peer) = pair().await;
    let body = vec![0; 1 << 20];
    let mut calls: Vec<_> = (0..12).map(|_| enter(&connection, &body).unwrap()).collect();
    assert!(matches!(calls[0].answer().await, Err(Silence::Closed(why)) if why.contains("took nothing")));
    assert_eq!((counters.get(Counter::WriteTimeouts), connection.is_open()), (1, false));
}

/// Nobody is left to read its answers: calls that entered would wait until their deadlines.
#[test]
fn a_link_ends_with_the_runtime_that_opened_it() {
    let home = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (connection, _, _peer) = home.block_on(pair());
    assert!(connection.is_open());
    drop(home);
    assert!(!connection.is_open());
    assert!(matches!(enter(&connection, &[]), Err(Refusal::Closed(_))));
}
