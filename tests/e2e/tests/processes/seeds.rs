//! The add, echo and gateway processes together, as in the documents that they come from: with
//! fixed addresses, then with etcd, then with a server that moves under load.

use e2e::{Etcd, Load, Process, http, program, transcript, wait_for, workspace};

fn ask(gateway: &str, method: &str, target: &str) -> (u16, String) {
    let answer = http::send(gateway, method, target).unwrap();
    (answer.status, answer.body)
}

fn message(text: &str) -> String {
    format!("{{\"message\":{text}}}")
}

/// What the gateway promises, whatever finds the services.
fn promises(gateway: &str) {
    assert_eq!(ask(gateway, "POST", "/add?first=1&second=2"), (200, message("3")));
    assert_eq!(ask(gateway, "POST", "/add?first=-5&second=3"), (200, message("-2")));
    assert_eq!(ask(gateway, "GET", "/echo?message=hi"), (200, message("\"hi\"")));
    assert_eq!(ask(gateway, "GET", "/echo?message=%E4%BD%A0%20%22"), (200, message("\"你 \\\"\"")));
    assert_eq!(ask(gateway, "GET", "/echo"), (200, message("\"\"")));
    let overflow = ask(gateway, "POST", "/add?first=2147483647&second=1");
    assert_eq!(overflow, (500, message("\"the sum overflows i32\"")));
    let missing = ask(gateway, "POST", "/add?first=1");
    assert_eq!(missing, (400, message("\"second: the field is missing\"")));
    for target in ["/add?first=x&second=2", "/add?first=1", "/add?first=2147483648&second=1"] {
        assert_eq!(ask(gateway, "POST", target).0, 400, "{target}");
    }
    assert_eq!(ask(gateway, "GET", "/add?first=1&second=2").0, 405);
}

#[test]
fn fixed_addresses() {
    let (serving, add) = Process::serve("add", "none");
    let (_echo, echo) = Process::serve("echo", "none");
    let (_gateway, gateway) = Process::serve("gateway", &format!("static:add={add};echo={echo}"));
    promises(&gateway);
    transcript::runs(workspace().join("examples/gateway/README.md"), "127.0.0.1:8080", &gateway);
    // What a handler answers with an error is logged, without colours where nobody sees them.
    let logged = serving.line("method=AddService.Add code=InvalidArgument");
    assert!(logged.contains("WARN") && logged.contains("why=\"the sum overflows i32\""), "{logged}");
    assert!(!logged.contains('\x1b'), "{logged:?}");
}

/// The gateway ends well at both signals, as a server does.
#[test]
fn the_gateway_stops_at_either_signal() {
    for signal in ["TERM", "INT"] {
        let (mut gateway, address) = Process::serve("gateway", "static:add=127.0.0.1:9;echo=127.0.0.1:9");
        assert_eq!(ask(&address, "GET", "/add?first=1&second=2").0, 405);
        gateway.signal(signal);
        gateway.line("stopped");
        let status = wait_for("the end", || gateway.ended());
        assert!(status.success(), "{signal}: {status}");
    }
}

#[test]
fn found_through_etcd() {
    let Some(etcd) = Etcd::start() else { return };
    let (_echo, echo) = Process::serve("echo", &etcd.url());
    let (first, add) = Process::serve("add", &etcd.url());
    first.line("add registered in etcd");
    let value =
        format!("{{\"network\":\"tcp\",\"address\":\"{add}\",\"weight\":10,\"tags\":{{\"kiteline\":\"mux\"}}}}");
    let key = format!("kitex/registry-etcd/add/{add}");
    assert_eq!(etcd.get("kitex/registry-etcd/add/").unwrap(), [key, value]);
    wait_for("echo", || etcd.get(&format!("kitex/registry-etcd/echo/{echo}")).filter(|it| !it.is_empty()));
    let (_gateway, gateway) = Process::serve("gateway", &etcd.url());
    promises(&gateway);
}

/// The address of a service changes while it is called: no call fails, the gateway is not touched.
#[test]
fn moved_under_load() {
    let Some(etcd) = Etcd::start() else { return };
    let (_echo, _) = Process::serve("echo", &etcd.url());
    let (first, old) = Process::serve("add", &etcd.url());
    first.line("add registered in etcd");
    let (_gateway, gateway) = Process::serve("gateway", &etcd.url());
    promises(&gateway);

    let call = |gateway: String| {
        move || match http::send(&gateway, "POST", "/add?first=20&second=22") {
            Ok(answer) if answer.status == 200 && answer.body == message("42") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    };
    let load = Load::start((0..4).map(|_| call(gateway.clone())));
    load.more(20);
    let (second, new) = Process::serve("add", &etcd.url());
    second.line("add registered in etcd");
    assert_ne!(old, new);
    load.more(20);
    first.stop();
    load.more(50);
    load.end_without_failure();
    let left = etcd.get("kitex/registry-etcd/add/").unwrap();
    assert_eq!(left.first().unwrap(), &format!("kitex/registry-etcd/add/{new}"));
}

#[test]
fn served_before_etcd_is_there() {
    let Some(mut etcd) = Etcd::reserve() else { return };
    let (add, address) = Process::serve("add", &etcd.url());
    add.line("is not there yet: serving all the same");
    let (_gateway, gateway) = Process::serve("gateway", &format!("static:add={address};echo=127.0.0.1:1"));
    assert_eq!(ask(&gateway, "POST", "/add?first=1&second=2"), (200, message("3")));
    etcd.resume();
    add.line("add registered in etcd");
    assert_eq!(etcd.get("kitex/registry-etcd/add/").unwrap().len(), 2);
}

/// A list count of 2^31-1 in a framed call: an error, and everybody else is served.
#[test]
fn hostile_bytes_harm_nobody() {
    use std::io::{Read, Write};
    let (_add, address) = Process::serve("add", "none");
    let mut hostile = std::net::TcpStream::connect(&address).unwrap();
    hostile.set_read_timeout(Some(e2e::PATIENCE)).unwrap();
    // Frame of 23 bytes: message `Add`, then field 1 of type list, of structs, 2^31-1 of them.
    let bytes = b"\0\0\0\x17\x80\x01\0\x01\0\0\0\x03Add\0\0\0\x01\x0f\0\x01\x0c\x7f\xff\xff\xff";
    assert_eq!(bytes.len(), 27);
    hostile.write_all(bytes).unwrap();
    let mut answer = [0; 16];
    // An exception (message type 3), or the end of the connection.
    if hostile.read_exact(&mut answer).is_ok() {
        assert_eq!(answer[4..8], [0x80, 1, 0, 3]);
    }
    let (_gateway, gateway) = Process::serve("gateway", &format!("static:add={address};echo=127.0.0.1:1"));
    assert_eq!(ask(&gateway, "POST", "/add?first=1&second=2"), (200, message("3")));
}

/// What cannot be used is said with its place, at once.
#[test]
fn settings_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("service.toml");
    let run = |text: &str, registry: &str| {
        std::fs::write(&file, text).unwrap();
        let output = program("add").arg("--config").arg(&file).env("KITELINE_REGISTRY", registry).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let text = run("[server]\nlisten_on = \"127.0.0.1:1\"\n", "none");
    assert!(text.contains("service.toml:2:1") && text.contains("did you mean `listen`?"), "{text}");
    let text = run("", "etcd:/127.0.0.1");
    assert!(text.contains("etcd:/127.0.0.1\n") && text.contains("^"), "{text}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("[server]\nlisten = \"{}\"\n", taken.local_addr().unwrap());
    let text = run(&listen, "none");
    assert!(text.contains("in use") && text.contains("KITELINE_LISTEN"), "{text}");
}
