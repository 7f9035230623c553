//! `kiteline services`: a registry as a process, servers in it, and what stands beside them.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use runtime::registry::{Endpoint, Instance, Registry};

use super::servers::serve;
use super::{Called, run};
use crate::sandbox::Sandbox;

/// A development registry that ends when it is dropped.
pub(super) struct Process(Child, pub(super) String);

impl Process {
    pub(super) fn registry() -> Self {
        let it = Sandbox::new(&[]);
        let mut command = it.command(".", &["registry", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|it| it.contains("listening")).unwrap();
        let address = line.trim().split(' ').nth(1).unwrap().trim_end_matches(':').to_owned();
        Self(child, address)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn services(words: &[&str]) -> Called {
    let it = Sandbox::new(&[]);
    run(it.command(".", &[&["services"], words].concat()), "")
}

/// The seconds of a lease are those of the moment.
fn without_time(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_lease = |place: usize| words[place].parse::<u64>().is_ok() && words.get(place + 1) == Some(&"s");
        let words = words.iter().enumerate().map(|(place, word)| if is_lease(place) { "N" } else { word });
        words.collect::<Vec<_>>().join(" ") + "\n"
    });
    lines.collect()
}

/// Waits until the registry holds as many entries.
async fn wait_for(registry: &Registry, count: usize) {
    while registry.list(None).await.unwrap().entries.len() < count {
        tokio::task::yield_now().await;
    }
}

#[test]
fn what_is_registered_in_each_layout_and_what_answers() {
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let server = serve(&format!("{url}?layout=kitex,kratos"));
    let at = &server.address;
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let open = |query: &str| Registry::open(&format!("{url}{query}")).unwrap();
    let gone = Endpoint::new("grpc", "127.0.0.1", 1);
    let odd = Instance::new("odd", gone.clone()).with_weight(7).with_metadata("colour", "blue\u{1b}[31m");
    let _kept = tokio.block_on(async {
        let kept = [
            open("?layout=go-micro").register(vec![odd]).unwrap(),
            // What is read as Kitex's, and is none of it.
            open("?layout=go-kit:kitex/registry-etcd").register(vec![Instance::new("torn", gone)]).unwrap(),
        ];
        wait_for(&open(""), 6).await;
        kept
    });
    let run = services(&["--registry", &url]);
    assert_eq!((run.code, run.said.as_str()), (0, ""), "{run:?}");
    let all = format!(
        "SERVICE LAYOUT ADDRESS WEIGHT VERSION LEASE TAGS ANSWERS
chat kitex {at} 10 - N s mux thrift, grpc serving
chat kratos grpc://{at} 100 - N s mux grpc serving
everything kitex {at} 10 - N s mux thrift, grpc serving
everything kratos thrift://{at} 100 - N s mux thrift
odd go-micro grpc://127.0.0.1:1 7 latest N s colour=blue\\u{{1b}}[31m refused
torn kitex kitex/registry-etcd/torn/127.0.0.1:1 - - N s - unreadable: invalid type: floating point `127.0`, expected struct Info at line 1 …
"
    );
    let found = without_time(&run.out);
    for (found, expected) in found.lines().zip(all.lines()) {
        let known = expected.split(" unreadable: ").next().unwrap();
        assert!(found.starts_with(known), "{found}\n{expected}");
    }
    assert_eq!(found.lines().count(), 7, "{found}");
    // Columns are aligned.
    let column = run.out.lines().next().unwrap().find("LAYOUT").unwrap();
    assert!(run.out.lines().all(|line| line.as_bytes()[column - 1] == b' ' && line.as_bytes()[column] != b' '));

    let run = services(&["--registry", &url, "--json", "odd"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let entry = &json["entries"][0];
    assert_eq!(entry["key"], "/micro/registry/odd/odd-127.0.0.1:1");
    assert!(entry["lease"].as_u64().unwrap() <= 15);
    let endpoint = serde_json::json!({ "scheme": "grpc", "address": "127.0.0.1:1", "answers": ["refused"] });
    assert_eq!(entry["instances"][0]["endpoints"][0], endpoint);
    assert_eq!(entry["instances"][0]["tags"]["colour"], "blue\u{1b}[31m");

    let said = format!("error: `chad` is not registered in etcd {}: did you mean `chat`?\n", etcd.1);
    services(&["--registry", &url, "chad"]).fails(1, &said);
    // The registry `dev` is joined.
    let run = services(&["--registry", &format!("dev://{}", etcd.1), "chat"]);
    assert!(run.code == 0 && run.out.lines().count() == 3, "{run:?}");
}

#[test]
fn a_service_is_called_in_whatever_layout_it_stands() {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let it = Sandbox::new(&[("all.thrift", super::servers::EVERYTHING), ("chat.proto", super::servers::CHAT)]);
    for layout in ["kitex", "kratos", "go-micro", "go-kit", "grpc", "go-zero"] {
        let etcd = Process::registry();
        let url = format!("etcd://{}", etcd.1);
        let _server = serve(&format!("{url}?layout={layout}"));
        tokio.block_on(wait_for(&Registry::open(&url).unwrap(), 2));
        let call = |words: &[&str]| run(it.command(".", &[&["call", "--registry", &url], words].concat()), "");
        call(&["all.thrift", "Sum", "{\"a\": 1, \"b\": 2}"]).gives("3\n");
        call(&["chat.proto", "Say", "{\"text\": \"a\"}"]).gives("{\"text\": \"a\"}\n");
        // By reflection.
        call(&["Chat.Say", "{\"text\": \"a\"}"]).gives("{\"text\": \"a\"}\n");
        let run = call(&["--service", "chat", "--list"]);
        assert!(run.code == 0 && run.out.starts_with("chat.v1.Chat\n"), "{run:?}");
    }
}

/// A service has the name that a flag or `service.toml` says, else that of the IDL.
#[test]
fn a_service_that_is_not_registered_is_said_to_be_so() {
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let server = serve(&url);
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    tokio.block_on(wait_for(&Registry::open(&url).unwrap(), 2));
    let it = Sandbox::new(&[("all.thrift", super::servers::EVERYTHING)]);
    let call = |words: &[&str]| run(it.command(".", &[&["call", "--registry", &url], words].concat()), "");
    let said = format!("error: `everythink` is not registered in etcd {}: did you mean `everything`?\n", etcd.1);
    let words = ["all.thrift", "Sum", "{\"a\": 1, \"b\": 2}"];
    call(&[&["--service", "everythink"], &words[..]].concat()).fails(1, &said);
    // Nobody typed the name: the flag says it.
    let said = said.replace("`everything`", "`--service everything`");
    call(&["Everythink/Sum"]).fails(1, &said);
    it.write("service.toml", "[names]\nEverything = \"everythink\"\n");
    call(&words).fails(1, &said);
    it.write("service.toml", "[names]\nEverything = \"other\"\n");
    let all = "there are `chat`, `everything`: `--service NAME` names another one";
    call(&words).fails(1, &format!("error: `other` is not registered in etcd {}: {all}\n", etcd.1));
    drop(server);
}

#[test]
fn a_registry_that_is_away_or_empty_or_none() {
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let run = services(&["--registry", &url]);
    assert_eq!((run.code, run.out.as_str()), (0, ""));
    assert_eq!(run.said, format!("nothing is registered in etcd {}\n", etcd.1));
    let said = format!("error: `add` is not registered in etcd {}: nothing is\n", etcd.1);
    services(&["--registry", &url, "add"]).fails(1, &said);
    let address = etcd.1.clone();
    drop(etcd);
    let run = services(&["--registry", &url]);
    let said = format!("error: etcd {address} cannot be listed: ");
    assert!(run.code == 3 && run.said.starts_with(&said), "{run:?}");
    let run = services(&["--registry", "nowhere"]);
    assert!(run.code == 2 && run.said.starts_with("error: this registry URL cannot be used\n  nowhere\n"), "{run:?}");
    services(&["--timeout", "0s"]).fails(2, "error: `0s` is not a time: write 3s, 200ms or 2m\n");
    let run = services(&["--registry", "static:add=127.0.0.1:1,127.0.0.1:2"]);
    assert_eq!(
        without_time(&run.out),
        "SERVICE LAYOUT ADDRESS WEIGHT VERSION LEASE TAGS ANSWERS
add static 127.0.0.1:1 10 - - - refused
add static 127.0.0.1:2 10 - - - refused
"
    );
}

/// A server that takes connections and says nothing.
#[test]
fn what_is_silent_is_waited_for_until_the_time_is_over() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap();
    let run = services(&["--registry", &format!("static:add={at};b=grpc://{at}"), "--timeout", "300ms"]);
    assert_eq!(
        without_time(&run.out),
        format!(
            "SERVICE LAYOUT ADDRESS WEIGHT VERSION LEASE TAGS ANSWERS
add static {at} 10 - - - connects
b static grpc://{at} 10 - - - connects
"
        )
    );
    // And a registry that is like it.
    let run = services(&["--registry", &format!("etcd://{at}"), "--timeout", "300ms"]);
    run.fails(3, &format!("error: etcd {at} cannot be listed: no answer in 300ms\n"));
}
