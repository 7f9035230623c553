//! Secrets in the environment and in files of the user: none of them is written or said.

use crate::{ADD, sandbox::Sandbox};

const SECRET: &str = "s3cret-w0rd";

/// Runs the command as somebody who has a password for the registry.
#[track_caller]
fn run(it: &Sandbox, args: &[&str]) {
    let mut command = it.command(".", args);
    command.env("KITELINE_REGISTRY", url()).env("KITELINE_ETCD_PASSWORD", SECRET);
    command.env("KITELINE_ETCD_PASSWORD_FILE", it.path("password"));
    let output = command.output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && !said.contains(SECRET), "{said}");
}

fn url() -> String {
    format!("etcds://bob:{SECRET}@h1:2379,h2:2379?layout=kitex")
}

#[test]
fn no_generated_file_holds_a_password() {
    let config = format!("[registry]\nurl = \"{}\"\n", url());
    let own = [("password", SECRET), ("add/service.toml", config.as_str())];
    let mine = [("mine/Cargo.toml", "[package]\nname = \"mine\"\n"), ("mine/src/lib.rs", "")];
    let it = Sandbox::new(&[&own[..], &mine, &[("add.thrift", ADD)]].concat());
    run(&it, &["add.thrift"]);
    run(&it, &["add.thrift", "-o", "fresh"]);
    run(&it, &["add.thrift", "-o", "client", "--client-only"]);
    run(&it, &["generate", "add.thrift", "-o", "mine"]);
    it.write("add.thrift", &ADD.replace("req)", "req)\n    AddResponse Sub(1: AddRequest req)"));
    for folder in ["add", "fresh", "client"] {
        run(&it, &["add.thrift", "-o", folder, "--add-missing", "--prune", "--force"]);
    }
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
    let files = it.bytes(".");
    for path in ["add/src/main.rs", "fresh/service.toml", "client/Cargo.toml", "mine/src/generated/api.rs"] {
        assert!(files.contains_key(path), "no {path} in {:?}", files.keys());
    }
    // Those of the user alone, which are as they were.
    let holding: Vec<&str> = files.iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path.as_str()).collect();
    assert_eq!(holding, ["add/service.toml", "password"]);
    assert_eq!(it.read("add/service.toml"), config);
}
