//! Processes that find each other with nothing installed: the registry `dev`, whose host may end.

use e2e::{Process, free_address, http, wait_for};

fn add(gateway: &str) -> Option<()> {
    let answer = http::send(gateway, "POST", "/add?first=1&second=2").ok()?;
    (answer.body == "{\"message\":3}").then_some(())
}

#[test]
fn the_host_ends_and_everyone_is_found_again() {
    let address = free_address();
    let registry = format!("dev://{address}?ttl=2");
    let (host, _) = Process::serve("add", &registry);
    assert!(host.line("development registry").contains("not durable"));
    host.line(&format!("add registered in etcd {address} as kitex/registry-etcd/add/"));
    let (echo, _) = Process::serve("echo", &registry);
    echo.line("echo registered in etcd");
    let (gateway, address) = Process::serve("gateway", &registry);
    wait_for("add", || add(&address));
    let (other, _) = Process::serve("add", &registry);
    other.line("add registered in etcd");
    // As kill -9: nothing is deregistered.
    drop(host);
    let hosts = || [&echo, &other, &gateway].iter().flat_map(|it| it.printed()).collect::<Vec<_>>();
    wait_for("another host", || hosts().iter().any(|line| line.contains("development registry")).then_some(()));
    // A fresh one sees what the next host was told.
    let (_fresh, fresh) = Process::serve("gateway", &registry);
    wait_for("add", || add(&fresh));
    wait_for("add", || add(&address));
}
