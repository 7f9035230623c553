//! go-kit: instances of its `sd/etcdv3`, calls over its gRPC transport.

use std::collections::BTreeMap;
use std::process::Command;

use e2e::{Etcd, Process, free_address, program, wait_for, workspace};
use interop::Go;

use crate::scenario::{System, live};

/// The secret of the login example's `service.toml`.
const SECRET: &str = "the secret of an example: not yours";

#[test]
fn go_kit_lives_with_ours() {
    let Some(go) = Go::greeter("go-kit") else { return };
    live(&System { name: "go-kit", layout: "go-kit", keys: "greeter/", program: &go, hosts: 1 });
}

/// A program of the login example.
fn example(name: &str, etcd: &Etcd) -> Command {
    let mut command = program(name);
    command.env("KITELINE_CONFIG", workspace().join("examples/login/service.toml"));
    command.env("KITELINE_REGISTRY", format!("{}?layout=go-kit", etcd.url())).env("RUST_LOG", "info");
    command
}

/// What a program prints until its end, which has to be a good one.
fn printed(mut command: Command) -> Vec<String> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Waits until each of these servers has logged as many logins, all told.
fn have_logged_in(servers: &[Process], wanted: usize) {
    let login = |line: &&String| line.contains("call method=/pb.User/RpcUserLogin ") && line.contains(" code=Ok ");
    wait_for("the log", || {
        let mut counts = servers.iter().map(|server| server.printed().iter().filter(login).count());
        counts.all(|count| count == wanted).then_some(())
    });
}

#[test]
fn go_kit_logs_in_at_ours_and_ours_at_its() {
    let Some(go) = Go::greeter("go-kit") else { return };
    let Some(etcd) = Etcd::start() else { return };
    let (mut ours, addresses): (Vec<_>, Vec<_>) = (0..3)
        .map(|_| {
            let address = free_address();
            let server = Process::start("login", example("login", &etcd).args(["--listen", &address]));
            server.line("registered in etcd");
            (server, address)
        })
        .unzip();
    let call = || {
        let mut theirs = go.program("greeter");
        theirs.args(["call-users", &etcd.address]);
        let tokens = printed(theirs);
        assert!(tokens.len() == 6 && tokens.iter().all(|token| token.starts_with("eyJ")), "{tokens:?}");
    };
    call();
    have_logged_in(&ours, 2);
    ours.pop().unwrap().stop();
    call();
    have_logged_in(&ours, 2 + 3);

    let address = free_address();
    let mut theirs = go.program("greeter");
    let theirs = Process::start("go-kit", theirs.args(["serve-users", &etcd.address, &address, SECRET]));
    theirs.line("registered");
    let mut count = BTreeMap::new();
    let mut lines = printed(example("login-client", &etcd));
    // A token of theirs is good at ours.
    assert_eq!(lines.pop().unwrap(), "the last token is aoho's");
    for line in lines {
        *count.entry(line.split(": eyJ").next().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(count, BTreeMap::from([(addresses[0].clone(), 2), (addresses[1].clone(), 2), (address, 2)]));
    theirs.stop();
}
