//! Servers of other systems, in Go and in a real etcd, called by their names: by IDL, by reflection where they have it on. The
//! programs are those of `tests/interop`; they are called from here since this is where cargo has a `kiteline` with `net`.

use e2e::{Etcd, Go, Process, free_address, wait_for};

use super::programs::workspace;
use super::{Called, Caller, run};
use crate::sandbox::Sandbox;

/// An etcd with a server of Go in it.
struct Place {
    etcd: Etcd,
    /// Where the server listens.
    address: String,
    _server: Process,
}

impl Place {
    /// Starts a program, which registers under `keys`; `arguments` come between etcd and the address, and behind it.
    fn new(go: &Go, program: &str, keys: &str, arguments: (&[&str], &[&str])) -> Option<Self> {
        let etcd = Etcd::start()?;
        let address = free_address();
        let mut command = go.program(program);
        if program != "server" && program != "sinkserver" {
            command.arg("serve");
        }
        command.arg(&etcd.address).args(arguments.0).arg(&address).args(arguments.1);
        let server = Process::start(program, &mut command);
        let stands = |lines: Vec<String>| lines.iter().any(|line| line.contains(&address)).then_some(());
        wait_for("a registration", || etcd.get(keys).and_then(stands));
        Some(Self { etcd, address, _server: server })
    }

    /// A greeter of `system`, in its layout.
    fn greeter(go: &Go, keys: &str) -> Option<Self> {
        Self::new(go, "greeter", keys, (&["greeter"], &["30"]))
    }

    /// Calls by the name in the registry.
    fn call(&self, words: &[&str]) -> Called {
        called(&[&["--registry", &self.etcd.url()], words].concat())
    }

    /// Calls by the address.
    fn at(&self, words: &[&str]) -> Called {
        called(&[&["--addr", &self.address], words].concat())
    }

    /// The method of all greeters by its IDL.
    fn greets(&self, words: &[&str]) {
        let idl = idl("tests/interop/idl/greeter.proto");
        let words = [&[idl.as_str(), "Greeter.Greet", r#"{"text": "hi"}"#], words].concat();
        self.call(&words).gives(&self.hi());
    }

    fn hi(&self) -> String {
        format!("{{\"text\": \"hi from {}\"}}\n", self.address)
    }

    /// What `kiteline services` says that answers.
    fn answers(&self, service: &str) -> String {
        let it = Sandbox::new(&[]);
        let run = run(it.command(".", &["services", "--registry", &self.etcd.url(), service]), "");
        run.out.lines().nth(1).and_then(|line| line.rsplit("  ").next()).unwrap_or_default().to_owned()
    }
}

/// Calls from a folder in which nothing is.
fn called(words: &[&str]) -> Called {
    run(Sandbox::new(&[]).command(".", &[&["call"], words].concat()), "")
}

fn idl(path: &str) -> String {
    workspace().join(path).to_string_lossy().into_owned()
}

#[test]
fn kitex_is_called_over_each_of_its_transports() {
    let Some(go) = Go::kitex() else { return };
    let Some(it) = Place::new(go, "server", "kitex/registry-etcd/add/", (&[], &[])) else { return };
    let add = [idl("idl/add.thrift"), "AddService.Add".to_owned(), r#"{"first": 40, "second": 2}"#.to_owned()];
    let add = add.each_ref().map(String::as_str);
    it.call(&add).gives("{\"sum\": 42}\n");
    for protocol in ["ttheader", "framed", "buffered"] {
        it.at(&[&add[..], &["--protocol", protocol]].concat()).gives("{\"sum\": 42}\n");
    }
    assert_eq!(it.answers("add"), "thrift");
    let run = it.call(&[&["-v"], &add[..]].concat());
    let at = &it.address;
    let said = format!(
        "* add of {}: 1 instance\n* {at} (kitex, key kitex/registry-etcd/add/{at})\n> /AddService/Add (ttheader, plain text)\n",
        it.etcd.url().replace("etcd://", "etcd ")
    );
    assert!(run.said.starts_with(&said), "{said}{}", run.said);
}

#[test]
fn errors_of_kitex_are_shown() {
    let Some(go) = Go::kitex() else { return };
    let Some(it) = Place::new(go, "sinkserver", "kitex/registry-etcd/theirs/", (&[], &["theirs", "ours"])) else {
        return;
    };
    let (idl, beside) = (idl("tests/interop/idl/interop.thrift"), idl("tests/vectors/kitex"));
    let call = |words: &[&str]| it.call(&[&[&idl, "-q", "-I", &beside, "--service", "theirs"], words].concat());
    call(&["Interop.Ping", r#"{"text": "x"}"#]).gives("\"pong x\"\n");
    call(&["Interop.Risky", r#"{"kind": "denied"}"#])
        .fails(1, "error: Denied {\"code\": -3, \"reason\": \"no entry\"}\n");
    call(&["Interop.Risky", r#"{"kind": "biz"}"#]).fails(1, "error: business error 404: user not found\n");
    let run = call(&["Interop.Look", r#"{"back": {"x": "1"}}"#, "-H", "user: ada"]);
    assert!(run.code == 0 && run.out.contains("\"transient\": {\"user\": \"ada\"}"), "{run:?}");
}

#[test]
fn grpc_s_naming_is_called_by_its_idl_and_by_what_it_tells() {
    let Some(go) = Go::greeter("grpc") else { return };
    let Some(it) = Place::greeter(&go, "greeter/") else { return };
    it.greets(&[]);
    let told = ["interop.greeter.Greeter/Greet", r#"{"text": "hi"}"#];
    it.call(&[&["--service", "greeter"], &told[..]].concat()).gives(&it.hi());
    it.at(&told).gives(&it.hi());
    let all = "interop.greeter.Greeter\n  rpc Greet(interop.greeter.Text) returns (interop.greeter.Text)\n";
    it.at(&["--list"]).gives(all);
    assert_eq!(it.answers("greeter"), "grpc");
}

#[test]
fn kratos_is_called_by_its_idl_and_by_what_it_tells() {
    let Some(go) = Go::hello() else { return };
    let web = free_address();
    let Some(it) = Place::new(&go, "hello", "/microservices/helloworld/", (&["helloworld", &web], &[])) else { return };
    let welcome = "{\"message\": \"kratos welcomes x!\"}\n";
    let (idl, json) = (idl("examples/helloworld/idl/helloworld.proto"), r#"{"name": "x"}"#);
    it.call(&[&idl, "SayHello", json, "--service", "helloworld"]).gives(welcome);
    let told = ["helloworld.Greeter/SayHello", json];
    it.call(&[&["--service", "helloworld"], &told[..]].concat()).gives(welcome);
    it.at(&told).gives(welcome);
    // Its port for HTTP has routes alone.
    let run = called(&["--addr", &web, &idl, "SayHello", json]);
    let help = "speaks HTTP/1.1, and gRPC needs HTTP/2: the method has a route, so add --protocol rest\n";
    assert!(run.code == 1 && run.said.ends_with(&format!("  help: {web} {help}")), "{run:?}");
    let rest = ["--protocol", "rest", &idl, "SayHello", json];
    called(&[&["--addr", &web], &rest[..]].concat()).gives(welcome);
    // In the registry it has an endpoint for each of both.
    let run = it.call(&[&["-v", "--service", "helloworld"], &rest[..]].concat());
    assert!(run.out == welcome && run.said.contains(&format!("* http://{web} (kratos, key ")), "{run:?}");
    assert!(run.said.contains("\n> GET /helloworld/x (rest, plain text)\n"), "{run:?}");
    // A route that Kratos does not have.
    let other = std::fs::read_to_string(&idl).unwrap().replace("/helloworld/", "/nowhere/");
    let it = Caller::new(&web, &[("other.proto", &other)]);
    let help = format!("  help: {web} may not have the route: -v shows what is sent\n");
    let run = it.call(&["--protocol", "rest", "other.proto", "SayHello", json]);
    run.fails(1, &format!("error: NotFound: HTTP 404 Not Found: 404 page not found\n{help}"));
}

#[test]
fn go_kit_is_called_by_its_idl() {
    let Some(go) = Go::greeter("go-kit") else { return };
    let Some(it) = Place::greeter(&go, "greeter/") else { return };
    it.greets(&[]);
    let how = "name the IDL, such as `kiteline call idl/add.thrift …`";
    let said = format!("error: {} does not tell its services, since it has no reflection: {how}\n", it.address);
    it.at(&["--list"]).fails(1, &said);
}

#[test]
fn go_micro_is_called_over_both_of_its_transports() {
    let Some(go) = Go::greeter("go-micro") else { return };
    for (go, scheme) in [(go.clone(), "grpc"), (go.with_env("TRANSPORT", "http"), "mucp")] {
        let Some(it) = Place::greeter(&go, "/micro/registry/greeter/") else { return };
        it.greets(&[]);
        let idl = idl("tests/interop/idl/greeter.proto");
        let at = format!("{scheme}://{}", it.address);
        called(&["--addr", &at, &idl, "Greet", r#"{"text": "hi"}"#]).gives(&it.hi());
        assert_eq!(it.answers("greeter"), scheme);
        // Its default transport answers errors of handlers where bodies are JSON.
        let run = it.call(&[
            &idl,
            "Greet",
            r#"{"text": "missing"}"#,
            "--deadline",
            if scheme == "grpc" { "20s" } else { "300ms" },
        ]);
        let (said, help) = match scheme {
            "grpc" => ("error: NotFound: user x not found\n", "  reason: hello.srv.greet\n"),
            _ => (
                "error: DeadlineExceeded: ",
                "  help: go-micro's default transport may answer the errors of a handler by nothing\n",
            ),
        };
        assert!(run.code == 1 && run.said.starts_with(said) && run.said.ends_with(help), "{run:?}");
    }
}
