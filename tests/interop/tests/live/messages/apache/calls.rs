//! Our client calls Python's server.

use std::collections::{HashMap, HashSet};

use e2e::Process;
use golden::generated::api::{AddRequest, AddServiceClient};
use golden::generated::sink::{self, SinkClient, base};
use runtime::client::{Protocol, Transport};
use runtime::error::Origin;
use runtime::{Bytes, Channel, Code, Registry};

use super::called::{denied, missing};
use super::python::Python;

fn scalars(most: bool) -> sink::Scalars {
    sink::Scalars {
        flag: most,
        tiny: if most { i8::MAX } else { i8::MIN },
        tiny2: if most { i8::MAX } else { i8::MIN },
        small: if most { i16::MAX } else { i16::MIN },
        medium: if most { i32::MAX } else { i32::MIN },
        large: if most { i64::MAX } else { i64::MIN },
        real: if most { f64::MAX } else { f64::NEG_INFINITY },
        text: if most { "\0 \u{10ffff}".to_owned() } else { String::new() },
        blob: if most { (0..=255).collect::<Vec<u8>>().into() } else { Bytes::new() },
        color: if most { sink::Color::MAX } else { sink::Color(-1) },
        level: base::Level::HIGH,
        user: -1,
    }
}

fn containers(count: i32) -> sink::Containers {
    let text = |number: i32| number.to_string();
    let point = base::Point { x: i32::MIN, y: -1 };
    sink::Containers {
        flags: (0..count).map(|at| at % 2 == 0).collect(),
        numbers: (-count..0).collect(),
        words: (0..count).map(text).collect(),
        reals: (0..count).map(|at| f64::from(at) / 3.0).collect(),
        blobs: (0..count).map(|at| vec![0xff; at as usize].into()).collect(),
        unique: (-count..count).collect(),
        tags: (0..count).map(text).collect(),
        counts: (0..count).map(|at| (text(at), -at)).collect(),
        groups: (0..count).map(|at| (at, vec![text(at); at as usize])).collect(),
        matrix: (0..count).map(|at| vec![at; at as usize]).collect(),
        nested: (0..count).map(|at| (text(at), HashMap::from([(String::new(), i64::from(at))]))).collect(),
        points: vec![point.clone(); count as usize],
        by_id: (0..count).map(|at| (i64::from(-at), point.clone())).collect(),
        deep: (0..count).map(|at| HashMap::from([(text(at), HashSet::from([-1]))])).collect(),
        colors: vec![sink::Color::BLUE; count as usize],
        color_names: HashMap::from([(sink::Color(count), "last".to_owned())]),
        index: HashMap::from([("one".to_owned(), vec![point])]),
        bits: HashMap::from([(true, 1), (false, -1)]),
    }
}

async fn values(sink: &SinkClient) {
    for value in [scalars(true), scalars(false)] {
        assert_eq!(sink.echo_scalars(value.clone()).await.unwrap(), value);
    }
    for count in [0, 1, 14, 15, 16, 200] {
        assert_eq!(sink.echo_containers(containers(count)).await.unwrap(), containers(count));
    }
    let empty = sink::Optionals::default();
    assert_eq!(sink.echo_optionals(empty.clone()).await.unwrap(), empty);
    let defaults = sink::Defaults { maybe: 0, ..Default::default() };
    assert_eq!(sink.echo_defaults(defaults.clone()).await.unwrap(), defaults);
    let tree = (0..20).fold(sink::Tree::default(), |next, value| sink::Tree {
        value,
        children: Some(vec![sink::Tree::default()]),
        next: Some(Box::new(next)),
    });
    assert_eq!(sink.echo_tree(tree.clone()).await.unwrap(), tree);
    let odd = sink::OddIds { top: "top".to_owned(), one: "one".to_owned(), ..Default::default() };
    assert_eq!(sink.echo_odd(odd.clone()).await.unwrap(), odd);
    for choice in [sink::Choice::Flag(false), sink::Choice::Number(-1), sink::Choice::Nothing(base::Empty {})] {
        assert_eq!(sink.echo_choice(choice.clone()).await.unwrap(), choice);
        let holder = sink::Holder { choice: Some(choice.clone()), many: vec![choice; 3], ..Default::default() };
        assert_eq!(sink.echo_holder(holder.clone()).await.unwrap(), holder);
    }
    let added = sink::V2 { a: "kept".to_owned(), added: 1, ..Default::default() };
    assert_eq!(sink.up_down(added).await.unwrap().a, "kept");
    assert!(sink.ret_double(f64::NAN).await.unwrap().is_nan());
    assert_eq!(sink.ret_double(-0.0).await.unwrap().to_bits(), (-0.0_f64).to_bits());
    assert_eq!(sink.ret_i64(i64::MIN).await.unwrap(), i64::MIN);
    assert_eq!(sink.ret_binary(Bytes::from_static(b"\xff\0")).await.unwrap(), &b"\xff\0"[..]);
    let long = "é".repeat(100_000);
    assert_eq!(sink.ret_string(long.clone()).await.unwrap(), long);
    let point = base::Point { x: 4, y: 5 };
    assert_eq!(sink.many(1, "d".to_owned(), vec![2, 3], point).await.unwrap(), "1 [2, 3] 4 5 d");
}

async fn outcomes(sink: &SinkClient) {
    sink.nothing().await.unwrap();
    sink.touch("key".to_owned()).await.unwrap();
    // Oneway, on the connection of the calls before and behind.
    let fired = async || sink.ping("fired".to_owned()).await.unwrap().parse::<i32>().unwrap();
    let before = fired().await;
    sink.fire("key".to_owned(), 2).await.unwrap();
    sink.fire("key".to_owned(), 3).await.unwrap();
    assert_eq!(fired().await, before + 5);
    assert_eq!(sink.risky("well".to_owned()).await.unwrap(), 7);
    let error = sink.risky("denied".to_owned()).await.unwrap_err();
    assert!(matches!(error, sink::RiskyError::Denied(found) if found == denied()));
    let error = sink.risky("missing".to_owned()).await.unwrap_err();
    assert!(matches!(error, sink::RiskyError::Missing(found) if found == missing()));
    let error = sink.risky_void("denied".to_owned()).await.unwrap_err();
    assert!(matches!(error, sink::RiskyVoidError::Denied(found) if found == denied()));
    let sink::RiskyVoidError::Other(error) = sink.risky_void("error".to_owned()).await.unwrap_err() else { panic!() };
    assert_eq!((error.code(), error.message(), error.origin()), (Code::Internal, "Internal error", Origin::Remote));
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_calls_a_python_server_in_every_way() {
    let Some(python) = Python::with_thrift() else { return };
    let server = Process::start("server.py", &mut python.program("server.py"));
    for (word, protocol) in [("binary", Protocol::Binary), ("compact", Protocol::Compact)] {
        for (wrapped, transport) in [("framed", Transport::Framed), ("buffered", Transport::Buffered)] {
            for (names, multiplexed) in [("plain", false), ("multiplexed", true)] {
                let line = server.line(&format!("serves {word} {wrapped} {names} "));
                let port = line.rsplit(' ').next().unwrap();
                let registry = Registry::open(&format!("static:sink=127.0.0.1:{port}")).unwrap();
                let builder = Channel::builder("sink").registry(&registry).transport(transport).protocol(protocol);
                let channel = builder.multiplexed_names(multiplexed).build().unwrap();
                let sink = SinkClient::new(channel.clone());
                outcomes(&sink).await;
                values(&sink).await;
                if !multiplexed {
                    let error = AddServiceClient::new(channel).add(AddRequest::default()).await.unwrap_err();
                    assert_eq!((error.code(), error.origin()), (Code::Unimplemented, Origin::Remote), "{error}");
                }
                outcomes(&sink).await;
            }
        }
    }
}
