//! Rows 17 and 49: who is refused over TLS, handshakes that stall, and files that are replaced.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use e2e::{Authority, Identity};
use runtime::registry::Registry;
use runtime::tls::ClientTls;
use runtime::{Channel, Code};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Scale, gauges_of};
use crate::Failure;
use crate::attacker::{self, PING};
use crate::generated::faults::twin::{Count, TwinClient};
use crate::generated::faults::{Gauges, TargetClient};
use crate::process::{Settings, Target};
use crate::report::{Line, size};

/// The beginning of a handshake of 512 bytes, of which no more comes.
const BEGUN: [u8; 11] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

/// How a call goes: over Thrift, on a shared connection of Thrift's, over gRPC.
const WAYS: [&str; 3] = ["Thrift", "shared Thrift", "gRPC"];

/// An authority, and a folder for what it signs.
struct Place {
    folder: TempDir,
    authority: Authority,
}

impl Place {
    fn new() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let authority = Authority::new(folder.path());
        Ok(Self { folder, authority })
    }

    /// The settings of a client that trusts this authority.
    fn trusting(&self) -> ClientTls {
        ClientTls::new().ca(self.authority.trust("ca.pem"))
    }

    fn server(&self) -> Identity {
        self.authority.sign("server", &["127.0.0.1"])
    }
}

/// The `[server.tls]` of a server with this certificate.
fn config(identity: &Identity, client_ca: Option<&Path>, rest: &str) -> String {
    let Identity { cert, key } = identity;
    let ca = client_ca.map(|path| format!("client_ca = {path:?}\n")).unwrap_or_default();
    format!("[server.tls]\ncert = {cert:?}\nkey = {key:?}\n{ca}{rest}")
}

async fn start(config: String) -> Result<Target, Failure> {
    Target::start(&Settings { config, ..Settings::default() }).await
}

/// A channel with connections of its own.
fn channel(target: &Target, way: &str, tls: &ClientTls) -> Result<Channel, Failure> {
    let registry = Registry::open(&format!("static:target=https://{}", target.address))?;
    let builder = Channel::builder("target").registry(&registry).tls(tls.clone());
    Ok(builder.multiplex(way == "shared Thrift").build()?)
}

/// A call on a connection of its own.
async fn call(target: &Target, way: &str, tls: &ClientTls) -> Result<(), Failure> {
    if way == "gRPC" {
        let registry = Registry::open(&format!("static:target=https://{}", target.address))?;
        let channel = Channel::builder("target").registry(&registry).tls(tls.clone()).build()?;
        TwinClient::new(channel).number(Count { number: 7 }).await?;
        return Ok(());
    }
    TargetClient::new(channel(target, way, tls)?).number(7).await?;
    Ok(())
}

/// How many of the ways of calling are refused, with what the first error says.
async fn refused(target: &Target, tls: &ClientTls) -> (usize, String) {
    let (mut count, mut text) = (0, String::new());
    for way in WAYS {
        let Err(error) = call(target, way, tls).await else { continue };
        let of_tls = error.downcast_ref::<runtime::Error>().is_some_and(|error| error.code() == Code::Unavailable);
        count += usize::from(of_tls);
        if text.is_empty() {
            text = error.to_string();
        }
    }
    (count, text)
}

/// What the server counts, over TLS.
async fn gauges(target: &Target, tls: &ClientTls) -> Result<Gauges, Failure> {
    gauges_of(channel(target, "Thrift", tls)?).await
}

/// As for the other rows, over TLS.
async fn well(row: u8, target: &mut Target, tls: &ClientTls) -> Result<Line, Failure> {
    let start = Instant::now();
    let answered = call(target, "Thrift", tls).await.is_ok();
    let time = start.elapsed();
    let (lives, panics) = (target.lives()?, target.panic_lines()?);
    let said = format!("ping {time:.1?}, {panics} panics");
    let timed = lives && answered && panics == 0;
    Ok(Line::new(row, "afterwards", "lives, ping in 100 ms, no panic", said, timed && time < PING).timed(timed))
}

/// Row 17: who is refused by a client, by a server, and at the start.
pub(super) async fn refusals(_: Scale) -> Result<Vec<Line>, Failure> {
    let (place, other) = (Place::new()?, Place::new()?);
    let mut lines = by_clients(&place, &other).await?;
    lines.extend(by_servers(&place, &other).await?);
    lines.push(at_the_start(&place).await?);
    Ok(lines)
}

async fn by_clients(place: &Place, other: &Place) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    let wrong = [
        ("another name", place.authority.sign("elsewhere", &["elsewhere.internal"])),
        ("a time that is over", place.authority.sign_expired("old", &["127.0.0.1"])),
        ("an unknown authority", other.server()),
    ];
    for (what, identity) in wrong {
        let target = start(config(&identity, None, "")).await?;
        let (count, text) = refused(&target, &place.trusting()).await;
        let what = format!("a server's certificate with {what}");
        let said = format!("{count} of {}: {}", WAYS.len(), short(&text));
        lines.push(Line::new(17, what, "refused by each client, in words", said, count == WAYS.len()));
    }
    Ok(lines)
}

/// The part of an error behind the address, which differs from run to run.
fn short(text: &str) -> String {
    let end = text.find("TLS: ").or(text.find("received")).unwrap_or_default();
    let text = text.get(end..).unwrap_or_default();
    text.split(';').next().unwrap_or_default().split(": verification").next().unwrap_or_default().to_owned()
}

async fn by_servers(place: &Place, other: &Place) -> Result<Vec<Line>, Failure> {
    let ca = place.authority.trust("clients.pem");
    let mut target = start(config(&place.server(), Some(&ca), "")).await?;
    let with = |Identity { cert, key }: Identity| place.trusting().identity(cert, key);
    let known = with(place.authority.sign("orders", &["orders.internal"]));
    let mut lines = Vec::new();
    for (what, tls) in [
        ("no certificate", place.trusting()),
        ("a certificate whose time is over", with(place.authority.sign_expired("late", &["x"]))),
        ("a certificate of an unknown authority", with(other.authority.sign("stranger", &["x"]))),
    ] {
        let (count, text) = refused(&target, &tls).await;
        let said = format!("{count} of {}: {}", WAYS.len(), short(&text));
        lines.push(Line::new(17, format!("a client with {what}"), "refused, in words", said, count == WAYS.len()));
    }
    let mut served = 0;
    for request in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0, 0, 0, 9, 0x80, 1], &[0x80, 1]]
    {
        let mut stream = attacker::connect(target.address, 0).await?;
        stream.write_all(request).await?;
        let mut answer = Vec::new();
        // A reset is an end too.
        let _ = stream.read_to_end(&mut answer).await;
        served += usize::from(!answer.is_empty() && !answer.starts_with(b"HTTP/1.1 400 "));
    }
    lines.push(Line::new(17, "4 peers without TLS", "none is served", format!("{served} served"), served == 0));
    let mut answered = 0;
    for way in WAYS {
        answered += usize::from(call(&target, way, &known).await.is_ok());
    }
    let said = format!("{answered} of {}", WAYS.len());
    lines.push(Line::new(17, "a client with a certificate", "answered", said, answered == WAYS.len()));
    lines.push(well(17, &mut target, &known).await?);
    Ok(lines)
}

/// Servers whose files cannot be used do not start.
async fn at_the_start(place: &Place) -> Result<Line, Failure> {
    let good = place.server();
    let other = place.authority.sign("other", &["127.0.0.1"]);
    let file = |name: &str, text: &str| -> Result<PathBuf, Failure> {
        let path = place.folder.path().join(name);
        fs::write(&path, text)?;
        Ok(path)
    };
    let half = fs::read_to_string(&good.cert)?.split_at(100).0.to_owned();
    let (empty, half) = (file("empty.pem", "")?, file("half.pem", &half)?);
    let with = |cert: &Path, key: &Path| config(&Identity { cert: cert.to_owned(), key: key.to_owned() }, None, "");
    let wrong = [
        ("`cert`", with(&place.folder.path().join("gone.pem"), &good.key)),
        ("`cert`", with(&empty, &good.key)),
        ("`cert`", with(&half, &good.key)),
        ("`key`", with(&good.cert, &good.cert)),
        ("`key`", with(&good.cert, &other.key)),
        ("`client_ca`", config(&good, Some(&empty), "")),
    ];
    let (count, mut told) = (wrong.len(), 0);
    for (setting, config) in wrong {
        let error = start(config).await.err().map(|error| error.to_string()).unwrap_or_default();
        told += usize::from(error.contains(&format!("{setting} of `[server.tls]`: ")) && error.contains(".pem"));
    }
    let what = "a file that is gone, empty, half, no key, another's key; no authority";
    let said = format!("{told} of {count}");
    Ok(Line::new(17, what, "an error at the start that names setting and file", said, told == count))
}

/// Row 49: handshakes that stall, and files that are replaced, in both roles.
pub(super) async fn attacks(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = stalled(scale).await?;
    lines.extend(idle(scale).await?);
    lines.extend(replaced(scale).await?);
    Ok(lines)
}

async fn stalled(scale: Scale) -> Result<Vec<Line>, Failure> {
    let (count, limit, place) = (1_000, scale.of(10, 3), Place::new()?);
    let limits = format!("[limits]\nfirst_byte = {limit}\n");
    let (mut target, tls) = (start(config(&place.server(), None, &limits)).await?, place.trusting());
    call(&target, "Thrift", &tls).await?;
    let before = target.resident()?;
    target.forget_peak()?;
    let begin = Instant::now();
    let mut peers = Vec::new();
    for number in 0..count {
        let mut stream = attacker::connect(target.address, number).await?;
        if number % 2 == 0 {
            stream.write_all(&BEGUN).await?;
        }
        peers.push(tokio::spawn(async move {
            attacker::closed(&mut stream).await;
            Instant::now()
        }));
    }
    let (mut failed, mut slowest, mut calls) = (0, Duration::ZERO, 0);
    while begin.elapsed() < Duration::from_secs(limit) / 2 || calls < 50 {
        for way in WAYS {
            let start = Instant::now();
            failed += usize::from(call(&target, way, &tls).await.is_err());
            slowest = slowest.max(start.elapsed());
            calls += 1;
        }
    }
    let each = target.peak()?.saturating_sub(before) / count;
    let mut last = begin;
    for peer in peers {
        last = last.max(peer.await?);
    }
    let (after, stalled) = (last - begin, gauges(&target, &tls).await?.stalled);
    let what = format!("{count} handshakes that stall, half of them without a byte");
    let said = format!("{failed} of {calls} new connections failed, the slowest in {slowest:.1?}");
    let good = failed == 0 && slowest < Duration::from_secs(1);
    let closed = format!("the last after {after:.1?}, {stalled} counted");
    let all = after < Duration::from_secs(limit + 3) && usize::try_from(stalled) == Ok(count);
    Ok(vec![
        Line::new(49, &what, "others connect and are answered, each within 1 s", said, good),
        Line::new(49, &what, format!("each closed at its deadline of {limit} s"), closed, all),
        Line::new(49, &what, "RSS + ≤ 32 KiB each", size(each), each <= 32 << 10),
        well(49, &mut target, &tls).await?,
    ])
}

/// What a connection takes that waits for its next call.
async fn idle(scale: Scale) -> Result<Vec<Line>, Failure> {
    let (count, place) = (scale.of(900, 300), Place::new()?);
    let (mut target, tls) = (start(config(&place.server(), None, "")).await?, place.trusting());
    call(&target, "Thrift", &tls).await?;
    let before = target.resident()?;
    let mut kept = Vec::new();
    for _ in 0..count {
        let client = TargetClient::new(channel(&target, "Thrift", &tls)?);
        client.number(7).await?;
        kept.push(client);
    }
    let open = usize::try_from(gauges(&target, &tls).await?.connections)?;
    let each = target.resident()?.saturating_sub(before) / count;
    let what = format!("{count} idle connections");
    let said = format!("{} each, {open} open", size(each));
    let line = Line::new(49, what, "≤ 48 KiB of RSS each", said, each <= 48 << 10 && open >= count);
    drop(kept);
    Ok(vec![line, well(49, &mut target, &tls).await?])
}

/// Replaces the files of both sides again and again while calls go on, on new connections and on kept ones.
async fn replaced(scale: Scale) -> Result<Vec<Line>, Failure> {
    let (old, new) = (Place::new()?, Place::new()?);
    let rounds = scale.of(200, 40);
    let files = old.folder.path();
    let identity = old.server();
    let (clients, roots) = (files.join("clients.pem"), files.join("roots.pem"));
    let [old_ca, new_ca] = [&old, &new].map(|place| fs::read(place.authority.trust("ca.pem")));
    let (old_ca, new_ca) = (old_ca?, new_ca?);
    let both = [&old_ca[..], &new_ca].concat();
    fs::write(&clients, &both)?;
    fs::write(&roots, &both)?;
    let mut target = start(config(&identity, Some(&clients), "")).await?;
    let own = old.authority.sign("client", &["x"]);
    let tls = ClientTls::new().ca(roots.clone()).identity(own.cert.clone(), own.key.clone());
    let kept = TargetClient::new(channel(&target, "shared Thrift", &tls)?);
    let (mut failed, mut calls) = (0, 0);
    for round in 0..rounds {
        let place = if round % 2 == 0 { &new } else { &old };
        let (server, client) = (place.server(), place.authority.sign("client", &["x"]));
        let copies = [
            (server.cert, &identity.cert),
            (server.key, &identity.key),
            (client.cert, &own.cert),
            (client.key, &own.key),
        ];
        for (from, to) in copies {
            // First half of it, as a slow writer would leave it.
            let text = fs::read(from)?;
            let half = text.get(..text.len() / 2).unwrap_or_default();
            for part in [half, &text[..]] {
                fs::write(to, part)?;
                // A client that opens its files is told of bad ones; this one has them open.
                failed += usize::from(kept.number(7).await.is_err());
                calls += 1;
            }
        }
        for way in WAYS {
            failed += usize::from(call(&target, way, &tls).await.is_err());
            calls += 1;
        }
    }
    let what = format!("files of server and client replaced {rounds} times, half written in between");
    let said = format!("{failed} of {calls} calls failed");
    let mut lines = vec![Line::new(49, what, "no call fails", said, failed == 0)];
    // What is trusted from now on is one authority, then the other.
    let now = if rounds % 2 == 0 { &old_ca } else { &new_ca };
    let gone = if rounds % 2 == 0 { &new_ca } else { &old_ca };
    let mut right = 0;
    for (ca, trusted, ok) in [(&clients, now, true), (&clients, gone, false), (&clients, now, true)] {
        fs::write(ca, trusted)?;
        for way in WAYS {
            right += usize::from(call(&target, way, &tls).await.is_ok() == ok);
        }
    }
    for (trusted, ok) in [(now, true), (gone, false)] {
        fs::write(&roots, trusted)?;
        for way in WAYS {
            right += usize::from(call(&target, way, &tls).await.is_ok() == ok);
        }
    }
    fs::write(&roots, &both)?;
    let what = "authorities replaced in both roles";
    let wanted = 5 * WAYS.len();
    lines.push(Line::new(49, what, "those of now count", format!("{right} of {wanted}"), right == wanted));
    lines.push(well(49, &mut target, &tls).await?);
    Ok(lines)
}
