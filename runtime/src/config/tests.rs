use std::io;
use std::net::IpAddr;
use std::path::Path;

use super::*;

fn load_with(args: &[&str], env: &[(&str, &str)], files: &[(&str, &str)]) -> Result<Config, Error> {
    let find = |list: &[(&str, &str)], name: &str| {
        list.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    load::load(args.iter().map(|arg| (*arg).to_owned()), &|name| find(env, name), &|path: &Path| {
        find(files, &path.display().to_string()).ok_or_else(|| io::ErrorKind::NotFound.into())
    })
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
    assert_eq!(config.registry_name("AddService", "add"), "add2");
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

fn told(bound: &str, setting: Option<&str>, env: &[(&str, &str)]) -> Result<String, Error> {
    let own = || Some("10.0.0.7".parse::<IpAddr>().unwrap());
    let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    advertise::advertise(bound.parse().unwrap(), setting, &env, &own).map(|endpoint| endpoint.address())
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
    ] {
        assert_eq!(told(bound, setting, env).unwrap(), expected, "{bound} {setting:?} {env:?}");
    }
    for (setting, env) in [
        (Some("0.0.0.0:1"), &[][..]),
        (Some("http://h:1"), &[]),
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
