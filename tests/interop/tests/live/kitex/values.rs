//! Every type at its edges: both sides see the same value, and get the same one back.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::time::Duration;

use e2e::{Process, shown, wait_for};
use interop::generated::interop::{InteropClient, Keys};
use interop::generated::sink::{self, Choice, Color, Containers, Holder, Optionals, Scalars, Tree, V2, base};
use runtime::Bytes;
use runtime::client::Request;
use serde_json::{Value, json};

use super::site::{OURS, Site, TRANSPORTS};

#[tokio::test(flavor = "multi_thread")]
async fn what_kitex_sends_means_the_same_here() {
    let Some(site) = Site::start() else { return };
    let (running, watcher) = site.ours(Duration::ZERO).await;
    for transport in TRANSPORTS {
        let called = site.called(transport, "values");
        assert!(called.len() > 60, "{transport}: {}", called.len());
        // The last call is a oneway: its client does not wait for it.
        let mut seen = watcher.calls();
        wait_for("the oneway", || {
            seen.extend(watcher.calls());
            (seen.len() >= called.len()).then_some(())
        });
        assert_eq!(seen.len(), called.len(), "{transport}");
        for (line, seen) in called.iter().zip(&seen) {
            assert_eq!(json!([line[0], line[1]]), *seen, "{transport}");
            if line[0].as_str().unwrap().starts_with("Echo") || line[0].as_str().unwrap().starts_with("Ret") {
                assert_eq!(line[2]["success"], line[1]["v"], "{transport} {}", line[0]);
            }
        }
        let result = |method: &str| called.iter().find(|it| it[0] == method).unwrap()[2].clone();
        assert_eq!(result("Many"), json!({"success": "-1|d|[1 9223372036854775807]|3,-4"}), "{transport}");
        assert_eq!(result("UpDown"), json!({"success": {"a": "a"}}), "{transport}");
        assert_eq!(result("NoIds"), json!({"success": 10}), "{transport}");
        assert_eq!(result("Ping"), json!({"success": "pong "}), "{transport}");
        for nothing in ["Touch", "Nothing", "Fire"] {
            assert_eq!(result(nothing), json!({}), "{transport}");
        }
    }
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_send_means_the_same_to_kitex() {
    let Some(site) = Site::start() else { return };
    let servers = [("theirs", site.theirs("theirs")), ("theirs.mux", site.theirs("theirs.mux"))];
    for (name, transport) in OURS {
        let server = &servers.iter().find(|it| it.0 == name).unwrap().1;
        let before = seen(server).len();
        let mut caller = Caller(InteropClient::new(site.channel(name, transport)), Vec::new());
        caller.all().await;
        let called = caller.1;
        let found = wait_for("what Kitex saw", || {
            let seen = seen(server).split_off(before);
            (seen.len() >= called.len()).then_some(seen)
        });
        for (call, seen) in called.iter().zip(&found) {
            assert_eq!(call, seen, "{transport:?}");
        }
        assert_eq!(called.len(), found.len(), "{transport:?}");
    }
    servers.into_iter().for_each(|(_, server)| server.stop());
}

/// What Kitex's handlers were given.
fn seen(server: &Process) -> Vec<Value> {
    server.printed().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Our client, and the calls that it has made.
struct Caller(InteropClient, Vec<Value>);

impl Caller {
    fn sent(&mut self, method: &str, arguments: Value) {
        self.1.push(json!([method, arguments]));
    }

    /// Sends values of one type and gets them back.
    async fn echo<V, T>(
        &mut self,
        name: &str,
        method: fn(&InteropClient, V) -> Request<T>,
        values: impl IntoIterator<Item = V>,
    ) where
        V: Clone + Debug,
        T: Debug + Send + 'static,
    {
        for value in values {
            self.sent(name, json!({"v": shown(&value)}));
            let back = method(&self.0, value.clone()).await.unwrap();
            assert_eq!(shown(&back), shown(&value), "{name}");
        }
    }

    async fn all(&mut self) {
        self.structs().await;
        self.plain().await;
        let point = base::Point { x: 3, y: -4 };
        self.sent("Many", json!({"a": -1, "d": "d", "b": [1, i64::MAX], "c": shown(&point)}));
        let many = self.0.many(-1, "d".to_owned(), vec![1, i64::MAX], point).await.unwrap();
        assert_eq!(many, "-1|d|[1 9223372036854775807]|3,-4");
        self.sent("NoIds", json!({"a": 1, "b": 2, "c": 3, "d": 4}));
        assert_eq!(self.0.no_ids(1, 2, 3, 4).await.unwrap(), 10);
        self.sent("Ping", json!({"text": ""}));
        assert_eq!(self.0.ping(String::new()).await.unwrap(), "pong ");
        self.sent("OptArg", json!({"a": "", "b": 3}));
        assert_eq!(self.0.opt_arg(String::new(), 3).await.unwrap(), "");
        self.sent("snake_case_method", json!({"some_arg": "v"}));
        assert_eq!(self.0.snake_case_method("v".to_owned()).await.unwrap(), "v");
        self.sent("Nothing", json!({}));
        self.0.nothing().await.unwrap();
        self.sent("Touch", json!({"key": "k"}));
        self.0.touch("k".to_owned()).await.unwrap();
        self.sent("Fire", json!({"key": "k", "n": 4}));
        self.0.fire("k".to_owned(), 4).await.unwrap();
    }

    async fn structs(&mut self) {
        self.echo("EchoScalars", InteropClient::echo_scalars, scalars()).await;
        self.echo("EchoOptionals", InteropClient::echo_optionals, optionals()).await;
        self.echo("EchoDefaults", InteropClient::echo_defaults, defaults()).await;
        let needs =
            sink::Needs { words: vec![String::new()], names: [(-1, "m".to_owned())].into(), ..Default::default() };
        self.echo("EchoNeeds", InteropClient::echo_needs, [sink::Needs::default(), needs]).await;
        self.echo("EchoContainers", InteropClient::echo_containers, [Containers::default(), containers()]).await;
        let grow = |tree: Tree, value: i32| {
            let children = Some(vec![
                Tree { value: -value, ..Tree::default() },
                Tree { children: Some(vec![]), ..Tree::default() },
            ]);
            Tree { value, children, next: Some(Box::new(tree)) }
        };
        self.echo("EchoTree", InteropClient::echo_tree, [Tree::default(), (1..30).fold(Tree::default(), grow)]).await;
        let odd =
            sink::OddIds { hundred: "100".to_owned(), three: "3".to_owned(), top: "t".to_owned(), one: "1".to_owned() };
        self.echo("EchoOdd", InteropClient::echo_odd, [odd]).await;
        self.echo("EchoChoice", InteropClient::echo_choice, choices()).await;
        let one = Holder { choice: Some(Choice::Number(1)), ..Holder::default() };
        let full = Holder { maybe: Some(Choice::Flag(false)), many: choices(), ..one.clone() };
        self.echo("EchoHolder", InteropClient::echo_holder, [one, full]).await;
        self.echo("EchoEmpty", InteropClient::echo_empty, [base::Empty {}]).await;
        self.echo("EchoKeys", InteropClient::echo_keys, [Keys::default(), keys()]).await;
        let newer =
            V2 { a: "a".to_owned(), added: 1, more: vec![base::Point { x: 1, y: 0 }], extra: Some(HashMap::new()) };
        self.sent("UpDown", json!({"v": shown(&newer)}));
        assert_eq!(self.0.up_down(newer).await.unwrap().a, "a");
    }

    async fn plain(&mut self) {
        self.echo("RetBool", InteropClient::ret_bool, [true, false]).await;
        self.echo("RetByte", InteropClient::ret_byte, [i8::MIN, i8::MAX]).await;
        self.echo("RetI16", InteropClient::ret_i16, [i16::MIN, i16::MAX]).await;
        self.echo("RetI32", InteropClient::ret_i32, [i32::MIN, i32::MAX]).await;
        self.echo("RetI64", InteropClient::ret_i64, [i64::MIN, i64::MAX]).await;
        let doubles = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324, f64::MAX];
        self.echo("RetDouble", InteropClient::ret_double, doubles).await;
        let texts = [String::new(), long(), "\u{f1} \u{1F980} \u{2028} a\0b".to_owned()];
        self.echo("RetString", InteropClient::ret_string, texts).await;
        self.echo("RetBinary", InteropClient::ret_binary, [Bytes::new(), every()]).await;
        self.echo("RetEnum", InteropClient::ret_enum, [Color::BLUE, Color(12345), Color(-1)]).await;
        self.echo("RetList", InteropClient::ret_list, [vec![], vec![String::new(), "a".to_owned()]]).await;
        self.echo("RetSet", InteropClient::ret_set, [HashSet::new(), HashSet::from([7, -7])]).await;
        let points =
            HashMap::from([(String::new(), base::Point::default()), ("a".to_owned(), base::Point { x: 1, y: 0 })]);
        self.echo("RetMap", InteropClient::ret_map, [HashMap::new(), points]).await;
        self.echo("RetTypedef", InteropClient::ret_typedef, ["name".to_owned()]).await;
    }
}

fn long() -> String {
    "0123456789".repeat(1024)
}

fn every() -> Bytes {
    (0..=u8::MAX).collect()
}

fn scalars() -> Vec<Scalars> {
    let least = Scalars {
        tiny: i8::MIN,
        tiny2: i8::MIN,
        small: i16::MIN,
        medium: i32::MIN,
        large: i64::MIN,
        real: f64::MIN,
        color: Color(i32::MIN),
        level: base::Level::NEGATIVE,
        user: i64::MIN,
        ..Scalars::default()
    };
    let most = Scalars {
        flag: true,
        tiny: i8::MAX,
        tiny2: i8::MAX,
        small: i16::MAX,
        medium: i32::MAX,
        large: i64::MAX,
        real: f64::MAX,
        text: "h\u{e9}llo \u{4e16}\u{754c} \u{1F642}\0\"\\\n".to_owned(),
        blob: every(),
        color: Color::MAX,
        level: base::Level::HIGH,
        user: i64::MAX,
    };
    let odd = Scalars { color: Color(99), level: base::Level(-77), text: long(), ..Scalars::default() };
    vec![Scalars::default(), least, most, odd]
}

fn optionals() -> Vec<Optionals> {
    let zero = Optionals {
        flag: Some(false),
        tiny: Some(0),
        small: Some(0),
        medium: Some(0),
        large: Some(0),
        real: Some(0.0),
        text: Some(String::new()),
        blob: Some(Bytes::new()),
        color: Some(Color::RED),
        point: Some(base::Point::default()),
        numbers: Some(vec![]),
        words: Some(HashSet::new()),
        counts: Some(HashMap::new()),
    };
    let full = Optionals {
        flag: Some(true),
        real: Some(-6.5),
        text: Some("t".to_owned()),
        words: Some(["b".to_owned(), "a".to_owned()].into()),
        counts: Some([(String::new(), 0), ("a".to_owned(), 1)].into()),
        ..zero.clone()
    };
    vec![Optionals::default(), zero, full]
}

fn defaults() -> [sink::Defaults; 2] {
    let changed = sink::Defaults {
        maybe: 8,
        maybe_text: "bye".to_owned(),
        maybe_flag: true,
        must: String::new(),
        numbers: vec![],
        ages: HashMap::new(),
        blob: Bytes::new(),
        flag: false,
        ..sink::Defaults::default()
    };
    [sink::Defaults::default(), changed]
}

fn containers() -> Containers {
    let point = || base::Point { x: 1, y: 2 };
    let text = str::to_owned;
    Containers {
        flags: vec![true, false],
        numbers: (0..20_000).map(|it| it * -7).collect(),
        words: vec![String::new(), text("b")],
        reals: vec![0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MIN_POSITIVE],
        blobs: vec![Bytes::new(), every()],
        unique: [9, -9].into(),
        tags: [text("x"), String::new()].into(),
        counts: [(text("a"), 1), (text("b"), 2)].into(),
        groups: (0..2_000).map(|it| (it, vec![it.to_string()])).collect(),
        matrix: vec![vec![], vec![1, 2]],
        nested: [(String::new(), HashMap::new()), (text("a"), [(text("b"), i64::MAX)].into())].into(),
        points: vec![point(), base::Point::default()],
        by_id: [(i64::MIN, point())].into(),
        deep: vec![[(text("k"), [3, -3].into())].into(), HashMap::new()],
        colors: vec![Color::RED, Color(99)],
        color_names: [(Color::BLUE, text("blue")), (Color(-1), String::new())].into(),
        index: [(text("p"), vec![point(), point()])].into(),
        bits: [(true, 1), (false, -128)].into(),
    }
}

fn choices() -> Vec<Choice> {
    let (point, names) = (base::Point { x: 1, y: 0 }, vec!["n".to_owned()]);
    let text = Choice::Text(String::new());
    vec![
        Choice::Number(-5),
        text,
        Choice::Point(point),
        Choice::Names(names),
        Choice::Nothing(base::Empty {}),
        Choice::Flag(false),
    ]
}

fn keys() -> Keys {
    let (one, two) = (|| base::Point { x: 1, y: 2 }, base::Point::default);
    Keys {
        named: [(one(), "a".to_owned()), (two(), String::new())].into(),
        spots: [one(), two()].into(),
        levels: [(base::Level::LOW, [i64::MIN, 5].into()), (base::Level(-9), HashSet::new())].into(),
        places: Some([(String::new(), one())].into()),
    }
}
