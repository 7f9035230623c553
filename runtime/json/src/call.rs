//! Calls whose messages are in JSON: what generated services and clients call, with how it is done in binary.

use std::collections::HashSet;

use bytes::Bytes;

use kiteline_core::Stream;
use kiteline_core::body::{Messages, not_whole};
use kiteline_core::context::Context;
use kiteline_core::error::{Code, Error};
use kiteline_core::http_route::{HttpParts, ReplyBody, RequestBody};
use kiteline_core::limits::DecodeLimits;
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Answer, Call, Form, Idl};
use kiteline_core::streaming::{self, Streaming};

use crate::fields::{Fields, Seen};
use crate::objects::required;
use crate::places::Places;
use crate::writer::Pick;
use crate::{Failure, Read, Reader, Style, Value, Writer};

/// So many parameters are few.
const FEW: usize = 16;

/// Whose habits the JSON of a call has.
fn style(call: &Call) -> Style {
    match call.method.idl {
        Idl::Proto => Style::Proto,
        Idl::Thrift => Style::Thrift,
    }
}

/// Reads a call's request in the form that it has.
///
/// # Errors
///
/// [`Code::InvalidArgument`] for JSON that is no such message, [`Code::ResourceExhausted`] where reading it would take more
/// memory than the limits allow; both of [`Origin::Decode`](kiteline_core::error::Origin::Decode). In binary what `binary`
/// gives.
pub fn request<M: Value + Default>(call: &Call, binary: impl FnOnce(&Call) -> Result<M, Error>) -> Result<M, Error> {
    if call.form == Form::Binary {
        return binary(call);
    }
    let body = call.body.as_whole().ok_or_else(not_whole)?;
    let read = match &call.http {
        None => crate::from_slice(body, style(call), call.limits),
        Some(parts) => parts_of(parts, body, style(call), call.limits),
    };
    read.map_err(|failure| failure.into_error(Code::InvalidArgument))
}

/// Reads a message out of the parts of an HTTP request.
fn parts_of<M: Value + Default>(parts: &HttpParts, body: &[u8], style: Style, limits: DecodeLimits) -> Read<M> {
    let mut message = M::default();
    let seen = read_parts(parts, body, style, limits, &mut |input| message.read_into(input))?;
    message.complete(&seen)?;
    Ok(message)
}

/// Reads the parts of an HTTP request: the body, then each text for its field. Gives the fields that came.
fn read_parts(
    parts: &HttpParts,
    body: &[u8],
    style: Style,
    limits: DecodeLimits,
    read_into: &mut dyn FnMut(&mut Reader<'_>) -> Read,
) -> Read<Seen> {
    // What has to be there may stand in any part.
    let mut seen = Some(Seen::default());
    let mut read = |mut input: Reader<'_>, whole: bool| {
        input.partial = seen.take();
        read_into(&mut input)?;
        seen = input.partial.take();
        if whole {
            input.end()?;
        }
        Ok(input.listed)
    };
    match parts.body {
        RequestBody::Whole if !body.is_empty() => drop(read(Reader::new(body, style, limits)?, true)?),
        RequestBody::Field(path) if !body.is_empty() => drop(read(Reader::field(body, path, style, limits)?, true)?),
        RequestBody::Raw(path) => drop(read(Reader::raw(body, path, &parts.content_type, style, limits), false)?),
        RequestBody::None | RequestBody::Whole | RequestBody::Field(_) => {}
    }
    // Few are compared with each other sooner than they are hashed.
    let (few, mut paths) = (parts.texts.len() <= FEW, HashSet::new());
    for (at, (path, text)) in parts.texts.iter().enumerate() {
        let listed = read(Reader::text(text, path, style, limits), false)?;
        let again = if few { parts.texts.iter().take(at).any(|(other, _)| other == path) } else { !paths.insert(path) };
        if again && !listed {
            return Err(Failure::new(format!("the parameter {path} is there twice"), None));
        }
    }
    Ok(seen.unwrap_or_default())
}

/// Reads the one argument of a Thrift method that is a struct without a default: the body is the struct.
///
/// # Errors
///
/// As [`request`].
pub fn argument<T: Value>(call: &Call) -> Result<T, Error> {
    let body = call.body.as_whole().ok_or_else(not_whole)?;
    read(body, style(call), call.limits, Code::InvalidArgument)
}

/// Reads the arguments of a Thrift method as the fields of an object.
///
/// # Errors
///
/// As [`request`].
pub fn arguments(
    call: &Call,
    fields: &'static Fields,
    read: &mut dyn FnMut(usize, &mut Reader<'_>) -> Read,
) -> Result<(), Error> {
    let body = call.body.as_whole().ok_or_else(not_whole)?;
    let mut places = Places { fields, read };
    let outcome = match &call.http {
        None => Reader::new(body, style(call), call.limits).and_then(|mut input| {
            input.message(&mut places)?;
            input.end()
        }),
        Some(parts) => read_parts(parts, body, style(call), call.limits, &mut |input| input.message(&mut places))
            .and_then(|seen| required(fields, &seen, None)),
    };
    outcome.map_err(|failure| failure.into_error(Code::InvalidArgument))
}

/// Answers a Thrift method without a result: `{}`.
pub fn void(call: &Call, binary: impl FnOnce(&Context) -> Answer) -> Answer {
    match call.form {
        Form::Binary => binary(&call.cx),
        Form::Json => Answer::new(&call.cx, Bytes::from_static(b"{}")),
    }
}

/// Answers with a declared exception: an error whose reason is the exception's name, with its JSON under
/// [`EXCEPTION`] among the pairs.
///
/// # Errors
///
/// That error; in binary what `binary` gives.
pub fn exception<T: Value + std::fmt::Display>(
    call: &Call,
    name: &str,
    thrown: &T,
    binary: impl FnOnce(&Context, &T) -> Result<Answer, Error>,
) -> Result<Answer, Error> {
    if call.form == Form::Binary {
        return binary(&call.cx, thrown);
    }
    let json = String::from_utf8(crate::to_vec(thrown, style(call))?).unwrap_or_default();
    let error = Error::new(Code::FailedPrecondition, thrown.to_string());
    Err(error.with_reason(name).with_pair(EXCEPTION, json))
}

/// The pair of an error that has the JSON of a declared exception.
pub const EXCEPTION: &str = "exception";

/// The requests of a call that streams them, each in the form of the call.
pub fn requests<M: Value + Default>(
    call: &mut Call,
    binary: impl FnOnce(kiteline_core::Body, DecodeLimits) -> Streaming<M>,
) -> Streaming<M> {
    let body = std::mem::take(&mut call.body);
    let decode: fn(Bytes, DecodeLimits) -> Result<M, Error> = match (call.form, style(call)) {
        (Form::Binary, _) => return binary(body, call.limits),
        (Form::Json, Style::Proto) => |json, limits| read(&json, Style::Proto, limits, Code::InvalidArgument),
        (Form::Json, Style::Thrift) => |json, limits| read(&json, Style::Thrift, limits, Code::InvalidArgument),
    };
    Streaming::new(body.into_messages(), decode, call.limits, Metadata::new())
}

fn read<M: Value>(json: &[u8], style: Style, limits: DecodeLimits, code: Code) -> Result<M, Error> {
    crate::from_slice(json, style, limits).map_err(|failure| failure.into_error(code))
}

/// Answers with a message in the form of the call.
///
/// # Errors
///
/// [`Origin::Encode`](kiteline_core::error::Origin::Encode) for a value that JSON has no form for; what `binary` gives.
pub fn reply<M: Value>(
    call: &Call,
    message: &M,
    binary: impl FnOnce(&Context, &M) -> Result<Answer, Error>,
) -> Result<Answer, Error> {
    if call.form == Form::Binary {
        return binary(&call.cx, message);
    }
    let mut out = Writer::new(style(call));
    out.pick = match call.http.as_ref().map_or(ReplyBody::Whole, |parts| parts.reply) {
        ReplyBody::Whole => Pick::All,
        ReplyBody::Field(path) => Pick::Field(path),
        ReplyBody::Raw(path) => Pick::Raw(path),
    };
    message.write(&mut out);
    let content_type = out.content_type.take();
    let mut answer = Answer::new(&call.cx, Bytes::from(out.finish()?));
    if let Some(content_type) = content_type {
        answer.head.append("content-type", content_type);
    }
    Ok(answer)
}

/// Answers with a stream of messages in the form of the call; an error ends it.
pub fn replies<M: Value + 'static, S: Stream<Item = Result<M, Error>> + Send + 'static>(
    call: &Call,
    messages: S,
    binary: impl FnOnce(&Context, S) -> Answer,
) -> Answer {
    match (call.form, style(call)) {
        (Form::Binary, _) => binary(&call.cx, messages),
        (Form::Json, Style::Proto) => streaming::answer(&call.cx, messages, |message| written(message, Style::Proto)),
        (Form::Json, Style::Thrift) => streaming::answer(&call.cx, messages, |message| written(message, Style::Thrift)),
    }
}

fn written<M: Value>(message: &M, style: Style) -> Result<Bytes, Error> {
    Ok(Bytes::from(crate::to_vec(message, style)?))
}

/// Writes the request of a proto method in the form of a channel.
///
/// # Errors
///
/// As [`reply`].
pub fn body<M: Value>(
    form: Form,
    message: &M,
    binary: impl FnOnce(&M) -> Result<Bytes, Error>,
) -> Result<Bytes, Error> {
    if form == Form::Binary { binary(message) } else { written(message, Style::Proto) }
}

/// Writes the requests of a proto method that streams them, each in the form of a channel.
pub fn messages<M: Value + 'static, S: Stream<Item = M> + Send + 'static>(
    form: Form,
    messages: S,
    binary: impl FnOnce(S) -> Messages,
) -> Messages {
    match form {
        Form::Binary => binary(messages),
        Form::Json => streaming::requests(messages, |message| written(message, Style::Proto)),
    }
}

/// The function that reads an answer of a proto method in the form of a channel.
pub fn result<M: Value>(
    form: Form,
    binary: fn(Bytes, DecodeLimits) -> Result<M, Error>,
) -> fn(Bytes, DecodeLimits) -> Result<M, Error> {
    match form {
        Form::Binary => binary,
        Form::Json => |json, limits| read(&json, Style::Proto, limits, Code::Internal),
    }
}
