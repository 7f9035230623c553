//! Hand-made requests and replies that were played to Kitex programs, played to ours: the same reaction, or the reason for
//! another.

mod client;
mod connections;
mod server;

use std::path::Path;

use serde_json::Value;

fn records(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/kitex").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn hex(text: &Value) -> Vec<u8> {
    let digits: Vec<u8> = text.as_str().unwrap().chars().map(|it| it.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
