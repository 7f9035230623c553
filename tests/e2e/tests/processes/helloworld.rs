//! The example of Kratos in a real etcd: its README as it stands, and both protocols on one port.

use serde_json::{Value, json};

use crate::transcript::Place;

#[test]
fn the_readme_of_helloworld_is_true() {
    let Some(mut place) = Place::new("helloworld", &[9000, 8080]) else { return };
    place.run_the_page();
}

#[test]
fn without_a_port_for_http_one_port_answers_both() {
    let Some(mut place) = Place::new("helloworld", &[9000, 8080]) else { return };
    let [rpc, web] = [0, 1].map(|port| place.address(port).to_owned());
    place.set(&format!("listen = \"{web}\""), "");
    place.serve();
    let entry = place.etcd.get("/microservices/helloworld/").unwrap();
    let value: Value = serde_json::from_str(&entry[1]).unwrap();
    assert_eq!(value["endpoints"], json!([format!("grpc://{rpc}"), format!("http://{rpc}")]));
    let both = "[http] SayHello message:\"welcome kiteline!\"\n[grpc] SayHello message:\"welcome kiteline!\"\n";
    assert_eq!(place.run("cargo run --bin helloworld-client"), both);
    let document: Value = serde_json::from_str(&place.run(&format!("curl -s http://{rpc}/openapi.json"))).unwrap();
    let operation = &document["paths"]["/helloworld/{name}"]["get"];
    assert_eq!((&document["openapi"], &operation["operationId"]), (&json!("3.1.0"), &json!("Greeter_SayHello")));
    place.run("kill %1");
}
