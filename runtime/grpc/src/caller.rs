//! The caller of a request, by its headers: which protocol it speaks, which form its bodies have, how long it waits,
//! and which errors it reads.

use std::time::{Duration, Instant};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{connect, metadata, micro, status, timeout};
use crate::compression::{ENCODINGS, Encoding};
use crate::content::{Content, Protocol, Unserved};
use crate::status::Status;
use kiteline_core::error::{Code, Error};
use kiteline_core::metadata::{Metadata, Unread};

/// A caller, as far as its headers tell.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    content: Content,
    micro: bool,
    /// How it names the form of its bodies, where that is not the form's own name.
    label: Option<HeaderValue>,
    encoding: Encoding,
    /// How answers may be compressed.
    accepted: u8,
}

impl Caller {
    /// Reads the headers.
    ///
    /// # Errors
    ///
    /// For bodies in a form that is not served.
    pub fn new(headers: &HeaderMap) -> Result<Self, Unserved> {
        Content::of(headers).map(|content| Self::labelled(content, headers))
    }

    /// A caller whose content type is read.
    pub fn labelled(content: Content, headers: &HeaderMap) -> Self {
        let (label, micro) = (headers.get(CONTENT_TYPE).cloned(), is_micro(headers));
        Self { label, micro, ..Self::of(content, headers) }
    }

    /// A caller whose request says in another place what its bodies are.
    pub fn of(content: Content, headers: &HeaderMap) -> Self {
        let accepted = headers.get(content.protocol.accepts()).and_then(|names| names.to_str().ok());
        let accepted = accepted.map_or(0, Encoding::bits);
        Self { content, accepted, ..Self::default() }
    }

    /// A caller over go-micro's default transport; `None` for bodies in a form that is not served.
    pub fn of_micro(headers: &HeaderMap) -> Option<Self> {
        Content::of_micro(headers).map(|content| Self { micro: true, ..Self::of(content, headers) })
    }

    /// The protocol and the form of bodies.
    pub fn content(&self) -> Content {
        self.content
    }

    /// Reads how the request's messages are compressed.
    ///
    /// # Errors
    ///
    /// [`Code::Unimplemented`] for a compression that is not understood; [`Code::InvalidArgument`] for a version of
    /// Connect's that is not.
    pub fn read_encoding(&mut self, headers: &HeaderMap) -> Result<Encoding, Error> {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let name = text(self.content.protocol.encoding()).unwrap_or_default();
        self.set_encoding(name)?;
        if self.content.protocol.is_connect()
            && let Some(version) = text(&connect::VERSION).filter(|version| *version != "1")
        {
            return Err(Error::invalid(format!("version {version} of Connect's protocol is not served, but 1")));
        }
        Ok(self.encoding)
    }

    /// Sets how the request's messages are compressed, by the name of that.
    ///
    /// # Errors
    ///
    /// [`Code::Unimplemented`] for a compression that is not understood.
    pub fn set_encoding(&mut self, name: &str) -> Result<(), Error> {
        self.encoding = Encoding::read(name).ok_or_else(|| {
            Error::new(Code::Unimplemented, format!("the compression {name} is not understood, but {ENCODINGS}"))
        })?;
        Ok(())
    }

    /// How the request's messages are compressed.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How answers are: as requests, where the caller takes that.
    pub fn answers_in(&self) -> Encoding {
        if self.encoding.is_of(self.accepted) { self.encoding } else { Encoding::Identity }
    }

    /// Whether it is a client of go-micro.
    pub fn is_micro(&self) -> bool {
        self.micro
    }

    /// The status that an error of `service` (`package.Service`) travels as.
    pub fn status_of(&self, error: &Error, service: &str) -> Status {
        if self.micro { micro::status_of(error, service) } else { status::status_of(error) }
    }

    /// The headers of a call that are its metadata, not read yet; `None` without any.
    pub fn metadata(&self, headers: HeaderMap) -> Option<UnreadHeaders> {
        let metadata = UnreadHeaders { headers, micro: self.micro };
        metadata::has_metadata(&metadata.headers).then_some(metadata)
    }

    /// Says of an answer which form and compression it has.
    pub fn label(&self, headers: &mut HeaderMap) {
        let own = || HeaderValue::from_static(self.content.name());
        headers.insert(CONTENT_TYPE, self.label.clone().unwrap_or_else(own));
        self.label_encoding(headers);
    }

    /// Says of an answer which compression it has.
    pub fn label_encoding(&self, headers: &mut HeaderMap) {
        let protocol = self.content.protocol;
        let encoding = self.answers_in();
        if encoding.is_some() {
            headers.insert(protocol.encoding(), HeaderValue::from_static(encoding.name()));
        }
        if protocol.has_envelopes() {
            headers.insert(protocol.accepts(), HeaderValue::from_static(ENCODINGS));
        }
    }

    /// The headers of an error of a call with one message each way of Connect's.
    pub fn label_error(headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }

    /// How long it waits. go-micro's header counts where gRPC's own is absent and the caller is one of its
    /// clients: to others `timeout` is a pair like any other.
    pub fn wait(&self, headers: &HeaderMap) -> Option<Duration> {
        match self.content.protocol {
            protocol if protocol.is_connect() => timeout::read_connect_timeout(headers),
            Protocol::Micro => micro::read_timeout(headers),
            _ if self.micro && !headers.contains_key(&timeout::TIMEOUT) => micro::read_timeout(headers),
            _ => timeout::read_timeout(headers),
        }
    }

    /// When a call that is read now must be answered: after the time that its caller waits, at most `limit`.
    pub fn deadline(&self, headers: &HeaderMap, limit: Duration) -> Instant {
        Instant::now() + self.wait(headers).map_or(limit, |wait| wait.min(limit))
    }

    /// The body of an error of Connect's for one message each way, with its HTTP status.
    pub fn connect_error(&self, status: &Status) -> (http::StatusCode, bytes::Bytes) {
        (connect::http_status(status.code.unwrap_or(Code::Unknown)), connect::write_error(status))
    }
}

/// Whether a request is of a client of go-micro.
pub fn is_micro(headers: &HeaderMap) -> bool {
    headers.contains_key(&micro::MARK)
}

/// Headers as metadata, read when it is asked for.
#[derive(Debug)]
pub struct UnreadHeaders {
    headers: HeaderMap,
    micro: bool,
}

impl Unread for UnreadHeaders {
    fn read(&self) -> Metadata {
        let mut metadata = metadata::read_metadata(&self.headers);
        if self.micro {
            for name in micro::OWN {
                metadata.remove(name);
            }
        }
        metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: (&str, &str) = ("content-type", "application/grpc");

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn what_go_micro_sends_for_itself_is_no_metadata() {
        let sent = headers(&[PLAIN, ("timeout", "5"), ("x-content-type", "application/json"), ("x-user", "u1")]);
        let seen = Caller::new(&sent).unwrap().metadata(sent).unwrap().read();
        assert_eq!(seen, [("x-user", "u1")].into_iter().collect());
        let sent = headers(&[PLAIN, ("timeout", "5")]);
        assert_eq!(Caller::new(&sent).unwrap().metadata(sent).unwrap().read().get("timeout"), Some("5"));
        let own = headers(&[PLAIN, ("te", "trailers")]);
        assert!(Caller::new(&own).unwrap().metadata(own).is_none());
    }

    #[test]
    fn the_header_of_grpc_goes_before_that_of_go_micro() {
        let limit = Duration::from_secs(60);
        let left = |pairs: &[(&'static str, &str)]| {
            let headers = headers(&[pairs, &[PLAIN]].concat());
            let deadline = Caller::new(&headers).unwrap().deadline(&headers, limit);
            deadline.saturating_duration_since(Instant::now()).as_secs_f64().round()
        };
        let mark = ("x-content-type", "application/protobuf");
        assert_eq!(left(&[mark, ("timeout", "7000000000")]), 7.0);
        assert_eq!(left(&[mark, ("timeout", "7000000000"), ("grpc-timeout", "9S")]), 9.0);
        assert_eq!(left(&[mark, ("timeout", "soon")]), 60.0);
        assert_eq!(left(&[("timeout", "30")]), 60.0);
    }

    #[test]
    fn compressions_are_those_of_the_protocol() {
        let gzip =
            [("content-type", "application/json"), ("content-encoding", "gzip"), ("accept-encoding", "br, gzip")];
        let sent = headers(&gzip);
        let mut caller = Caller::new(&sent).unwrap();
        assert_eq!(caller.read_encoding(&sent).unwrap(), Encoding::Gzip);
        assert_eq!(caller.answers_in(), Encoding::Gzip);
        let sent = headers(&[PLAIN, ("grpc-encoding", "br"), ("accept-encoding", "gzip")]);
        let mut caller = Caller::new(&sent).unwrap();
        assert_eq!(caller.read_encoding(&sent).unwrap_err().code(), Code::Unimplemented);
        assert_eq!(caller.answers_in(), Encoding::Identity);
    }
}
