//! Encoding and decoding of one struct and of big lists: ours against pilota's checked codec. Beside decoding stands what
//! it costs to make the value from another one: its memory, its texts checked and its keys hashed, with nothing read. With
//! the feature `mimalloc` both allocate from that instead of the platform's allocator.
//!
//! `codec [ROWS]` times the rows that begin so, the codecs in turn. `codec ROWS ours` and `codec ROWS pilota` decode with
//! one codec alone, since what one frees the platform's allocator keeps for the other: first one message again and
//! again, then a copy of it each time, as a message arrives in new memory. Ours with a server beside it, which does
//! nothing, as it is in a process that uses it.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use bench::load::serve_ours;
use bench::measure::interleaved;
use bench::ours::bench as ours;
use bytes::{Bytes, BytesMut};
use peers::volo_gen::bench as theirs;
use pilota::thrift::Message;
use pilota::thrift::binary::TBinaryProtocol;
use runtime::limits::DecodeLimits;
use runtime::thrift::{Value, from_bytes, to_bytes};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn texts(at: usize) -> [String; 6] {
    let text = |length: usize| -> String {
        "The quick brown fox jumps over the lazy dog; ".chars().cycle().skip(at % 40).take(length).collect()
    };
    [text(16), text(24), text(48), text(32), text(40), text(226)]
}

fn record(at: usize) -> ours::Record {
    let [name, owner, path, title, comment, body] = texts(at);
    let at = at as i64;
    ours::Record {
        active: true,
        kind: 7,
        port: 8888,
        count: 1000 + at as i32,
        limit: 1 << 20,
        id: at,
        created: 1_700_000_000_000,
        changed: 1_700_000_000_123,
        score: 0.5,
        weight: 1e9,
        name,
        owner,
        path,
        title,
        comment: Some(comment),
        body,
        level: ours::Level::HIGH,
        numbers: (0..20).collect(),
        counters: (0..4).map(|it| (format!("counter-{it}"), it)).collect(),
        place: ours::Point { x: 1, y: 2, label: "here".into() },
    }
}

fn strict() -> ours::Strict {
    let ours::Record { active, count, id, score, name, comment, level, numbers, port, place, .. } = record(0);
    ours::Strict { active, count, id: Some(id), score, name, comment, level, numbers, port: Some(port), place }
}

fn point(at: usize) -> ours::Point {
    ours::Point { x: at as i32, y: 2, label: format!("label {at:8}") }
}

fn pilota_encode<T: Message>(value: &T) -> Bytes {
    // The length pass sizes the buffer, as its framed codec does.
    let mut buffer = BytesMut::new();
    let size = value.size(&mut TBinaryProtocol::new((), true));
    buffer.reserve(size);
    let mut out = TBinaryProtocol::new(&mut buffer, true);
    value.encode(&mut out).expect("encodes");
    buffer.freeze()
}

fn pilota_decode<T: Message>(mut bytes: Bytes) -> T {
    T::decode(&mut TBinaryProtocol::new(&mut bytes, true)).expect("decodes")
}

const LIMITS: DecodeLimits =
    DecodeLimits { depth: 64, budget: 1 << 30, string: 16 << 20, refuse_unknown: false, validate: false };

fn decode<T: Value>(bytes: Bytes) -> T {
    from_bytes(bytes, LIMITS).expect("decodes")
}

/// A value from another one, with what no decoder into these types can leave out.
trait Make {
    fn make(&self) -> Self;
}

fn checked(text: &str) -> String {
    simdutf8::basic::from_utf8(black_box(text.as_bytes())).expect("text").to_owned()
}

impl Make for ours::Point {
    fn make(&self) -> Self {
        Self { x: self.x, y: self.y, label: checked(&self.label) }
    }
}

impl Make for ours::Record {
    fn make(&self) -> Self {
        let mut counters = HashMap::with_capacity(self.counters.len());
        counters.extend(self.counters.iter().map(|(key, count)| (checked(key), *count)));
        Self {
            name: checked(&self.name),
            owner: checked(&self.owner),
            path: checked(&self.path),
            title: checked(&self.title),
            comment: self.comment.as_deref().map(checked),
            body: checked(&self.body),
            numbers: self.numbers.clone(),
            counters,
            place: self.place.make(),
            ..*self
        }
    }
}

impl Make for ours::Strict {
    fn make(&self) -> Self {
        Self {
            name: checked(&self.name),
            comment: self.comment.as_deref().map(checked),
            numbers: self.numbers.clone(),
            place: self.place.make(),
            ..*self
        }
    }
}

impl Make for ours::Points {
    fn make(&self) -> Self {
        Self { points: self.points.iter().map(Make::make).collect() }
    }
}

impl Make for ours::Records {
    fn make(&self) -> Self {
        Self { records: self.records.iter().map(Make::make).collect() }
    }
}

/// One codec in a process of its own.
fn alone<T>(name: &str, codec: &str, bytes: &Bytes, decode: fn(Bytes) -> T) {
    let each = Duration::from_millis(300);
    let kept = interleaved(7, each, &mut [(codec, &mut || drop(black_box(decode(bytes.clone()))))]);
    let copied = interleaved(7, each, &mut [(codec, &mut || drop(black_box(decode(Bytes::copy_from_slice(bytes)))))]);
    println!("| {name}, {} B | decode, {codec} alone | {:.0} ns | {:.0} ns |", bytes.len(), kept[0], copied[0]);
}

/// One row: both encode the same bytes and read them back.
fn row<O: Value + Make, T: Message>(name: &str, make: impl FnOnce() -> O) {
    let mut arguments = std::env::args().skip(1);
    if !name.starts_with(&arguments.next().unwrap_or_default()) {
        return;
    }
    let value = &make();
    let bytes = to_bytes(value).expect("encodes");
    match arguments.next().as_deref() {
        Some("ours") => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.expect("a runtime");
            runtime.block_on(serve_ours());
            return alone(name, "ours", &bytes, decode::<O>);
        }
        Some(_) => return alone(name, "pilota", &bytes, pilota_decode::<T>),
        None => {}
    }
    let other: T = pilota_decode(bytes.clone());
    assert_eq!(pilota_encode(&other).len(), bytes.len(), "the same fields");
    let each = Duration::from_millis(300);
    let encode = interleaved(
        7,
        each,
        &mut [
            ("ours", &mut || drop(black_box(to_bytes(value)))),
            ("pilota", &mut || drop(black_box(pilota_encode(&other)))),
        ],
    );
    let decode = interleaved(
        7,
        each,
        &mut [
            ("ours", &mut || drop(black_box(decode::<O>(bytes.clone())))),
            ("pilota", &mut || drop(black_box(pilota_decode::<T>(bytes.clone())))),
            ("make", &mut || drop(black_box(black_box(value).make()))),
        ],
    );
    let size = bytes.len();
    for (work, times) in [("encode", &encode), ("decode", &decode)] {
        let [ours, pilota] = [times[0], times[1]];
        let make = times.get(2).map_or(String::new(), |time| format!("{time:.0} ns, {:.2}x", pilota / time));
        println!("| {name}, {size} B | {work} | {ours:.0} ns | {pilota:.0} ns | {:.2}x | {make} |", pilota / ours);
    }
}

fn main() {
    println!("| value | work | ours | pilota 0.13.1 | ratio | to make it |\n|---|---|---|---|---|---|");
    row::<_, theirs::Record>("20 fields", || record(0));
    row::<_, theirs::Strict>("7 of 10 fields required", strict);
    row::<_, theirs::Records>("list of 10,000 records", || ours::Records {
        records: (0..10_000).map(record).collect(),
    });
    row::<_, theirs::Points>("list of 10,000 points", || ours::Points { points: (0..10_000).map(point).collect() });
}
