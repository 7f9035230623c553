//! Heap use of hostile messages on their way through a server, over every framing.

use bytes::Bytes;
use e2e::ran_alone;
use faults::corpus::{self, WIRES};
use faults::generated::faults::{Gauges, Item, Target, TargetServer};
use runtime::thrift::Wire;
use runtime::{Config, Context, Error, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::HEAP;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
/// What a connection takes without any message: its task and the buffer of its first read.
const CONNECTION: usize = 8 * KIB;

/// Answers what reaches it.
struct Handler;

impl Target for Handler {
    async fn echo(&self, _cx: &Context, item: Item) -> Result<Item, Error> {
        Ok(item)
    }

    async fn keep(&self, _cx: &Context, item: Item, _: i64) -> Result<Item, Error> {
        Ok(item)
    }

    async fn number(&self, _cx: &Context, number: i64) -> Result<i64, Error> {
        Ok(number)
    }

    async fn lookup(&self, _cx: &Context, number: i64) -> Result<i64, Error> {
        Ok(number)
    }

    async fn blob(&self, _cx: &Context, _: i32) -> Result<Bytes, Error> {
        Ok(Bytes::new())
    }

    async fn slow(&self, _cx: &Context, time: i64) -> Result<i64, Error> {
        Ok(time)
    }

    async fn flaky(&self, _cx: &Context, number: i64) -> Result<i64, Error> {
        Ok(number)
    }

    async fn bomb(&self, _cx: &Context, _: i64) -> Result<(), Error> {
        Ok(())
    }

    async fn hop(&self, _cx: &Context, _: i32) -> Result<i64, Error> {
        Ok(0)
    }

    async fn gauges(&self, _cx: &Context) -> Result<Gauges, Error> {
        Ok(Gauges::default())
    }
}

/// Sends a message and its end, and reads up to the server's end; the bytes that came.
async fn exchange(address: std::net::SocketAddr, bytes: &[u8], into: &mut [u8]) -> usize {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = stream.split();
    let sending = async {
        // The server may refuse before all has come.
        if write.write_all(bytes).await.is_ok() {
            let _ = write.shutdown().await;
        }
    };
    let receiving = async {
        let mut count = 0;
        while let Ok(more @ 1..) = read.read(&mut into[count..]).await {
            count += more;
        }
        count
    };
    tokio::join!(sending, receiving).1
}

/// The most that a case of a row may take beyond what was there, by the bytes that are sent.
fn bound(row: u8, sent: usize) -> usize {
    match row {
        1 => MIB,
        2 => 64 * MIB,
        // A buffer that grows may be twice as big, and is copied once.
        3 => 3 * sent + 64 * KIB + CONNECTION,
        _ => sent + 64 * KIB + CONNECTION,
    }
}

/// Buffers of large messages have room that is never touched, so that glibc maps them alone; under a limit of
/// addresses they have what they need, which is what is counted here.
#[cfg(target_os = "linux")]
fn count_what_is_needed() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::As);
    setrlimit(Resource::As, Rlimit { current: Some(1 << 40), ..limit }).unwrap();
}

#[cfg(not(target_os = "linux"))]
fn count_what_is_needed() {}

#[test]
fn hostile_messages_take_no_memory_of_a_server() {
    if ran_alone(hostile_messages_take_no_memory_of_a_server) {
        return;
    }
    count_what_is_needed();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut into = vec![0; 64 * KIB];
    let running = runtime.block_on(Server::new(Config::local()).add(TargetServer::new(Handler)).start()).unwrap();
    let address = running.addr();
    let call = |wire| corpus::call(wire, "Number", 1, &Bytes::from_static(&[0])).unwrap();
    // Spare buffers are there before anything is counted.
    for wire in WIRES.into_iter().cycle().take(40) {
        assert!(runtime.block_on(exchange(address, &call(wire), &mut into)) > 0);
    }
    let mut measured = 0;
    for case in corpus::cases() {
        for wire in WIRES {
            let bytes = corpus::call(wire, "Echo", 1, &case.body).unwrap();
            // A buffer that grew too big was not kept: another one takes its place here.
            runtime.block_on(exchange(address, &call(Wire::Framed), &mut into));
            let (answered, peak) = HEAP.peak_of(|| runtime.block_on(exchange(address, &bytes, &mut into)));
            let most = bound(case.row, bytes.len());
            assert!(peak <= most, "{} over {wire:?}: {peak} bytes, not {most}", case.name);
            // A bare message that cannot be has no end; the others are answered by an exception.
            assert!(answered > 0 || wire == Wire::Buffered, "{} over {wire:?}", case.name);
            measured += 1;
        }
    }
    assert!(measured > 1_000, "{measured}");
    assert!(runtime.block_on(exchange(address, &call(Wire::Framed), &mut into)) > 0);
}
