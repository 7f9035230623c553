use super::*;

/// In whatever order they are set.
#[test]
fn the_callers_deadline_and_the_servers_limit_are_told_apart() {
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    for (deadline, limit, earlier) in [(1, 2, 1), (2, 1, 1), (3, 3, 3)] {
        let deadline_first = Context::new().with_deadline(after(deadline)).with_limit(after(limit));
        let limit_first = Context::new().with_limit(after(limit)).with_deadline(after(deadline));
        for cx in [deadline_first, limit_first] {
            assert_eq!((cx.deadline(), cx.caller_deadline()), (Some(after(earlier)), Some(after(deadline))));
            let later = cx.clone().with_deadline(after(9)).with_limit(after(9));
            assert_eq!((later.deadline(), later.caller_deadline()), (cx.deadline(), cx.caller_deadline()));
        }
    }
    let limited = Context::new().with_limit(after(2)).with_limit(after(1));
    assert_eq!((limited.deadline(), limited.caller_deadline()), (Some(after(1)), None));
}

#[test]
fn a_trace_goes_on_whatever_wire_it_came_by() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let over_grpc = Context::new().with_header("traceparent", trace).with_header("other", "stays");
    let over_thrift = Context::new().with_transient("traceparent", trace).with_persistent("user", "u");
    for (came, handed_on) in [(over_grpc, 1), (over_thrift, 2)] {
        let mut call = Context::new();
        call.join(&came);
        let metadata = call.metadata().unwrap();
        assert_eq!((metadata.plain().get("TraceParent"), metadata.len()), (Some(trace), handed_on));
    }
    let mut own = Context::new().with_header("traceparent", "own");
    own.join(&Context::new().with_header("traceparent", trace));
    assert_eq!(own.metadata().unwrap().get_all("traceparent").count(), 1);
}
