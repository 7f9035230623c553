use super::*;

/// In whatever order they are set.
#[test]
fn the_callers_deadline_and_the_servers_limit_are_told_apart() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    for (deadline, limit, earlier) in [(1, 2, 1), (2, 1, 1), (3, 3, 3)] {
        let one = Context::new().with_deadline(at(deadline)).with_limit(at(limit));
        let other = Context::new().with_limit(at(limit)).with_deadline(at(deadline));
        for cx in [one, other] {
            assert_eq!((cx.deadline(), cx.caller_deadline()), (Some(at(earlier)), Some(at(deadline))));
            let later = cx.clone().with_deadline(at(9)).with_limit(at(9));
            assert_eq!((later.deadline(), later.caller_deadline()), (cx.deadline(), cx.caller_deadline()));
        }
    }
    let limited = Context::new().with_limit(at(2)).with_limit(at(1));
    assert_eq!((limited.deadline(), limited.caller_deadline()), (Some(at(1)), None));
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
