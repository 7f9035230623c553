//! Thrift's types in JSON: calls, and what serde makes of the same.

use std::fmt::Debug;

use bytes::Bytes;
use fuzz::{executions, fuzz};
use runtime::http_route::{HttpParts, ReplyBody, RequestBody};
use runtime::json::{self, Style};
use runtime::limits::DecodeLimits;
use runtime::{Call, Context, Error, Form, Service, thrift};

#[allow(missing_docs, clippy::all, reason = "IDLs of other tests, generated once more")]
mod generated {
    runtime::include_generated!();
}

use generated::calls::{self, CallsServer, Hard, Missing, Pick, Point, RiskyError};
use generated::sink;

struct Handler;

impl calls::Calls for Handler {
    async fn whole(&self, _: &Context, point: Point) -> Result<Point, Error> {
        Ok(Point { y: Some(point.y.unwrap_or_default() + 1), ..point })
    }

    async fn add(&self, _: &Context, a: i32, b: i32) -> Result<i32, Error> {
        Ok(a + b)
    }

    async fn pick(&self, _: &Context, pick: Pick) -> Result<Pick, Error> {
        Ok(pick)
    }

    async fn hard(&self, _: &Context, hard: Hard) -> Result<Hard, Error> {
        Ok(hard)
    }

    async fn nothing(&self, _: &Context) -> Result<(), Error> {
        Ok(())
    }

    async fn risky(&self, _: &Context, kind: String) -> Result<i32, RiskyError> {
        Err(Missing { what: kind }.into())
    }
}

/// A call in JSON, of which the answer is there at once.
fn call(method: &str, json: &str, http: Option<HttpParts>) -> Result<String, Error> {
    let server = CallsServer::new(Handler);
    let method = server.info().methods.iter().find(|it| it.name == method).unwrap();
    let body = Bytes::copy_from_slice(json.as_bytes());
    let call = Call::new(method, Context::new(), body, DecodeLimits::default());
    let call = Call { form: Form::Json, http: http.map(Box::new), ..call };
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(answer) = server.call(call).as_mut().poll(&mut task) else { panic!("it waits") };
    Ok(String::from_utf8(answer?.body.into_whole()?.to_vec()).unwrap())
}

#[test]
fn one_struct_is_the_body_and_other_arguments_have_names() {
    for (method, json, answer) in [
        ("whole", r#"{"left": 1, "top": "9007199254740993"}"#, r#"{"left":1,"top":9007199254740994}"#),
        ("add", r#"{"a": 1, "b": 2}"#, "3"),
        ("add", r#"{"a": 1}"#, "6"),
        ("pick", r#"{"pick": {"point": {"left": 1}}}"#, r#"{"point":{"left":1}}"#),
        ("hard", r#"{"pick": {"name": "n"}}"#, r#"{"pick":{"name":"n"},"more":[]}"#),
        ("nothing", "{}", "{}"),
        ("nothing", "", "{}"),
    ] {
        assert_eq!(call(method, json, None).unwrap(), answer, "{method} {json}");
    }
    for (method, json, why) in [
        ("whole", "{}", "left: the field is missing, at byte 2"),
        ("whole", r#"{"x": 1}"#, "left: the field is missing, at byte 8"),
        ("hard", r#"{"more": []}"#, "pick: the field is missing, at byte 12"),
        ("hard", r#"{"pick": {}}"#, "pick: one member of `Pick` has to be there, at byte 11"),
        ("add", r#"{"a": 1, "b": 2147483648}"#, "b: 2147483648 is over 2147483647, at byte 14"),
    ] {
        assert_eq!(call(method, json, None).unwrap_err().message(), why, "{method} {json}");
    }
}

#[test]
fn a_declared_exception_is_an_error_with_its_name() {
    let error = call("risky", r#"{"kind": "k"}"#, None).unwrap_err();
    assert_eq!((error.code(), error.reason()), (runtime::Code::FailedPrecondition, "Missing"));
    assert_eq!(error.pairs()[json::EXCEPTION], r#"{"what":"k"}"#);
}

#[test]
fn the_parts_of_a_request_are_one_message() {
    let texts = |texts: &[(&str, &str)]| {
        texts.iter().map(|(path, text)| ((*path).to_owned().into(), text.to_string())).collect()
    };
    let parts =
        |pairs: &[(&str, &str)], body, reply| HttpParts { body, texts: texts(pairs), reply, ..HttpParts::default() };
    let whole = |pairs: &[(&str, &str)]| Some(parts(pairs, RequestBody::Whole, ReplyBody::Whole));
    assert_eq!(call("whole", r#"{"top": 1}"#, whole(&[("left", "7")])).unwrap(), r#"{"left":7,"top":2}"#);
    assert_eq!(call("whole", "", whole(&[("left", "7")])).unwrap(), r#"{"left":7,"top":1}"#);
    let missing = call("whole", r#"{"top": 1}"#, whole(&[])).unwrap_err();
    assert_eq!(missing.message(), "left: the field is missing");
    let field = parts(&[("left", "7")], RequestBody::Field("top"), ReplyBody::Field("top"));
    assert_eq!(call("whole", "41", Some(field)).unwrap(), "42");
    let add = |pairs: &[(&str, &str)]| Some(parts(pairs, RequestBody::None, ReplyBody::Whole));
    assert_eq!(call("add", "", add(&[("a", "1"), ("b", "2")])).unwrap(), "3");
    assert_eq!(call("add", "", add(&[("a", "x")])).unwrap_err().message(), "a: \"x\" is not a whole number");
}

#[test]
fn what_is_there_replaces_a_default() {
    let default = sink::Defaults::default();
    let json = String::from_utf8(json::to_vec(&default, Style::Thrift).unwrap()).unwrap();
    let read = |json: &str| json::from_slice::<sink::Defaults>(json.as_bytes(), Style::Thrift, DecodeLimits::default());
    assert_eq!(read(&json).unwrap(), default);
    assert_eq!(read(r#"{"must": "must"}"#).unwrap(), default);
    let read = read(r#"{"must": "", "numbers": [7], "ages": {}, "point": {"x": 5}}"#).unwrap();
    assert_eq!((read.numbers, read.ages.len(), read.point.x, read.point.y), (vec![7], 0, 5, 0));
}

/// What is written is JSON, and is read as the same; other JSON is refused or read.
fn there_and_back<T: thrift::Value + json::Value + Debug>(input: &[u8], texts: &mut Vec<Vec<u8>>) {
    let limits = DecodeLimits { budget: 1 << 20, ..DecodeLimits::default() };
    let Ok(value) = thrift::from_bytes::<T>(Bytes::copy_from_slice(input), limits) else { return };
    let Ok(text) = json::to_vec(&value, Style::Thrift) else { return };
    serde_json::from_slice::<serde_json::Value>(&text).unwrap();
    let again = json::from_slice::<T>(&text, Style::Thrift, DecodeLimits { budget: usize::MAX, ..limits });
    // Maps have no order.
    let sorted = |value: &T| {
        let mut characters: Vec<char> = format!("{value:?}").chars().collect();
        characters.sort_unstable();
        characters
    };
    assert_eq!(sorted(&again.unwrap()), sorted(&value));
    if texts.len() < 100 && text.len() > 2 {
        texts.push(text);
    }
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let mut texts = Vec::new();
    fuzz(&super::thrift::bodies(), executions(20_000), |input| {
        there_and_back::<sink::Scalars>(input, &mut texts);
        there_and_back::<sink::Optionals>(input, &mut texts);
        there_and_back::<sink::Defaults>(input, &mut texts);
        there_and_back::<sink::Needs>(input, &mut texts);
        there_and_back::<sink::Containers>(input, &mut texts);
        there_and_back::<sink::Tree>(input, &mut texts);
        there_and_back::<sink::Choice>(input, &mut texts);
    });
    assert!(texts.len() > 10, "{}", texts.len());
    fuzz(&texts, executions(20_000), |input| {
        let limits = DecodeLimits { budget: 1 << 20, ..DecodeLimits::default() };
        let _ = json::from_slice::<sink::Containers>(input, Style::Thrift, limits);
        let _ = json::from_slice::<sink::Choice>(input, Style::Thrift, limits);
        let _ = json::from_slice::<sink::Needs>(input, Style::Thrift, limits);
    });
}
