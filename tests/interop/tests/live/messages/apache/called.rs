//! Python's client calls our server.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI32, Ordering};

use golden::generated::sink::{self, base};
use runtime::{Bytes, Config, Context, Error, Registry, Server};

use super::python::{Python, finish};

/// Answers every call with its argument.
#[derive(Default)]
struct Handler {
    fired: AtomicI32,
}

impl base::BaseService for Handler {
    async fn ping(&self, _: &Context, text: String) -> Result<String, Error> {
        Ok(if text == "fired" { self.fired.load(Ordering::SeqCst).to_string() } else { text })
    }
}

macro_rules! echo {
    ($($method:ident($name:ident: $ty:ty);)*) => {$(
        async fn $method(&self, _: &Context, $name: $ty) -> Result<$ty, Error> {
            Ok($name)
        }
    )*};
}

impl sink::Sink for Handler {
    echo! {
        echo_scalars(v: sink::Scalars);
        echo_optionals(v: sink::Optionals);
        echo_defaults(v: sink::Defaults);
        echo_needs(v: sink::Needs);
        echo_containers(v: sink::Containers);
        echo_tree(v: sink::Tree);
        echo_odd(v: sink::OddIds);
        echo_choice(v: sink::Choice);
        echo_holder(v: sink::Holder);
        echo_empty(v: base::Empty);
        ret_bool(v: bool);
        ret_byte(v: i8);
        ret_i16(v: i16);
        ret_i32(v: i32);
        ret_i64(v: i64);
        ret_double(v: f64);
        ret_string(v: String);
        ret_binary(v: Bytes);
        ret_enum(v: sink::Color);
        ret_list(v: Vec<String>);
        ret_set(v: HashSet<i32>);
        ret_map(v: HashMap<String, base::Point>);
        ret_typedef(v: sink::Name);
        snake_case_method(some_arg: String);
    }

    async fn up_down(&self, _: &Context, v: sink::V2) -> Result<sink::V1, Error> {
        Ok(sink::V1 { a: v.a })
    }

    async fn nothing(&self, _: &Context) -> Result<(), Error> {
        Ok(())
    }

    async fn touch(&self, _: &Context, _: String) -> Result<(), Error> {
        Ok(())
    }

    async fn fire(&self, _: &Context, _: String, n: i32) -> Result<(), Error> {
        self.fired.fetch_add(n, Ordering::SeqCst);
        Ok(())
    }

    async fn many(&self, _: &Context, a: i32, d: String, b: Vec<i64>, c: base::Point) -> Result<String, Error> {
        Ok(format!("{a} {b:?} {} {} {d}", c.x, c.y))
    }

    async fn risky(&self, _: &Context, kind: String) -> Result<i32, sink::RiskyError> {
        match kind.as_str() {
            "denied" => Err(denied().into()),
            "missing" => Err(missing().into()),
            "error" => Err(Error::internal("undeclared").into()),
            _ => Ok(7),
        }
    }

    async fn risky_void(&self, _: &Context, kind: String) -> Result<(), sink::RiskyVoidError> {
        if kind == "denied" { Err(denied().into()) } else { Ok(()) }
    }

    async fn opt_arg(&self, _: &Context, a: String, b: i32) -> Result<String, Error> {
        Ok(format!("{a}{b}"))
    }

    async fn no_ids(&self, _: &Context, a: i32, b: i32, c: i32, d: i32) -> Result<i32, Error> {
        Ok(a + b + c + d)
    }
}

pub(crate) fn denied() -> base::Denied {
    base::Denied { reason: "no".to_owned(), code: -3 }
}

pub(crate) fn missing() -> sink::NotFound {
    sink::NotFound { what: "it".to_owned(), near: Some(vec!["here".to_owned(), "there".to_owned()]) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_calls_our_server_in_every_way() {
    let Some(python) = Python::with_thrift() else { return };
    let server = Server::new(Config::local())
        .registry(&Registry::open("memory").unwrap())
        .add(sink::SinkServer::new(Handler::default()))
        .start()
        .await
        .unwrap();
    let mut client = python.program("client.py");
    client.arg(server.addr().port().to_string());
    let said = tokio::task::spawn_blocking(move || finish(&mut client)).await.unwrap();
    assert_eq!(said.lines().filter(|line| line.starts_with("called ")).count(), 8, "{said}");
}
