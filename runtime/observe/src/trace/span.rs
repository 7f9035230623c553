//! The span of one call, and how it ends.

use kiteline_core::error::{Code, Error};
use kiteline_core::service::{Call, Idl};
use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context as Parent, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;

use super::carrier;
use crate::outcome;

/// The most of an error's text, in characters: it may come from a peer.
const MOST: usize = 200;

/// The open span of a call. Dropped before its end, the call was given up.
pub(super) struct CallSpan {
    span: Option<Parent>,
    kind: SpanKind,
}

impl CallSpan {
    /// Opens one, and makes the call a part of it. Names are those of OpenTelemetry's conventions for RPC.
    pub(super) fn open(tracer: &SdkTracer, kind: SpanKind, call: &mut Call) -> Self {
        let method = call.method;
        let parent = carrier::parent(&call.cx);
        let name = method.path.trim_start_matches('/');
        let service = name.rsplit_once('/').map_or("", |(service, _)| service);
        let system = match method.idl {
            Idl::Thrift => "thrift",
            Idl::Proto => "grpc",
        };
        let mut attributes = vec![
            KeyValue::new("rpc.system", system),
            KeyValue::new("rpc.service", service),
            KeyValue::new("rpc.method", method.name),
        ];
        if let Some(peer) = call.cx.peer() {
            attributes.push(KeyValue::new("network.peer.address", peer.ip().to_string()));
            attributes.push(KeyValue::new("network.peer.port", i64::from(peer.port())));
        }
        let builder = SpanBuilder::from_name(name).with_kind(kind.clone()).with_attributes(attributes);
        let span = tracer.build_with_context(builder, &parent);
        let span = parent.with_span(span);
        carrier::set(&span, &mut call.cx);
        Self { span: Some(span), kind }
    }

    /// Ends it as the call ended.
    pub(super) fn end(&mut self, error: Option<&Error>) {
        let Some(parent) = self.span.take() else { return };
        let span = parent.span();
        if let Some(error) = error {
            let (_, reason) = outcome::labels(outcome::outcome(Some(error)));
            span.set_attribute(KeyValue::new("rpc.grpc.status_code", error.code() as i64));
            span.set_attribute(KeyValue::new("error.type", reason));
            if let Some(code) = error.business_code() {
                span.set_attribute(KeyValue::new("kiteline.business_code", i64::from(code)));
            } else if self.is_failure(error.code()) {
                span.set_status(Status::error(error.message().chars().take(MOST).collect::<String>()));
            }
        } else {
            span.set_attribute(KeyValue::new("rpc.grpc.status_code", 0));
        }
        span.end();
    }

    /// Whether the span has failed: to its caller every error is one, to a server those that are not its caller's.
    fn is_failure(&self, code: Code) -> bool {
        let own = matches!(
            code,
            Code::Unknown
                | Code::DeadlineExceeded
                | Code::Unimplemented
                | Code::Internal
                | Code::Unavailable
                | Code::DataLoss
        );
        self.kind == SpanKind::Client || own
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        if self.span.is_some() {
            self.end(Some(&Error::new(Code::Cancelled, "the call was given up")));
        }
    }
}
