//! Serves Echo of `idl/rest.proto`, as `go/main.go` does, and prints its address.

mod generated {
    runtime::include_generated!();
}

use generated::google::api::HttpBody;
use generated::rest::v1::{All, Echo, EchoServer, Upload};
use runtime::{Code, Config, Context, Error, Server};

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

#[tokio::main]
async fn main() -> Result<(), Error> {
    let running = Server::new(Config::local()).add(EchoServer::new(Handler)).start().await?;
    println!("{}", running.addr());
    std::future::pending().await
}
