//! Recorded bytes of real Kitex programs.

use serde_json::Value;

/// The records of a file under `tests/vectors/kitex` of the repository.
pub(crate) fn records(file: &str) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/kitex/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap()
}
