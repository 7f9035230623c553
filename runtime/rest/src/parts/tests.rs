//! Requests, and the texts of fields that they hold.

use super::*;
use http::{HeaderName, HeaderValue};

/// The body's part and the texts of a request.
fn read(
    route: &'static HttpRoute,
    query: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> Result<(RequestBody, String), Malformed> {
    let headers =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    let (headers, body) = (headers.collect::<HeaderMap>(), Bytes::from(body.to_owned()));
    let (_, parts) = read_parts(route, &vec![("id", "7".to_owned())], Request { query, headers: &headers, body })?;
    let parts = parts.unwrap_or_else(|| HttpParts { body: RequestBody::Whole, ..HttpParts::default() });
    let texts: Vec<_> = parts.texts.iter().map(|(field, text)| format!("{field}={text}")).collect();
    Ok((parts.body, texts.join(" ")))
}

static GET: HttpRoute = HttpRoute::new("GET", &[]);
static PUT: HttpRoute = HttpRoute { body: RequestBody::Field("book"), ..HttpRoute::new("PUT", &[]) };
static POST: HttpRoute = HttpRoute {
    body: RequestBody::Whole,
    sources: &[
        Source { field: "token", place: Place::Header, name: "x-token" },
        Source { field: "session", place: Place::Cookie, name: "sid" },
        Source { field: "page", place: Place::Query, name: "p" },
        Source { field: "name", place: Place::Form, name: "n" },
    ],
    ..HttpRoute::new("POST", &[])
};

#[test]
fn a_query_names_fields_that_stand_nowhere_else() {
    let (body, texts) = read(&GET, "a.b=1&a.b=2&id=9&c=x+y%26&d&&id.x=1", &[], "").unwrap();
    assert_eq!((body, texts.as_str()), (RequestBody::None, "a.b=1 a.b=2 c=x y& d= id=7"));
    let (body, texts) = read(&PUT, "book=1&mask=a", &[], "{}").unwrap();
    assert_eq!((body, texts.as_str()), (RequestBody::Field("book"), "mask=a id=7"));
}

#[test]
fn headers_cookies_and_forms_have_names_of_their_own() {
    let headers = [("x-token", "t"), ("cookie", "a=b; sid=\"s\"")];
    let (body, texts) = read(&POST, "p=2&token=evil", &headers, "{}").unwrap();
    assert_eq!((body, texts.as_str()), (RequestBody::Whole, "page=2 session=s token=t id=7"));
    let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let (body, texts) = read(&POST, "", &form, "n=bob&age=7&token=evil").unwrap();
    assert_eq!((body, texts.as_str()), (RequestBody::None, "n=bob age=7 name=bob id=7"));
    let form = [("content-type", "multipart/form-data; boundary=\"x\"")];
    let parts = "--x\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nbob\r\n--x--\r\n";
    assert_eq!(read(&POST, "", &form, parts).unwrap().1, "n=bob name=bob id=7");
}

static SEVERAL: HttpRoute = HttpRoute {
    sources: &[
        Source { field: "tags", place: Place::Header, name: "x-tags" },
        Source { field: "tags", place: Place::Query, name: "tag" },
        Source { field: "id", place: Place::Header, name: "x-id" },
    ],
    ..HttpRoute::new("GET", &[])
};

#[test]
fn of_several_places_the_strongest_counts() {
    let headers = [("x-tags", "h"), ("x-id", "8")];
    assert_eq!(read(&SEVERAL, "tag=a&tag=b", &headers, "").unwrap().1, "tags=a tags=b id=7");
    assert_eq!(read(&SEVERAL, "", &headers, "").unwrap().1, "tags=h id=7");
}

#[test]
fn what_cannot_be_read_is_refused() {
    assert!(read(&GET, "a=%zz", &[], "").is_err());
    assert!(read(&GET, "%FF=1", &[], "").is_err());
    assert!(read(&POST, "", &[("content-type", "multipart/form-data")], "").is_err());
    assert!(read(&GET, &"a=1&".repeat(5000), &[], "").is_err());
}
