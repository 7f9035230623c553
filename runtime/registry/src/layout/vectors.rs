//! Keys and values of the real systems (`tests/vectors/<system>`): every one that they wrote is
//! written alike, every one that they read is read alike; the differences are told here, case by
//! case. Recordings of what the systems send each other hold no key and are not used here, nor are
//! the timelines without entries.

use serde_json::Value;

use super::*;

fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap()
}

/// `prefix/service/rest`, the prefix if there is one.
fn parts(key: &str) -> (Option<String>, String) {
    let (path, _) = key.rsplit_once('/').unwrap();
    match path.rsplit_once('/') {
        Some((prefix, service)) => (Some(prefix.to_owned()), service.to_owned()),
        None => (None, path.to_owned()),
    }
}

/// Reads a written entry, writes what was read, compares.
fn again(layout: &dyn Layout, service: &str, row: &Value, expected: &str) {
    let (case, key) = (text(row, "case"), text(row, "key"));
    assert!(key.starts_with(&layout.prefix(service)), "{case}");
    let found = layout.read(service, key.as_bytes(), text(row, "value").as_bytes()).unwrap();
    assert_eq!(found.len(), 1, "{case}");
    let lease = row["lease"].as_i64().unwrap_or(1);
    let entry = layout.write(&found[0], lease).remove(0);
    assert_eq!((entry.key.as_str(), entry.value.as_str()), (key, expected), "{case}");
}

/// What a row's entries are read as: those under the service's prefix, in the order of keys.
fn found(layout: &dyn Layout, row: &Value) -> Vec<Instance> {
    let service = text(row, "service");
    let prefix = layout.prefix(service);
    let mut out = Vec::new();
    for entry in row["entries"].as_array().unwrap() {
        let key = entry[0].as_str().unwrap();
        let value = match entry[1].as_str() {
            Some(value) => value.as_bytes().to_vec(),
            None => bytes(entry[1]["hex"].as_str().unwrap()),
        };
        if key.starts_with(&prefix) {
            out.extend(layout.read(service, key.as_bytes(), &value).unwrap_or_default());
        }
    }
    out
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn ids(found: &[Instance]) -> Vec<&str> {
    let mut ids: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

fn addresses_of(found: &[Instance]) -> Vec<String> {
    let mut all: Vec<String> =
        found.iter().flat_map(|one| one.endpoints.iter().map(|endpoint| endpoint.address())).collect();
    all.sort_unstable();
    all
}

#[test]
fn kratos_is_written_alike() {
    let mut seen = 0;
    for row in rows(include_str!("../../../../tests/vectors/kratos/registered.json")) {
        let (key, value) = (text(&row, "key"), text(&row, "value"));
        let service = serde_json::from_str::<Value>(value).unwrap()["name"].as_str().unwrap().to_owned();
        let (path, _) = key.rsplit_once('/').unwrap();
        let layout = kratos::Kratos::new(path.strip_suffix(&format!("/{service}")));
        let expected = match text(&row, "case") {
            "no server, no endpoint" => {
                assert!(layout.read(&service, b"", value.as_bytes()).is_err(), "nobody can dial it");
                continue;
            }
            // An empty map and none are one thing here.
            "metadata set to an empty map" => value.replace("{},", "null,"),
            // `isSecure=false` is the default.
            "explicit endpoints" => value.replace("?isSecure=false", ""),
            _ => value.to_owned(),
        };
        again(&layout, &service, &row, &expected);
        seen += 1;
    }
    assert_eq!(seen, 19);
}

#[test]
fn kratos_is_read_alike() {
    for row in rows(include_str!("../../../../tests/vectors/kratos/reader.json")) {
        let case = text(&row, "case");
        let found = found(&kratos::Kratos::new(None), &row);
        let listed = row["list"].as_str().and_then(|list| list.strip_prefix("found: "));
        let expected: Vec<&str> = match case {
            // Ours has no use for what cannot be dialed, and none for what asks for no calls.
            "endpoints missing"
            | "endpoints missing next to a good one"
            | "endpoints null next to a good one"
            | "endpoints [] next to a good one"
            | "endpoints [null] next to a good one"
            | "endpoint without scheme next to a good one"
            | "weight \"0\" next to weight 10" => {
                listed.into_iter().flat_map(|list| list.split(", ")).filter(|id| *id == "b").collect()
            }
            "only name and endpoints" => vec!["127.0.0.1:22121"],
            // Not under the service's own prefix.
            "key is the service key itself" => vec![],
            // One value that cannot be read hides no other.
            "metadata []" | "metadata \"\"" | "metadata {\"weight\":10}" => vec![],
            "endpoints {} next to a good one" => vec!["b"],
            _ if listed.is_none() && row["list"] != "empty list" => vec!["a"],
            _ => listed.into_iter().flat_map(|list| list.split(", ")).collect(),
        };
        assert_eq!(ids(&found), expected, "{case}");
        if let Some(weight) = case.strip_prefix("weight \"").and_then(|rest| rest.split_once('"')) {
            let expected = match weight.0 {
                "-1" => Some(1),
                "9223372036854775807" => Some(u32::MAX),
                "0" => None,
                _ => Some(100),
            };
            assert_eq!(found.iter().find(|one| one.id == "a").map(|one| one.weight), expected, "{case}");
        }
    }
}

#[test]
fn endpoints_of_kratos_are_told_apart_by_scheme() {
    for (url, expected) in [
        ("grpc://h:1", Some("grpc://h:1")),
        ("GRPC://h:1/", Some("grpc://h:1")),
        ("http://h:1/base?isSecure=true", Some("https://h:1")),
        ("grpc://[::1]:1?isSecure=false", Some("grpc://[::1]:1")),
        ("grpc://::1:1", Some("grpc://[::1]:1")),
        ("grpcs://h:1", Some("grpcs://h:1")),
        ("h:1", None),
        ("://h:1", None),
        ("grpc://h", None),
        ("grpc://user@h:1", None),
    ] {
        assert_eq!(endpoint_of_url(url).map(|endpoint| endpoint.to_string()).as_deref(), expected, "{url}");
    }
}

#[test]
fn go_micro_is_written_alike() {
    let mut seen = 0;
    for row in rows(include_str!("../../../../tests/vectors/go-micro/registered.json")) {
        let value = text(&row, "value");
        let service = serde_json::from_str::<Value>(value).unwrap()["name"].as_str().unwrap().to_owned();
        // The shapes of requests, which readers do not need, are not written.
        let (head, _) = value.split_once("\"endpoints\":").unwrap();
        let (_, tail) = value.split_once(",\"nodes\":").unwrap();
        let expected = format!("{head}\"endpoints\":[],\"nodes\":{tail}");
        again(&go_micro::GoMicro::new(None), &service, &row, &expected);
        seen += 1;
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn go_micro_is_read_alike() {
    for row in rows(include_str!("../../../../tests/vectors/go-micro/reader.json")) {
        let case = text(&row, "case");
        let found = found(&go_micro::GoMicro::new(None), &row);
        let services = row["list"].as_array().map(Vec::as_slice).unwrap_or_default();
        let nodes = services.iter().flat_map(|service| service["nodes"].as_array().unwrap());
        let mut expected: Vec<&str> = nodes.map(|id| id.as_str().unwrap()).collect();
        expected.sort_unstable();
        match case {
            // Nobody can dial it.
            "address without a port next to a good one" | "address with scheme next to a good one" => {
                expected.retain(|id| *id == "greeter-a");
            }
            "id missing" => expected = vec![found[0].id.as_str()],
            // What its readers cannot take: what can be used of it is.
            "bad value next to a good one: nodes holds null" | "endpoints [null]" => expected = vec!["greeter-a"],
            _ => {}
        }
        assert_eq!(ids(&found), expected, "{case}");
        let version =
            services.iter().find(|service| service["nodes"].as_array().is_some_and(|nodes| !nodes.is_empty()));
        if let (Some(service), Some(one)) = (version, found.first()) {
            assert_eq!(service["version"], one.version, "{case}");
        }
    }
}

#[test]
fn go_kit_is_written_alike() {
    let mut seen = 0;
    for row in rows(include_str!("../../../../tests/vectors/go-kit/registered.json")) {
        // Keys and values of the user's own that are no service's address.
        if ["key without any slash", "JSON as the value"].contains(&text(&row, "case")) {
            continue;
        }
        let (prefix, service) = parts(text(&row, "key"));
        again(&go_kit::GoKit::new(prefix.as_deref()), &service, &row, text(&row, "value"));
        seen += 1;
    }
    assert_eq!(seen, 8);
}

/// The addresses that a reader took as given, as far as they are addresses.
fn dialable(row: &Value) -> Vec<String> {
    let listed = row["list"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().trim());
    let read = |text: &str| endpoint_of_url(text).or_else(|| Endpoint::parse(text));
    let mut all: Vec<String> = listed.filter_map(read).map(|endpoint| endpoint.address()).collect();
    all.sort_unstable();
    all
}

#[test]
fn go_kit_is_read_alike() {
    for row in rows(include_str!("../../../../tests/vectors/go-kit/reader.json")) {
        let mut row = row;
        let case = text(&row, "case").to_owned();
        row["service"] = text(&row, "service").trim_end_matches('/').into();
        let mut expected = dialable(&row);
        match case.as_str() {
            // Its prefix has no closing `/`, ours does.
            "prefix-sharing name" => expected.retain(|address| address != "127.0.0.1:22122"),
            "key is the prefix itself" => expected.clear(),
            _ => {}
        }
        assert_eq!(addresses_of(&found(&go_kit::GoKit::new(None), &row)), expected, "{case}");
    }
}

#[test]
fn go_zero_is_written_alike() {
    let mut seen = 0;
    for row in rows(include_str!("../../../../tests/vectors/go-zero/registered.json")) {
        // A key that the user chose: ours ends in the lease's id always.
        if text(&row, "case") == "ID set to 7" {
            continue;
        }
        let (prefix, service) = parts(text(&row, "key"));
        again(&go_zero::GoZero::new(prefix.as_deref()), &service, &row, text(&row, "value"));
        seen += 1;
    }
    assert_eq!(seen, 11);
}

#[test]
fn go_zero_is_read_alike() {
    for row in rows(include_str!("../../../../tests/vectors/go-zero/reader.json")) {
        let mut row = row;
        let case = text(&row, "case").to_owned();
        let (prefix, service) = parts(&format!("{}/", text(&row, "service")));
        row["service"] = service.into();
        let layout = go_zero::GoZero::new(prefix.as_deref());
        let mut read = addresses_of(&found(&layout, &row));
        let mut expected = dialable(&row);
        match case.as_str() {
            // An address under two keys is one instance where lists are joined, not here.
            "same address under two keys" => read.dedup(),
            "bad value next to a good one: URL" => expected.retain(|address| address != "127.0.0.1:22122"),
            _ => {}
        }
        assert_eq!(read, expected, "{case}");
    }
}

#[test]
fn grpc_naming_is_written_alike() {
    let mut seen = 0;
    for row in rows(include_str!("../../../../tests/vectors/grpc-naming/registered.json")) {
        let case = text(&row, "case");
        // A key that the user chose.
        if case == "key suffix chosen by the user" {
            continue;
        }
        let (prefix, service) = parts(text(&row, "key"));
        let value = text(&row, "value");
        // `Metadata` is read and never written.
        let (head, _) = value.split_once("\"Metadata\":").unwrap();
        let layout = grpc::Grpc::new(prefix.as_deref());
        again(&layout, &service, &row, &format!("{head}\"Metadata\":null}}"));
        let one = layout.read(&service, b"", value.as_bytes()).unwrap().remove(0);
        let (weight, zone) = if case.contains("weight") { (20, "a") } else { (10, "") };
        assert_eq!((one.weight, one.zone.as_str()), (weight, zone), "{case}");
        seen += 1;
    }
    assert_eq!(seen, 12);
}

#[test]
fn grpc_naming_is_read_alike() {
    for row in rows(include_str!("../../../../tests/vectors/grpc-naming/reader.json")) {
        let mut row = row;
        let case = text(&row, "case").to_owned();
        let (prefix, service) = parts(&format!("{}/", text(&row, "service")));
        row["service"] = service.into();
        let listed = row["list"].as_array().map(Vec::as_slice).unwrap_or_default().iter();
        let address = |line: &Value| {
            let (_, update) = line.as_str().unwrap().split_once(" = ").unwrap();
            let update: Value = serde_json::from_str(update).unwrap();
            Endpoint::parse(update["Addr"].as_str().unwrap()).map(|endpoint| endpoint.address())
        };
        let mut expected: Vec<String> = listed.filter_map(address).collect();
        expected.sort_unstable();
        if ["Metadata {}", "Metadata []", "Metadata {\"weight\":20}"].contains(&case.as_str()) {
            // What its readers cannot take is read here all the same.
            expected = vec!["127.0.0.1:22121".to_owned(), "127.0.0.1:22122".to_owned()];
        }
        assert_eq!(addresses_of(&found(&grpc::Grpc::new(prefix.as_deref()), &row)), expected, "{case}");
    }
}

#[test]
fn what_every_layout_writes_it_reads() {
    let instance = Instance {
        zone: "a<b>".to_owned(),
        version: "v2".to_owned(),
        ..Instance::new("add", Endpoint::new("thrift", "::1", 9))
    }
    .with_endpoint(Endpoint::new("grpc", "::1", 9))
    .with_endpoint(Endpoint::new("http", "10.0.0.1", 80))
    .with_weight(30)
    .with_metadata("k", "v");
    for name in LAYOUTS.map(|layout| layout.0) {
        let layout = open(name, None);
        assert_eq!(layout.name(), name);
        let entries = layout.write(&instance, 7);
        for entry in &entries {
            assert!(entry.key.starts_with(&layout.prefix("add")), "{name}");
            let one = layout.read("add", entry.key.as_bytes(), entry.value.as_bytes()).unwrap().remove(0);
            if ["kitex", "kratos", "go-micro"].contains(&name) {
                assert_eq!((one.weight, one.zone.as_str(), one.version.as_str()), (30, "a<b>", "v2"), "{name}");
                assert_eq!(one.metadata["k"], "v", "{name}");
            }
            if name == "kratos" {
                assert_eq!(one.endpoints, instance.endpoints);
            }
        }
        let count = match name {
            "kratos" | "go-zero" => 1,
            _ => 2,
        };
        assert_eq!(entries.len(), count, "{name}");
        assert!(layout.read("add", b"add/x", b"").is_err(), "{name}");
    }
}

#[test]
fn damaged_values_are_read_or_skipped() {
    let texts = [
        include_str!("../../../../tests/vectors/kratos/reader.json"),
        include_str!("../../../../tests/vectors/go-micro/reader.json"),
        include_str!("../../../../tests/vectors/grpc-naming/reader.json"),
        include_str!("../../../../tests/vectors/go-zero/reader.json"),
    ];
    let values = |text| rows(text).into_iter().flat_map(|row| row["entries"].as_array().unwrap().clone());
    let values = texts.into_iter().flat_map(values);
    let corpus: Vec<Vec<u8>> = values.filter_map(|entry| Some(entry[1].as_str()?.as_bytes().to_vec())).collect();
    let layouts = LAYOUTS.map(|layout| layout.1(None));
    fuzz::fuzz(&corpus, fuzz::executions(4_000), |value| {
        for layout in &layouts {
            for one in layout.read("greeter", b"greeter/x", value).unwrap_or_default() {
                assert!(one.weight > 0 && !one.id.is_empty() && !one.endpoints.is_empty());
                // What was read can be written, and is read alike.
                let entry = layout.write(&one, 1).remove(0);
                let again = layout.read("greeter", entry.key.as_bytes(), entry.value.as_bytes()).unwrap();
                assert_eq!(again[0].endpoints[0].address(), one.endpoints[0].address());
            }
        }
    });
}
