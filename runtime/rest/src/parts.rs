//! The parts of a request, each for a field of its message: variables of the path, the query, headers, cookies, forms.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, COOKIE};

use crate::escape::{Kind, decode};
use crate::multipart;
use crate::path::Malformed;
use crate::table::Variables;
use kiteline_core::http_route::{HttpParts, HttpRoute, Place, ReplyBody, RequestBody, Source};

/// A request whose parts are taken apart.
#[derive(Debug)]
pub struct Request<'a> {
    /// The query behind the `?`; empty without one.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// The most texts of one request.
const MOST: usize = 4096;
const TOO_MANY: Malformed = Malformed("the request has too many parameters");

type Texts = Vec<(String, String)>;
/// Paths of fields, each with its text.
type Found = Vec<(Cow<'static, str>, String)>;

/// The body of the message, and its other parts: `None` where a body of JSON is the whole of it.
///
/// # Errors
///
/// For a query or a form with escapes that are none, or that is not UTF-8.
pub fn read_parts(
    route: &HttpRoute,
    variables: &Variables,
    request: Request<'_>,
) -> Result<(Bytes, Option<HttpParts>), Malformed> {
    let Request { query, headers, mut body } = request;
    let label = headers.get(CONTENT_TYPE).and_then(|label| label.to_str().ok()).unwrap_or_default();
    let query = pairs(query)?;
    let mut kind = route.body;
    let form = if matches!(kind, RequestBody::Raw(_)) { None } else { form(label, &body)? };
    if form.is_some() {
        (body, kind) = (Bytes::new(), RequestBody::None);
    }
    let places = Places { route, variables, kind, query, form, headers };
    let elsewhere = places.elsewhere();
    let mut texts = places.plain();
    texts.extend(elsewhere);
    texts.extend(variables.iter().map(|(field, text)| (Cow::Borrowed(*field), text.clone())));
    if texts.len() > MOST {
        return Err(TOO_MANY);
    }
    if kind == RequestBody::Whole && route.reply == ReplyBody::Whole && texts.is_empty() && !body.is_empty() {
        return Ok((body, None));
    }
    let content_type = if matches!(kind, RequestBody::Raw(_)) { label.to_owned() } else { String::new() };
    Ok((body, Some(HttpParts { body: kind, content_type, texts, reply: route.reply })))
}

/// The places of a request where texts stand.
struct Places<'a> {
    route: &'a HttpRoute,
    variables: &'a Variables,
    /// What the body is.
    kind: RequestBody,
    query: Texts,
    form: Option<Texts>,
    headers: &'a HeaderMap,
}

impl Places<'_> {
    /// Texts under the names of their fields.
    fn plain(self) -> Found {
        let Self { route, variables, kind, query, form, .. } = self;
        let is_bound = |name: &str| {
            let elsewhere = route.sources.iter().any(|source| is_in(name, source.field));
            elsewhere || variables.iter().any(|(field, _)| is_in(name, field))
        };
        let of_body =
            |name: &str| matches!(kind, RequestBody::Field(field) | RequestBody::Raw(field) if is_in(name, field));
        let is_source =
            |name: &str| route.sources.iter().any(|source| source.place == Place::Query && source.name == name);
        let in_query = |name: &str| route.query && !is_bound(name) && !of_body(name) && !is_source(name);
        let query = query.into_iter().filter(|(name, _)| in_query(name));
        let form = form.into_iter().flatten().filter(|(name, _)| !is_bound(name));
        query.chain(form).map(|(name, text)| (Cow::Owned(name), text)).collect()
    }

    /// Texts of fields with places of their own: of those of one field the strongest counts that is there.
    fn elsewhere(&self) -> Found {
        let is_variable = |field: &str| self.variables.iter().any(|(variable, _)| *variable == field);
        let mut sources: Vec<&Source> = self.route.sources.iter().filter(|source| !is_variable(source.field)).collect();
        sources.sort_by_key(|source| strength(source.place));
        let (mut texts, mut filled) = (Found::new(), Vec::new());
        for source in sources {
            if !filled.contains(&source.field) {
                let before = texts.len();
                texts.extend(self.of(source).into_iter().map(|text| (Cow::Borrowed(source.field), text)));
                filled.extend((texts.len() > before).then_some(source.field));
            }
        }
        texts
    }

    fn of(&self, source: &Source) -> Vec<String> {
        let named = |texts: &Texts| -> Vec<String> {
            let named = texts.iter().filter(|(name, _)| name == source.name);
            named.map(|(_, text)| text.clone()).collect()
        };
        match source.place {
            Place::Query => named(&self.query),
            Place::Form => {
                let form = self.form.as_ref().map(named).filter(|found| !found.is_empty());
                form.unwrap_or_else(|| named(&self.query))
            }
            Place::Header => of_headers(self.headers, source.name),
            Place::Cookie => cookie(self.headers, source.name).into_iter().collect(),
        }
    }
}

/// As Hertz has it: forms before queries before cookies before headers.
fn strength(place: Place) -> u8 {
    match place {
        Place::Form => 0,
        Place::Query => 1,
        Place::Cookie => 2,
        Place::Header => 3,
    }
}

/// Whether a path is that of a field, or of one in it.
fn is_in(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Names and values of a query or a form.
fn pairs(text: &str) -> Result<Texts, Malformed> {
    if text.is_empty() {
        return Ok(Texts::new());
    }
    let mut rest = MOST;
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        rest = rest.checked_sub(1).ok_or(TOO_MANY)?;
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let pair = decode(name, Kind::Query).zip(decode(value, Kind::Query));
        let (name, value) = pair.ok_or(Malformed("the query has an escape that is none, or is not UTF-8"))?;
        Ok((name.into_owned(), value.into_owned()))
    });
    pairs.collect()
}

/// The fields of a form; `None` for a body that is none.
fn form(label: &str, body: &[u8]) -> Result<Option<Texts>, Malformed> {
    if label == "application/json" {
        return Ok(None);
    }
    let mut parts = label.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let text = str::from_utf8(body).map_err(|_| Malformed("the form is not UTF-8"))?;
        return pairs(text).map(Some);
    }
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        return Ok(None);
    }
    let boundary = parts.find_map(|part| part.strip_prefix("boundary="));
    let boundary = boundary.ok_or(Malformed("the form names no boundary"))?.trim_matches('"');
    multipart::read(body, boundary).map(Some)
}

fn of_headers(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).into_iter().filter_map(|value| str::from_utf8(value.as_bytes()).ok());
    values.map(str::to_owned).collect()
}

/// A cookie's value (RFC 6265, section 4.2).
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.find_map(|line| {
        let mut cookies = line.split(';').filter_map(|pair| pair.trim().split_once('='));
        cookies.find_map(|(own, value)| (own == name).then(|| value.trim_matches('"').to_owned()))
    })
}

#[cfg(test)]
mod tests;
