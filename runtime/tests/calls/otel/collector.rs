//! A receiver of OTLP over gRPC: the messages of `opentelemetry/proto/collector/trace/v1`, as far as the tests look at them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use runtime::service::Idl;
use runtime::{Call, Handling, Method, Service, ServiceInfo, grpc};

#[derive(Clone, PartialEq, prost::Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub(super) attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    state: String,
    #[prost(bytes = "vec", tag = "4")]
    parent: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 3")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Value {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(int64, tag = "3")]
    Number(i64),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Exported {}

/// A span that came, with ids in hex.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) service: String,
    pub(crate) name: String,
    /// `server` or `client`.
    pub(crate) kind: &'static str,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) state: String,
    pub(crate) attributes: BTreeMap<String, String>,
    /// The text of a span that failed.
    pub(crate) failure: Option<String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn pairs(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: Option<AnyValue>| match value.and_then(|value| value.value) {
        Some(Value::Text(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        None => String::new(),
    };
    attributes.into_iter().map(|pair| (pair.key, text(pair.value))).collect()
}

static METHODS: [Method; 1] =
    [Method::new(Idl::Proto, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", 0)];
static INFO: ServiceInfo = ServiceInfo {
    name: "TraceService",
    package: "opentelemetry.proto.collector.trace.v1",
    registry_name: "otlp",
    idl: Idl::Proto,
    methods: &METHODS,
};

/// The receiver, and what came.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Vec<Seen>>>);

impl Collector {
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Service for Collector {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        let all = grpc::request::<Export>(&call).map(|export| {
            for resource in export.resources {
                let about = pairs(resource.resource.unwrap_or_default().attributes);
                let spans = resource.scopes.into_iter().flat_map(|scope| scope.spans);
                let spans = spans.map(|span| Seen {
                    service: about["service.name"].clone(),
                    name: span.name,
                    kind: ["?", "internal", "server", "client"][span.kind as usize],
                    trace: hex(&span.trace_id),
                    id: hex(&span.span_id),
                    parent: hex(&span.parent),
                    state: span.state,
                    attributes: pairs(span.attributes),
                    failure: span.status.filter(|status| status.code == 2).map(|status| status.message),
                });
                self.0.lock().unwrap().extend(spans);
            }
        });
        let answer = all.and_then(|()| grpc::reply(&call.cx, &Exported {}));
        Box::pin(std::future::ready(answer))
    }
}
