//! Writes the pairs of a message to be sent.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

use super::digits::Digits;
use super::{
    CLOSING, EXTRA, MESSAGE, MOST_WHOLE, PERSISTENT, PLAIN, SERVICE, STATUS, TOKEN, TRAILERS, TRANSIENT, WHOLE,
    is_reserved, write_value,
};
use crate::ttheader::{Fixed, Info, Pair, int_keys};
use kiteline_core::base64;
use kiteline_core::error::Error;
use kiteline_core::metadata::{Metadata, Reach};

/// The origin and destination of a request, for proxies and people: the message and the connection say it too.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The called service's name in the registry.
    pub to: &'a str,
    /// The called method.
    pub method: &'a str,
    /// The message's type as a decimal number.
    pub kind: &'a str,
    /// The service and the method whose handler makes the call.
    pub from: Option<(&'a str, &'a str)>,
}

/// What a request says.
#[derive(Clone, Debug, Default)]
pub struct RequestInfoRef<'a> {
    /// What stands before the pairs.
    pub fixed: Fixed,
    /// The service's name in the IDL.
    pub service: &'a str,
    /// The way of the request, where it is told.
    pub way: Option<Way<'a>>,
    /// The id under which everybody on the way logs it.
    pub log_id: Option<&'a str>,
    timeout: Option<Digits>,
    token: Option<&'a str>,
    metadata: Vec<(String, Cow<'a, str>)>,
}

impl<'a> RequestInfoRef<'a> {
    /// Says what the caller waits, in whole milliseconds and never less: a peer that gives up at its
    /// deadline does so after the caller has, whose error then says what happened.
    pub fn set_timeout(&mut self, left: Duration) {
        let rest = u64::from(left.subsec_nanos().div_ceil(1_000_000));
        let milliseconds = left.as_secs().saturating_mul(1_000).saturating_add(rest);
        self.timeout = Some(Digits::from(milliseconds.max(1)));
    }

    /// Adds the pairs of a call. Plain ones stay apart for a server of `ours`; for others they are
    /// transient.
    pub fn add_metadata(&mut self, metadata: &'a Metadata, ours: bool) {
        for entry in metadata {
            let (name, value) = (entry.name(), entry.value());
            let prefix = match entry.reach() {
                Reach::Plain if ours => PLAIN,
                Reach::Plain | Reach::Transient => TRANSIENT,
                Reach::Persistent => PERSISTENT,
            };
            match value.as_text() {
                Some(token) if name == TOKEN && prefix == TRANSIENT => self.token = Some(token),
                _ => self.metadata.push((format!("{prefix}{name}"), write_value(value))),
            }
        }
    }
}

impl Info for RequestInfoRef<'_> {
    fn fixed(&self) -> Fixed {
        self.fixed
    }

    #[inline]
    fn each<'s>(&'s self, mut take: impl FnMut(Pair<'s, [u8]>)) {
        if let Some(token) = self.token {
            take(Pair::Acl(token.as_bytes()));
        }
        take(text(SERVICE, self.service));
        for (key, value) in &self.metadata {
            take(text(key, value));
        }
        if let Some(way) = &self.way {
            take(int(int_keys::PAYLOAD, "framed"));
            take(int(int_keys::TO_SERVICE, way.to));
            take(int(int_keys::TO_METHOD, way.method));
            take(int(int_keys::MESSAGE_TYPE, way.kind));
            if let Some((service, method)) = way.from {
                take(int(int_keys::FROM_SERVICE, service));
                take(int(int_keys::FROM_METHOD, method));
            }
        }
        if let Some(timeout) = &self.timeout {
            take(Pair::Int(int_keys::RPC_TIMEOUT, timeout.as_bytes()));
        }
        if let Some(id) = self.log_id {
            take(int(int_keys::LOG_ID, id));
        }
    }
}

fn text<'a>(key: &'a str, value: &'a str) -> Pair<'a, [u8]> {
    Pair::Text(key.as_bytes(), value.as_bytes())
}

fn int(key: u16, value: &str) -> Pair<'_, [u8]> {
    Pair::Int(key, value.as_bytes())
}

/// A business error, as an answer carries it.
#[derive(Clone, Debug)]
pub struct Business<'a> {
    code: String,
    message: &'a str,
    extra: Option<String>,
    whole: Option<String>,
}

impl<'a> Business<'a> {
    /// Of an error that has this code. What only our clients read is in `whole`, its exception; too long
    /// a one is left out.
    pub fn new(code: i32, error: &'a Error, whole: impl FnOnce() -> Option<Bytes>) -> Self {
        // A map of strings cannot fail to be written.
        let extra = || serde_json::to_string(error.pairs()).unwrap_or_default();
        let extra = (!error.pairs().is_empty()).then(extra);
        let more = !error.reason().is_empty() || !error.details().is_empty();
        let whole = more.then(whole).flatten().map(|whole| base64::encode(&whole));
        let whole = whole.filter(|whole| whole.len() <= MOST_WHOLE);
        Self { code: code.to_string(), message: error.message(), extra, whole }
    }
}

/// The pairs of what a handler sends back, in front of its answer and behind it.
pub fn pairs<'a>(leading: &'a Metadata, trailing: &'a Metadata) -> Vec<(&'a str, Cow<'a, str>)> {
    let entries = leading.iter().chain(trailing).filter(|entry| !is_reserved(entry.name()));
    let mut pairs: Vec<_> = entries.map(|entry| (entry.name(), write_value(entry.value()))).collect();
    if !trailing.is_empty() {
        let count = trailing.iter().filter(|entry| !is_reserved(entry.name())).count();
        pairs.push((TRAILERS, count.to_string().into()));
    }
    pairs
}

/// What an answer says.
#[derive(Clone, Debug)]
pub struct ReplyInfoRef<'a> {
    /// What stands before the pairs.
    pub fixed: Fixed,
    /// The message's type as a decimal number.
    pub kind: &'a str,
    /// The error of a handler.
    pub business: Option<Business<'a>>,
    /// What a handler sends back. Names that mean something else are left out.
    pub metadata: Vec<(&'a str, Cow<'a, str>)>,
    /// Whether no further request should come on this connection.
    pub closing: bool,
}

impl Info for ReplyInfoRef<'_> {
    fn fixed(&self) -> Fixed {
        self.fixed
    }

    #[inline]
    fn each<'s>(&'s self, mut take: impl FnMut(Pair<'s, [u8]>)) {
        if let Some(business) = &self.business {
            take(text(STATUS, &business.code));
            take(text(MESSAGE, business.message));
            if let Some(extra) = &business.extra {
                take(text(EXTRA, extra));
            }
            if let Some(whole) = &business.whole {
                take(text(WHOLE, whole));
            }
        }
        for (name, value) in &self.metadata {
            take(text(name, value));
        }
        if self.closing {
            take(text(CLOSING, "1"));
        }
        take(int(int_keys::MESSAGE_TYPE, self.kind));
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::ttheader::metainfo::RequestInfo;
    use crate::ttheader::{Room, measure, put, scan};

    fn told(left: Duration) -> Option<Duration> {
        let (mut info, mut out) = (RequestInfoRef::default(), BytesMut::new());
        info.set_timeout(left);
        let measured = measure(&info).unwrap();
        put(&info, &measured, &mut Room::behind(&mut out, measured.size()));
        let mut info = RequestInfo::default();
        scan(&out, |pair| info.take(pair)).unwrap();
        info.timeout()
    }

    #[test]
    fn a_timeout_is_rounded_up() {
        assert_eq!(told(Duration::MAX), Some(Duration::from_millis(u64::MAX)));
        for (micros, stated) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (199_999, 200), (200_000, 200)] {
            assert_eq!(told(Duration::from_micros(micros)), Some(Duration::from_millis(stated)), "{micros}");
        }
    }
}
