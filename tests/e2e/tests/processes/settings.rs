//! `service.toml` as it is made: every key is there, and what it says of the defaults is true.

use std::time::Duration;

use runtime::Config;
use runtime::config::{MethodSettings, Methods};
use runtime::tls::{ClientTls, ServerTls};

#[test]
fn every_default_is_stated() {
    let text = std::fs::read_to_string(e2e::workspace().join("examples/add/service.toml")).unwrap();
    // Keys are commented out as `# key = value`; other comments are sentences.
    let key = |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let lines = text.lines().map(|line| line.strip_prefix("# ").filter(|line| key(line)).unwrap_or(line));
    let stated: String = lines.map(|line| format!("{line}\n")).collect();
    let mut config = Config::from_toml(&stated, "service.toml").unwrap();
    assert_eq!(config.server.advertise.take().as_deref(), Some("10.0.0.5:8888"), "an example, not a default");
    assert_eq!(config.names.remove("AddService").as_deref(), Some("add"), "the name of the IDL");
    assert_eq!(config.server.propagation.take(), Some(Duration::from_secs(6)), "with etcd; the file says the others");
    let tls = ServerTls::new("certs/server.pem", "certs/server.key").client_ca("certs/ca.pem");
    assert_eq!(config.server.tls.take(), Some(tls), "an example, not a default");
    let tls = ClientTls::new().ca("certs/ca.pem").server_name("add.internal");
    let tls = tls.identity("certs/client.pem", "certs/client.key");
    assert_eq!(config.client.tls.take(), Some(tls), "an example, not a default");
    let cors = config.server.cors.take().unwrap();
    assert_eq!(cors.origins, ["https://app.example.com"], "an example, not a default");
    assert_eq!((cors.credentials, cors.max_age), (false, Duration::from_secs(7200)));
    assert_eq!(
        config.limits.connection_age.take(),
        Some(Duration::from_secs(1800)),
        "an example: connections grow old"
    );
    let mut example = Methods::default();
    let settings = MethodSettings {
        timeout: Some(Duration::from_secs(5)),
        retry: Some(2),
        idempotent: Some(true),
        rate: Some(100.0),
    };
    example.set("AddService/Add", settings);
    assert_eq!(std::mem::take(&mut config.methods), example, "an example, not a default");
    assert_eq!(std::mem::take(&mut config.client.methods), example, "channels get them with `[client]`");
    assert_eq!(
        config.server.http.metrics_listen.take().as_deref(),
        Some("127.0.0.1:9090"),
        "an example, not a default"
    );
    assert_eq!(config.server.http.listen.take().as_deref(), Some("127.0.0.1:8080"), "an example, not a default");
    let mut defaults = Config::default();
    for limits in [&mut config.limits, &mut defaults.limits] {
        // These depend on the machine.
        limits.in_flight = 0;
        limits.in_flight_bytes = 0;
    }
    config.source.clear();
    assert_eq!(config, defaults);
    for section in [
        "server",
        "server.tls",
        "server.http",
        "server.cors",
        "registry",
        "client",
        "client.tls",
        "limits",
        "limits.decode",
        "methods.\"a.B/C\"",
    ] {
        for known in keys(section) {
            let shown = stated.contains(&format!("\n{known} = ")) || stated.contains(&format!("\n[{section}.{known}]"));
            assert!(shown, "`{known}` of [{section}] is missing in templates/service.toml.j2");
        }
    }
}

/// The keys of a section, as the error about an unknown one names them.
fn keys(section: &str) -> Vec<String> {
    let error = Config::from_toml(&format!("[{section}]\nno-such-key = 1\n"), "x").unwrap_err().to_string();
    let (_, names) = error.split_once("expected ").unwrap();
    let line = names.lines().next().unwrap();
    let keys: Vec<String> = line.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!keys.is_empty(), "{error}");
    keys
}
