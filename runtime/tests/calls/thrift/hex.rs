//! Bytes as recorded: two digits each.

use serde_json::Value;

pub(crate) fn hex(record: &Value) -> Vec<u8> {
    let text = record.as_str().unwrap();
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
