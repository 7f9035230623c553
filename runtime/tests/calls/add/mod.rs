//! `AddService` as generated code looks, with methods that misbehave on request.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use runtime::service::Idl;
use runtime::thrift::{self, DecodeError, FieldNames, FieldRef, Sink, Struct, Value};
use runtime::{Answer, Call, Error, Handling, Method, Service, ServiceInfo};
use tokio::sync::watch;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AddRequest {
    pub(crate) first: i32,
    pub(crate) second: i32,
}

impl Struct for AddRequest {
    const FIELDS: FieldNames = "1 first, 2 second";

    fn write(&self, out: &mut impl Sink) {
        out.field(1, &self.first);
        out.field(2, &self.second);
    }

    fn read(&mut self, field: FieldRef<'_, '_>) -> Result<(), DecodeError> {
        match field.id {
            1 => field.read(&mut self.first),
            2 => field.read(&mut self.second),
            _ => field.skip(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AddResponse {
    pub(crate) sum: i32,
}

impl Struct for AddResponse {
    const FIELDS: FieldNames = "1 sum";

    fn write(&self, out: &mut impl Sink) {
        out.field(1, &self.sum);
    }

    fn read(&mut self, field: FieldRef<'_, '_>) -> Result<(), DecodeError> {
        match field.id {
            1 => field.read(&mut self.sum),
            _ => field.skip(),
        }
    }
}

const fn method(path: &'static str, index: usize) -> Method {
    Method::new(Idl::Thrift, path, index)
}

static METHODS: [Method; 6] = [
    method("/AddService/Add", 0),
    method("/AddService/Panic", 1),
    method("/AddService/Wait", 2),
    method("/AddService/Fire", 3).oneway(),
    method("/AddService/Take", 4),
    method("/AddService/Fail", 5),
];

static INFO: ServiceInfo =
    ServiceInfo { name: "AddService", package: "", registry_name: "add", idl: Idl::Thrift, methods: &METHODS };

/// What the handlers did, and what they wait for.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// `Wait` futures that were polled.
    pub(crate) waiting: watch::Sender<usize>,
    /// When the last `Wait` has to be done.
    pub(crate) deadline: watch::Sender<Option<Instant>>,
    /// `Wait` futures that ended before they were released.
    pub(crate) dropped: watch::Sender<usize>,
    /// Lets every `Wait` go on.
    pub(crate) release: watch::Sender<bool>,
    /// Calls of `Fire`.
    pub(crate) fired: watch::Sender<usize>,
}

/// Counts a future that is dropped before its end.
struct Unfinished(Arc<Probe>, bool);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.1 {
            self.0.dropped.send_modify(|count| *count += 1);
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct AddServer {
    pub(crate) probe: Arc<Probe>,
}

impl Service for AddServer {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        let probe = Arc::clone(&self.probe);
        match call.method.index {
            0 => Box::pin(async move {
                let req: AddRequest = first(&call)?;
                let sum = req.first.wrapping_add(req.second);
                thrift::reply(&call.cx, 0, &AddResponse { sum })
            }),
            1 => panic!("kaboom"),
            2 => Box::pin(wait(probe, call)),
            3 => Box::pin(async move {
                probe.fired.send_modify(|count| *count += 1);
                Ok(thrift::void(&call.cx))
            }),
            4 => Box::pin(async move { take(&call).map(|()| thrift::void(&call.cx)) }),
            _ => Box::pin(async move { Err(Error::not_found("no such thing").with_reason("GONE")) }),
        }
    }
}

async fn wait(probe: Arc<Probe>, call: Call) -> Result<Answer, Error> {
    let mut guard = Unfinished(Arc::clone(&probe), false);
    probe.deadline.send_replace(call.cx.deadline());
    probe.waiting.send_modify(|count| *count += 1);
    let mut release = probe.release.subscribe();
    release.wait_for(|released| *released).await.map_err(|_| Error::internal("no probe"))?;
    guard.1 = true;
    thrift::reply(&call.cx, 0, &AddResponse { sum: 42 })
}

fn first<T: Value + Default>(call: &Call) -> Result<T, Error> {
    thrift::argument(call, 1, "1 req")
}

/// Arguments of every shape that hostile bytes aim at.
fn take(call: &Call) -> Result<(), Error> {
    let names = "1 list, 2 map, 3 set, 4 text";
    thrift::arguments(call, names, |field| match field.id {
        1 => field.with(drop::<Vec<String>>),
        2 => field.with(drop::<HashMap<String, i64>>),
        3 => field.with(drop::<HashSet<i32>>),
        4 => field.with(drop::<String>),
        _ => field.skip(),
    })
}
