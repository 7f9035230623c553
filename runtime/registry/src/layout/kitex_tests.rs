use serde_json::Value;

use super::*;

fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str::<Vec<Value>>(text).unwrap()
}

fn written() -> Vec<Value> {
    rows(include_str!("../../../../tests/vectors/kitex/etcd.json"))
}

fn read() -> Vec<Value> {
    rows(include_str!("../../../../tests/vectors/kitex/reader.json"))
}

fn read_one(layout: &Kitex, service: &str, key: &str, value: &[u8]) -> Result<Instance, String> {
    layout.read(service, key.as_bytes(), value).map(|mut found| found.remove(0))
}

/// Splits `prefix/service/address`.
fn parts(key: &str) -> (String, String, String) {
    let (rest, address) = key.rsplit_once('/').unwrap();
    let (prefix, service) = rest.rsplit_once('/').unwrap();
    (prefix.to_owned(), service.to_owned(), address.to_owned())
}

#[test]
fn every_key_and_value_of_the_go_registry_is_written_alike() {
    let mut seen = 0;
    for row in written() {
        let case = row["case"].as_str().unwrap();
        let Some(key) = row["key"].as_str() else {
            continue;
        };
        let value = row["value"].as_str().unwrap();
        if case == "prefix_percent" {
            // Go used the prefix as a format string; nobody wants that key.
            continue;
        }
        let (prefix, service, address) = parts(key);
        let layout = Kitex::new(Some(&prefix));
        let instance = read_one(&layout, &service, key, value.as_bytes());
        if instance.is_err() && address.contains("FIRST_NON") {
            continue;
        }
        let instance = instance.unwrap();
        let entry = layout.write(&instance, 1).remove(0);
        let expected = match case {
            // Without brackets nobody could dial it.
            "ipv6" => (key.replace("::1:", "[::1]:"), value.replace("::1:", "[::1]:")),
            "env_ip_v6" => (key.replace("fd00::1:", "[fd00::1]:"), value.replace("fd00::1:", "[fd00::1]:")),
            // An empty map and none are one thing here; a weight below 1 reads as 10.
            "tags_empty_map" => (key.to_owned(), value.replace("{}", "null")),
            "weight_negative" => (key.to_owned(), value.replace("-5", "10")),
            _ => (key.to_owned(), value.to_owned()),
        };
        assert_eq!((entry.key, entry.value), expected, "{case}");
        seen += 1;
    }
    assert!(seen > 25, "{seen}");
}

#[test]
fn names_that_the_go_registry_refuses_are_refused() {
    assert!(crate::check_name("").is_err());
    assert!(crate::check_name("a/b").is_err());
    assert!(crate::check_name("a%b c").is_ok());
}

/// What Go lists and nobody can dial; left out here.
fn is_dead(case: &str, address: &str) -> bool {
    address.is_empty()
        || ["network_missing", "network_unknown", "address_without_port", "address_with_scheme"].contains(&case)
}

#[test]
fn every_entry_is_read_as_the_go_resolver_reads_it() {
    for row in read() {
        let case = row["case"].as_str().unwrap();
        let Some(entries) = row["entries"].as_array() else {
            continue;
        };
        let prefix = match case {
            "prefix_option" => "my/prefix",
            "prefix_empty" => "",
            _ => PREFIX,
        };
        let layout = Kitex::new(Some(prefix));
        let found: Vec<Value> = entries
            .iter()
            .filter(|entry| entry[0].as_str().unwrap().starts_with(&layout.prefix("SERVICE")))
            .filter_map(|entry| read_one(&layout, "SERVICE", "", entry[1].as_str().unwrap().as_bytes()).ok())
            .map(|instance| shown(&instance))
            .collect();
        assert_eq!(found, listed(&row, case), "{case}");
    }
}

fn shown(instance: &Instance) -> Value {
    let mut out = serde_json::json!({ "address": instance.id, "weight": instance.weight });
    if !instance.metadata.is_empty() {
        out["tags"] = serde_json::to_value(&instance.metadata).unwrap();
    }
    out
}

fn listed(row: &Value, case: &str) -> Vec<Value> {
    let all = row["resolver_instances"].as_array().cloned().unwrap_or_default();
    let mut out = Vec::new();
    for mut one in all {
        if is_dead(case, one["address"].as_str().unwrap()) {
            continue;
        }
        one.as_object_mut().unwrap().remove("network");
        match case {
            "weight_huge" => one["weight"] = u32::MAX.into(),
            "weight_zero_default_weight_option" => one["weight"] = DEFAULT_WEIGHT.into(),
            "address_ipv6_without_brackets" => one["address"] = "[::1]:21042".into(),
            _ => {}
        }
        out.push(one);
    }
    out
}

#[test]
fn bytes_that_are_not_text_are_replaced() {
    let value = b"{\"network\":\"tcp\",\"address\":\"127.0.0.1:1\",\"tags\":{\"a\":\"\xff\"}}";
    let instance = read_one(&Kitex::new(None), "a", "", value).unwrap();
    assert_eq!(instance.metadata["a"], "\u{fffd}");
}

#[test]
fn one_port_of_two_protocols_is_one_entry() {
    let instance = Instance::new("a", Endpoint::new("thrift", "::1", 9)).with_endpoint(Endpoint::new("grpc", "::1", 9));
    let entries = Kitex::new(None).write(&instance, 1);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].key, "kitex/registry-etcd/a/[::1]:9");
}

#[test]
fn damaged_values_are_read_or_skipped() {
    let rows = written();
    let corpus: Vec<_> =
        rows.iter().filter_map(|row| row["value"].as_str()).map(|text| text.as_bytes().to_vec()).collect();
    let layout = Kitex::new(None);
    fuzz::fuzz(&corpus, fuzz::executions(10_000), |value| {
        if let Ok(instance) = read_one(&layout, "add", "kitex/registry-etcd/add/x", value) {
            // What is read can be dialled, and what is written of it is read alike.
            let entry = layout.write(&instance, 1).remove(0);
            let again = read_one(&layout, "add", &entry.key, entry.value.as_bytes()).unwrap();
            assert_eq!(again.endpoints, instance.endpoints);
        }
    });
}
