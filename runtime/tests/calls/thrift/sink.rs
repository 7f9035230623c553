//! The handlers of `Sink` in `kitchen_sink.thrift` as far as the vectors of headers need them.

use std::time::Duration;

use bytes::Bytes;
use runtime::service::Idl;
use runtime::thrift;
use runtime::{Answer, Call, Error, Handling, Metadata, Method, Service, ServiceInfo};
use tokio::sync::mpsc;

const fn method(path: &'static str, index: usize) -> Method {
    Method::new(Idl::Thrift, path, index)
}

pub(crate) static METHODS: [Method; 4] = [
    method("/Sink/Ping", 0),
    method("/Sink/Risky", 1),
    method("/Sink/Fire", 2).oneway(),
    // A name that `AddService` has too.
    method("/Sink/Add", 3),
];

static INFO: ServiceInfo =
    ServiceInfo { name: "Sink", package: "", registry_name: "vector.sink", idl: Idl::Thrift, methods: &METHODS };

/// What a handler saw of its call.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) metadata: Metadata,
    pub(crate) remaining: Duration,
    pub(crate) log_id: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Sink(pub(crate) mpsc::UnboundedSender<Seen>);

impl Service for Sink {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        let metadata = call.cx.metadata().cloned().unwrap_or_default();
        let (remaining, log_id) = (call.cx.remaining().unwrap(), call.cx.log_id().map(str::to_owned));
        let _ = self.0.send(Seen { metadata, remaining, log_id });
        Box::pin(answer(call))
    }
}

async fn answer(call: Call) -> Result<Answer, Error> {
    if call.cx.get("want-backward") == Some("yes") {
        call.cx.send_back("from-server", "yes");
        call.cx.send_back("second", "2");
    }
    let text = text(&call)?;
    match (call.method.index, text.as_str()) {
        (0, _) => thrift::reply(&call.cx, 0, &format!("pong {text}")),
        (1, "biz") => Err(Error::business(404, "user not found", [])),
        (1, "biz_extra") => {
            let extra = [("retry", "no"), ("uid", "42")].map(|(key, value)| (key.to_owned(), value.to_owned()));
            Err(Error::business(502, "try later", extra))
        }
        (1, "plain") => Err(Error::internal("biz error: boom: something broke")),
        (1, "denied") => {
            let body = [&[12, 0, 1, 8, 0, 2, 0xff, 0xff, 0xff, 0xfd, 11, 0, 1, 0, 0, 0, 8][..], b"no entry\0\0"];
            Ok(Answer::new(&call.cx, Bytes::from(body.concat())))
        }
        (1, slow) => {
            let time: u32 = slow.strip_prefix("slow").and_then(|time| time.parse().ok()).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(time.into())).await;
            thrift::reply(&call.cx, 0, &time.cast_signed())
        }
        _ => Ok(thrift::void(&call.cx)),
    }
}

/// Argument 1, when it is a text.
fn text(call: &Call) -> Result<String, Error> {
    thrift::argument(call, 1, "1 text")
}
