//! `examples/helloworld` and Kratos 2.9: each finds the other in etcd, and calls it over HTTP and over gRPC.

use std::process::Command;

use e2e::{Etcd, Process, free_address, program, wait_for, workspace};
use interop::Go;

/// The program `hello`, with what protoc makes of the example's messages.
fn built() -> Option<Go> {
    let go = Go::greeter("kratos")?;
    go.build("protoc-gen-go", "google.golang.org/protobuf/cmd/protoc-gen-go");
    let mut protoc = Command::new("protoc");
    for folder in ["examples/helloworld/idl", "codegen/imports"] {
        protoc.arg("-I").arg(workspace().join(folder));
    }
    let api = "google.golang.org/genproto/googleapis/api/annotations";
    let mut names: Vec<_> = ["annotations", "http"].map(|name| format!("Mgoogle/api/{name}.proto={api}")).into();
    names.push("Mhelloworld.proto=interop/helloworld".to_owned());
    let names = names.join(",");
    go.run(protoc.args(["--go_out=.", &format!("--go_opt=module=interop,{names}"), "helloworld.proto"]));
    go.build("hello", "./hello");
    Some(go)
}

#[test]
fn the_example_and_kratos_greet_each_other() {
    let Some((etcd, go)) = Etcd::start().zip(built()) else { return };
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
