//! The examples that are built as other systems have them, called as programs: through the layout of each, by address, by IDL
//! and by reflection.

use super::programs::{Server, call};
use super::services::Process;
use super::{Called, run};
use crate::sandbox::Sandbox;

/// Calls from a folder in which nothing is.
fn from_nowhere(words: &[&str]) -> Called {
    run(Sandbox::new(&[]).command(".", &[&["call"], words].concat()), "")
}

/// The value of a field of texts.
fn text(json: &str, field: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(json).unwrap_or_else(|_| panic!("{json}"));
    json[field].as_str().unwrap().to_owned()
}

const ANN: &str = r#"{"username": "ann", "password": "correct horse"}"#;

#[test]
fn the_user_service_is_called_in_kitex_s_layout_and_behind_its_gateway() {
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let user = Server::start("user", &format!("{url}?layout=kitex"));
    let by_name = |words: &[&str]| call("user", &[&["--registry", &url], words].concat());
    by_name(&["CreateUser", ANN]).gives("{\"BaseResp\": {\"StatusCode\": 0, \"StatusMessage\": \"success\"}}\n");
    by_name(&["UserService.CreateUser", r#"{"username": "bob", "password": "short"}"#]).fails(
        1,
        "error: business error 400: password: must have 8 to 128 bytes\n  reason: VALIDATION\n  password: must have 8 to 128 bytes\n",
    );
    let no_token = "the call has no token: send `authorization: Bearer …`\n  reason: UNAUTHORIZED\n";
    by_name(&["GetUser"]).fails(1, &format!("error: Unauthenticated: {no_token}"));
    let token = text(&by_name(&["Login", ANN]).out, "token");
    let bearer = format!("authorization: Bearer {token}");
    let me = "{\"username\": \"ann\", \"BaseResp\": {\"StatusCode\": 0, \"StatusMessage\": \"success\"}}\n";
    by_name(&["music.service.user.UserService/GetUser", "-H", &bearer]).gives(me);
    for protocol in ["ttheader", "mux"] {
        call("user", &["--addr", &user.address, "GetUser", "-H", &bearer, "--protocol", protocol]).gives(me);
    }
    // Without a header there is no place for a token.
    for protocol in ["framed", "buffered", "compact"] {
        let run = call("user", &["--addr", &user.address, "Login", ANN, "--protocol", protocol]);
        assert!(run.code == 0 && run.out.contains("\"token\": \"eyJ"), "{run:?}");
    }
    // The gateway's folder has the IDL of a service that is named in its code.
    let said =
        format!("error: `user` is not registered in etcd {}: did you mean `--service service.music.user`?\n", etcd.1);
    call("music-gateway", &["--registry", &url, "Login", ANN]).fails(1, &said);
    let behind = ["--registry", &url, "--service", "service.music.user", "Login", ANN];
    assert_eq!(call("music-gateway", &behind).code, 0);
    // It hands calls of Thrift on as it does those of HTTP.
    let gateway = Server::start("music-gateway", &format!("static:service.music.user={}", user.address));
    let run = call("music-gateway", &["--addr", &gateway.address, "Login", ANN]);
    assert!(run.code == 0 && run.out.contains("\"token\": \"eyJ"), "{run:?}");
    let run = call("music-gateway", &["--addr", &gateway.address, "UserService.GetUser", "-H", &bearer]);
    assert!(run.code == 0 && run.out.contains("\"username\": \"ann\""), "{run:?}");
    by_route(&user, &gateway, &bearer);
}

/// The service answers its routes too, and the gateway in envelopes.
fn by_route(user: &Server, gateway: &Server, bearer: &str) {
    for server in [user, gateway] {
        let to = ["--addr", &server.address, "--protocol", "rest"];
        let rest = |words: &[&str]| call("music-gateway", &[&to, words].concat());
        let run = rest(&["GetUser", "-H", bearer]);
        assert!(run.code == 0 && run.out.contains("\"username\": \"ann\""), "{run:?}");
        let run = rest(&["Login", ANN]);
        assert!(run.code == 0 && run.out.contains("\"token\": \"eyJ"), "{run:?}");
        let run = rest(&["GetUser"]);
        assert!(run.code == 1 && run.said.starts_with("error: Unauthenticated: the call has no token: "), "{run:?}");
        let run = rest(&["CreateUser", r#"{"username": "bob", "password": "short"}"#]);
        assert!(run.code == 1 && run.said.contains("password: must have 8 to 128 bytes"), "{run:?}");
    }
}

#[test]
fn the_gateway_of_two_services_is_called_by_address_and_they_by_their_names() {
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let [_add, _echo] = ["add", "echo"].map(|name| Server::start(name, &url));
    let gateway = Server::start("gateway", &url);
    for way in [["--registry", &url], ["--addr", &gateway.address]] {
        let call = |words: &[&str]| call("gateway", &[&way, words].concat());
        call(&["Add", r#"{"first": 1, "second": 2}"#]).gives("{\"message\": 3}\n");
        call(&["EchoService.Echo", r#"{"message": "hi"}"#]).gives("{\"message\": \"hi\"}\n");
    }
    // By the routes of the gateway: the sum has another name there, and what a service fails with is a 500.
    let rest = |words: &[&str]| call("gateway", &[&["--addr", &gateway.address, "--protocol", "rest"], words].concat());
    rest(&["Add", r#"{"first": 1, "second": 2}"#]).gives("{\"message\": 3}\n");
    rest(&["EchoService.Echo", r#"{"message": "a b&c"}"#]).gives("{\"message\": \"a b&c\"}\n");
    let overflow = ["Add", r#"{"first": 2147483647, "second": 1}"#];
    rest(&overflow).fails(1, "error: Internal: the sum overflows i32\n");
    // The services behind have no routes in the IDLs of their own.
    let said = "error: `AddService.Add` has no route of HTTP, nor has any other method of the IDL: write `(api.get = \"/…\")`\n";
    super::programs::call("add", &["--addr", &gateway.address, "--protocol", "rest", "Add"]).fails(2, said);
    let how = "name the IDL, such as `kiteline call idl/add.thrift …`";
    let said = format!("error: {} tells of no proto service: {how}\n", gateway.address);
    from_nowhere(&["--addr", &gateway.address, "--list"]).fails(1, &said);
}

#[test]
fn helloworld_is_called_in_kratos_layout_and_at_both_of_its_ports() {
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let server = Server::start("helloworld", &format!("{url}?layout=kratos"));
    let (json, welcome) = (r#"{"name": "x"}"#, "{\"message\": \"welcome x!\"}\n");
    let by_name = ["--registry", &url];
    call("helloworld", &[&by_name[..], &["SayHello", json]].concat()).gives(welcome);
    // By reflection: nothing but the name in the registry is known.
    from_nowhere(&[&by_name[..], &["--service", "helloworld", "helloworld.Greeter/SayHello", json]].concat())
        .gives(welcome);
    for address in [&server.address, &server.http] {
        for protocol in ["grpc", "grpc-web", "connect"] {
            call("helloworld", &["--addr", address, "--protocol", protocol, "SayHello", json]).gives(welcome);
            from_nowhere(&["--addr", address, "--protocol", protocol, "Greeter.SayHello", json]).gives(welcome);
        }
        call("helloworld", &["--addr", address, "--protocol", "rest", "SayHello", json]).gives(welcome);
    }
    // The endpoint of HTTP, where both stand in the registry.
    let routed =
        call("helloworld", &[&by_name[..], &["-v", "--protocol", "rest", "SayHello", r#"{"name": "a/b"}"#]].concat());
    assert_eq!((routed.code, routed.out.as_str()), (0, "{\"message\": \"welcome a/b!\"}\n"), "{routed:?}");
    let way = format!("* http://{} (kratos, key ", server.http);
    assert!(
        routed.said.contains(&way) && routed.said.contains("\n> GET /helloworld/a%2Fb (rest, plain text)\n"),
        "{routed:?}"
    );
    let listed = run(Sandbox::new(&[]).command(".", &["services", "--registry", &url]), "").out;
    let answers: Vec<&str> = listed.lines().skip(1).map(|it| it.rsplit("  ").next().unwrap()).collect();
    assert_eq!(answers, ["grpc serving", "http"], "{listed}");
    // In another layout it is not there.
    for (layout, said) in [("kitex", "kitex"), ("grpc,go-micro", "grpc,go-micro")] {
        let registry = format!("{url}?layout={layout}");
        let said = format!(
            "error: `helloworld` is registered in etcd {} in the layout kratos, not {said}: write layout=kratos, or none\n",
            etcd.1
        );
        call("helloworld", &["--registry", &registry, "SayHello", json]).fails(1, &said);
    }
}

#[test]
fn hello_micro_is_called_in_go_micro_s_layout_and_over_both_of_its_transports() {
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let server = Server::start("hello-micro", &format!("{url}?layout=go-micro"));
    let (json, greeting) = (r#"{"from": "a"}"#, "{\"from\": \"server\", \"to\": \"a\", \"msg\": \"ok\"}\n");
    call("hello-micro", &["--registry", &url, "Hello", json]).gives(greeting);
    call("hello-micro", &["--registry", &format!("{url}?layout=go-micro"), "hello.Greeter.Hello", json])
        .gives(greeting);
    from_nowhere(&["--registry", &url, "--service", "hello.srv.say", "Greeter/Hello", json]).gives(greeting);
    from_nowhere(&["--addr", &server.address, "Greeter/Hello", json]).gives(greeting);
    // `mucp` is go-micro's default transport.
    for scheme in ["", "grpc://", "mucp://"] {
        call("hello-micro", &["--addr", &format!("{scheme}{}", server.address), "Hello", json]).gives(greeting);
    }
    // A service that nobody's name is like: those that there are.
    let said = format!(
        "error: `greeter` is not registered in etcd {}: there are `hello.srv.say`: `--service NAME` names another one\n",
        etcd.1
    );
    from_nowhere(&["--registry", &url, "Greeter/Hello", json]).fails(1, &said);
}

/// The name of a service of gRPC's naming is a prefix like any other's: see `services.rs` for all six layouts.
#[test]
fn naming_and_login_are_called_in_their_layouts_by_reflection() {
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let _servers = [("naming", "grpc"), ("login", "go-kit")]
        .map(|(name, layout)| Server::start(name, &format!("{url}?layout={layout}")));
    for (name, method, json, wanted) in [
        ("greeter", "hello.Greeter/Hello", r#"{"from": "a", "msg": "hi"}"#, "\"msg\": \"hi, a\""),
        ("svc.user.agent", "pb.User/RpcUserLogin", r#"{"Account": "aoho", "Password": "123456"}"#, "\"Token\": \"eyJ"),
    ] {
        let run = from_nowhere(&["--registry", &url, "--service", name, method, json]);
        assert!(run.code == 0 && run.out.contains(wanted), "{name} {run:?}");
    }
}
