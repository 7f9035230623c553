//! Serves Echo of `idl/rest.proto`, as `go/main.go` does, and prints its address; with `write` it writes the requests that a
//! client makes of messages, a line each.

mod generated {
    runtime::include_generated!();
}

use generated::google::api::HttpBody;
use generated::rest::v1::{All, ECHO, Echo, EchoServer, Upload};
use kiteline_rest::write_request;
use runtime::{Code, Config, Context, Error, Server};
use serde_json::{Value, json};

struct Handler;

impl Echo for Handler {
    async fn get(&self, _: &Context, req: All) -> Result<All, Error> {
        Ok(req)
    }

    async fn post(&self, _: &Context, req: All) -> Result<All, Error> {
        Ok(req)
    }

    async fn put(&self, _: &Context, req: All) -> Result<All, Error> {
        Ok(req)
    }

    async fn patch(&self, _: &Context, req: All) -> Result<All, Error> {
        Ok(req)
    }

    async fn delete(&self, _: &Context, req: All) -> Result<All, Error> {
        Ok(req)
    }

    async fn custom(&self, _: &Context, req: All) -> Result<All, Error> {
        Ok(req)
    }

    async fn download(&self, _: &Context, req: All) -> Result<HttpBody, Error> {
        let content_type = "text/plain".to_owned();
        Ok(HttpBody { content_type, data: req.name.into_bytes(), ..HttpBody::default() })
    }

    async fn send(&self, _: &Context, req: Upload) -> Result<HttpBody, Error> {
        let file = req.file.unwrap_or_default();
        let data = [req.name.as_bytes(), b":", &file.data].concat();
        Ok(HttpBody { content_type: file.content_type, data, ..HttpBody::default() })
    }

    async fn raw(&self, _: &Context, req: HttpBody) -> Result<HttpBody, Error> {
        Ok(req)
    }

    async fn fail(&self, _: &Context, req: All) -> Result<All, Error> {
        Err(Error::new(Code::from_number(req.count).unwrap_or(Code::Unknown), "as you say"))
    }
}

/// The request of a line `{"method", "route", "message"}`.
fn request(line: &str) -> Result<Value, Error> {
    let wrong = |error: serde_json::Error| Error::invalid(error.to_string());
    let line: Value = serde_json::from_str(line).map_err(wrong)?;
    let number = line["route"].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
    let method = ECHO.methods.iter().find(|method| line["method"] == method.name);
    let route = method.and_then(|method| method.routes.get(number)).ok_or_else(|| Error::not_found("no such route"))?;
    let written = write_request(route, &serde_json::to_vec(&line["message"]).map_err(wrong)?)?;
    let body = written.body.map(|body| String::from_utf8_lossy(&body).into_owned());
    Ok(json!({"verb": written.verb, "target": written.target, "body": body}))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::args().nth(1).as_deref() == Some("write") {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            println!("{}", request(&line).unwrap_or_else(|error| json!({"error": error.message()})));
        }
        return Ok(());
    }
    let running = Server::new(Config::local()).add(EchoServer::new(Handler)).start().await?;
    println!("{}", running.addr());
    std::future::pending().await
}
