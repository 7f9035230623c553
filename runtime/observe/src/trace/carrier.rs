//! W3C Trace Context in the metadata of a call.

use kiteline_core::Context;
use opentelemetry::Context as Parent;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// The names of Trace Context.
const NAMES: [&str; 2] = ["traceparent", "tracestate"];

struct Read<'a>(&'a Context);

impl Extractor for Read<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    fn keys(&self) -> Vec<&str> {
        NAMES.to_vec()
    }
}

struct Written<'a>(&'a mut Context);

impl Injector for Written<'_> {
    fn set(&mut self, name: &str, value: String) {
        let metadata = self.0.edit();
        metadata.remove(name);
        if !value.is_empty() {
            metadata.append(name, value);
        }
    }
}

/// The span that a call is a part of: its caller's, or that of the call whose handler makes it. None for what is no trace.
pub(super) fn parent(cx: &Context) -> Parent {
    TraceContextPropagator::new().extract_with_context(&Parent::new(), &Read(cx))
}

/// Makes a span the one that whoever gets the call, or makes one with its context, is a part of.
pub(super) fn set(span: &Parent, cx: &mut Context) {
    TraceContextPropagator::new().inject_context(span, &mut Written(cx));
}

#[cfg(test)]
mod tests {
    use super::*;
    use kiteline_core::metadata::Reach;
    use opentelemetry::trace::TraceContextExt;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_trace_is_read_from_headers_and_pairs_and_written_once() {
        for reach in [Reach::Plain, Reach::Transient] {
            let mut cx = Context::new();
            cx.edit().append_to(reach, "TraceParent", PARENT);
            cx.edit().append_to(reach, "tracestate", "a=b");
            let span = parent(&cx);
            assert_eq!(span.span().span_context().trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
            let mut next = cx.clone();
            set(&span, &mut next);
            assert_eq!((next.get("traceparent"), next.get("tracestate")), (Some(PARENT), Some("a=b")));
            assert_eq!(next.metadata().unwrap().len(), 2);
        }
    }

    #[test]
    fn what_is_no_trace_is_no_parent() {
        let long = format!("00-{}-1-01", "a".repeat(10_000));
        let zeros = format!("00-{}-{}-01", "0".repeat(32), "0".repeat(16));
        let bad =
            ["", "00", "00-x-y-z", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "é-é-é-é", &long, &zeros];
        for text in bad {
            let cx = Context::new().with_header("traceparent", text).with_header("tracestate", text);
            assert!(!parent(&cx).span().span_context().is_valid(), "{text}");
        }
    }
}
