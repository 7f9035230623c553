//! Kratos 2.9 over HTTP: our routes called by its client, its server called by our client, and one registration with an endpoint
//! for each way of calling.

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

use e2e::{Etcd, Process, free_address, wait_for, workspace};
use interop::Go;
use interop::generated::interop::books::{Book, Books, BooksClient, BooksServer, Kind, Query};
use runtime::client::Http;
use runtime::{Channel, Code, Config, Context, Error, Registry, Server};
use serde_json::{Value, json};

/// The program `web`, with what protoc makes of its messages. The calls of Kratos that its own generator writes stand in it.
fn built() -> Option<Go> {
    let go = Go::greeter("kratos")?;
    go.build("protoc-gen-go", "google.golang.org/protobuf/cmd/protoc-gen-go");
    let mut protoc = Command::new("protoc");
    for folder in ["tests/interop/idl", "codegen/imports"] {
        protoc.arg("-I").arg(workspace().join(folder));
    }
    let api = "google.golang.org/genproto/googleapis/api/annotations";
    let names = ["annotations", "http"].map(|name| format!("Mgoogle/api/{name}.proto={api}")).join(",");
    go.run(protoc.args(["--go_out=.", &format!("--go_opt=module=interop,{names}"), "books.proto"]));
    go.build("web", "./web");
    Some(go)
}

struct Shelf;

/// What a handler fails with for a name.
fn refusal(name: &str) -> Result<(), Error> {
    match name {
        "missing" => Err(Error::not_found("no such book").with_reason("BOOK_NOT_FOUND").with_pair("name", "missing")),
        "conflict" => Err(Error::new(Code::Aborted, "already there").with_reason("DUP")),
        "teapot" => Err(Error::business(418, "tea", [("size".to_owned(), "7".to_owned())]).with_reason("TEAPOT")),
        "code" => Err(Error::business(10_001, "no", [])),
        "plain" => Err(Error::internal("torn")),
        _ => Ok(()),
    }
}

impl Books for Shelf {
    async fn get(&self, _: &Context, query: Query) -> Result<Book, Error> {
        refusal(&query.name)?;
        let Query { shelf, name, page_size, tags, labels, cover, lent, kind } = query;
        Ok(Book { shelf, name, pages: page_size, tags, labels, cover, lent, kind })
    }

    async fn add(&self, _: &Context, book: Book) -> Result<Book, Error> {
        refusal(&book.name)?;
        Ok(book)
    }
}

fn registry(etcd: &Etcd) -> Registry {
    Registry::open(&format!("{}?layout=kratos", etcd.url())).unwrap()
}

/// The value of the only instance of a service, and the id in its key.
fn instance(etcd: &Etcd, service: &str) -> (String, Value) {
    let keys = format!("/microservices/{service}/");
    let lines = wait_for("a registration", || etcd.get(&keys).filter(|lines| lines.len() == 2));
    (lines[0].strip_prefix(&keys).unwrap().to_owned(), serde_json::from_str(&lines[1]).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_http_client_of_kratos_calls_ours() {
    let Some(go) = built() else { return };
    let Some(etcd) = Etcd::start() else { return };
    let mut config = Config::local();
    config.server.propagation = Some(Duration::ZERO);
    config.names.insert("Books".to_owned(), "ours".to_owned());
    let running = Server::new(config).registry(&registry(&etcd)).add(BooksServer::new(Shelf)).start().await.unwrap();
    let at = running.addr();
    // As Kratos registers an application with both servers.
    let (id, value) = instance(&etcd, "ours");
    assert_eq!((&value["id"], &value["name"]), (&json!(id), &json!("ours")));
    assert_eq!(value["endpoints"], json!([format!("grpc://{at}"), format!("http://{at}")]));
    let tries = async |name: &str| {
        let mut command = go.program("web");
        command.args(["try", &etcd.address, "ours", name]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let answers = tries("n").await;
    let read = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{answers}"));
    let answers: Vec<Value> = answers.lines().map(read).collect();
    let got = json!({"shelf": "a b", "name": "n", "pages": "1152921504606846976", "tags": ["x&y", "ü"], "labels": {"k": "v"},
        "cover": "+/8=", "lent": "90s", "kind": "NOVEL"});
    let added = json!({"name": "n", "pages": "-7", "tags": ["ü"], "cover": "+/8=", "lent": "0.500s"});
    assert_eq!(answers, [got, added]);
    for (name, wanted) in [
        ("missing", "404 BOOK_NOT_FOUND \"no such book\" map[name:missing]"),
        ("conflict", "409 DUP \"already there\" map[]"),
        ("teapot", "418 TEAPOT \"tea\" map[size:7]"),
        // Its client takes the status for the code.
        ("code", "500  \"no\" map[]"),
        ("plain", "500  \"torn\" map[]"),
    ] {
        assert_eq!(tries(name).await.lines().collect::<Vec<_>>(), [wanted; 2], "{name}");
    }
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ours_calls_the_http_server_of_kratos() {
    let Some(go) = built() else { return };
    let Some(etcd) = Etcd::start() else { return };
    let [web, rpc] = [(); 2].map(|()| free_address());
    let mut command = go.program("web");
    let theirs = Process::start("theirs", command.args(["serve", &etcd.address, "theirs", &web, &rpc]));
    let (_, value) = instance(&etcd, "theirs");
    assert_eq!(value["endpoints"], json!([format!("http://{web}"), format!("grpc://{rpc}")]));
    let channel = Channel::builder("theirs").registry(&registry(&etcd)).http(Http::rest()).build().unwrap();
    let client = BooksClient::new(channel);
    let book = Book {
        // What Kratos decodes before it looks for a route holds no slash.
        shelf: "a b:c".to_owned(),
        name: "n".to_owned(),
        pages: 1 << 60,
        tags: vec!["x&y".to_owned(), "ü".to_owned()],
        labels: HashMap::from([("k".to_owned(), "v".to_owned())]).into_iter().collect(),
        cover: vec![0xfb, 0xff],
        lent: Some(Duration::from_millis(90_500).try_into().unwrap()),
        kind: Kind::Novel.into(),
    };
    let get = |name: &str| {
        let Book { shelf, pages, tags, labels, cover, lent, kind, .. } = book.clone();
        client.get(Query { shelf, name: name.to_owned(), page_size: pages, tags, labels, cover, lent, kind })
    };
    let add = |name: &str| client.add(Book { name: name.to_owned(), ..book.clone() });
    assert_eq!(add("n").await.unwrap(), book);
    assert_eq!(get("n").await.unwrap(), book);
    assert_eq!(add("").await.unwrap(), Book { name: String::new(), ..book.clone() });
    for (name, code, business, reason, message, pairs) in [
        ("missing", Code::NotFound, None, "BOOK_NOT_FOUND", "no such book", vec![("name", "missing")]),
        ("conflict", Code::Aborted, None, "DUP", "already there", vec![]),
        ("teapot", Code::Unknown, Some(418), "TEAPOT", "tea", vec![("size", "7")]),
        ("plain", Code::Internal, None, "", "torn", vec![]),
    ] {
        for error in [get(name).await.unwrap_err(), add(name).await.unwrap_err()] {
            assert_eq!((error.code(), error.business_code()), (code, business), "{name}: {error:?}");
            assert_eq!((error.reason(), error.message()), (reason, message), "{name}");
            let found: Vec<_> = error.pairs().iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(found, pairs, "{name}");
        }
    }
    theirs.stop();
}
