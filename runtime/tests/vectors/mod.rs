//! Recorded bytes of real Kitex programs.

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
