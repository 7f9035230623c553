//! The user service and the gateway to it in a real etcd: the transcript of the gateway's README, and what it says of requests,
//! tokens and a service that will not do.

use std::time::Duration;

use e2e::{Etcd, JWT_SECRET, Process, http, transcript, wait_for, workspace};
use runtime::layers::jwt::{Claims, Jwt};

struct Music {
    gateway: String,
    user: Option<Process>,
    etcd: Etcd,
    _gateway: Process,
    folder: tempfile::TempDir,
}

impl Music {
    /// Both of them; `None` where the machine has no etcd.
    fn start() -> Option<Self> {
        let etcd = Etcd::start()?;
        let folder = tempfile::tempdir().unwrap();
        let (user, _) = Process::serve_in(folder.path(), "user", &etcd.url());
        user.line("service.music.user registered in etcd");
        let (process, gateway) = Process::serve_in(folder.path(), "music-gateway", &etcd.url());
        Some(Self { gateway, user: Some(user), etcd, _gateway: process, folder })
    }

    fn register(&self, body: &str) -> (u16, String) {
        answer(&self.gateway, "POST", "/api/user/register", &[("content-type", "application/json")], body)
    }

    fn me(&self, authorization: &[&str]) -> (u16, String) {
        let headers: Vec<_> = authorization.iter().map(|it| ("authorization", *it)).collect();
        answer(&self.gateway, "GET", "/api/user/me", &headers, "")
    }
}

fn answer(gateway: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let answer = http::send_with(gateway, method, target, headers, body).unwrap();
    (answer.status, answer.body)
}

/// An answer of the envelope that tells an error of this code, which is the status of HTTP too.
fn refused(code: u16, message: &str) -> (u16, String) {
    (code, format!("{{\"code\":{code},\"message\":\"{message}\",\"data\":null}}"))
}

#[test]
fn the_readme_of_the_gateway_shows_what_happens() {
    let Some(music) = Music::start() else { return };
    transcript::runs(workspace().join("examples/music-gateway/README.md"), "127.0.0.1:8080", &music.gateway);
}

#[test]
fn requests_that_will_not_do_are_refused_with_the_field() {
    let Some(music) = Music::start() else { return };
    let short = music.register(r#"{"username": "ann", "password": "horse"}"#);
    assert_eq!(short, refused(400, "password: must have 8 to 128 bytes"));
    let both = "username: must have 1 to 32 characters; password: must have 8 to 128 bytes";
    assert_eq!(music.register("{}"), refused(400, both));
    assert_eq!(music.register("{\"username\""), refused(400, "the JSON ends where a colon should be, at byte 11"));
    assert_eq!(music.register(r#"{"username": 7}"#), refused(400, "username: 7 is not a text, at byte 13"));
    let unknown = answer(&music.gateway, "POST", "/api/user/forget", &[], "");
    assert_eq!(unknown, refused(404, "there is nothing at this path"));
}

#[test]
fn tokens_that_will_not_do_are_refused() {
    let Some(music) = Music::start() else { return };
    let ann = r#"{"username": "ann", "password": "correct horse"}"#;
    assert_eq!(music.register(ann), (200, r#"{"code":0,"message":"ok","data":{}}"#.to_owned()));
    let valid = Claims::new("ann", Duration::from_secs(60));
    let bearer = |jwt: &Jwt, claims: &Claims| format!("Bearer {}", jwt.sign(claims).unwrap());
    let (own, other) = (Jwt::hs256(JWT_SECRET).unwrap(), Jwt::hs256("another secret of 32 characters!").unwrap());
    let known = (200, r#"{"code":0,"message":"ok","data":{"username":"ann"}}"#.to_owned());
    assert_eq!(music.me(&[&bearer(&own, &valid)]), known);

    let mut expired = valid.clone();
    expired.exp = 1_000_000_000;
    assert_eq!(music.me(&[&bearer(&own, &expired)]).0, 401);
    assert_eq!(music.me(&[&bearer(&other, &valid)]).0, 401);
    assert_eq!(music.me(&["Bearer eyJ"]), refused(401, "the token is malformed"));
    assert_eq!(music.me(&[]), refused(401, "the call has no token: send `authorization: Bearer …`"));
    let nobody = bearer(&own, &Claims::new("bob", Duration::from_secs(60)));
    let gone = r#"{"code":10003,"message":"there is no such user any more","data":null}"#;
    assert_eq!(music.me(&[&nobody]), (200, gone.to_owned()));
}

/// A service that is away is a 503 until there is another, which has its users still.
#[test]
fn a_service_that_is_away_is_a_503() {
    let Some(mut music) = Music::start() else { return };
    let ann = r#"{"username": "ann", "password": "correct horse"}"#;
    assert_eq!(music.register(ann).0, 200);
    music.user.take().unwrap().stop();
    let (status, body) = music.register(ann);
    assert!(body.starts_with("{\"code\":503,\"message\":\"service `service.music.user` has no instance"), "{body}");
    assert!(status == 503 && body.ends_with(",\"data\":null}"), "{status} {body}");
    let (_user, _) = Process::serve_in(music.folder.path(), "user", &music.etcd.url());
    let exists = r#"{"code":10001,"message":"the user exists","data":null}"#;
    wait_for("the service that came back", || (music.register(ann) == (200, exists.to_owned())).then_some(()));
}
