//! The example `user`, called by a gateway of Hertz whose Kitex client finds it in a real etcd.

use e2e::{Etcd, Process, free_address, http, wait_for};
use interop::Go;
use serde_json::{Value, json};

/// Builds Kitex's own tools, the code that they make, and the gateway.
fn built() -> Option<Go> {
    let go = Go::module("hertz")?;
    go.generate(&["idl/user.thrift"]);
    go.build("hertz", ".");
    Some(go)
}

/// The gateway of Hertz, and where it answers.
fn gateway(go: &Go, etcd: &Etcd, more: &[&str]) -> (Process, String) {
    let address = free_address();
    let process = Process::start("hertz", go.program("hertz").args([&etcd.address, &address]).args(more));
    wait_for("Hertz", || http::send(&address, "GET", "/").ok());
    (process, address)
}

/// What the gateway answers to a request with a body of JSON.
fn post(gateway: &str, target: &str, body: &str) -> (u16, Value) {
    read(http::send_with(gateway, "POST", target, &[("Content-Type", "application/json")], body).unwrap())
}

fn me(gateway: &str, token: &str) -> (u16, Value) {
    let authorization = format!("Bearer {token}");
    read(http::send_with(gateway, "GET", "/api/user/me", &[("Authorization", &authorization)], "").unwrap())
}

fn read(answer: http::Answer) -> (u16, Value) {
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

fn answered(code: i32, message: &str, data: Value) -> (u16, Value) {
    (200, json!({"code": code, "message": message, "data": data}))
}

/// What the service decides travels in `BaseResp`, with and without a TTHeader.
fn decisions(gateway: &str, name: &str) -> String {
    let user = format!(r#"{{"username": "{name}", "password": "correct horse"}}"#);
    assert_eq!(post(gateway, "/api/user/register", &user), answered(0, "success", Value::Null));
    assert_eq!(post(gateway, "/api/user/register", &user), answered(10001, "the user exists", Value::Null));
    let message = "the name or the password is wrong";
    let wrong = user.replace("correct", "wrong");
    assert_eq!(post(gateway, "/api/user/login", &wrong), answered(10002, message, Value::Null));
    let (status, answer) = post(gateway, "/api/user/login", &user);
    assert_eq!((status, &answer["code"]), (200, &json!(0)), "{answer}");
    // What Hertz cannot bind never comes here.
    assert_eq!(post(gateway, "/api/user/register", "{\"username\"").0, 400);
    answer["data"]["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_gateway_of_hertz_calls_our_user_service() {
    let (Some(go), Some(etcd)) = (built(), Etcd::start()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (user, _) = Process::serve_in(folder.path(), "user", &etcd.url());
    user.line("service.music.user registered in etcd");
    let short = r#"{"username": "bob", "password": "horse"}"#;
    let broken = "password: must have 8 to 128 bytes";

    // As a Kitex client is without options for it: a broken rule is an error as any other.
    let (_plain, plain) = gateway(&go, &etcd, &[]);
    decisions(&plain, "ann");
    let message = format!("remote or network error[remote]: {broken}");
    assert_eq!(post(&plain, "/api/user/register", short), answered(500, &message, Value::Null));

    // With a TTHeader it is a business error, and tokens travel.
    let (_ttheader, ttheader) = gateway(&go, &etcd, &["ttheader"]);
    let token = decisions(&ttheader, "tom");
    assert_eq!(post(&ttheader, "/api/user/register", short), answered(400, broken, Value::Null));
    assert_eq!(me(&ttheader, &token), answered(0, "success", json!({"username": "tom"})));
    let message = "remote or network error[remote]: the token is malformed";
    assert_eq!(me(&ttheader, "eyJ"), answered(500, message, Value::Null));
}
