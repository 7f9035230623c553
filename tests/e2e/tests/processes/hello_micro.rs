//! The example of go-micro in a real etcd: its README as it stands, and a start that is another instance.

use e2e::wait_for;

use crate::transcript::Place;

#[test]
fn the_readme_of_hello_micro_is_true() {
    let Some(mut place) = Place::new("hello-micro", &[8888]) else { return };
    place.run_the_page();
}

#[test]
fn each_start_is_an_instance_of_its_own() {
    let Some(mut place) = Place::new("hello-micro", &[8888]) else { return };
    let mut ids = std::collections::BTreeSet::new();
    for start in 0..2 {
        place.serve();
        let keys = place.etcd.get("/micro/registry/hello.srv.say/").unwrap();
        let [key, _] = &keys[..] else { panic!("{keys:?}") };
        assert!(key.starts_with("/micro/registry/hello.srv.say/hello.srv.say-"), "{key}");
        ids.insert(key.clone());
        assert_eq!(place.run("cargo run --bin hello-client"), "from:\"server\" to:\"client\" msg:\"ok\"\n");
        let received = "received from:\"client\" to:\"server\" msg:\"hello aoho\"".to_owned();
        wait_for("what the server says", || place.printed(start).contains(&received).then_some(()));
        place.run(&format!("kill %{}", start + 1));
    }
    assert_eq!(ids.len(), 2);
}
