//! `examples/helloworld` and Kratos 2.9: each finds the other in etcd, and calls it over HTTP and over gRPC.

use std::process::Command;

use e2e::{Etcd, Process, free_address, program, wait_for, workspace};
use interop::Go;

#[test]
fn the_example_and_kratos_greet_each_other() {
    let Some((etcd, go)) = Etcd::start().zip(Go::hello()) else { return };
    let url = format!("{}?layout=kratos&ttl=15", etcd.url());
    let keys = "/microservices/helloworld/";
    let [one, two, three, four] = [(); 4].map(|()| free_address());
    let said = |command: &mut Command| {
        let output = command.env("KITELINE_REGISTRY", &url).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = std::fs::read_to_string(workspace().join("examples/helloworld/service.toml")).unwrap();
    let settings = settings.replace("\"127.0.0.1:9000\"", &format!("{one:?}"));
    let file = folder.path().join("service.toml");
    std::fs::write(&file, settings.replace("listen = \"127.0.0.1:8080\"", &format!("listen = {two:?}"))).unwrap();
    let mut ours = program("helloworld");
    let ours = Process::start("helloworld", ours.arg("--config").arg(&file).env("KITELINE_REGISTRY", &url));
    ours.line("registered in etcd");
    let theirs = said(go.program("hello").args(["call", &etcd.address, "helloworld"]));
    let both = |text: &str| format!("[http] SayHello message:{text:?}\n[grpc] SayHello message:{text:?}\n");
    assert_eq!(theirs, both("welcome go-kratos!"));
    ours.stop();
    assert_eq!(etcd.get(keys).unwrap(), [""; 0]);
    let mut theirs = go.program("hello");
    let theirs = Process::start("theirs", theirs.args(["serve", &etcd.address, "helloworld", &three, &four]));
    wait_for("a registration", || etcd.get(keys).filter(|lines| !lines.is_empty()));
    let ours = said(program("helloworld-client").arg("--config").arg(&file));
    assert_eq!(ours, both("kratos welcomes kiteline!"));
    theirs.stop();
}
