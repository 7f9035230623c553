//! Pages: texts at fixed paths that are no calls, such as an OpenAPI document, for `GET` and `HEAD`.
//!
//! A page is looked up when neither a service nor a route has the path, so that calls pay nothing.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method as Verb, Response, StatusCode};

use super::Stream;
use super::asked::plain;
use super::outgoing::Outgoing;
use crate::counters::Counter;
use kiteline_core::error::{Code, Error};
use kiteline_core::service::Service;
use kiteline_rest::{Found, Path, Table};

/// What a request for a page is answered with.
///
/// ```
/// let page = kiteline_server::Page::new("application/json", "{}");
/// let absent = kiteline_server::Page::text("not yet\n").with_status(503);
/// # drop((page, absent));
/// ```
#[derive(Clone, Debug)]
pub struct Page {
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
}

impl Page {
    /// A page of this content type, with the status 200.
    pub fn new(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status: StatusCode::OK, content_type, body: body.into() }
    }

    /// A page of plain text.
    pub fn text(body: impl Into<Bytes>) -> Self {
        Self::new("text/plain; charset=utf-8", body)
    }

    /// Sets the status. A number that HTTP does not have becomes 500.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self
    }
}

/// Makes a page when it is asked for. It should return at once: it runs where calls are read.
pub(crate) type MakePage = Arc<dyn Fn() -> Page + Send + Sync>;

/// A page and its path.
pub(crate) struct ListedPage {
    path: String,
    make: MakePage,
    /// Whether others at its path take its place.
    gives_way: bool,
}

impl ListedPage {
    /// A page of the program's.
    pub(crate) fn new(path: &str, make: MakePage) -> Self {
        Self { path: path.to_owned(), make, gives_way: false }
    }

    /// A page of the server's own, to be listed behind the program's.
    pub(crate) fn own(path: &str, make: MakePage) -> Self {
        Self { gives_way: true, ..Self::new(path, make) }
    }

    /// The document of OpenAPI that the services hold, where they hold one and it is `wanted`.
    ///
    /// # Errors
    ///
    /// Where two services contradict each other.
    pub(crate) fn openapi(services: &[Arc<dyn Service>], wanted: bool) -> Result<Option<Self>, Error> {
        let documents: Vec<_> = services.iter().filter(|_| wanted).map(|service| service.openapi()).collect();
        let document = kiteline_rest::join_documents(&documents)?;
        let make = |document: Bytes| move || Page::new("application/json", document.clone());
        Ok(document.map(|document| Self::own("/openapi.json", Arc::new(make(document)))))
    }
}

/// The pages of a server by their paths.
#[derive(Default)]
pub(super) struct Pages(HashMap<String, MakePage>);

impl Pages {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the page of a path.
    ///
    /// # Errors
    ///
    /// [`Code::FailedPrecondition`] for a path that no request has, that another page has, or that a route of HTTP has:
    /// nobody would ever see the page.
    pub(super) fn add(&mut self, page: ListedPage, routes: &Table) -> Result<(), Error> {
        let ListedPage { path, make, gives_way } = page;
        if gives_way && (is_taken(&path, routes) || self.0.contains_key(&path)) {
            return Ok(());
        }
        let wrong = |why: &str| Err(Error::new(Code::FailedPrecondition, format!("the page `{path}` {why}")));
        if !path.starts_with('/') || path.contains(['?', '#', '%']) || path.contains(char::is_whitespace) {
            return wrong("has a path that no request has: write it as `/metrics`");
        }
        if is_taken(&path, routes) {
            return wrong("has the path of a route of HTTP, which is answered in its place: give it another path");
        }
        if self.0.contains_key(&path) {
            return wrong("is there twice");
        }
        self.0.insert(path, make);
        Ok(())
    }

    /// The answer to a request, when there is a page at its path.
    pub(super) fn answer(&self, head: &Parts, stream: &Stream) -> Option<Response<Outgoing>> {
        let make = self.0.get(head.uri.path())?;
        let is_head = head.method == Verb::HEAD;
        if !is_head && head.method != Verb::GET {
            let mut refusal = *plain(StatusCode::METHOD_NOT_ALLOWED, "This is a page: ask for it with GET.\n");
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Some(refusal);
        }
        let Ok(Page { status, content_type, body }) = catch_unwind(AssertUnwindSafe(|| make())) else {
            stream.connection.shared.count(Counter::Panics);
            tracing::error!(target: "runtime::server::http", path = head.uri.path(), "page panicked");
            return Some(*plain(StatusCode::INTERNAL_SERVER_ERROR, "The page could not be made.\n"));
        };
        let length = body.len();
        let body = if is_head { Ok(Outgoing::empty()) } else { Outgoing::message(body.into(), None, stream) };
        // There is no room for it among the bytes in work.
        let Ok(body) = body else {
            return Some(*plain(StatusCode::SERVICE_UNAVAILABLE, "Too many bytes are in work.\n"));
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        Some(response)
    }
}

/// Whether a route has a path, with whatever verb.
fn is_taken(path: &str, routes: &Table) -> bool {
    Path::read(path).is_ok_and(|path| !matches!(routes.find("GET", &path), Found::Nothing))
}
