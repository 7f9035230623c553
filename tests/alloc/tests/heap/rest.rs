//! Heap use of forms that come to routes of HTTP.

use bytes::Bytes;
use e2e::ran_alone;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use kiteline_rest::{Request, read_parts};
use runtime::http_route::{HttpRoute, Place, RequestBody, Source};

use crate::HEAP;

/// As large as a body may be.
const MOST: usize = 4 << 20;

static ROUTE: HttpRoute = HttpRoute {
    body: RequestBody::Whole,
    sources: &[Source { field: "name", place: Place::Form, name: "n" }],
    ..HttpRoute::new("POST", &[])
};

#[test]
fn forms_take_no_more_than_a_few_times_their_size() {
    if ran_alone(forms_take_no_more_than_a_few_times_their_size) {
        return;
    }
    let form = "application/x-www-form-urlencoded";
    let parts = "multipart/form-data; boundary=b";
    let part = "--b\r\ncontent-disposition: form-data; name=n";
    let file = format!("{part}; filename=f\r\n\r\n{}\r\n--b--", "x".repeat(MOST - 100));
    for (label, body, taken) in [
        (form, "a&".repeat(MOST / 2), false),
        (form, "n=1&".repeat(MOST / 4), false),
        (form, "%61=%62&".repeat(MOST / 8), false),
        (form, format!("a={}", "x".repeat(MOST - 2)), true),
        (form, format!("n={}", "%20".repeat(MOST / 3 - 1)), true),
        (parts, format!("{part}\r\n\r\n\r\n").repeat(MOST / 60), false),
        (parts, "--b\r\ncontent-disposition: form-data\r\n\r\n\r\n".repeat(MOST / 50), false),
        (parts, "\r\n--b".repeat(MOST / 5), false),
        (parts, file, true),
    ] {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(label))]);
        let (size, body) = (body.len(), Bytes::from(body));
        let shown = body.slice(..body.len().min(40));
        let request = Request { query: "", headers: &headers, body };
        let (read, peak) = HEAP.peak_of(|| read_parts(&ROUTE, &Vec::new(), request).is_ok());
        assert_eq!(read, taken, "{shown:?}");
        // A file becomes base64, which is read, and stands under its own name and the field's.
        assert!(peak <= 4 * size + (64 << 10), "{peak} for {size} bytes: {shown:?}");
    }
}
