//! Users, passwords and tokens, against a real etcd.

use std::time::Instant;

use etcd_client::{Client, ConnectOptions, Permission};

use super::process::EtcdProcess;
use super::tests::settings;
use super::*;
use crate::{Endpoint, Inner, Instance, Registration, Registry, Resolver, Snapshot};
use crate::{Password, Status};
use tokio::sync::watch;

const LONG: Duration = Duration::from_secs(60);
const KEY: &str = "kitex/registry-etcd/add/127.0.0.1:8888";

/// An etcd that knows `bob`, and a client that may do everything.
async fn guarded(password: &str) -> Option<(EtcdProcess, Client)> {
    let mut etcd = EtcdProcess::prepare()?;
    etcd.flags = ["--auth-token", "simple", "--auth-token-ttl", "5"].map(str::to_owned).to_vec();
    guard(etcd, password).await
}

async fn guard(mut etcd: EtcdProcess, password: &str) -> Option<(EtcdProcess, Client)> {
    etcd.start();
    let mut open = etcd.client().await;
    open.user_add("root", "root", None).await.unwrap();
    open.user_grant_role("root", "root").await.unwrap();
    open.role_add("services").await.unwrap();
    let all = Permission::read_write("kitex/").with_prefix();
    open.role_grant_permission("services", all).await.unwrap();
    open.user_add("bob", password, None).await.unwrap();
    open.user_grant_role("bob", "services").await.unwrap();
    open.auth_enable().await.unwrap();
    let options = ConnectOptions::new().with_user("root", "root").with_auto_token_refresh(true);
    let admin = Client::connect([etcd.address()], Some(options)).await.unwrap();
    Some((etcd, admin))
}

fn open(etcd: &EtcdProcess, password: Password) -> Registry {
    open_at(&etcd.address(), password)
}

fn open_at(address: &str, password: Password) -> Registry {
    open_as(&format!("etcd://bob@{address}?ttl=2"), password)
}

fn open_as(text: &str, password: Password) -> Registry {
    let url = settings(text, Some(&password));
    Registry(Arc::new(Inner { backend: Box::new(Etcd::new(&url).unwrap()), resolvers: Default::default() }))
}

fn register(registry: &Registry) -> Registration {
    registry.register(vec![Instance::new("add", Endpoint::new("thrift", "127.0.0.1", 8888))]).unwrap()
}

async fn trusted(resolver: &Resolver, count: usize) {
    let fresh = |snapshot: &Snapshot| snapshot.trusted() == count && snapshot.stale_since.is_none();
    resolver.wait(LONG, fresh).await.unwrap();
}

async fn status(kept: &Registration, wanted: impl Fn(&Status) -> bool) {
    let mut status = kept.status();
    tokio::time::timeout(LONG, status.wait_for(|status| wanted(status))).await.unwrap().unwrap();
}

/// Waits until the key was written after `revision`.
async fn written(admin: &mut Client, revision: i64) {
    let end = Instant::now() + LONG;
    while admin.get(KEY, None).await.unwrap().kvs().first().is_none_or(|kv| kv.create_revision() <= revision) {
        assert!(Instant::now() < end, "the key did not come back");
    }
}

#[tokio::test]
async fn one_authentication_serves_a_process_and_each_event() {
    let Some((etcd, mut admin)) = guarded("one").await else { return };
    let before = etcd.authentications();
    let registry = open(&etcd, "one".into());
    let services: Vec<Resolver> = (0..20).map(|n| registry.resolve(&format!("other{n}")).unwrap()).collect();
    let add = registry.resolve("add").unwrap();
    let kept = register(&registry);
    trusted(&add, 1).await;
    for service in &services {
        service.ready(LONG).await.unwrap();
    }
    assert_eq!(etcd.authentications() - before, 1, "at the start");
    // A password that is written again ends the tokens of its user.
    admin.user_change_password("bob", "one").await.unwrap();
    let deleted = admin.delete(KEY, None).await.unwrap().header().unwrap().revision();
    written(&mut admin, deleted).await;
    trusted(&add, 1).await;
    assert_eq!(etcd.authentications() - before, 2, "after the token's end");
    kept.deregister().await;
    trusted(&add, 0).await;
    assert!(!format!("{registry:?} {registry}").contains("one"));
}

/// The paths of calls, each with whether it carried a token.
#[cfg(feature = "dev")]
type Calls = watch::Receiver<Vec<(String, bool)>>;

/// A way to etcd that writes down every call.
#[cfg(feature = "dev")]
async fn recording(etcd: &EtcdProcess) -> (String, Calls) {
    use hyper::server::conn::http2;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tower::ServiceExt;

    let upstream = tonic::transport::Endpoint::from_shared(format!("http://{}", etcd.address())).unwrap();
    let upstream = upstream.connect_lazy();
    let (sender, calls) = watch::channel(Vec::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let call = (request.uri().path().to_owned(), request.headers().contains_key("token"));
        sender.send_modify(|calls| calls.push(call));
        upstream.clone().oneshot(request.map(tonic::body::Body::new))
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            let serving = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer);
            tokio::spawn(serving);
        }
    });
    (address, calls)
}

/// Some versions of etcd take lease calls without one, others do not.
#[cfg(feature = "dev")]
#[tokio::test]
async fn every_lease_call_carries_the_token() {
    let Some((etcd, _admin)) = guarded("one").await else { return };
    let (address, mut calls) = recording(&etcd).await;
    let kept = register(&open_at(&address, "one".into()));
    let beats =
        |calls: &Vec<(String, bool)>| calls.iter().filter(|(path, _)| path.ends_with("/LeaseKeepAlive")).count();
    tokio::time::timeout(LONG, calls.wait_for(|calls| beats(calls) >= 2)).await.unwrap().unwrap();
    kept.deregister().await;
    let calls = calls.borrow().clone();
    let lease: Vec<_> = calls.iter().filter(|(path, _)| path.starts_with("/etcdserverpb.Lease/")).collect();
    for name in ["LeaseGrant", "LeaseKeepAlive", "LeaseRevoke"] {
        assert!(lease.iter().any(|(path, _)| path.ends_with(name)), "no {name} in {calls:?}");
    }
    assert!(lease.iter().all(|(_, token)| *token), "{calls:?}");
    // The recording tells calls with a token from calls without one.
    assert!(calls.iter().any(|(path, token)| path.ends_with("/Authenticate") && !token), "{calls:?}");
}

/// Whatever is opened: other layouts, other lifetimes of leases.
#[tokio::test]
async fn registries_of_one_process_and_user_authenticate_once() {
    let Some((etcd, _admin)) = guarded("one").await else { return };
    let before = etcd.authentications();
    let url = |rest: &str| format!("etcd://bob:one@{}?prefix=kitex/{rest}", etcd.address());
    let one = Registry::open(&url("&ttl=2")).unwrap();
    let again = Registry::open(&url("&ttl=2")).unwrap();
    let other = Registry::open(&url("&layout=grpc")).unwrap();
    assert!(Arc::ptr_eq(&one.0, &again.0) && !Arc::ptr_eq(&one.0, &other.0));
    let kept = register(&one);
    for registry in [&again, &other] {
        registry.resolve("add").unwrap().ready(LONG).await.unwrap();
    }
    kept.registered().await.unwrap();
    assert_eq!(etcd.authentications() - before, 1);
    let another = Registry::open_alone(&url("&ttl=2")).unwrap();
    another.resolve("add").unwrap().ready(LONG).await.unwrap();
    assert_eq!(etcd.authentications() - before, 2, "another process");
    kept.deregister().await;
}

/// How often somebody authenticated.
#[cfg(feature = "dev")]
fn authentications(calls: &Calls) -> usize {
    calls.borrow().iter().filter(|(path, _)| path.ends_with("/Authenticate")).count()
}

/// A simple token ends when it was not used for its time.
#[cfg(feature = "dev")]
#[tokio::test]
async fn a_token_that_was_not_used_ends_and_costs_one_authentication() {
    let Some((etcd, mut admin)) = guarded("one").await else { return };
    let (address, calls) = recording(&etcd).await;
    let registry = open_at(&address, "one".into());
    let add = registry.resolve("add").unwrap();
    add.ready(LONG).await.unwrap();
    // By etcd's own clock: more than the token's 5 s, and the second in which it looks for those that ended.
    let lease = admin.lease_grant(8, None).await.unwrap().id();
    let options = etcd_client::PutOptions::new().with_lease(lease);
    admin.put("time", "", Some(options)).await.unwrap();
    let end = Instant::now() + LONG;
    while !admin.get("time", None).await.unwrap().kvs().is_empty() {
        assert!(Instant::now() < end, "the lease does not end");
    }
    assert_eq!(authentications(&calls), 1);
    let services: Vec<Resolver> = (0..10).map(|n| registry.resolve(&format!("other{n}")).unwrap()).collect();
    for service in &services {
        service.ready(LONG).await.unwrap();
        assert!(service.snapshot().stale_since.is_none());
    }
    assert!(add.snapshot().stale_since.is_none());
    assert_eq!(authentications(&calls), 2);
}

/// A JWT ends at its time, however much it is used.
#[cfg(feature = "dev")]
#[tokio::test]
async fn a_token_that_is_used_ends_and_costs_one_authentication() {
    let Some(mut etcd) = EtcdProcess::prepare() else { return };
    let key = etcd.dir().join("jwt");
    std::fs::write(&key, "a key of this test").unwrap();
    let token = format!("jwt,priv-key={},sign-method=HS256,ttl=5s", key.display());
    etcd.flags = vec!["--auth-token".to_owned(), token];
    let Some((etcd, mut admin)) = guard(etcd, "one").await else { return };
    let (address, calls) = recording(&etcd).await;
    let registry = open_at(&address, "one".into());
    let (add, kept) = (registry.resolve("add").unwrap(), register(&registry));
    trusted(&add, 1).await;
    let statuses = kept.status();
    let lease = admin.get(KEY, None).await.unwrap().kvs()[0].lease();
    let mut services = Vec::new();
    let end = Instant::now() + LONG;
    while authentications(&calls) < 2 {
        assert!(Instant::now() < end, "the token does not end");
        let deleted = admin.delete(KEY, None).await.unwrap().header().unwrap().revision();
        let service = registry.resolve(&format!("other{}", services.len())).unwrap();
        written(&mut admin, deleted).await;
        assert!(service.ready(LONG).await.unwrap().stale_since.is_none());
        services.push(service);
    }
    assert_eq!(authentications(&calls), 2, "{} turns", services.len());
    assert_eq!(admin.get(KEY, None).await.unwrap().kvs()[0].lease(), lease);
    assert!(matches!(*statuses.borrow(), Status::Registered(_)) && add.snapshot().stale_since.is_none());
    kept.deregister().await;
}

/// After a restart etcd knows the simple tokens that are still in its log, or none.
#[tokio::test]
async fn a_restart_of_etcd_costs_one_authentication_at_most() {
    let Some((mut etcd, mut admin)) = guarded("one").await else { return };
    // A beat of a shorter lease would not wait for a slow authentication.
    let registry = open_as(&format!("etcd://bob@{}?ttl=15", etcd.address()), "one".into());
    let add = registry.resolve("add").unwrap();
    let kept = register(&registry);
    trusted(&add, 1).await;
    etcd.kill();
    add.wait(LONG, |snapshot| snapshot.stale_since.is_some()).await.unwrap();
    etcd.start();
    trusted(&add, 1).await;
    status(&kept, |status| matches!(status, Status::Registered(_))).await;
    assert!(etcd.authentications() <= 1, "{}", etcd.authentications());
    written(&mut admin, 0).await;
    kept.deregister().await;
    trusted(&add, 0).await;
}

/// Calls are not answered, connections are made anew; the token is as good as before.
#[tokio::test]
async fn an_etcd_that_was_stopped_costs_no_authentication() {
    let Some(etcd) = EtcdProcess::prepare() else { return };
    let Some((etcd, _admin)) = guard(etcd, "one").await else { return };
    let registry = open(&etcd, "one".into());
    let add = registry.resolve("add").unwrap();
    let kept = register(&registry);
    trusted(&add, 1).await;
    let before = etcd.authentications();
    etcd.signal("STOP");
    add.wait(LONG, |snapshot| snapshot.stale_since.is_some()).await.unwrap();
    status(&kept, |status| *status == Status::Lost).await;
    etcd.signal("CONT");
    trusted(&add, 1).await;
    status(&kept, |status| matches!(status, Status::Registered(_))).await;
    assert_eq!(etcd.authentications(), before);
    kept.deregister().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_tried_rarely() {
    let Some((etcd, mut admin)) = guarded("right").await else { return };
    let before = etcd.authentications();
    let start = Instant::now();
    let registry = open(&etcd, "wr0ng".into());
    let _others: Vec<Resolver> = (0..10).map(|n| registry.resolve(&format!("other{n}")).unwrap()).collect();
    let kept = register(&registry);
    let refused =
        |status: &Status| matches!(status, Status::Refused(why) if why.text.contains("authentication failed"));
    status(&kept, refused).await;
    while etcd.authentications() - before < 2 {
        tokio::task::yield_now().await;
        assert!(start.elapsed() < LONG);
    }
    let most = 1 + start.elapsed().as_secs() / 5;
    let tried = etcd.authentications() - before;
    assert!(tried <= most, "{tried} authentications in {:?}", start.elapsed());
    assert!(!format!("{:?}", *kept.status().borrow()).contains("wr0ng"));
    admin.user_change_password("bob", "wr0ng").await.unwrap();
    status(&kept, |status| matches!(status, Status::Registered(_))).await;
    kept.deregister().await;
}

#[tokio::test]
async fn a_password_may_be_rotated_in_its_file() {
    let Some((etcd, mut admin)) = guarded("one").await else { return };
    let file = etcd.dir().join("password");
    std::fs::write(&file, "one\n").unwrap();
    let registry = open(&etcd, Password::File(file.clone()));
    let kept = register(&registry);
    kept.registered().await.unwrap();
    admin.user_change_password("bob", "two").await.unwrap();
    let deleted = admin.delete(KEY, None).await.unwrap().header().unwrap().revision();
    status(&kept, |status| matches!(status, Status::Refused(_))).await;
    std::fs::write(&file, "two\n").unwrap();
    written(&mut admin, deleted).await;
    kept.deregister().await;
}

#[tokio::test]
async fn a_user_of_an_etcd_that_asks_for_none_is_let_in() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let registry = open(&etcd, "any".into());
    let kept = register(&registry);
    kept.registered().await.unwrap();
    kept.deregister().await;
}

#[test]
fn a_password_file_that_is_not_there_is_told_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("password");
    let error = || {
        let url = settings("etcd://bob@h:1", Some(&Password::File(path.clone())));
        Etcd::new(&url).unwrap_err().to_string()
    };
    let text = error();
    assert!(text.contains("KITELINE_ETCD_PASSWORD_FILE") && text.contains(path.to_str().unwrap()), "{text}");
    std::fs::write(&path, "\n").unwrap();
    assert!(error().contains("empty"));
}

/// What everything that is printed or logged about a registry shows. Alone: others would decide that nobody listens to a log.
#[tokio::test]
async fn no_text_shows_a_password() {
    if e2e::ran_alone(no_text_shows_a_password) {
        return;
    }
    let secret = "s3cret-w0rd";
    let url = format!("etcd://bob:{secret}@127.0.0.1:1?ttl=2");
    let registry = Registry::open(&url).unwrap();
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let kept = register(&registry);
    let add = registry.resolve("add").unwrap();
    add.wait(LONG, |snapshot| snapshot.stale_since.is_some()).await.unwrap();
    status(&kept, |status| matches!(status, Status::Away(_))).await;
    drop(guard);
    let parsed = settings(&url, None);
    let etcd = Etcd::new(&parsed).unwrap();
    let wrong = Registry::open(&format!("{url}&oops=1")).unwrap_err();
    let shown = [
        format!("{registry:?} {registry} {add:?} {:?}", kept.status().borrow()),
        format!("{parsed:?} {etcd:?} {wrong} {wrong:?}"),
        format!("{:?}", login::Login::open(&parsed.user.unwrap()).unwrap()),
        log.text(),
    ];
    assert!(shown[3].contains("cannot be asked for `add`"), "{}", shown[3]);
    for text in shown {
        assert!(!text.contains(secret), "{text}");
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
