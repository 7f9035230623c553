//! Headers and trailers of real Kitex programs over gRPC: what ours reads out of them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::vectors::records;
use http::{HeaderMap, HeaderName, HeaderValue};
use runtime::metadata::Pairs;
use runtime::{Code, grpc};
use serde_json::{Value, json};

/// The headers of the frames of one side, pseudo-headers left out.
fn headers(frames: &Value) -> Vec<HeaderMap> {
    let blocks = frames.as_array().unwrap().iter().filter_map(Value::as_str).filter(|it| it.starts_with("HEADERS"));
    let pair = |line: &str| {
        let (name, value) = line.trim_start().split_once(": ").unwrap();
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).unwrap()))
    };
    blocks.map(|block| block.split('\n').skip(1).filter_map(pair).collect()).collect()
}

fn pairs(all: Pairs<'_>) -> BTreeMap<String, String> {
    all.iter().map(|(name, value)| (name.to_owned(), value.as_text().unwrap().to_owned())).collect()
}

#[test]
fn handlers_see_what_handlers_of_kitex_see() {
    for record in records("grpc.json") {
        let name = record["name"].as_str().unwrap();
        let sent = &headers(&record["client_frames"])[0];
        let metadata = grpc::read_metadata(sent);
        // Kitex has headers without the prefixes in another place, too.
        let plain = metadata.plain().len();
        let expected = [("unary_metainfo", 1), ("unary_http2_meta_handler", 4)].iter().find(|it| it.0 == name);
        assert_eq!(plain, expected.map_or(0, |it| it.1), "{name}");
        let saw = |key: &str| -> BTreeMap<String, String> {
            serde_json::from_value(record["server_saw"][key].clone()).ok().unwrap_or_default()
        };
        let found = (pairs(metadata.transient()), pairs(metadata.persistent()));
        assert_eq!(found, (saw("transient"), saw("persistent")), "{name}");
        let mut again = HeaderMap::new();
        grpc::write_metadata(&metadata, grpc::Spelling::Kitex, &mut again);
        assert!(again.iter().all(|(key, value)| sent[key] == value), "{name}");
        let timeout = match name {
            "unary_timeout" => Some(Duration::from_micros(1_999_590)),
            "unary_deadline" => Some(Duration::from_micros(1_499_476)),
            "unary_slow" => Some(Duration::from_nanos(99_411_582)),
            _ => None,
        };
        assert_eq!(grpc::read_timeout(sent), timeout, "{name}");
    }
}

#[test]
fn callers_get_what_callers_of_kitex_get() {
    let mut seen = 0;
    for record in records("grpc.json") {
        let (name, saw) = (record["name"].as_str().unwrap(), &record["client_saw"]);
        let answers = headers(&record["server_frames"]);
        let Some(status) = answers.last().and_then(grpc::Status::read) else {
            assert_eq!(name, "unary_slow", "no trailers");
            continue;
        };
        seen += 1;
        if saw["ok"] == true {
            assert_eq!(status.code, None, "{name}");
            continue;
        }
        let error = grpc::error_of(&status);
        if saw["biz"].is_object() {
            assert_eq!(json!(error.business_code()), saw["biz"]["code"], "{name}");
            assert_eq!(error.message(), saw["biz"]["message"], "{name}");
            let extra = if error.pairs().is_empty() { Value::Null } else { json!(error.pairs()) };
            assert_eq!(extra, saw["biz"]["extra"], "{name}");
            continue;
        }
        assert_eq!(error.message(), saw["grpc_message"], "{name}");
        // gRPC has no status 20: the text says what is unknown.
        let code = if name == "unknown_service" { "Unknown" } else { saw["grpc_code"].as_str().unwrap() };
        assert_eq!(format!("{:?}", error.code()), code, "{name}");
    }
    assert_eq!(seen, 18);
    assert_eq!(Code::from_number(20), None);
}
