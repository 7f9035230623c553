use std::time::Duration;

#[cfg(feature = "etcd")]
use super::etcd::tests::settings;
use super::*;

fn url_error(url: &str) -> String {
    Registry::open(url).unwrap_err().to_string()
}

#[cfg(feature = "dev")]
fn dev(text: &str) -> etcd::EtcdUrl {
    etcd::EtcdUrl::read_dev(&Url::new(text, None, 0)).unwrap()
}

#[cfg(feature = "dev")]
#[test]
fn a_wrong_url_shows_the_place() {
    assert_eq!(
        url_error("etcd://127.0.0.1:2379?laout=kitex"),
        "this registry URL cannot be used\n  etcd://127.0.0.1:2379?laout=kitex\n                        ^^^^^ unknown key, known are layout, prefix, ttl, user, ca, cert, key, server_name; did you mean `layout`?"
    );
    for (url, part) in [
        ("etcd://", "at least one etcd address"),
        ("etcd://127.0.0.1", "^^^^^^^^^ write host:port"),
        ("etcd://h:1?ttl=1", "whole seconds from 2 to 3600"),
        ("etcd://h:1?layout=zookeeper", "^^^^^^^^^ unknown layout, known are kitex, kratos, go-micro"),
        (
            "etcd://h:1?layout=kitex,krato",
            "  ^^^^^ unknown layout, known are kitex, kratos, go-micro, go-kit, grpc, go-zero; did you mean `kratos`?",
        ),
        ("etcd://h:1?layout=kitex,kitex", "twice"),
        ("etcd://h:1?layout=", "unknown layout"),
        ("etcd://h:1?layout", "write layout="),
        ("etcd://h:1?prefix=a&layout=kitex,kratos", " ^ prefix= goes with one layout"),
        ("etcd://h:1?layout=kitex:b&prefix=a", " ^ prefix= goes with one layout"),
        (
            "etcd://h:1?layout=go-kit,kratos,go-zero",
            "go-kit and go-zero would both keep their keys under add/; give one a prefix",
        ),
        ("etcd://bob@h:1", "KITELINE_ETCD_PASSWORD"),
        ("etcd://h:1?ca=a.pem", "write etcds://"),
        ("consul://h:1", "etcd://host:2379, etcds://host:2379, dev, static:name=host:port, memory or none"),
        ("dev://", "at least one etcd address"),
        ("dev://10.0.0.1:2379", "^^^^^^^^^^^^^ write one address of this machine"),
        ("dev://127.0.0.1:1,127.0.0.1:2?ttl=2", "one address of this machine"),
        ("dev://bob@127.0.0.1:1", "no user"),
        ("dev://bob:s3cret@127.0.0.1:1", "no user"),
        ("dev://127.0.0.1:1?ttl=1", "whole seconds"),
        ("static:add", "name=host:port"),
        ("static:add=h:1;add=h:2", "twice"),
        ("static:a/b=h:1", "must not hold `/`"),
        ("static:add=h", "host:port"),
        (
            "static:add=h:1,h:2?max",
            "  static:add=h:1,h:2?max\n                     ^^^ unknown option of an address, known are mux; did you mean `mux`?",
        ),
        ("static:add=h:1?", "unknown option of an address, known are mux"),
        ("static:add=h?mux;echo=h:1", "host:port"),
        ("", "a registry is one of"),
    ] {
        let text = url_error(url);
        assert!(text.contains(part) && text.contains('^'), "{url}: {text}");
    }
}

#[cfg(feature = "dev")]
#[test]
fn dev_is_a_place_on_this_machine() {
    let plain = dev("dev");
    assert_eq!((plain.members, plain.ttl), (vec!["127.0.0.1:2379".to_owned()], Duration::from_secs(15)));
    let other = dev("dev://[::1]:7?ttl=2&prefix=x");
    let layouts = vec![("kitex".to_owned(), Some("x".to_owned()))];
    assert_eq!((other.members, other.layouts), (vec!["[::1]:7".to_owned()], layouts));
}

#[cfg(not(feature = "dev"))]
#[test]
fn without_the_feature_dev_is_told() {
    assert!(url_error("dev").contains("add the feature `dev` of `runtime`"));
}

#[cfg(feature = "dev")]
#[test]
fn a_password_is_never_shown() {
    let wrong = url_error("etcd://bob:s3cret@h:1?x=1");
    assert!(wrong.contains("bob:***@h:1") && !wrong.contains("s3cret"), "{wrong}");
    let url = settings("etcd://bob:a%40b@h:1", None);
    assert_eq!(url.user, Some(("bob".to_owned(), "a@b".into())));
    assert!(!format!("{url:?}").contains("a@b"));
    let url = settings("etcd://h:1,[::1]:2?user=bob&prefix=", Some(&"env".into()));
    assert_eq!(url.user, Some(("bob".to_owned(), "env".into())));
    assert_eq!(url.members, ["h:1", "[::1]:2"]);
    assert_eq!(url.layouts, [("kitex".to_owned(), Some(String::new()))]);
    let url = settings("etcd://h:1?layout=kitex,grpc:a%2Cb,go-zero:", None);
    let expected = [("kitex", None), ("grpc", Some("a,b")), ("go-zero", Some(""))];
    assert_eq!(url.layouts, expected.map(|(name, prefix)| (name.to_owned(), prefix.map(str::to_owned))));
}

#[cfg(all(feature = "tls", feature = "dev"))]
#[test]
fn tls_is_told_by_the_url() {
    let text = "etcds://bob:p@h:1?ca=/etc/a%20b.pem&cert=c.pem&key=k.pem&server_name=etcd.local";
    let url = settings(text, None);
    let tls = url.tls.unwrap();
    assert_eq!((tls.ca.to_str(), tls.server_name.as_deref()), (Some("/etc/a b.pem"), Some("etcd.local")));
    assert_eq!(tls.identity, Some(("c.pem".into(), "k.pem".into())));
    for (url, part) in [
        ("etcds://h:1", "say whom to trust: ca=file.pem"),
        ("etcds://h:1?ca=", "write ca=file"),
        ("etcds://h:1?ca=a&cert=c", "`cert` needs `key` beside it"),
        ("etcds://h:1?ca=a&key=c", "`key` needs `cert` beside it"),
        ("etcds://h:1?ca=a&server=c", "unknown key"),
    ] {
        let text = url_error(url);
        assert!(text.contains(part) && text.contains('^'), "{url}: {text}");
    }
}

#[cfg(all(feature = "etcd", not(feature = "tls")))]
#[test]
fn tls_needs_a_feature() {
    assert!(url_error("etcds://h:1?ca=a").contains("add the feature `tls`"));
}

#[test]
fn addresses_are_read_strictly() {
    for wrong in ["", ":1", "h", "h:", "h:0", "h:65536", "h:+1", "a:b:1", "[h]:1", "tcp://h:1", "h h:1"] {
        assert!(Endpoint::parse(wrong).is_none(), "{wrong}");
    }
    assert_eq!(Endpoint::parse("[fd00::2]:99"), Endpoint::parse("fd00::2:99"));
}

#[tokio::test]
async fn names_are_checked() {
    let registry = Registry::open("memory").unwrap();
    let one = |name: &str| Instance::new(name, Endpoint::new("thrift", "127.0.0.1", 1));
    assert!(matches!(registry.register(vec![one("")]), Err(Error::Name { .. })));
    assert!(matches!(registry.resolve("a/b"), Err(Error::Name { .. })));
    assert!(matches!(registry.register(vec![one("a"), one("a")]), Err(Error::Duplicate(_))));
    let any = Instance::new("a", Endpoint::new("thrift", "0.0.0.0", 1));
    assert!(registry.register(vec![any]).unwrap_err().to_string().contains("advertise"));
}

#[test]
fn outside_of_a_runtime_is_an_error() {
    let registry = Registry::open("memory").unwrap();
    let one = Instance::new("a", Endpoint::new("thrift", "127.0.0.1", 1));
    assert!(matches!(registry.register(vec![one]), Err(Error::NoRuntime)));
}

#[tokio::test]
async fn fixed_addresses_are_known_at_once() {
    let registry = Registry::open("static:add=127.0.0.1:1,127.0.0.1:2,127.0.0.1:1;echo=[::1]:3").unwrap();
    let snapshot = registry.resolve("add").unwrap().snapshot();
    assert!(snapshot.known);
    assert_eq!(
        snapshot.instances.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(),
        ["127.0.0.1:1", "127.0.0.1:2"]
    );
    assert!(registry.resolve("other").unwrap().snapshot().instances.is_empty());
    assert!(!registry.registers());
}

#[tokio::test]
async fn fixed_addresses_say_that_they_share_connections() {
    let registry = Registry::open("static:add=127.0.0.1:1?mux,127.0.0.1:2;echo=https://[::1]:3?mux").unwrap();
    let seen = |service: &str| -> Vec<_> {
        let found = registry.resolve(service).unwrap().snapshot();
        found.instances.iter().map(|it| (it.endpoints[0].to_string(), it.out_of_order)).collect()
    };
    assert_eq!(seen("add"), [("127.0.0.1:1".to_owned(), true), ("127.0.0.1:2".to_owned(), false)]);
    assert_eq!(seen("echo"), [("tls://[::1]:3".to_owned(), true)]);
}

#[tokio::test]
async fn handles_of_one_service_share_a_view() {
    let registry = Registry::open("memory").unwrap();
    let mut a = registry.resolve("a").unwrap();
    let b = registry.resolve("a").unwrap();
    let kept = registry.register(vec![Instance::new("a", Endpoint::new("", "h", 1))]).unwrap();
    assert_eq!(a.changed().await.instances.len(), 1);
    assert!(Arc::ptr_eq(&a.snapshot(), &b.snapshot()));
    drop((a, b));
    assert_eq!(registry.0.resolvers.lock().unwrap()["a"].strong_count(), 0);
    drop(kept);
    let late = registry.resolve("a").unwrap();
    late.wait(Duration::from_secs(5), |snapshot| snapshot.instances.is_empty()).await.unwrap();
}

/// Most programs drop the registry once their channels are built.
#[cfg(feature = "etcd")]
#[tokio::test]
async fn who_opens_a_registry_again_shares_what_is_watched() {
    let resolve = |service| Registry::open("etcd://127.0.0.1:1?prefix=again").unwrap().resolve(service).unwrap();
    let add = resolve("add");
    assert_eq!(add.snapshot().service, "add");
    assert!(resolve("add").shows(&add.snapshot()));
    assert!(!resolve("echo").shows(&add.snapshot()));
}
