//! Fresh crates, as a new user makes them: built without a warning, tested, run, and changed.

use std::fs;
use std::path::Path;
use std::process::Command;

use e2e::made::{cargo, kiteline, passes};
use e2e::{Process, workspace};

fn idl(name: &str) -> String {
    workspace().join("idl").join(name).to_str().unwrap().to_owned()
}

/// Copies the seeds' IDL files to a folder of their own, where the tests may change them.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["add.thrift", "echo.thrift", "hello.proto"] {
        fs::copy(idl(name), folder.path().join(name)).unwrap();
    }
    for version in ["v1", "v2"] {
        let text = format!(
            "syntax = \"proto3\";\npackage a.{version};\nmessage Hello {{}}\n\
             service Greeter {{ rpc Greet(Hello) returns (Hello); }}\n"
        );
        fs::write(folder.path().join(format!("{version}.proto")), text).unwrap();
    }
    let text = "namespace rs api\nservice Greeter { string greet(1: string name) }\n";
    fs::write(folder.path().join("greeter.thrift"), text).unwrap();
    // Every file that the program brings along.
    fs::write(folder.path().join("imports.proto"), include_str!("imports.proto")).unwrap();
    folder
}

/// One after the other, since they share what they build.
#[test]
fn fresh_crates_are_ready() {
    let folder = folder();
    for (args, name) in [
        (&["add.thrift"][..], "add"),
        (&["echo.thrift"], "echo"),
        (&["hello.proto"], "hello"),
        (&["add.thrift", "hello.proto", "-o", "both"], "both"),
        (&["v1.proto", "v2.proto", "greeter.thrift", "-o", "greeters"], "greeters"),
        (&["imports.proto"], "imports"),
    ] {
        kiteline(folder.path(), args);
        let made = folder.path().join(name);
        passes(&made, &["test", "--quiet"]);
        passes(&made, &["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]);
    }
    serves_both(&folder.path().join("both"));
    let settings = fs::read_to_string(folder.path().join("greeters/service.toml")).unwrap();
    for line in [
        "# \"a.v1.Greeter\" = \"a.v1.greeter\" ",
        "# \"a.v2.Greeter\" = \"a.v2.greeter\" ",
        "# Greeter = \"api.greeter\" ",
    ] {
        assert!(settings.contains(line), "{line} in {settings}");
    }
    deep_types_build(folder.path());
    builds_wherever_it_stands(folder.path());
    follows_the_idl(folder.path());
}

/// Chains of types that are deeper than rustc follows by itself.
fn deep_types_build(folder: &Path) {
    let of = |link: fn(usize) -> String| (0..130).map(link).collect::<String>();
    let thrift = of(|at| format!("struct M{at} {{ 1: optional M{} a }}\n", at + 1));
    let thrift = format!("namespace rs one\n{thrift}struct M130 {{}}\nservice One {{ M0 get(1: M0 m) }}\n");
    let proto = of(|at| format!("message M{at} {{ M{} a = 1; }}\n", at + 1));
    let proto = format!(
        "syntax = \"proto3\";\npackage two;\n{proto}message M130 {{}}\nservice Two {{ rpc Get(M0) returns (M0); }}\n"
    );
    fs::write(folder.join("one.thrift"), thrift).unwrap();
    fs::write(folder.join("two.proto"), proto).unwrap();
    kiteline(folder, &["one.thrift", "two.proto", "-o", "deep"]);
    passes(&folder.join("deep"), &["test", "--quiet"]);
}

/// As a member from its workspace's root, as somebody's path dependency, as clients alone; with the etcd registry,
/// and without a protoc.
fn builds_wherever_it_stands(folder: &Path) {
    let root = folder.join("root");
    fs::create_dir_all(root.join("user/src")).unwrap();
    fs::write(root.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"user\"]\n").unwrap();
    let manifest = "[package]\nname = \"user\"\nedition = \"2024\"\n[dependencies]\nadd = { path = \"../svc/add\" }\n";
    fs::write(root.join("user/Cargo.toml"), manifest).unwrap();
    fs::write(root.join("user/src/lib.rs"), "pub use add::generated::api::AddServiceClient;\n").unwrap();
    kiteline(&root, &["../add.thrift", "-o", "svc/add", "--member"]);
    kiteline(&root, &["../add.thrift", "-o", "svc/client", "--sides", "client", "--member"]);
    let client = fs::read_to_string(root.join("svc/client/Cargo.toml")).unwrap();
    assert!(client.contains("\"etcd\""), "clients find by name: {client}");
    passes(&root, &["check", "--quiet", "--workspace", "--all-targets"]);
    passes(&root.join("user"), &["check", "--quiet"]);
    assert!(!root.join("svc/add/tools").exists() && !root.join("svc/add/.cargo").exists());
}

/// One server, two services, two protocols, one port.
fn serves_both(made: &Path) {
    passes(made, &["build", "--quiet"]);
    let mut command = Command::new(workspace().join("target/scaffold/debug/both"));
    command.current_dir(made).env("KITELINE_LISTEN", "127.0.0.1:0").env("KITELINE_REGISTRY", "none");
    let process = Process::start("both", &mut command);
    let line = process.line("listening on");
    assert!(line.starts_with("add, greeter listening on") && line.ends_with("(thrift, grpc)"), "{line}");
    process.stop();
}

/// A method is added: our files follow, the handler stays as it is and the compiler names what it
/// lacks, until `--add-missing` writes it.
fn follows_the_idl(folder: &Path) {
    let made = folder.join("add");
    let handler = made.join("src/handler/add.rs");
    let text = fs::read_to_string(&handler)
        .unwrap()
        .replace("Err(Error::unimplemented", "// mine\n        Err(Error::unimplemented");
    fs::write(&handler, &text).unwrap();
    let file = folder.join("add.thrift");
    let changed = fs::read_to_string(&file)
        .unwrap()
        .replace("AddRequest req)", "AddRequest req)\n    i64 Sub(1: i64 a, 2: i64 b)");
    fs::write(&file, changed).unwrap();

    let output = kiteline(folder, &["add.thrift"]);
    assert_eq!(fs::read_to_string(&handler).unwrap(), text);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("update add/src/generated/api.rs") && said.contains("async fn sub"), "{said}");
    let output = cargo(&made, &["build", "--quiet"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("missing: `sub`"), "{said}");

    kiteline(folder, &["add.thrift", "--add-missing"]);
    assert!(fs::read_to_string(&handler).unwrap().contains("// mine"));
    passes(&made, &["test", "--quiet"]);
}
