use std::io;
use std::net::IpAddr;
use std::path::Path;

use super::*;

fn load_with(args: &[&str], env: &[(&str, &str)], files: &[(&str, &str)]) -> Result<Config, Error> {
    let find = |list: &[(&str, &str)], name: &str| {
        list.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    let load::Asked::Settings(flags) = load::read(args.iter().map(|arg| (*arg).to_owned()), "add", "1.2.3")? else {
        panic!("no settings in {args:?}");
    };
    load::load(flags, &|name| find(env, name), &|path: &Path| {
        find(files, &path.display().to_string()).ok_or_else(|| io::ErrorKind::NotFound.into())
    })
}

#[test]
fn help_and_version_are_texts() {
    let text = |arg: &str| match load::read([arg.to_owned()].into_iter(), "add", "1.2.3") {
        Ok(load::Asked::Text(text)) => text,
        _ => panic!("no text for {arg}"),
    };
    assert_eq!((text("--version"), text("-V")), ("add 1.2.3".to_owned(), "add 1.2.3".to_owned()));
    let help = text("--help");
    assert!(help.starts_with("Usage: add [FLAGS]\n") && help == text("-h"), "{help}");
    for flag in ["--config", "--listen", "--advertise", "--registry", "--help", "--version"] {
        assert!(help.contains(flag), "{flag}");
    }
    assert_eq!(load::program(Some("/opt/bin/add.exe".to_owned())), "add");
    assert_eq!(load::program(None), "service");
}

#[test]
fn the_file_is_looked_for_here_and_then_beside_the_manifest() {
    let env = [("CARGO_MANIFEST_DIR", "/svc/add")];
    let (here, there) =
        (("service.toml", "[server]\nmux = false\n"), ("/svc/add/service.toml", "[server]\nlisten = \"h:1\"\n"));
    assert_eq!(load_with(&[], &env, &[here, there]).unwrap().source, "service.toml");
    let config = load_with(&[], &env, &[there]).unwrap();
    assert_eq!((config.source.as_str(), config.server.listen.as_str()), ("/svc/add/service.toml", "h:1"));
    assert_eq!(load_with(&[], &env, &[]).unwrap().source, "defaults (no service.toml here)");
    let named = [("KITELINE_CONFIG", "a.toml"), env[0]];
    let text = load_with(&[], &named, &[here, there]).unwrap_err().to_string();
    assert!(text.contains("a.toml (named by KITELINE_CONFIG)"), "{text}");
}

#[test]
fn times_may_have_units_and_sizes_have_bounds() {
    let of = |text: &str| Config::from_toml(&format!("[limits]\n{text}\n"), "s");
    for (text, millis) in [("30", 30_000), ("0.5", 500), ("\"30s\"", 30_000), ("\"250ms\"", 250), ("\"5m\"", 300_000)] {
        assert_eq!(of(&format!("handler = {text}")).unwrap().limits.handler, Duration::from_millis(millis), "{text}");
    }
    for bad in ["\"30x\"", "\"soon\"", "\"\"", "-1", "\"-1s\"", "\"1e999s\"", "true"] {
        let text = of(&format!("handler = {bad}")).unwrap_err().to_string();
        assert!(text.starts_with("s:2:11: "), "{text}");
        assert!(bad.starts_with('-') || text.contains("seconds, such as 30 or 0.5"), "{text}");
    }
    let text = of("frame = 99999999999").unwrap_err().to_string();
    assert!(text.contains("a frame of 99999999999 bytes is over the most that can be set, 268435456"), "{text}");
    assert_eq!(of("frame = 268435456").unwrap().limits.frame, 256 << 20);
    assert!(of("grpc_message = 2147483648").is_err() && of("grpc_message = 2147483647").is_ok());
    for key in ["frame", "grpc_message", "grpc_streams", "connections", "connections_per_address", "in_flight"] {
        let text = of(&format!("{key} = 0")).unwrap_err().to_string();
        assert!(text.contains("0 would refuse everything"), "{text}");
    }
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\n[registry]\nurl = \"none\"\n[names]\nAddService = \"add2\"\n[app]\ncolour = \"red\"\n[limits]\nhandler = 0.5\n[client]\ntimeout = 2\n";
    let config = load_with(&[], &[], &[]).unwrap();
    assert_eq!(config.server.listen, "127.0.0.1:8888");
    assert_eq!(config.source, "defaults (no service.toml here)");
    let config = load_with(&[], &[("KITELINE_LISTEN", "127.0.0.1:2")], &[("service.toml", file)]).unwrap();
    assert_eq!((config.server.listen.as_str(), config.registry.url.as_str()), ("127.0.0.1:2", "none"));
    assert_eq!(config.source, "service.toml, then KITELINE_LISTEN");
    assert_eq!(config.names["AddService"], "add2");
    assert_eq!(config.app["colour"].as_str(), Some("red"));
    assert_eq!((config.limits.handler, config.client.timeout), (Duration::from_millis(500), Duration::from_secs(2)));
    let args = ["--config", "b.toml", "--listen=[::1]:3", "--registry", "memory", "--advertise=h"];
    let config =
        load_with(&args, &[("KITELINE_LISTEN", "127.0.0.1:2"), ("KITELINE_CONFIG", "a.toml")], &[("b.toml", file)])
            .unwrap();
    assert_eq!((config.server.listen.as_str(), config.registry.url.as_str()), ("[::1]:3", "memory"));
    assert_eq!(config.source, "b.toml, then --listen, --advertise, --registry");
}

#[test]
fn what_is_unknown_is_an_error_with_its_place() {
    let text = Config::from_toml("[server]\nlisen = \"x\"\n", "service.toml").unwrap_err().to_string();
    assert!(text.starts_with("service.toml:2:1: TOML parse error at line 2, column 1"), "{text}");
    assert!(
        text.contains("2 | lisen = \"x\"") && text.contains("^^^^^") && text.ends_with("did you mean `listen`?"),
        "{text}"
    );
    let text = Config::from_toml("[server]\nlisten = \"8888\"\n", "s").unwrap_err().to_string();
    assert!(text.contains("s:2:10") && text.contains("host:port"), "{text}");
    assert!(Config::from_toml("[limits.decode]\ndepth = 64\n", "s").is_ok());
    let text = Config::from_toml("[limits.decode]\ndepth = 65\n", "s").unwrap_err().to_string();
    assert!(text.contains("s:2:9") && text.contains("a depth of 65 is over 64"), "{text}");
    for (args, part) in [
        (&["--lsten", "x"][..], "did you mean `--listen`?"),
        (&["--listen"], "needs a value"),
        (&["serve"], "unknown argument `serve`"),
        (&["--config", "none.toml"], "named by --config"),
        (&["--listen=nowhere"], "host:port"),
    ] {
        let text = load_with(args, &[], &[]).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_password_in_the_url_is_not_shown() {
    let mut config = Config::local();
    config.registry.url = "etcd://bob:s3cret@h:1".to_owned();
    assert!(!format!("{config:?}").contains("s3cret"));
}

/// A machine with two networks, a bridge without an address and IPv6.
fn tables() -> interfaces::Tables {
    let entry = |address: &str, kind: &str| format!("     |-- {address}\n        {kind}\n");
    let trie = ["Main:\n", "Local:\n"].map(|table| {
        let mut text = table.to_owned();
        text += &entry("0.0.0.0", "/0 universe UNICAST");
        text += &entry("127.0.0.0", "/8 host LOCAL");
        text += &entry("127.0.0.1", "/32 host LOCAL");
        text += &entry("10.1.2.0", "/24 link UNICAST");
        text += &entry("10.1.2.3", "/32 host LOCAL");
        text += &entry("192.168.7.9", "/32 host LOCAL");
        text + &entry("192.168.7.255", "/32 link BROADCAST")
    });
    // Numbers stand in the machine's own order there.
    let hex = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
    let row = |name: &str, network: [u8; 4], gateway: [u8; 4], mask: [u8; 4]| {
        format!("{name}\t{}\t{}\t0003\t0\t0\t0\t{}\t0\t0\t0\n", hex(network), hex(gateway), hex(mask))
    };
    interfaces::Tables {
        dev: "Inter-|   Receive\n face |bytes\n    lo: 1 2\n  eth0: 1 2\n  eth1:1 2\n   br0: 0 0\n   wg0: 0\n"
            .to_owned(),
        route: "Iface\tDestination\tGateway\n".to_owned()
            + &row("eth0", [0; 4], [10, 1, 2, 1], [0; 4])
            + &row("eth0", [10, 1, 2, 0], [0; 4], [255, 255, 255, 0])
            + &row("eth1", [192, 168, 0, 0], [0; 4], [255, 255, 0, 0]),
        fib_trie: trie.concat(),
        if_inet6: "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n\
                   00000000000000000000000000000001 01 80 10 80       lo\n\
                   fd000000000000000000000000000002 04 40 00 82      wg0\n"
            .to_owned(),
    }
}

#[test]
fn interfaces_are_read_from_the_kernels_tables() {
    let of = |name: &str| tables().of(name).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(of("eth0").unwrap(), ["10.1.2.3"]);
    assert_eq!(of("eth1").unwrap(), ["192.168.7.9"]);
    assert_eq!(of("lo").unwrap(), ["127.0.0.1", "::1"]);
    assert_eq!(of("wg0").unwrap(), ["fd00::2"]);
    assert_eq!(of("br0").unwrap(), [""; 0]);
    assert_eq!(of("eth2"), None);
    assert_eq!(tables().first().unwrap().to_string(), "10.1.2.3");
    assert_eq!((interfaces::Tables::default().of("eth0"), interfaces::Tables::default().first()), (None, None));
}

#[test]
#[cfg(target_os = "linux")]
fn this_machines_loopback_interface_is_found() {
    let of = |name: &str| interfaces::Tables::read().of(name);
    assert!(of("lo").unwrap().contains(&"127.0.0.1".parse::<IpAddr>().unwrap()));
    assert_eq!(of("no-such-interface"), None);
}

#[test]
fn a_server_may_be_told_to_start_only_when_it_is_registered() {
    let config = load_with(&[], &[], &[]).unwrap();
    assert_eq!((config.registry.start, config.registry.start_timeout), (Start::Background, Duration::from_secs(10)));
    let file = [("service.toml", "[registry]\nstart = \"fail_fast\"\nstart_timeout = 2.5\n")];
    let config = load_with(&[], &[], &file).unwrap();
    assert_eq!((config.registry.start, config.registry.start_timeout), (Start::FailFast, Duration::from_millis(2500)));
    let env = [("KITELINE_START", "background"), ("KITELINE_START_TIMEOUT", "0.5")];
    let config = load_with(&[], &env, &file).unwrap();
    assert_eq!((config.registry.start, config.registry.start_timeout), (Start::Background, Duration::from_millis(500)));
    assert_eq!(config.source, "service.toml, then KITELINE_START, KITELINE_START_TIMEOUT");
    for env in [("KITELINE_START", "later"), ("KITELINE_START_TIMEOUT", "soon"), ("KITELINE_START_TIMEOUT", "-1")] {
        let text = load_with(&[], &[env], &[]).unwrap_err().to_string();
        assert!(text.starts_with(env.0) && text.contains(env.1), "{text}");
    }
    let text = Config::from_toml("[registry]\nstart = \"later\"\n", "s").unwrap_err().to_string();
    assert!(text.contains("background") && text.contains("fail_fast"), "{text}");
}

fn told(bound: &str, setting: Option<&str>, env: &[(&str, &str)]) -> Result<String, Error> {
    let own = || Some("10.0.0.7".parse::<IpAddr>().unwrap());
    let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let interface = |name: &str| tables().of(name);
    advertise::advertise(bound.parse().unwrap(), setting, &env, &own, &interface).map(|endpoint| endpoint.address())
}

#[test]
fn others_are_told_an_address_that_they_can_dial() {
    let pod = ("POD_IP", "10.2.0.1");
    for (bound, setting, env, expected) in [
        ("127.0.0.1:1", None, &[][..], "127.0.0.1:1"),
        ("[::1]:1", None, &[], "[::1]:1"),
        ("0.0.0.0:1", None, &[], "10.0.0.7:1"),
        ("[::]:1", None, &[], "10.0.0.7:1"),
        ("0.0.0.0:1", None, &[pod], "10.2.0.1:1"),
        ("127.0.0.1:1", None, &[pod], "127.0.0.1:1"),
        ("0.0.0.0:1", None, &[pod, ("KITEX_IP_TO_REGISTRY", "10.9.8.7")], "10.9.8.7:1"),
        (
            "127.0.0.1:1",
            None,
            &[("KITEX_IP_TO_REGISTRY", "fd00::1"), ("KITEX_PORT_TO_REGISTRY", "4711")],
            "[fd00::1]:4711",
        ),
        ("127.0.0.1:1", None, &[("KITEX_PORT_TO_REGISTRY", "4711")], "127.0.0.1:4711"),
        ("0.0.0.0:1", Some("svc.example.org:9"), &[pod], "svc.example.org:9"),
        ("0.0.0.0:1", Some("svc.example.org"), &[pod], "svc.example.org:1"),
        ("0.0.0.0:1", Some("fd00::2"), &[], "[fd00::2]:1"),
        ("0.0.0.0:1", Some("[fd00::2]:99"), &[], "[fd00::2]:99"),
        ("0.0.0.0:1", Some("eth1"), &[pod], "192.168.7.9:1"),
        ("0.0.0.0:1", Some("eth0:99"), &[], "10.1.2.3:99"),
        ("0.0.0.0:1", Some("wg0"), &[], "[fd00::2]:1"),
        ("0.0.0.0:1", Some("eth2"), &[], "eth2:1"),
    ] {
        assert_eq!(told(bound, setting, env).unwrap(), expected, "{bound} {setting:?} {env:?}");
    }
    for (setting, env) in [
        (Some("0.0.0.0:1"), &[][..]),
        (Some("http://h:1"), &[]),
        (Some("br0"), &[]),
        (None, &[("KITEX_PORT_TO_REGISTRY", "http")]),
        (None, &[("POD_IP", "::")]),
    ] {
        assert!(told("0.0.0.0:1", setting, env).is_err(), "{setting:?} {env:?}");
    }
}

#[test]
fn the_machines_own_address_is_not_loopback() {
    assert!(advertise::own_address().is_none_or(|ip| !ip.is_loopback()));
}

#[test]
fn configuration_names_a_balancer() {
    let choice = |name: &str| {
        let text = format!("[client]\nbalancer = \"{name}\"\n");
        Config::from_toml(&text, "service.toml").map(|config| config.client.balancer)
    };
    for name in ["round_robin", "random", "best_of_two", "hash"] {
        assert!(choice(name).is_ok(), "{name}");
    }
    let text = choice("round-robin").unwrap_err().to_string();
    assert!(text.contains("service.toml:2:12") && text.contains("did you mean `round_robin`?"), "{text}");
    assert!(choice("ketama").unwrap_err().to_string().contains("known are round_robin, random, best_of_two, hash"));
}

#[test]
fn methods_have_settings_of_their_own() {
    let text = "[methods.\"a.v1.Greeter/SayHello\"]\ntimeout = \"500ms\"\nrate = 10\n[methods.\"Add/Add\"]\nretry = 2\nidempotent = true\n";
    let config = Config::from_toml(text, "service.toml").unwrap();
    let all: Vec<_> = config.methods.iter().map(|(path, settings)| (path, *settings)).collect();
    let none = MethodSettings::default();
    let hello = MethodSettings { timeout: Some(Duration::from_millis(500)), rate: Some(10.0), ..none };
    let add = MethodSettings { retry: Some(2), idempotent: Some(true), ..none };
    assert_eq!(all, [("/Add/Add", add), ("/a.v1.Greeter/SayHello", hello)]);
    assert_eq!(config.client.methods, config.methods);
    let why = |text: &str| Config::from_toml(text, "s").unwrap_err().to_string();
    for (line, place, part) in [
        ("timout = 1", "s:2:1", "did you mean `timeout`?"),
        ("timeout = \"soon\"", "s:2:11", "seconds, such as 30 or 0.5"),
        ("rate = 0", "s:2:8", "a rate is a number of calls per second above 0"),
        ("rate = inf", "s:2:8", "a rate is a number of calls per second above 0"),
        ("rate = \"10\"", "s:2:8", "expected f64"),
        ("retry = -1", "s:2:9", "expected u32"),
        ("idempotent = 1", "s:2:14", "expected a boolean"),
    ] {
        let text = why(&format!("[methods.\"a.B/C\"]\n{line}\n"));
        assert!(text.starts_with(place) && text.contains(part), "{line}: {text}");
    }
    for key in ["SayHello", "\"a/b/c\"", "\"\""] {
        let text = why(&format!("[methods.{key}]\nretry = 1\n"));
        assert!(
            text.starts_with("s:1:") && text.contains("is not a method: write \"package.Service/Method\""),
            "{text}"
        );
    }
    assert!(why("[method.\"a.B/C\"]\n").contains("did you mean `methods`?"));
}

#[test]
fn tls_is_set_by_files_whose_paths_are_relative_to_the_settings() {
    use kiteline_tls::{ClientTls, ServerTls};

    let text = "[server.tls]\ncert = \"certs/a.pem\"\nkey = \"/run/a.key\"\nclient_ca = \"ca.pem\"\n\
                [client.tls]\nca = \"ca.pem\"\ncert = \"b.pem\"\nkey = \"b.key\"\nserver_name = \"add.internal\"\n";
    let server = |folder: &str| {
        ServerTls::new(format!("{folder}certs/a.pem"), "/run/a.key").client_ca(format!("{folder}ca.pem"))
    };
    for (path, folder) in [("service.toml", ""), ("/svc/service.toml", "/svc/"), ("../s.toml", "../")] {
        let config = load_with(&["--config", path], &[], &[(path, text)]).unwrap();
        assert_eq!(config.server.tls, Some(server(folder)));
        let named = ClientTls::new().ca(format!("{folder}ca.pem")).server_name("add.internal");
        let client = named.identity(format!("{folder}b.pem"), format!("{folder}b.key"));
        assert_eq!(config.client.tls, Some(client));
    }
    let file = [("service.toml", "[server.tls]\ncert = \"a.pem\"\nkey = \"a.key\"\n")];
    let [cert, key, ca] =
        [("KITELINE_TLS_CERT", "e.pem"), ("KITELINE_TLS_KEY", "e.key"), ("KITELINE_TLS_CLIENT_CA", "c.pem")];
    let of = |env: &[(&str, &str)], files: &[(&str, &str)]| load_with(&[], env, files).unwrap();
    assert_eq!(of(&[], &[]).server.tls, None);
    let config = of(&[cert, key], &[]);
    assert_eq!(config.server.tls, Some(ServerTls::new("e.pem", "e.key")));
    assert!(config.source.ends_with("then KITELINE_TLS_CERT, KITELINE_TLS_KEY"), "{}", config.source);
    assert_eq!(of(&[cert, key, ca], &file).server.tls, Some(ServerTls::new("e.pem", "e.key").client_ca("c.pem")));
    assert_eq!(of(&[ca], &file).server.tls, Some(ServerTls::new("a.pem", "a.key").client_ca("c.pem")));
    for (env, error) in [
        (&[cert][..], "KITELINE_TLS_CERT: set KITELINE_TLS_KEY too"),
        (&[key], "KITELINE_TLS_KEY: set KITELINE_TLS_CERT too"),
        (&[ca], "KITELINE_TLS_CLIENT_CA: set KITELINE_TLS_CERT and KITELINE_TLS_KEY too"),
    ] {
        assert_eq!(load_with(&[], env, &[]).unwrap_err().to_string(), error);
    }
    let text = Config::from_toml("[server.tls]\ncert = \"a.pem\"\n", "s").unwrap_err().to_string();
    assert!(text.starts_with("s:1:1: ") && text.contains("missing field `key`"), "{text}");
    let text = Config::from_toml("[server.tls]\ncrt = \"a.pem\"\n", "s").unwrap_err().to_string();
    assert!(text.contains("did you mean `cert`?"), "{text}");
}

#[test]
fn routes_answer_in_an_envelope_when_that_is_said() {
    let read = |text: &str| Config::from_toml(&format!("[server.http]\n{text}\n"), "service.toml");
    assert!(!read("").unwrap().server.http.envelope);
    assert!(read("envelope = true").unwrap().server.http.envelope);
    let text = read("envelop = true").unwrap_err().to_string();
    assert!(text.contains("did you mean `envelope`?"), "{text}");
}

#[test]
fn pages_for_operators_are_settings() {
    let read = |text: &str| Config::from_toml(&format!("[server.http]\n{text}\n"), "service.toml");
    let http = read("").unwrap().server.http;
    assert_eq!((http.health, http.metrics, http.metrics_listen), (true, false, None));
    let http = read("health = false\nmetrics = true\nmetrics_listen = '[::1]:9090'").unwrap().server.http;
    assert_eq!((http.health, http.metrics, http.metrics_listen.as_deref()), (false, true, Some("[::1]:9090")));
    let http = read("listen = '127.0.0.1:8080'").unwrap().server.http;
    assert_eq!(http.listen.as_deref(), Some("127.0.0.1:8080"));
    let text = read("metric = true").unwrap_err().to_string();
    assert!(text.contains("did you mean `metrics`?"), "{text}");
    let text = read("metrics_listen = '9090'").unwrap_err().to_string();
    assert!(
        text.contains("`9090` is no place to listen on: write host:port") && text.starts_with("service.toml:2:"),
        "{text}"
    );
}

#[test]
fn a_setting_for_web_pages_that_means_nothing_is_an_error_where_it_stands() {
    let read = |text: &str| Config::from_toml(&format!("[server.cors]\n{text}\n"), "service.toml");
    let cors =
        read("origins = [\"https://app.example.com\"]\nheaders = [\"Authorization\"]").unwrap().server.cors.unwrap();
    assert_eq!((cors.headers, cors.max_age), (vec!["authorization".to_owned()], Duration::from_secs(7_200)));
    for (text, said) in [
        ("origins = []", "`origins` is empty"),
        ("origins = [\"app.example.com\"]", "`app.example.com` is not an origin"),
        ("origins = [\"*\"]\ncredentials = true", "browsers send no credentials"),
        ("origins = [\"*\"]\nheaders = [\"a b\"]", "`a b` is not the name of a header"),
        ("origin = \"*\"", "origin"),
        ("origins = [\"*\"]\nmax_age = \"soon\"", "soon"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("service.toml:") && error.contains('^'), "{text}: {error}");
    }
}

#[test]
fn checks_of_requests_are_on_until_they_are_set_off() {
    let read = |text: &str| Config::from_toml(text, "service.toml").map(|config| config.server.validate);
    assert!(read("").unwrap() && !read("[server]\nvalidate = false\n").unwrap());
    // It has one place.
    assert!(read("[limits.decode]\nvalidate = false\n").is_err());
}
