//! A server that stands in etcd in several layouts at once moves to another port, under callers of either layout.

use e2e::{Etcd, Load, Process, http};

/// Keys and values of `add` at these addresses, as Kitex and as Kratos would write them.
fn written(addresses: &[&str]) -> [Vec<String>; 2] {
    let kitex = |address: &&str| {
        let value = format!(
            "{{\"network\":\"tcp\",\"address\":\"{address}\",\"weight\":10,\"tags\":{{\"kiteline\":\"mux\"}}}}"
        );
        [format!("kitex/registry-etcd/add/{address}"), value]
    };
    let kratos = |address: &&str| {
        let value = format!(
            "{{\"id\":\"{address}\",\"name\":\"add\",\"version\":\"\",\"metadata\":{{\"kiteline\":\"mux\"}},\
             \"endpoints\":[\"thrift://{address}\"]}}"
        );
        [format!("/microservices/add/{address}"), value]
    };
    let mut addresses = addresses.to_vec();
    addresses.sort_unstable();
    [addresses.iter().flat_map(kitex).collect(), addresses.iter().flat_map(kratos).collect()]
}

fn found(etcd: &Etcd) -> [Vec<String>; 2] {
    ["kitex/registry-etcd/add/", "/microservices/add/"].map(|prefix| etcd.get(prefix).unwrap())
}

#[test]
fn moved_under_callers_of_both_layouts() {
    let Some(etcd) = Etcd::start() else { return };
    let both = format!("{}?layout=kitex,kratos", etcd.url());
    let serve = || {
        let (server, address) = Process::serve("add", &both);
        server.line("add registered in etcd");
        (server, address)
    };
    let (first, old) = serve();
    assert_eq!(found(&etcd), written(&[&old]));
    let gateways = ["kitex", "kratos", "kratos,kitex", "kitex"]
        .map(|layout| Process::serve("gateway", &format!("{}?layout={layout}", etcd.url())));
    let load = Load::start(gateways.iter().map(|(_, gateway)| {
        let gateway = gateway.clone();
        move || match http::send(&gateway, "POST", "/add?first=20&second=22") {
            Ok(answer) if (answer.status, answer.body.as_str()) == (200, "{\"message\":42}") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }));
    load.more(20);
    let (_second, new) = serve();
    assert_eq!(found(&etcd), written(&[&old, &new]));
    load.more(20);
    first.stop();
    assert_eq!(found(&etcd), written(&[&new]));
    load.more(100);
    load.end_without_failure();
}
