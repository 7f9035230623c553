//! Recorded bytes of real Kitex programs.

use std::collections::BTreeMap;

use runtime::thrift::{Incoming, Messages, TtHeader};
use serde_json::Value;

/// The records of a file under `tests/vectors/kitex` of the repository.
pub(crate) fn records(file: &str) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/kitex/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn hex(record: &Value) -> Vec<u8> {
    let text = record.as_str().unwrap();
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The messages in bytes that hold nothing else.
pub(crate) fn messages(bytes: &[u8]) -> Vec<Incoming> {
    let mut messages = Messages::new(usize::MAX);
    messages.push(bytes);
    let mut all = Vec::new();
    while let Some(incoming) = messages.take().unwrap() {
        all.push(incoming);
    }
    assert_eq!(messages.buffered(), 0);
    all
}

/// Pairs of a TTHeader as a vector states them.
pub(crate) fn pairs(stated: &Value) -> BTreeMap<String, String> {
    let pairs = stated.as_object().unwrap().iter();
    pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
}

pub(crate) fn ints(header: &TtHeader<'_>) -> BTreeMap<String, String> {
    header.ints.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

pub(crate) fn strings(header: &TtHeader<'_>) -> BTreeMap<String, String> {
    header.strings.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}
