//! The releases of etcd on which tests run are those that they say.

use std::process::Command;

use e2e::{Etcd, Release, http};

#[test]
fn each_is_what_it_says() {
    for release in Release::all() {
        let mut etcd = Etcd::of(release);
        etcd.resume();
        let answer = http::send(&etcd.address, "GET", "/version").unwrap().body;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let version = answer["etcdserver"].as_str().unwrap();
        match release {
            Release::Newest => assert!(version.starts_with("3.6."), "{version}"),
            Release::Installed => {
                let said = Command::new("etcd").arg("--version").output().unwrap().stdout;
                assert!(String::from_utf8_lossy(&said).contains(version), "{version}");
            }
        }
    }
}
