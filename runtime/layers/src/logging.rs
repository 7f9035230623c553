//! A layer that logs a line per call.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use kiteline_core::error::{Code, Error};
use kiteline_core::service::{Call, Handling};
use tokio::time::Instant;
use tower::Layer;
use tracing::Level;

use super::around::{Around, Guard, Inner, Policy, forward, guarded};

/// Characters of an error's text in a line.
const LONGEST: usize = 512;

/// Logs a line per call when it has ended, with its method, peer, code, time, id and error; of a stream when that has ended.
///
/// The level is `info` for success and business errors and for what callers do wrong, `warn` for what hints at trouble,
/// `error` for faults: the levels of go-grpc-middleware. The target is `runtime::layers::logging`.
///
/// ```text
///  INFO runtime::layers::logging: call method=/AddService/Add peer=127.0.0.1:40404 code=Ok took=81µs id="4f1d…"
/// ```
///
/// A server logs calls that fail in any case, a line per method and second
/// (`runtime::server::failures`, which `RUST_LOG` can turn off).
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a layer does nothing until it is added"]
pub struct Logging;

impl Logging {
    /// A layer that logs a line per call.
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for Logging {
    type Service = Around<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Around::new(*self, inner)
    }
}

impl Policy for Logging {
    fn call<S: Inner>(self: &Arc<Self>, call: Call, inner: &mut S) -> Handling {
        if !tracing::enabled!(target: "runtime::layers::logging", Level::ERROR) {
            return forward(call, inner);
        }
        let line = Line {
            method: call.method.path,
            peer: call.cx.peer(),
            id: call.cx.log_id().map(Box::from),
            begun: Instant::now(),
            ended: false,
        };
        let work = inner.call(call);
        Box::pin(async move { guarded(work.await.map_err(Into::into), line) })
    }
}

/// A line that is to be written.
struct Line {
    method: &'static str,
    peer: Option<SocketAddr>,
    id: Option<Box<str>>,
    begun: Instant,
    ended: bool,
}

impl Line {
    /// Writes it, with the text of an error.
    fn write(&mut self, level: Level, code: &dyn fmt::Debug, business: Option<i32>, error: Option<&str>) {
        self.ended = true;
        let Self { method, peer, id, begun, .. } = self;
        let (peer, id, took) = (peer.map(tracing::field::display), id.as_deref(), begun.elapsed());
        let error = error.map(cut);
        macro_rules! line {
            ($level:ident) => {
                tracing::event!(target: "runtime::layers::logging", Level::$level, %method, peer, ?code, business, ?took, id, error, "call")
            };
        }
        match level {
            Level::ERROR => line!(ERROR),
            Level::WARN => line!(WARN),
            _ => line!(INFO),
        }
    }
}

impl Guard for Line {
    fn ended(&mut self, error: Option<&Error>) {
        match error {
            None => self.write(Level::INFO, &format_args!("Ok"), None, None),
            Some(error) => {
                let business = error.business_code();
                let level = if business.is_some() { Level::INFO } else { level(error.code()) };
                self.write(level, &error.code(), business, Some(error.message()));
            }
        }
    }
}

/// Given up, by its caller or by its deadline; or its handler panicked, which has a line of its own.
impl Drop for Line {
    fn drop(&mut self) {
        if self.ended {
        } else if std::thread::panicking() {
            self.write(Level::ERROR, &Code::Internal, None, Some("the handler panicked"));
        } else {
            self.write(level(Code::Cancelled), &Code::Cancelled, None, Some("the call was given up"));
        }
    }
}

/// The level of go-grpc-middleware (`DefaultServerCodeToLevel`).
fn level(code: Code) -> Level {
    match code {
        Code::Cancelled | Code::InvalidArgument | Code::NotFound | Code::AlreadyExists | Code::Unauthenticated => {
            Level::INFO
        }
        Code::DeadlineExceeded
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable => Level::WARN,
        Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => Level::ERROR,
    }
}

/// The beginning of a text that may hold what a caller sent.
fn cut(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Mutex;

    use kiteline_core::body::Messages;
    use kiteline_core::context::Context;
    use kiteline_core::service::Answer;
    use kiteline_core::streaming;

    use super::*;
    use crate::tests::{ADD, GET, around, called};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Write::write(&mut *self.0.lock().unwrap(), bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Log {
        /// The log of this thread from now on.
        fn begin() -> (Self, tracing::subscriber::DefaultGuard) {
            let log = Self::default();
            let written = log.clone();
            let subscriber =
                tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || written.clone());
            (log, tracing::subscriber::set_default(subscriber.finish()))
        }

        /// What was written since the last time.
        fn take(&self) -> String {
            String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
        }
    }

    fn cx() -> Context {
        Context::new().with_peer("127.0.0.1:7".parse().unwrap()).with_log_id("id 1")
    }

    #[tokio::test(start_paused = true)]
    async fn each_call_has_a_line() {
        let (log, _guard) = Log::begin();
        let mut service = around(&Logging::new(), |call| match call.method.name {
            "Get" => Err(Error::not_found("no \n such kite")),
            _ => Ok(Answer::default()),
        });
        called(&mut service, &ADD, cx()).await.unwrap();
        assert_eq!(
            log.take(),
            " INFO runtime::layers::logging: call method=/AddService/Add peer=127.0.0.1:7 code=Ok took=0ns id=\"id 1\"\n"
        );
        called(&mut service, &GET, Context::new()).await.unwrap_err();
        let line = " INFO runtime::layers::logging: call method=/kites.v1.Kites/Get code=NotFound took=0ns \
                    error=\"no \\n such kite\"\n";
        assert_eq!(log.take(), line);
    }

    #[tokio::test(start_paused = true)]
    async fn the_level_says_who_is_to_look() {
        let (log, _guard) = Log::begin();
        for (error, wanted) in [
            (
                Error::business(7, "sold out", []),
                " INFO runtime::layers::logging: call method=/AddService/Add code=Unknown business=7 took=0ns error=\"sold out\"\n",
            ),
            (
                Error::deadline("late"),
                " WARN runtime::layers::logging: call method=/AddService/Add code=DeadlineExceeded took=0ns error=\"late\"\n",
            ),
            (
                Error::internal("x".repeat(9999)),
                &format!(
                    "ERROR runtime::layers::logging: call method=/AddService/Add code=Internal took=0ns error=\"{}\"\n",
                    "x".repeat(LONGEST)
                ),
            ),
        ] {
            let mut service = around(&Logging::new(), move |_| Err(error.clone()));
            called(&mut service, &ADD, Context::new()).await.unwrap_err();
            assert_eq!(log.take(), *wanted);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_has_a_line_at_its_end() {
        let (log, _guard) = Log::begin();
        let mut service = around(&Logging::new(), |call| {
            let last =
                if call.method.name == "Get" { Err(Error::unavailable("torn")) } else { Ok(bytes::Bytes::new()) };
            Ok(Answer::from(Messages::new(streaming::iter([Ok(bytes::Bytes::new()), last]))))
        });
        for (method, line) in [(&ADD, "code=Ok"), (&GET, "code=Unavailable")] {
            let mut messages = called(&mut service, method, Context::new()).await.unwrap().body.into_messages();
            messages.next().await.unwrap().unwrap();
            assert_eq!(log.take(), "");
            while messages.next().await.is_some() {}
            assert!(log.take().contains(line), "{line}");
            drop(messages);
            assert_eq!(log.take(), "");
        }
        drop(called(&mut service, &ADD, Context::new()).await.unwrap());
        assert!(log.take().contains(" code=Cancelled took=0ns error=\"the call was given up\"\n"));
    }
}
