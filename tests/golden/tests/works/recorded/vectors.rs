//! The recorded messages of Kitex programs, from `tests/vectors/kitex`.

use std::path::Path;

use serde_json::Value;

/// One recorded call.
pub(crate) struct Case {
    /// Its name in the file.
    pub(crate) name: String,
    /// The method's name on the wire.
    pub(crate) method: String,
    /// The message that the client sent, without the frame's length; empty when it sent none.
    pub(crate) request: Vec<u8>,
    /// The message that came back; empty when none did.
    pub(crate) response: Vec<u8>,
    /// What the messages mean.
    pub(crate) meaning: Value,
}

impl Case {
    fn read(record: &Value) -> Self {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            method: text("method"),
            request: framed(&text("request_hex")),
            response: framed(&text("response_hex")),
            meaning: record["meaning"].clone(),
        }
    }

    /// The text of the application exception that came back.
    pub(crate) fn exception(&self) -> Option<&str> {
        let response = &self.meaning["response"];
        (response["kind"] == "application_exception").then(|| response["message"].as_str().unwrap())
    }
}

/// The message inside of one frame.
fn framed(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let Some((length, message)) = bytes.split_first_chunk::<4>() else { return Vec::new() };
    assert_eq!(u32::from_be_bytes(*length) as usize, message.len());
    message.to_vec()
}

/// Every framed case of the seeds and of the kitchen sink.
pub(crate) fn framed_cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/kitex");
    let mut cases = Vec::new();
    for file in ["values.json", "wire.json"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let records: Vec<Value> = serde_json::from_str(&text).unwrap();
        cases.extend(records.iter().filter(|it| it["transport"] == "framed").map(Case::read));
    }
    assert!(cases.len() > 100, "the vectors are there");
    cases
}
