//! An HTTP gateway in front of the add and echo services.
//!
//! Where they are is a matter of configuration alone: by default they are looked up in etcd, and
//! with `KITELINE_REGISTRY=dev` in the embedded registry; for fixed addresses it is
//! `KITELINE_REGISTRY="static:add=127.0.0.1:9091;echo=127.0.0.1:9092"`.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use gateway::generated::api::{AddRequest, AddServiceClient, EchoRequest, EchoServiceClient};
use runtime::{Channel, Config, Error, Registry};
use serde::Deserialize;
use serde_json::json;

/// What every handler needs.
struct Clients {
    add: AddServiceClient,
    echo: EchoServiceClient,
}

#[derive(Deserialize)]
struct Add {
    first: i32,
    second: i32,
}

#[derive(Deserialize)]
struct Echo {
    #[serde(default)]
    message: String,
}

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = Config::from_args(env!("CARGO_PKG_VERSION"))?;
    runtime::init_logging();
    let registry = Registry::open(&config.registry.url)?;
    let channel = |name: &str| Channel::builder(name).registry(&registry).build();
    let clients =
        Clients { add: AddServiceClient::new(channel("add")?), echo: EchoServiceClient::new(channel("echo")?) };
    let routes = Router::new().route("/add", post(add)).route("/echo", get(echo)).with_state(Arc::new(clients));
    let listener = tokio::net::TcpListener::bind(&config.server.listen)
        .await
        .map_err(|error| Error::unavailable(format!("{}: {error}", config.server.listen)))?;
    let address = listener.local_addr().map_err(|error| Error::internal(error.to_string()))?;
    let stop = runtime::shutdown_signal()?;
    eprintln!("gateway listening on {address} (http), services from {registry}");
    let stop = async {
        stop.await;
        eprintln!("stopping: no new connections, open requests are answered");
    };
    let served = axum::serve(listener, routes).with_graceful_shutdown(stop).await;
    eprintln!("stopped");
    served.map_err(|error| Error::internal(error.to_string()))
}

/// `POST /add?first=1&second=2` → `{"message":3}`.
async fn add(State(clients): State<Arc<Clients>>, query: Result<Query<Add>, QueryRejection>) -> Response {
    let Query(Add { first, second }) = match query {
        Ok(query) => query,
        Err(error) => return bad(&error),
    };
    match clients.add.add(AddRequest { first, second }).await {
        Ok(answer) => Json(json!({ "message": answer.sum })).into_response(),
        Err(error) => failed(&error),
    }
}

/// `GET /echo?message=hi` → `{"message":"hi"}`; without a message the empty one comes back.
async fn echo(State(clients): State<Arc<Clients>>, query: Result<Query<Echo>, QueryRejection>) -> Response {
    let Query(Echo { message }) = match query {
        Ok(query) => query,
        Err(error) => return bad(&error),
    };
    match clients.echo.echo(EchoRequest { message }).await {
        Ok(answer) => Json(json!({ "message": answer.message })).into_response(),
        Err(error) => failed(&error),
    }
}

fn bad(error: &QueryRejection) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "message": error.body_text() }))).into_response()
}

fn failed(error: &Error) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "message": error.message() }))).into_response()
}
