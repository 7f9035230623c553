//! The call itself: requests out as they are read, answers printed as they come.

use std::io::Write as _;
use std::pin::pin;
use std::time::{Duration, Instant};

use clap::ArgMatches;
use runtime::body::MessageSender;
use runtime::{Body, Call, Context, Error, Form, Idl, Messages, Metadata, Method};

use super::base64;
use super::catalog::{Entry, Shape};
use super::fault::Fault;
use super::input::Input;
use super::json::{Json, documents};
use super::rest::Routed;
use super::schema::Schema;
use super::target::Target;
use super::{details, hint, proto, rest, thrift, verbose};
use crate::cli::exit::{FINDINGS, USAGE};
use crate::cli::net::terminal::plain;
use crate::cli::report::Report;

/// Bytes of requests that wait to be sent.
const BUDGET: usize = 1 << 20;

/// A call that is to be made.
pub(super) struct Sending<'a> {
    pub(super) schema: &'a Schema,
    pub(super) entry: &'a Entry<'a>,
    pub(super) target: &'a Target,
    pub(super) cx: Context,
    pub(super) deadline: Option<Duration>,
    pub(super) verbose: bool,
    pub(super) report: &'a Report,
    /// The call by a route, once its request is known.
    pub(super) routed: Option<Routed>,
}

/// The metadata that `-H` names.
///
/// # Errors
///
/// For what is no header.
pub(super) fn context(matches: &ArgMatches) -> Result<Context, String> {
    let mut cx = Context::new();
    for header in matches.get_many::<String>("header").into_iter().flatten() {
        let (name, value) = header.split_once(':').ok_or_else(|| format!("-H `{header}`: write -H 'name: value'"))?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let is_name = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.');
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(format!("-H `{header}`: `{name}` is no name of a header"));
        }
        cx = if name.ends_with("-bin") {
            let bytes = base64::decode(value).ok_or_else(|| format!("-H `{header}`: write the value in base64"))?;
            cx.with_header(name, bytes)
        } else {
            cx.with_header(name, value)
        };
    }
    Ok(cx)
}

impl Sending<'_> {
    /// Makes the call; gives the exit code.
    pub(super) async fn run(mut self, input: Input) -> u8 {
        if let Some(deadline) = self.deadline.and_then(|it| Instant::now().checked_add(it)) {
            self.cx.set_deadline(deadline);
        }
        if !self.entry.streams_requests() {
            let body = match self.single(input) {
                Ok(body) => body,
                Err(text) => return self.refused(&text),
            };
            self.tell();
            return self.answer(Body::Whole(body.into())).await;
        }
        self.tell();
        let (sender, requests) = Messages::channel(BUDGET);
        let mut feed = pin!(self.feed(input, sender));
        let mut answer = pin!(self.answer(Body::Stream(requests)));
        let mut fed = false;
        loop {
            tokio::select! {
                biased;
                done = &mut feed, if !fed => match done {
                    Ok(()) => fed = true,
                    Err(text) => return self.refused(&text),
                },
                code = &mut answer => return code,
            }
        }
    }

    /// Tells of the call's way, where that is asked for.
    fn tell(&self) {
        if !self.verbose {
            return;
        }
        let line = self.routed.as_ref().map_or_else(|| self.method().path.to_owned(), Routed::line);
        let headers = self.routed.as_ref().map_or(&[][..], |it| &it.written.headers);
        let sent = verbose::Sent { path: &line, headers, cx: &self.cx, deadline: self.deadline };
        verbose::tell(self.target, &sent, *self.report);
    }

    fn refused(&self, text: &str) -> u8 {
        self.report.text(text);
        USAGE
    }

    fn shown(&self, fault: &Fault, text: &str, name: &str) -> String {
        fault.shown(text, name, self.report.color())
    }

    /// The one request.
    fn single(&mut self, input: Input) -> Result<Vec<u8>, String> {
        let (text, name) = input.whole().map_err(|error| format!("error: {error}"))?;
        let all = documents(&text).map_err(|fault| self.shown(&fault, &text, &name))?;
        let json = match all.as_slice() {
            [] => &Json::from(super::json::Kind::Object(Vec::new())),
            [one] => one,
            [_, second, ..] => {
                let why = format!("`{}` takes one request", self.entry.name());
                return Err(self.shown(&Fault::new(second.at.clone(), why).label("a second one"), &text, &name));
            }
        };
        if !self.target.route.is_rest() {
            return self.encode(json, &text).map_err(|fault| self.shown(&fault, &text, &name));
        }
        let routed = rest::request(self.schema, self.entry, json, &text);
        let routed = routed.map_err(|fault| self.shown(&fault, &text, &name))?;
        Ok(self.routed.insert(routed).body.clone())
    }

    /// Sends requests until there are no more.
    async fn feed(&self, input: Input, mut sender: MessageSender) -> Result<(), String> {
        let mut texts = input.texts();
        while let Some((text, name)) = texts.recv().await {
            for json in documents(&text).map_err(|fault| self.shown(&fault, &text, &name))? {
                let message = self.encode(&json, &text).map_err(|fault| self.shown(&fault, &text, &name))?;
                // The answer says why nobody reads on.
                if sender.send(message.into()).await.is_err() {
                    return Ok(());
                }
            }
        }
        sender.finish(Metadata::new());
        Ok(())
    }

    fn encode(&self, json: &Json, text: &str) -> Result<Vec<u8>, Fault> {
        match (&self.entry.shape, self.schema.model()) {
            (Shape::Thrift(method), Some(model)) => thrift::request(model, method, json),
            (Shape::Proto(method), _) => proto::encode(&method.input(), json, text),
            (Shape::Thrift(_), None) => Err(Fault::new(json.at.clone(), "the IDL is not there")),
        }
    }

    /// The method as the runtime knows it; made once per run of the program.
    fn method(&self) -> &'static Method {
        if let Some(routed) = &self.routed {
            return routed.method;
        }
        let (idl, service) = match &self.entry.shape {
            Shape::Thrift(_) => (Idl::Thrift, &self.entry.short),
            Shape::Proto(_) => (Idl::Proto, &self.entry.full),
        };
        let path: &'static str = Box::leak(format!("/{service}/{}", self.entry.method()).into_boxed_str());
        let (method, entry) = (Method::new(idl, path, 0), self.entry);
        let oneway = matches!(&entry.shape, Shape::Thrift(method) if method.oneway);
        let method = method.streaming(entry.streams_requests(), entry.streams_answers());
        Box::leak(Box::new(if oneway { method.oneway() } else { method }))
    }

    async fn answer(&self, body: Body) -> u8 {
        let start = Instant::now();
        let form = if self.routed.is_some() { Form::Json } else { Form::Binary };
        let call = Call { form, ..Call::new(self.method(), self.cx.clone(), body, Default::default()) };
        let streams = self.entry.streams_requests() || self.entry.streams_answers();
        let limit = self.deadline.or(streams.then_some(Duration::MAX));
        let outcome = match self.target.channel.call(call, limit).await {
            Ok(answer) => {
                if self.verbose {
                    self.metadata("<", Some(&answer.head));
                }
                match self.entry.streams_answers() {
                    true => self.stream(answer.body.into_messages()).await,
                    false => answer.body.into_whole().and_then(|body| {
                        let body = match &self.routed {
                            Some(routed) => routed.opened(self.schema, self.entry, body)?,
                            None => body,
                        };
                        Ok((self.whole(&body), answer.trailers))
                    }),
                }
            }
            Err(error) => Err(error),
        };
        let code = match outcome {
            Ok((code, trailers)) => {
                if self.verbose {
                    self.metadata("< trailer", Some(&trailers));
                }
                code
            }
            Err(error) => self.failed(&error).await,
        };
        if self.verbose {
            self.report.text(&format!("* {:.1} ms", start.elapsed().as_secs_f64() * 1000.0));
        }
        code
    }

    fn whole(&self, body: &[u8]) -> u8 {
        if self.routed.is_some() {
            return match rest::answer(self.schema, self.entry, body) {
                Ok(value) => {
                    print(&value.pretty());
                    0
                }
                Err(why) => self.unread(&why),
            };
        }
        let (Shape::Thrift(method), Some(model)) = (&self.entry.shape, self.schema.model()) else {
            return self.print(body, Json::pretty);
        };
        if method.oneway {
            return 0;
        }
        match thrift::outcome(model, method, body) {
            Ok(thrift::Outcome::Value(value)) => print(&value.pretty()),
            Ok(thrift::Outcome::Exception(name, value)) => {
                self.report.error(&format!("{name} {}", value.line()));
                return FINDINGS;
            }
            Err(why) => return self.unread(&why),
        };
        0
    }

    fn unread(&self, why: &str) -> u8 {
        self.report.error(&format!("the answer of {} cannot be read: {}", self.entry.name(), plain(why)));
        FINDINGS
    }

    /// Prints one message of proto.
    fn print(&self, body: &[u8], form: impl Fn(&Json) -> String) -> u8 {
        let Shape::Proto(method) = &self.entry.shape else { return FINDINGS };
        match proto::decode(&method.output(), body) {
            Ok(json) => {
                print(&form(&json));
                0
            }
            Err(why) => self.unread(&why),
        }
    }

    async fn stream(&self, mut messages: Messages) -> Result<(u8, Metadata), Error> {
        if let Some(deadline) = self.cx.deadline() {
            messages = messages.until(deadline);
        }
        while let Some(message) = messages.next().await {
            let code = self.print(&message?, Json::line);
            if code != 0 {
                return Ok((code, Metadata::new()));
            }
        }
        Ok((0, messages.take_trailers()))
    }

    /// Says why a call failed: the code and the text, then all else that the error holds.
    async fn failed(&self, error: &Error) -> u8 {
        let (text, help) = hint::explained(error, self.target, !self.entry.routes.is_empty()).await;
        self.report.error(&plain(&text));
        let line = |name: &str, value: &str| self.report.text(&format!("  {}: {}", plain(name), plain(value)));
        if !error.reason().is_empty() {
            line("reason", error.reason());
        }
        error.pairs().iter().for_each(|(name, value)| line(name, value));
        for detail in error.details() {
            let known = self.schema.pool.get_message_by_name(&detail.type_name);
            let known = known.or_else(|| details::message(&detail.type_name));
            let value = known.and_then(|it| proto::decode(&it, &detail.value).ok()).map(|it| it.line());
            line(&detail.type_name, &value.unwrap_or_else(|| format!("base64 {}", base64::encode(&detail.value))));
        }
        if let Some(help) = help {
            line("help", &help);
        }
        if self.verbose {
            self.metadata("<", Some(error.metadata()));
            self.metadata("< trailer", Some(error.trailers()));
        }
        FINDINGS
    }

    fn metadata(&self, mark: &str, metadata: Option<&Metadata>) {
        verbose::pairs(mark, metadata).iter().for_each(|line| self.report.text(line));
    }
}

/// One line or several on standard output; a closed pipe is nobody's fault.
fn print(text: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
