//! Requests of HTTP/1.1 that are not what they seem, or far too large: sent on connections of their own, beside good calls.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::http2::warm;
use super::{gauges, well};
use crate::Failure;
use crate::attacker;
use crate::process::{Settings, Target};
use crate::report::{Line, size};
use crate::traffic::Traffic;

pub(super) const MIB: usize = 1 << 20;
/// One answer has to be there in that time, however much is sent.
const TIME: Duration = Duration::from_secs(10);
/// What RSS may have beyond what it had: a message of 4 MiB, what was read of it, and what JSON makes of it.
const BESIDE: usize = 32 * MIB;

/// What is sent on a connection of its own.
pub(super) struct Attack {
    pub(super) what: String,
    pub(super) head: Vec<u8>,
    /// Behind the head, so often.
    pub(super) part: (Vec<u8>, usize),
    /// The only status that may answer.
    pub(super) status: u16,
}

/// The requests of a row.
pub(super) struct Kind {
    pub(super) row: u8,
    pub(super) what: &'static str,
    /// How the good calls beside them are made.
    pub(super) beside: &'static str,
    /// One of them, for the book `good`.
    pub(super) good: &'static [u8],
}

pub(super) fn attack(status: u16, what: &str, head: impl Into<Vec<u8>>) -> Attack {
    Attack { what: what.to_owned(), head: head.into(), part: (Vec::new(), 0), status }
}

/// A request whose connection ends with its answer.
pub(super) fn request(status: u16, line: &str, headers: &str) -> Attack {
    attack(status, line, format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n"))
}

/// Attacks with all of these, in groups; no handler may be called.
pub(super) async fn attacked<const N: usize>(
    kind: &Kind,
    groups: [(&str, Vec<Attack>); N],
) -> Result<Vec<Line>, Failure> {
    let mut target = Target::start(&Settings::default()).await?;
    warm(&target).await?;
    good(&mut TcpStream::connect(target.address).await?, kind.good).await?;
    let traffic = Traffic::start(target.address, 200)?;
    let beside = Beside::start(target.address, kind.good);
    let mut lines = Vec::new();
    for (what, attacks) in groups {
        let before = target.resident()?;
        target.forget_peak()?;
        let (count, mut wrong) = (attacks.len(), String::new());
        for attack in attacks {
            let statuses = sent(target.address, &attack).await?;
            if statuses != [attack.status] {
                write!(wrong, "; {}: {statuses:?}, not {}", attack.what, attack.status)?;
            }
        }
        let grown = target.peak()?.saturating_sub(before);
        let calls = gauges(&target).await?.routed;
        let what = format!("{count} {}: {what}", kind.what);
        let said = format!("{calls} calls{wrong}");
        let ok = calls == 0 && wrong.is_empty();
        lines.push(Line::new(kind.row, &what, "one answer each, of its status; no handler is called", said, ok));
        lines.push(Line::new(
            kind.row,
            &what,
            format!("peak of RSS + ≤ {}", size(BESIDE)),
            size(grown),
            grown <= BESIDE,
        ));
    }
    let (seen, (calls, failed)) = (traffic.stop().await?, beside.stop().await?);
    let all = seen.times.len() + seen.failed + calls;
    let said = format!("{} of {all} failed, p99 {:.1?}", seen.failed + failed, seen.p99());
    let ok = seen.failed + failed == 0 && calls > 0;
    let required = format!("calls of others by Thrift and {}: none fails", kind.beside);
    lines.push(Line::new(kind.row, "beside them", required, said, ok));
    lines.extend(well(kind.row, &mut target).await?);
    Ok(lines)
}

/// The statuses of all answers until the server ends the connection.
async fn sent(target: SocketAddr, attack: &Attack) -> Result<Vec<u16>, Failure> {
    let mut stream = attacker::connect(target, 0).await?;
    let (mut read, mut write) = stream.split();
    let writing = async {
        // The server may close before all was taken.
        let _ = write.write_all(&attack.head).await;
        for _ in 0..attack.part.1 {
            if write.write_all(&attack.part.0).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut answers = Vec::new();
    let reading = async {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = read.read(&mut bytes).await {
            answers.extend_from_slice(bytes.get(..count).unwrap_or_default());
        }
    };
    let ended = tokio::time::timeout(TIME, async {
        tokio::select! {
            () = reading => {}
            () = writing => {}
        }
    });
    let in_time = ended.await.is_ok();
    let text = String::from_utf8_lossy(&answers);
    let mut statuses: Vec<u16> = text.split("HTTP/1.1 ").skip(1).map(status).collect();
    // One that is not over in time is no refusal.
    statuses.extend((!in_time).then_some(0));
    Ok(statuses)
}

/// What an answer says: the code of go-micro's error where there is one, else its status.
fn status(answer: &str) -> u16 {
    let number = |text: &str| text.get(..3).and_then(|it| it.parse().ok()).unwrap_or_default();
    let (head, _) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    match head.split_once("micro-error: ").and_then(|(_, error)| error.split_once("\"code\":")) {
        Some((_, code)) => number(code),
        None => number(head),
    }
}

/// A good call.
async fn good(stream: &mut TcpStream, request: &[u8]) -> Result<(), Failure> {
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"name\":\"good\"}") {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(format!("no answer to a good call: {}", String::from_utf8_lossy(&answer)).into());
        }
    }
    if answer.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { Err("a good call is refused".into()) }
}

/// Good calls, one behind the other, until they are stopped.
struct Beside {
    stop: Arc<AtomicBool>,
    calls: tokio::task::JoinHandle<(usize, usize)>,
}

impl Beside {
    fn start(target: SocketAddr, request: &'static [u8]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let calls = tokio::spawn(async move {
            let (mut calls, mut failed) = (0, 0);
            while !stopped.load(Ordering::Relaxed) {
                let Ok(mut stream) = TcpStream::connect(target).await else {
                    return (calls, failed + 1);
                };
                for _ in 0..10 {
                    calls += 1;
                    let answered = tokio::time::timeout(TIME, good(&mut stream, request)).await;
                    failed += usize::from(!matches!(answered, Ok(Ok(()))));
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            (calls, failed)
        });
        Self { stop, calls }
    }

    /// How many calls there were, and how many failed.
    async fn stop(self) -> Result<(usize, usize), Failure> {
        self.stop.store(true, Ordering::Relaxed);
        Ok(self.calls.await?)
    }
}
