//! The seed's service over every transport, the programs as a user runs them.

use std::process::Command;

use e2e::{Etcd, Process, free_address, http, wait_for};
use interop::Go;

#[test]
fn each_finds_and_calls_the_other() {
    let (Some(go), Some(etcd)) = (Go::kitex(), Etcd::start()) else { return };
    ours_is_called(go, &etcd);
    ours_calls(go, &etcd);
}

fn ours_is_called(go: &Go, etcd: &Etcd) {
    let (add, _) = Process::serve("add", &etcd.url());
    add.line("add registered in etcd");
    for transport in ["default", "framed", "buffered", "ttheader", "ttheader_framed", "mux"] {
        let output = go.program("client").args([&etcd.address, transport]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let error = "remote or network error[remote]: the sum overflows i32";
        assert_eq!(said, format!("2\n3\n4\n{error}\n"), "{transport}: {}", String::from_utf8_lossy(&output.stderr));
    }
    add.stop();
}

fn ours_calls(go: &Go, etcd: &Etcd) {
    let address = free_address();
    let mut command: Command = go.program("server");
    let server = Process::start("kitex", command.args([&etcd.address, &address]));
    let key = format!("kitex/registry-etcd/add/{address}");
    wait_for("Kitex's registration", || etcd.get(&key).filter(|found| !found.is_empty()));
    let (_gateway, gateway) = Process::serve("gateway", &etcd.url());
    let ask = || http::send(&gateway, "POST", "/add?first=40&second=2").unwrap();
    let answer = ask();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"message\":42}"));
    server.signal("TERM");
    wait_for("the end of Kitex's registration", || etcd.get(&key).filter(Vec::is_empty));
    wait_for("an error that names the service", || {
        let answer = ask();
        (answer.status == 500 && answer.body.contains("add")).then_some(())
    });
}
