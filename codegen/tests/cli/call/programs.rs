//! The examples as programs, called from their own folders and by address.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use super::services::Process;
use super::{Called, run};
use crate::sandbox::Sandbox;

/// Every example.
const EXAMPLES: [&str; 10] =
    ["add", "build-script", "echo", "gateway", "hello-micro", "helloworld", "login", "music-gateway", "naming", "user"];

pub(super) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The folder in which cargo puts the examples.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_kiteline")).parent().unwrap().to_owned();
        // CI has built them, together with all else.
        if std::env::var_os("PROGRAMS_ARE_BUILT").is_some() {
            return folder;
        }
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--bins"]);
        build.args(EXAMPLES.map(|name| format!("--package={name}")));
        if folder.file_name().is_some_and(|it| it == "release") {
            build.arg("--release");
        }
        build.env("CARGO_TARGET_DIR", folder.parent().unwrap()).current_dir(workspace());
        assert!(build.status().unwrap().success(), "the examples do not build");
        folder
    })
}

/// A server that is killed when it is dropped, and the folder of what it writes.
pub(super) struct Server {
    child: Child,
    /// Its address, and that of the port for HTTP alone where it has one.
    pub(super) address: String,
    pub(super) http: String,
    _folder: Sandbox,
}

impl Server {
    /// Starts an example and waits until it is registered, where there is a registry. Gateways are registered nowhere.
    pub(super) fn start(name: &str, registry: &str) -> Self {
        let settings = workspace().join("examples").join(name).join("service.toml");
        // One of them has none.
        let settings = std::fs::read_to_string(settings).unwrap_or_default();
        let settings = settings.replace("\"127.0.0.1:8080\"", "\"127.0.0.1:0\"");
        let folder = Sandbox::new(&[("service.toml", &settings)]);
        let mut command = Command::new(programs().join(name));
        command.current_dir(folder.path(".")).env("JWT_SECRET", "a secret of at least 32 characters");
        command.env("KITELINE_LISTEN", "127.0.0.1:0").env("KITELINE_REGISTRY", registry);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut it = Self { child, address: String::new(), http: String::new(), _folder: folder };
        let waits = registry != "none" && !name.ends_with("gateway");
        let wanted = if waits { " registered in " } else { "limits: " };
        let mut said = Vec::new();
        for line in BufReader::new(it.child.stderr.take().unwrap()).lines().map_while(Result::ok) {
            if let Some((_, at)) = line.split_once(" listening on ") {
                it.address = at.split(' ').next().unwrap().to_owned();
            }
            if let Some(at) = line.strip_prefix("HTTP on ") {
                it.http = at.to_owned();
            }
            if line.contains(wanted) {
                return it;
            }
            said.push(line);
        }
        panic!("{name} ended: {said:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Calls from the folder of an example.
pub(super) fn call(example: &str, words: &[&str]) -> Called {
    let it = Sandbox::new(&[]);
    let mut command = it.command(".", &[&["call"], words].concat());
    command.current_dir(workspace().join("examples").join(example));
    run(command, "")
}

#[test]
fn each_example_is_called_by_its_own_record() {
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let all = [("add", ""), ("echo", ""), ("login", "?layout=go-kit"), ("naming", "?layout=kratos")];
    let _servers = all.map(|(name, layout)| Server::start(name, &format!("{url}{layout}")));
    let registry = ["--registry", &url];
    let call = |example: &str, words: &[&str]| call(example, &[&registry, words].concat());
    call("add", &["add.AddService.Add", r#"{"first": 1, "second": 2}"#]).gives("{\"sum\": 3}\n");
    let said = "error: InvalidArgument: the sum overflows i32\n";
    call("add", &["Add", r#"{"first": 2147483647, "second": 1}"#]).fails(1, said);
    call("echo", &["EchoService.Echo", r#"{"message": "hi"}"#]).gives("{\"message\": \"hi\"}\n");
    let run = call("naming", &["Greeter.Hello", r#"{"from": "a", "msg": "hi"}"#]);
    assert!(run.code == 0 && run.out.contains("\"msg\": \"hi, a\""), "{run:?}");
    let run = call("login", &["User.RpcUserLogin", r#"{"Account": "aoho", "Password": "123456"}"#]);
    assert!(run.code == 0 && run.out.contains("\"Token\": \"eyJ"), "{run:?}");
    // An example request is one.
    for (example, method) in [("add", "Add"), ("echo", "Echo"), ("naming", "Hello")] {
        let request = call(example, &["--example", method]).out;
        assert_eq!(call(example, &[method, &request]).code, 0, "{request}");
    }
}

#[test]
fn an_example_with_a_build_script_is_called_by_its_idl_and_address() {
    let server = Server::start("build-script", "none");
    let call =
        |words: &[&str]| call("build-script", &[&["--addr", &server.address, "idl/user.thrift"], words].concat());
    call(&["UserService.Find", r#"{"id": 1}"#]).gives("{\"id\": 1, \"name\": \"Ada\"}\n");
    call(&["Find", r#"{"id": 2}"#]).fails(1, "error: NotFound {\"id\": 2}\n");
}

#[test]
fn a_proto_example_tells_its_services() {
    let call = |example: &str, words: &[&str]| {
        let server = Server::start(example, "none");
        run(Sandbox::new(&[]).command(".", &[&["call", "--addr", &server.address], words].concat()), "")
    };
    let run = call("naming", &["hello.Greeter/Hello", r#"{"from": "a", "msg": "hi"}"#]);
    assert!(run.code == 0 && run.out.contains("\"msg\": \"hi, a\""), "{run:?}");
    // One that asks for tokens tells them without one.
    let run = call("login", &["pb.User/RpcUserLogin", r#"{"Account": "aoho", "Password": "123456"}"#]);
    assert!(run.code == 0 && run.out.contains("\"Token\": \"eyJ"), "{run:?}");
    call("login", &["pb.Profile/Me"]).fails(
        1,
        "error: Unauthenticated: the call has no token: send `authorization: Bearer …`\n  reason: UNAUTHORIZED\n",
    );
}
