//! Our handlers of the kitchen sink: they echo, fail as they are told to, and tell what they saw.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use e2e::shown;
use runtime::{Bytes, Channel, Context, Error};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::generated::interop::{Interop, InteropClient, Keys, Seen};
use crate::generated::sink::{self, NotFound, RiskyError, RiskyVoidError, Sink, base};

/// Our side of `Interop`.
#[derive(Debug)]
pub struct Handler {
    calls: UnboundedSender<Value>,
    ended: UnboundedSender<u128>,
    next: Channel,
}

/// What the handlers tell.
#[derive(Debug)]
pub struct Watcher {
    /// `[method, arguments]` of each call.
    pub calls: Mutex<UnboundedReceiver<Value>>,
    /// A `Sleep` that was given up: milliseconds that it had when it began.
    pub ended: Mutex<UnboundedReceiver<u128>>,
}

impl Watcher {
    /// The calls that have come since the last question.
    pub fn calls(&self) -> Vec<Value> {
        let mut calls = self.calls.lock().unwrap();
        std::iter::from_fn(|| calls.try_recv().ok()).collect()
    }

    /// The next `Sleep` that was given up.
    pub fn ended(&self) -> u128 {
        let mut ended = self.ended.lock().unwrap();
        e2e::wait_for("the end of a handler", || ended.try_recv().ok())
    }
}

impl Handler {
    /// Handlers whose `Hop` asks the service behind `next`.
    pub fn new(next: Channel) -> (Self, Watcher) {
        let ((calls, seen), (ended, gone)) = (unbounded_channel(), unbounded_channel());
        (Self { calls, ended, next }, Watcher { calls: Mutex::new(seen), ended: Mutex::new(gone) })
    }

    fn saw(&self, method: &str, arguments: Value) {
        // Nobody may be watching.
        let _ = self.calls.send(json!([method, arguments]));
    }
}

/// Methods that tell their arguments and give an expression of them.
macro_rules! methods {
    ($($wire:ident $method:ident($($name:ident: $ty:ty),*) -> $value:ty { $answer:expr })*) => {$(
        async fn $method(&self, _: &Context $(, $name: $ty)*) -> Result<$value, Error> {
            self.saw(stringify!($wire), json!({$((stringify!($name)): shown(&$name)),*}));
            Ok($answer)
        }
    )*};
}

impl base::BaseService for Handler {
    methods! { Ping ping(text: String) -> String { format!("pong {text}") } }
}

impl Sink for Handler {
    methods! {
        EchoScalars echo_scalars(v: sink::Scalars) -> sink::Scalars { v }
        EchoOptionals echo_optionals(v: sink::Optionals) -> sink::Optionals { v }
        EchoDefaults echo_defaults(v: sink::Defaults) -> sink::Defaults { v }
        EchoNeeds echo_needs(v: sink::Needs) -> sink::Needs { v }
        EchoContainers echo_containers(v: sink::Containers) -> sink::Containers { v }
        EchoTree echo_tree(v: sink::Tree) -> sink::Tree { v }
        EchoOdd echo_odd(v: sink::OddIds) -> sink::OddIds { v }
        EchoChoice echo_choice(v: sink::Choice) -> sink::Choice { v }
        EchoHolder echo_holder(v: sink::Holder) -> sink::Holder { v }
        EchoEmpty echo_empty(v: base::Empty) -> base::Empty { v }
        UpDown up_down(v: sink::V2) -> sink::V1 { sink::V1 { a: v.a } }
        Nothing nothing() -> () { () }
        Touch touch(key: String) -> () { () }
        Fire fire(key: String, n: i32) -> () { () }
        Many many(a: i32, d: String, b: Vec<i64>, c: base::Point) -> String { many(a, &d, &b, c) }
        RetBool ret_bool(v: bool) -> bool { v }
        RetByte ret_byte(v: i8) -> i8 { v }
        RetI16 ret_i16(v: i16) -> i16 { v }
        RetI32 ret_i32(v: i32) -> i32 { v }
        RetI64 ret_i64(v: i64) -> i64 { v }
        RetDouble ret_double(v: f64) -> f64 { v }
        RetString ret_string(v: String) -> String { v }
        RetBinary ret_binary(v: Bytes) -> Bytes { v }
        RetEnum ret_enum(v: sink::Color) -> sink::Color { v }
        RetList ret_list(v: Vec<String>) -> Vec<String> { v }
        RetSet ret_set(v: HashSet<i32>) -> HashSet<i32> { v }
        RetMap ret_map(v: HashMap<String, base::Point>) -> HashMap<String, base::Point> { v }
        RetTypedef ret_typedef(v: sink::Name) -> sink::Name { v }
        OptArg opt_arg(a: String, b: i32) -> String { a }
        snake_case_method snake_case_method(some_arg: String) -> String { some_arg }
        NoIds no_ids(a: i32, b: i32, c: i32, d: i32) -> i32 { a + b + c + d }
    }

    async fn risky(&self, _: &Context, kind: String) -> Result<i32, RiskyError> {
        match risk(&kind)? {
            Some(denied) => Err(denied.into()),
            None if kind == "missing" => {
                Err(NotFound { what: "thing".to_owned(), near: Some(vec!["a".to_owned(), "b".to_owned()]) }.into())
            }
            None => Ok(slow(&kind).await.unwrap_or(7)),
        }
    }

    async fn risky_void(&self, _: &Context, kind: String) -> Result<(), RiskyVoidError> {
        Ok(risk(&kind)?.map_or(Ok(()), Err)?)
    }
}

fn many(a: i32, d: &str, b: &[i64], c: base::Point) -> String {
    let b: Vec<String> = b.iter().map(i64::to_string).collect();
    format!("{a}|{d}|[{}]|{},{}", b.join(" "), c.x, c.y)
}

/// Waits as `slow200` says, in milliseconds.
async fn slow(kind: &str) -> Option<i32> {
    let milliseconds: u16 = kind.strip_prefix("slow")?.parse().ok()?;
    tokio::time::sleep(std::time::Duration::from_millis(milliseconds.into())).await;
    Some(milliseconds.into())
}

/// The failure of that name; a declared one as a value.
fn risk(kind: &str) -> Result<Option<base::Denied>, Error> {
    match kind {
        "denied" => Ok(Some(base::Denied { reason: "no entry".to_owned(), code: -3 })),
        "plain" => Err(Error::unavailable("something broke").with_reason("BROKEN")),
        "panic" => panic!("kaboom"),
        "biz" => Err(Error::business(404, "user not found", [])),
        "biz_extra" => {
            let extra = [("retry", "no"), ("uid", "42")].map(|(key, value)| (key.to_owned(), value.to_owned()));
            Err(Error::business(502, "try later", extra))
        }
        "biz_odd" => {
            let extra = [("uid", "42"), ("k\"", "<&>")].map(|(key, value)| (key.to_owned(), value.to_owned()));
            Err(Error::business(-502, "try later \u{2713}", extra))
        }
        _ => Ok(None),
    }
}

/// Tells that a handler was given up, unless it was told otherwise.
struct Ending<'a>(&'a UnboundedSender<u128>, Option<u128>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if let Some(remaining) = self.1 {
            let _ = self.0.send(remaining);
        }
    }
}

fn text(value: &runtime::metadata::Value) -> String {
    value.as_text().unwrap().to_owned()
}

fn left(cx: &Context) -> u128 {
    cx.remaining().map_or(0, |left| left.as_millis())
}

impl Interop for Handler {
    methods! { EchoKeys echo_keys(v: Keys) -> Keys { v } }

    async fn look(&self, cx: &Context, back: HashMap<String, String>) -> Result<Seen, Error> {
        back.into_iter().for_each(|(key, value)| cx.send_back(key, value));
        let metadata = cx.metadata().cloned().unwrap_or_default();
        let pairs = |all: runtime::metadata::Pairs<'_>| {
            all.iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
        };
        let (transient, persistent) = (pairs(metadata.transient()), pairs(metadata.persistent()));
        Ok(Seen { transient, persistent, remaining: i64::try_from(left(cx)).unwrap() })
    }

    async fn hop(&self, cx: &Context) -> Result<Seen, Error> {
        InteropClient::new(self.next.clone()).look(HashMap::new()).with(cx).await
    }

    async fn sleep(&self, cx: &Context, milliseconds: i64) -> Result<(), Error> {
        let mut ending = Ending(&self.ended, Some(left(cx)));
        tokio::time::sleep(std::time::Duration::from_millis(milliseconds.unsigned_abs())).await;
        ending.1 = None;
        Ok(())
    }
}
