//! The request of a client by a route: a message in JSON, spread over path, query, headers and body as
//! `google/api/http.proto` says ("path template syntax", "rules for HTTP mapping").

use bytes::Bytes;
use serde_json::{Map, Value};

use kiteline_core::base64;
use kiteline_core::error::{Error, Origin};
use kiteline_core::http_route::{HttpRoute, Place, ReplyBody, RequestBody, Segment, Variable};

/// A request that can be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The verb, such as `GET`.
    pub verb: &'static str,
    /// The path and the query.
    pub target: String,
    /// The body; `None` for none.
    pub body: Option<Bytes>,
    /// The content type of the body.
    pub content_type: String,
    /// Headers with values of fields.
    pub headers: Vec<(&'static str, String)>,
}

/// Spreads a message, which is an object of JSON.
///
/// # Errors
///
/// [`Code::InvalidArgument`](kiteline_core::Code::InvalidArgument) for a value that the route's path has no room for, or that
/// has no form in a query.
pub fn write_request(route: &HttpRoute, json: &[u8]) -> Result<Written, Error> {
    let mut message = match serde_json::from_slice(json) {
        Ok(Value::Object(message)) => message,
        _ => return Err(wrong("a request by a route of HTTP is a message".to_owned())),
    };
    let mut target = path(route, &mut message)?;
    let (mut headers, mut query) = (Vec::new(), Vec::new());
    let mut cookies = Vec::new();
    for source in route.sources {
        let Some(value) = take(&mut message, source.field) else { continue };
        let mut texts = Vec::new();
        flatten(source.name, &value, &mut texts)?;
        match source.place {
            Place::Header => headers.extend(texts.into_iter().map(|(_, text)| (source.name, text))),
            Place::Cookie => cookies.extend(texts.into_iter().map(|(name, text)| format!("{name}={text}"))),
            Place::Query | Place::Form => query.extend(texts),
        }
    }
    if !cookies.is_empty() {
        headers.push(("cookie", cookies.join("; ")));
    }
    let mut content_type = "application/json".to_owned();
    let body = match route.body {
        RequestBody::None => None,
        RequestBody::Whole => Some(Value::Object(std::mem::take(&mut message)).to_string().into()),
        RequestBody::Field(field) => Some(take(&mut message, field).unwrap_or(Value::Null).to_string().into()),
        RequestBody::Raw(field) => {
            let (label, bytes) = raw(&mut message, field);
            content_type = label;
            Some(bytes)
        }
    };
    if route.query {
        for (name, value) in &message {
            flatten(name, value, &mut query)?;
        }
    }
    for (at, (name, text)) in query.iter().enumerate() {
        target.push(if at == 0 { '?' } else { '&' });
        escape(name, b"", &mut target);
        target.push('=');
        escape(text, b"", &mut target);
    }
    let verb = if route.verb == "*" { "POST" } else { route.verb };
    Ok(Written { verb, target, body, content_type, headers })
}

/// The answer in JSON that a body is, or is a part of.
pub fn read_reply(route: &HttpRoute, content_type: &str, body: Bytes) -> Bytes {
    let inside = |field: &str, inner: &[u8]| {
        let name = Value::from(field).to_string();
        [b"{", name.as_bytes(), b":", inner, b"}"].concat()
    };
    let raw = || {
        let (label, data) = (Value::from(content_type).to_string(), base64::encode(&body));
        format!("{{\"contentType\":{label},\"data\":\"{data}\"}}").into_bytes()
    };
    match route.reply {
        ReplyBody::Whole => body,
        ReplyBody::Field(field) => inside(field, &body).into(),
        ReplyBody::Raw("") => raw().into(),
        ReplyBody::Raw(field) => inside(field, &raw()).into(),
    }
}

#[cold]
fn wrong(text: String) -> Error {
    Error::invalid(text).with_origin(Origin::Encode)
}

/// The path with the values of its variables, which are taken out of the message.
fn path(route: &HttpRoute, message: &mut Map<String, Value>) -> Result<String, Error> {
    let (mut path, mut next) = (String::new(), 0);
    let mut variables = route.variables.iter().peekable();
    while next < route.path.len() || path.is_empty() {
        if let Some(variable) = variables.next_if(|variable| variable.first == next) {
            let unset =
                || route.unset.iter().find(|(field, _)| *field == variable.field).map(|(_, text)| (*text).to_owned());
            let text =
                take(message, variable.field).as_ref().map(text_of).transpose()?.or_else(unset).unwrap_or_default();
            fill(route, variable, &text, &mut path)?;
            next = variable.end.max(next + 1);
            continue;
        }
        path.push('/');
        match route.path.get(next) {
            Some(Segment::Literal(text)) => escape(text, b"", &mut path),
            Some(_) => return Err(wrong("a segment of the route's path has no field".to_owned())),
            None => {}
        }
        next += 1;
    }
    if !route.ending.is_empty() {
        path.push(':');
        path.push_str(route.ending);
    }
    Ok(path)
}

/// The segments of one variable.
fn fill(route: &HttpRoute, variable: &Variable, text: &str, path: &mut String) -> Result<(), Error> {
    let template = route.path.get(variable.first..variable.end).unwrap_or_default();
    let rest = matches!(template.last(), Some(Segment::Rest));
    let is_one = template.len() == 1 && !rest;
    let parts: Vec<_> = if is_one { vec![text] } else { text.split('/').collect() };
    let fits = |(at, part): (usize, &&str)| match template.get(at) {
        Some(Segment::Literal(wanted)) => part == wanted,
        Some(Segment::Any) => !part.is_empty(),
        Some(Segment::Rest) | None => rest,
    };
    let enough = if rest { parts.len() + 1 >= template.len() } else { parts.len() == template.len() };
    if !enough || !parts.iter().enumerate().all(fits) {
        return Err(wrong(format!("`{text}` of {} does not fit into the path of its route", variable.field)));
    }
    for part in parts {
        path.push('/');
        // An escaped slash of several segments stays what it is.
        escape(part, if is_one { b"" } else { b"%" }, path);
    }
    Ok(())
}

/// Takes the value of a field by its name in the IDL, or in JSON.
fn take(message: &mut Map<String, Value>, field: &str) -> Option<Value> {
    let (name, rest) = field.split_once('.').map_or((field, None), |(name, rest)| (name, Some(rest)));
    let key = if message.contains_key(name) { name.to_owned() } else { lower_camel(name) };
    match rest {
        None => message.remove(&key),
        Some(rest) => take(message.get_mut(&key)?.as_object_mut()?, rest),
    }
}

/// The name that protobuf's JSON has for a field.
fn lower_camel(name: &str) -> String {
    let (mut out, mut upper) = (String::with_capacity(name.len()), false);
    for character in name.chars() {
        match character {
            '_' => upper = true,
            character if std::mem::take(&mut upper) => out.push(character.to_ascii_uppercase()),
            character => out.push(character),
        }
    }
    out
}

/// The bytes of a `google.api.HttpBody`, or of a field of bytes, and their content type.
fn raw(message: &mut Map<String, Value>, field: &str) -> (String, Bytes) {
    let mut value = match field {
        "" => Value::Object(std::mem::take(message)),
        field => take(message, field).unwrap_or_default(),
    };
    let data = match &mut value {
        Value::Object(body) => take(body, "data").unwrap_or_default(),
        value => value.take(),
    };
    let label = value.as_object_mut().and_then(|body| take(body, "content_type"));
    let label = label.as_ref().and_then(Value::as_str).unwrap_or("application/octet-stream");
    (label.to_owned(), data.as_str().and_then(base64::decode).unwrap_or_default())
}

fn text_of(value: &Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Null => Ok(String::new()),
        Value::Array(_) | Value::Object(_) => Err(wrong("a list or a message has no form in a path".to_owned())),
    }
}

/// Names and texts of a value in a query.
fn flatten(name: &str, value: &Value, out: &mut Vec<(String, String)>) -> Result<(), Error> {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            for item in items {
                if item.is_array() || item.is_object() {
                    return Err(wrong(format!("the list {name} has no form in a query")));
                }
                flatten(name, item, out)?;
            }
        }
        Value::Object(fields) => {
            for (inner, value) in fields {
                flatten(&format!("{name}.{inner}"), value, out)?;
            }
        }
        value => out.push((name.to_owned(), text_of(value)?)),
    }
    Ok(())
}

/// Escapes what is not unreserved (RFC 3986, section 2.3) nor among `also`.
fn escape(text: &str, also: &[u8], out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Segment::{Any, Literal, Rest};
    use kiteline_core::http_route::Source;

    fn target(route: &HttpRoute, json: &str) -> String {
        match write_request(route, json.as_bytes()) {
            Ok(Written { verb, target, body, .. }) => {
                let body = body.map(|body| format!(" {}", String::from_utf8_lossy(&body)));
                format!("{verb} {target}{}", body.unwrap_or_default())
            }
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn variables_are_taken_out_of_the_message() {
        let route = HttpRoute {
            variables: &[
                Variable { field: "shelf.full_name", first: 1, end: 3 },
                Variable { field: "id", first: 3, end: 4 },
            ],
            ending: "do",
            ..HttpRoute::new("GET", &[Literal("v1"), Literal("shelves"), Any, Any])
        };
        let json = r#"{"shelf":{"fullName":"shelves/a b","size":3},"id":"x/y","tags":["1","é"],"note":null}"#;
        assert_eq!(target(&route, json), "GET /v1/shelves/a%20b/x%2Fy:do?shelf.size=3&tags=1&tags=%C3%A9");
        let wrong = "`books/1` of shelf.full_name does not fit into the path of its route";
        assert_eq!(target(&route, r#"{"shelf":{"fullName":"books/1"},"id":"1"}"#), wrong);
        assert!(target(&route, r#"{"shelf":{"fullName":"shelves/1"}}"#).starts_with("`` of id does not fit"));
        assert_eq!(target(&route, "[]"), "a request by a route of HTTP is a message");
    }

    #[test]
    fn what_json_leaves_out_is_in_the_path_all_the_same() {
        let route = HttpRoute {
            variables: &[
                Variable { field: "a.id", first: 0, end: 1 },
                Variable { field: "on", first: 1, end: 2 },
                Variable { field: "name", first: 2, end: 3 },
            ],
            unset: &[("a.id", "0"), ("on", "false")],
            ..HttpRoute::new("GET", &[Any, Any, Any])
        };
        assert_eq!(target(&route, r#"{"name":"n"}"#), "GET /0/false/n");
        assert_eq!(target(&route, r#"{"a":{"id":7,"b":1},"on":true,"name":"n"}"#), "GET /7/true/n?a.b=1");
        assert_eq!(target(&route, "{}"), "`` of name does not fit into the path of its route");
    }

    #[test]
    fn bodies_are_what_is_left_or_a_field() {
        let path = &[Literal("a"), Any];
        let whole = HttpRoute {
            variables: &[Variable { field: "id", first: 1, end: 2 }],
            body: RequestBody::Whole,
            query: false,
            ..HttpRoute::new("POST", path)
        };
        assert_eq!(target(&whole, r#"{"id":7,"x":{"y":1}}"#), r#"POST /a/7 {"x":{"y":1}}"#);
        let field = HttpRoute { body: RequestBody::Field("x"), query: true, verb: "*", ..whole };
        assert_eq!(target(&field, r#"{"id":7,"x":{"y":1},"z":true}"#), r#"POST /a/7?z=true {"y":1}"#);
        assert_eq!(target(&HttpRoute::new("GET", &[]), "{}"), "GET /");
        let rest = HttpRoute {
            variables: &[Variable { field: "f", first: 1, end: 2 }],
            ..HttpRoute::new("GET", &[Literal("a"), Rest])
        };
        assert_eq!(target(&rest, r#"{"f":"b/c%2Fd"}"#), "GET /a/b/c%2Fd");
    }

    #[test]
    fn headers_cookies_and_bytes_have_their_places() {
        let route = HttpRoute {
            body: RequestBody::Raw("file"),
            sources: &[
                Source { field: "token", place: Place::Header, name: "x-token" },
                Source { field: "sid", place: Place::Cookie, name: "s" },
                Source { field: "page", place: Place::Query, name: "p" },
            ],
            ..HttpRoute::new("PUT", &[])
        };
        let json = r#"{"token":"t","sid":"c","page":2,"file":{"contentType":"image/png","data":"aGk"}}"#;
        let written = write_request(&route, json.as_bytes()).unwrap();
        assert_eq!((written.target.as_str(), written.content_type.as_str()), ("/?p=2", "image/png"));
        assert_eq!(written.body.as_deref(), Some(&b"hi"[..]));
        assert_eq!(written.headers, [("x-token", "t".to_owned()), ("cookie", "s=c".to_owned())]);
    }

    #[test]
    fn answers_are_put_where_they_belong() {
        let of = |reply, body: &'static str| {
            let route = HttpRoute { reply, ..HttpRoute::new("GET", &[]) };
            String::from_utf8(read_reply(&route, "text/plain", body.into()).to_vec()).unwrap()
        };
        assert_eq!(of(ReplyBody::Whole, "{}"), "{}");
        assert_eq!(of(ReplyBody::Field("a_b"), "[1]"), r#"{"a_b":[1]}"#);
        assert_eq!(of(ReplyBody::Raw(""), "hi"), r#"{"contentType":"text/plain","data":"aGk"}"#);
        assert_eq!(of(ReplyBody::Raw("f"), ""), r#"{"f":{"contentType":"text/plain","data":""}}"#);
    }
}
