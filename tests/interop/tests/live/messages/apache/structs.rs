//! Random structs of the kitchen sink through Apache's library and ours: equal values, both ways
//! and in both protocols, fields that only one side knows included.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use codegen::ir::model::{DefId, Ty};
use codegen::{Builder, Loaded};
use e2e::workspace;
use golden::generated::sink;
use runtime::thrift::{Value, compact, from_bytes, to_bytes};

use super::canonical::canonical;
use super::python::{Python, finish};
use super::random::Random;
use super::xorshift::Xorshift;

/// Structs a direction; `KITELINE_STRUCTS` sets another number.
const STRUCTS: usize = 2_000;

fn count() -> usize {
    std::env::var("KITELINE_STRUCTS").map_or(STRUCTS, |number| number.parse().unwrap())
}

/// A struct on its way to or from Python.
#[derive(Clone, Debug)]
struct Record {
    name: String,
    protocol: String,
    bytes: Bytes,
}

fn write(path: &Path, records: &[Record]) {
    let mut out = Vec::new();
    for Record { name, protocol, bytes } in records {
        let mut line = String::new();
        writeln!(line, "{name} {protocol} {}", bytes.len()).unwrap();
        out.extend(line.as_bytes());
        out.extend(bytes);
    }
    fs::write(path, out).unwrap();
}

fn read(path: &Path) -> Vec<Record> {
    let mut rest = Bytes::from(fs::read(path).unwrap());
    let mut records = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
        let line = String::from_utf8(rest.split_to(end + 1).to_vec()).unwrap();
        let [name, protocol, length] = line.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
        let bytes = rest.split_to(length.parse().unwrap());
        records.push(Record { name: name.to_owned(), protocol: protocol.to_owned(), bytes });
    }
    records
}

/// Through a generated type: what it reads, as it writes it.
fn through<T: Value>(bytes: Bytes) -> Bytes {
    to_bytes(&from_bytes::<T>(bytes, Default::default()).unwrap_or_else(|error| panic!("{error}"))).unwrap()
}

type Through = fn(Bytes) -> Bytes;

macro_rules! types {
    ($($name:ident)*) => {
        [$((stringify!($name), through::<sink::$name> as Through)),*]
    };
}

const TYPES: [(&str, Through); 11] =
    types!(Scalars Optionals Defaults Needs Containers Tree OddIds Choice Holder V1 V2);

fn ours(record: &Record) -> Record {
    let through = TYPES.iter().find(|(name, _)| *name == record.name).unwrap().1;
    let bytes = match record.protocol.as_str() {
        "compact" => {
            let binary = compact::to_binary(&record.bytes, Default::default()).unwrap();
            compact::from_binary(&through(binary)).unwrap()
        }
        _ => through(record.bytes.clone()),
    };
    Record { bytes, ..record.clone() }
}

/// In Binary, with sets and maps in order, by way of Compact: that has no types of an empty map.
fn meaning(record: &Record) -> Vec<u8> {
    let Record { protocol, bytes, .. } = ours(record);
    let compact = if protocol == "compact" { bytes } else { compact::from_binary(&bytes).unwrap() };
    canonical(&compact::to_binary(&compact, Default::default()).unwrap())
}

fn load() -> Loaded {
    Builder::new().idl(workspace().join("tests/vectors/kitex/kitchen_sink.thrift")).load(false).unwrap()
}

fn place(loaded: &Loaded, name: &str) -> Ty {
    Ty::Def(DefId(loaded.model.defs.iter().position(|def| def.head.rust == name).unwrap()))
}

/// A random struct with, now and then, another one in a field that its IDL does not have.
fn random_struct(loaded: &Loaded, random: &mut Random<'_>) -> (&'static str, Vec<u8>) {
    let (name, _) = TYPES[random.numbers.below(TYPES.len())];
    let mut bytes = Vec::new();
    random.value(&place(loaded, name), 0, &mut bytes);
    if random.numbers.below(2) == 0 {
        let (other, _) = TYPES[random.numbers.below(TYPES.len())];
        bytes.pop();
        // A field of type struct with the id 12345, then STOP.
        bytes.extend([12, 0x30, 0x39]);
        random.value(&place(loaded, other), 2, &mut bytes);
        bytes.push(0);
    }
    (name, bytes)
}

/// What a newer IDL's member of a union looks like here: the two sides keep it differently.
fn has_unknown_member(bytes: &[u8]) -> bool {
    bytes.windows(7).any(|part| part == b"\x08\x7f\xfe\0\0\0\x07")
}

fn ours_to_send() -> Vec<Record> {
    let loaded = load();
    let mut random = Random { model: &loaded.model, numbers: Xorshift::new(0x6b69_7465_6c69_6e65) };
    let mut records = Vec::new();
    while records.len() < count() {
        let (name, binary) = random_struct(&loaded, &mut random);
        if has_unknown_member(&binary) {
            continue;
        }
        let binary = Bytes::from(binary);
        let compact = records.len() % 2 == 0;
        let bytes = if compact { compact::from_binary(&binary).unwrap() } else { binary };
        let protocol = if compact { "compact" } else { "binary" }.to_owned();
        records.push(Record { name: name.to_owned(), protocol, bytes });
    }
    records
}

#[test]
fn what_python_makes_of_our_structs_is_equal() {
    let Some(python) = Python::with_thrift() else { return };
    let (sent, came) = (python.folder.path().join("sent"), python.folder.path().join("came"));
    let records = ours_to_send();
    write(&sent, &records);
    finish(python.program("relay.py").args([&sent, &came]));
    let answers = read(&came);
    assert_eq!(answers.len(), 2 * records.len());
    for (record, answers) in records.iter().zip(answers.chunks(2)) {
        for answer in answers {
            assert_eq!(meaning(answer), meaning(record), "{record:?} came back as {answer:?}");
        }
    }
}

#[test]
fn what_we_make_of_pythons_structs_is_equal() {
    let Some(python) = Python::with_thrift() else { return };
    let (made, back) = (python.folder.path().join("made"), python.folder.path().join("back"));
    finish(python.program("relay.py").args(["make", &count().to_string(), "20"]).arg(&made));
    let records = read(&made);
    assert_eq!(records.len(), 2 * count());
    for both in records.chunks(2) {
        assert_eq!(meaning(&both[0]), meaning(&both[1]));
    }
    write(&back, &records.iter().map(ours).collect::<Vec<_>>());
    let said = finish(python.program("relay.py").arg("same").args([&made, &back]));
    assert_eq!(said.trim(), records.len().to_string());
}
