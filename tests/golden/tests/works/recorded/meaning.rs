//! Meaning of the recorded messages, against what generated types read out of them: every record of every transport.

use std::path::Path;

use e2e::sort;
use runtime::thrift::MessageReader;
use serde_json::{Value, json};

use super::binary::Message;
use super::inside::Inside;

/// Values that no typed program of ours ever holds, and why.
const OTHERS: &[(&str, &str)] = &[
    ("string_not_utf8", "a string is text: refused"),
    ("holder_nil_union", "a union without a member is no value: read as absent"),
    ("union_none", "nothing was sent"),
    ("union_two", "nothing was sent"),
];

fn hex(text: &Value) -> Vec<u8> {
    let digits: Vec<u8> = text.as_str().unwrap().chars().map(|it| it.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The first message of some bytes.
fn message(bytes: &Value) -> Option<Message> {
    let mut messages = MessageReader::new(usize::MAX);
    messages.push(&hex(bytes));
    messages.take().unwrap().map(|incoming| Message::read(incoming.message()))
}

/// Sets keep the writer's order on the wire and have none here.
fn ordered(stated: &mut Value, method: &str) {
    match stated {
        Value::Object(members) => {
            for (name, member) in members {
                let set = matches!(name.as_str(), "unique" | "tags")
                    || name == "words" && method == "EchoOptionals"
                    || matches!(name.as_str(), "v" | "success") && method == "RetSet";
                match member {
                    Value::Array(all) if set => {
                        sort(all);
                        all.dedup();
                    }
                    Value::Array(all) if name == "deep" => all.iter_mut().for_each(inner_sets),
                    member => ordered(member, method),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|it| ordered(it, method)),
        _ => {}
    }
}

fn inner_sets(map: &mut Value) {
    for pair in map.as_array_mut().unwrap() {
        sort(pair[1].as_array_mut().unwrap());
    }
}

/// Whether a typed value is the stated one. What was not on the wire reads as its default.
fn same(typed: &Value, stated: &Value) -> bool {
    match (typed, stated) {
        (Value::Object(typed), Value::Object(stated)) => {
            let known = stated.keys().all(|name| typed.contains_key(name));
            known
                && typed
                    .iter()
                    .all(|(name, value)| stated.get(name).map_or(is_default(name, value), |it| same(value, it)))
        }
        (Value::Array(typed), Value::Array(stated)) => {
            typed.len() == stated.len() && typed.iter().zip(stated).all(|(typed, stated)| same(typed, stated))
        }
        _ => typed == stated,
    }
}

/// Defaults of the IDL, else zero.
fn is_default(name: &str, value: &Value) -> bool {
    let zero = match value {
        Value::Object(members) => members.iter().all(|(name, it)| is_default(name, it)),
        other => [json!(0), json!(""), json!(false), json!([])].contains(other),
    };
    match name {
        "maybe" => *value == -7,
        "maybe_text" => value == "hello",
        _ => zero,
    }
}

#[tokio::test]
async fn every_record_decodes_to_its_stated_meaning() {
    let inside = Inside::new();
    let mut seen = 0;
    for file in ["values.json", "wire.json", "ttheader.json"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/kitex").join(file);
        let records: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for record in &records {
            let (name, method) = (record["name"].as_str().unwrap(), record["method"].as_str().unwrap());
            let Some(request) = message(&record["request_hex"]) else {
                assert!(OTHERS.iter().any(|it| it.0 == name), "{name}");
                continue;
            };
            if OTHERS.iter().any(|it| it.0 == name) {
                continue;
            }
            seen += 1;
            let answer = message(&record["response_hex"]).filter(|it| it.kind == 2);
            // The outcome is compared with its meaning; how it is answered, elsewhere.
            let _ = inside.call(method, &request.body, answer.as_ref().map_or(&[0], |it| &it.body)).await;
            let told = inside.told();
            let mut stated = record["meaning"].clone();
            ordered(&mut stated, method);
            assert!(same(&told[0], &stated["args"]), "{file} {name}: {} is not {}", told[0], stated["args"]);
            if answer.is_some() {
                let result = &stated["response"]["result"];
                assert!(same(&told[1], result), "{file} {name}: {} is not {result}", told[1]);
            }
        }
    }
    assert_eq!(seen, 119 + 177 + 27 - 2 * OTHERS.len());
}
