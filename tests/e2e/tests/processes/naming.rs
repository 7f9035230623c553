//! The naming example in a real etcd: servers under `greeter/<address>`, a client that calls them in turn and learns who is gone.

use std::collections::BTreeMap;

use e2e::{Etcd, Process, free_address, program, wait_for};

struct Server {
    process: Process,
    address: String,
}

fn serve(etcd: &Etcd) -> Server {
    let address = free_address();
    let mut command = program("naming");
    command.env("KITELINE_LISTEN", &address).env("KITELINE_REGISTRY", url(etcd));
    let process = Process::start("naming", &mut command);
    process.line("greeter registered in etcd");
    Server { process, address }
}

fn url(etcd: &Etcd) -> String {
    format!("{}?layout=grpc&ttl=2", etcd.url())
}

/// What the client's last six calls gave, as soon as there are six from now on.
fn six(client: &Process) -> BTreeMap<String, usize> {
    let from = client.printed().len();
    wait_for("six calls", || {
        let lines = client.printed();
        let six = lines[from..].first_chunk::<6>()?;
        let mut count = BTreeMap::new();
        for line in six {
            *count.entry(line.clone()).or_default() += 1;
        }
        Some(count)
    })
}

/// Waits until six calls in a row are spread evenly over these servers.
fn in_turn(client: &Process, servers: &[&Server]) {
    let wanted: BTreeMap<_, _> =
        servers.iter().map(|server| (format!("{} says hi, client", server.address), 6 / servers.len())).collect();
    wait_for("calls in turn", || (six(client) == wanted).then_some(()));
}

#[test]
fn servers_are_called_in_turn_until_they_are_gone() {
    let Some(etcd) = Etcd::start() else { return };
    let (one, two) = (serve(&etcd), serve(&etcd));
    let mut written = [&one, &two].map(|server| {
        let address = &server.address;
        [format!("greeter/{address}"), format!("{{\"Op\":0,\"Addr\":\"{address}\",\"Metadata\":null}}")]
    });
    written.sort();
    assert_eq!(etcd.get("greeter/").unwrap(), written.concat());
    let mut command = program("naming-client");
    let client = Process::start("naming-client", command.env("KITELINE_REGISTRY", url(&etcd)));
    in_turn(&client, &[&one, &two]);
    let three = serve(&etcd);
    in_turn(&client, &[&one, &two, &three]);
    // As kill -9: its lease runs out.
    let gone = two.address;
    drop(two.process);
    wait_for("the end of its lease", || Some(etcd.get(&format!("greeter/{gone}"))?.is_empty()).filter(|it| *it));
    in_turn(&client, &[&one, &three]);
    // An end that was asked for costs no call.
    let before = client.printed().len();
    three.process.stop();
    in_turn(&client, &[&one]);
    assert!(client.printed()[before..].iter().all(|line| !line.starts_with("failed: ")), "{:?}", client.printed());
}
