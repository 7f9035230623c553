//! Routes of HTTP by ours, by axum with serde, by hyper with serde_json alone, and by Hertz and Kratos: requests a second over
//! HTTP/1.1 and the CPU of the server for each, which is a process of its own; the servers take turns.
//!
//! `http [ROUNDS] [SECONDS]`; it needs Go and protoc.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query};
use axum::routing::{get, post};
use axum::{Json, Router};
use bench::load::measure;
use bench::measure::median;
use bench::ours::web::{Asked, Records, Text, Web, WebServer};
use bench::process::Server;
use bench::web::{call, request};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use runtime::{Config, Context, Error};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

struct Ours;

impl Web for Ours {
    async fn say(&self, _: &Context, req: Text) -> Result<Text, Error> {
        Ok(req)
    }

    async fn ask(&self, _: &Context, req: Asked) -> Result<Asked, Error> {
        Ok(req)
    }

    async fn each(&self, _: &Context, req: Records) -> Result<Records, Error> {
        Ok(req)
    }
}

#[derive(Serialize, Deserialize)]
struct TextOf {
    text: String,
}

#[derive(Serialize, Deserialize)]
struct Paged {
    page: i32,
}

#[derive(Serialize)]
struct AskedOf {
    id: String,
    page: i32,
}

#[derive(Serialize, Deserialize)]
struct RecordOf {
    name: String,
    id: i64,
    score: f64,
    active: bool,
    tags: Vec<String>,
    city: String,
}

#[derive(Serialize, Deserialize)]
struct RecordsOf {
    records: Vec<RecordOf>,
}

async fn serve_ours() -> SocketAddr {
    let running = runtime::Server::new(Config::local()).add(WebServer::new(Ours)).start().await.expect("listens");
    let at = running.addr();
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(running);
    });
    at
}

async fn serve_axum(listener: TcpListener) {
    let app = Router::new()
        .route("/v1/say", post(async |Json(text): Json<TextOf>| Json(text)))
        .route(
            "/v1/people/{id}",
            get(async |Path(id): Path<String>, Query(Paged { page }): Query<Paged>| Json(AskedOf { id, page })),
        )
        .route("/v1/records", post(async |Json(records): Json<RecordsOf>| Json(records)));
    use axum::serve::ListenerExt as _;
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a socket"));
    axum::serve(listener, app).await.expect("serves");
}

type Answer = hyper::Response<Full<Bytes>>;

/// What a person writes who wants no framework.
async fn by_hand(request: hyper::Request<hyper::body::Incoming>) -> Result<Answer, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let json = match head.uri.path() {
        "/v1/say" => serde_json::to_vec(&serde_json::from_slice::<TextOf>(&body).expect("JSON")),
        "/v1/records" => serde_json::to_vec(&serde_json::from_slice::<RecordsOf>(&body).expect("JSON")),
        path => {
            let id = path.trim_start_matches("/v1/people/").to_owned();
            let page = head.uri.query().and_then(|query| query.strip_prefix("page=")?.parse().ok()).unwrap_or_default();
            serde_json::to_vec(&AskedOf { id, page })
        }
    };
    let answer = hyper::Response::builder().header("content-type", "application/json");
    Ok(answer.body(Full::new(json.expect("JSON").into())).expect("an answer"))
}

async fn serve_hyper(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.expect("a peer");
        stream.set_nodelay(true).expect("a socket");
        let mut http = hyper::server::conn::http1::Builder::new();
        http.auto_date_header(false);
        tokio::spawn(http.serve_connection(hyper_util::rt::TokioIo::new(stream), service_fn(by_hand)));
    }
}

/// Serves until it is ended.
fn serve(which: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        if which == "ours" {
            println!("{}", serve_ours().await);
            return std::future::pending().await;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address"));
        match which {
            "axum" => serve_axum(listener).await,
            _ => serve_hyper(listener).await,
        }
    });
}

fn records() -> String {
    let of = |at: i64| RecordOf {
        name: format!("somebody {at}"),
        id: at,
        score: at as f64 * 1.25,
        active: at % 2 == 0,
        tags: vec!["one".to_owned(), "two".to_owned()],
        city: "Amsterdam".to_owned(),
    };
    serde_json::to_string(&RecordsOf { records: (0..100).map(of).collect() }).expect("JSON")
}

/// The servers, the one that others are compared with first.
const NAMES: [&str; 5] = ["axum and serde", "hyper and serde_json by hand", "ours", "Hertz", "Kratos"];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    if let (Some("serve"), Some(which)) = (first.as_deref(), arguments.next()) {
        return serve(&which);
    }
    let number = |text: String| text.parse::<f64>().expect("a number");
    let rounds = first.map_or(5.0, number) as usize;
    let time = Duration::from_secs_f64(std::env::args().nth(2).map_or(1.0, number));
    let own = std::env::current_exe().expect("a path");
    let rust = |which: &str| Server::start(Command::new(&own).args(["serve", which]));
    let built = |program: PathBuf| Server::start(&mut Command::new(program));
    let servers = [rust("axum"), rust("hyper"), rust("ours"), built(bench::go::hertz()), built(bench::go::kratos())];
    let (small, large) = ("x".repeat(16), "x".repeat(1024));
    let text = |text: &str| format!("{{\"text\":\"{text}\"}}");
    let (say, each) = (Some("POST /web.Web/Say"), Some("POST /web.Web/Each"));
    // Where a row is a call of Connect's too, its line.
    let rows = [
        ("POST 16 B", "POST /v1/say", say, text(&small)),
        ("POST 1 KiB", "POST /v1/say", say, text(&large)),
        ("GET a variable", "GET /v1/people/7?page=3", None, String::new()),
        ("100 records", "POST /v1/records", each, records()),
    ];
    println!("| request | callers | | a second | server's CPU µs | of axum | CPU |\n|---|---|---|---|---|---|---|");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        for (what, line, connect, body) in &rows {
            let callers = 16;
            let by_route = request(line, body);
            let names = NAMES.into_iter().zip(&servers);
            let mut candidates: Vec<_> = names.map(|(name, server)| (name, server, Arc::clone(&by_route))).collect();
            candidates.extend(connect.map(|line| ("ours, by Connect", &servers[2], request(line, body))));
            let mut figures: Vec<Vec<[f64; 2]>> = candidates.iter().map(|_| Vec::new()).collect();
            for round in 0..=rounds {
                for ((_, server, request), figures) in candidates.iter().zip(&mut figures) {
                    let before = server.cpu();
                    let figure = measure(callers, time, |_, stop| call(server.at, Arc::clone(request), stop)).await;
                    let cpu = (server.cpu() - before) as f64 / (figure.calls * time.as_secs_f64()) / 1000.0;
                    if round > 0 {
                        figures.push([figure.calls, cpu]);
                    }
                }
            }
            let of = |which: usize, figure: usize| median(figures[which].iter().map(|row| row[figure]).collect());
            for (which, (name, ..)) in candidates.iter().enumerate() {
                let (calls, cpu) = (of(which, 0), of(which, 1));
                println!(
                    "| {what} | {callers} | {name} | {calls:.0} | {cpu:.2} | {:.2}x | {:.2}x |",
                    calls / of(0, 0),
                    cpu / of(0, 1),
                );
            }
        }
    });
}
