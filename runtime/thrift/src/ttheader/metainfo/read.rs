//! Reads the pairs of a received message.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::{
    CLOSING, EXTRA, MESSAGE, PERSISTENT, PLAIN, SERVICE, STATUS, TOKEN, TRAILERS, TRANSIENT, WHOLE, is_reserved,
    read_value,
};
use crate::ttheader::{Pair, int_keys};
use kiteline_core::base64;
use kiteline_core::error::{Error, Origin};
use kiteline_core::metadata::{Metadata, Reach};

/// The meaning of a request's pairs. Of several pairs with one key the last counts, as in Kitex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo<'a> {
    /// The service's name in the IDL.
    pub service: Option<&'a str>,
    /// The id under which everybody on the way logs it.
    pub log_id: Option<&'a str>,
    timeout: Option<&'a str>,
    token: Option<&'a str>,
    metadata: Option<Metadata>,
}

impl<'a> RequestInfo<'a> {
    /// Takes one pair.
    #[inline]
    pub fn take(&mut self, pair: Pair<'a>) {
        match pair {
            Pair::Int(int_keys::RPC_TIMEOUT, value) => self.timeout = Some(value),
            Pair::Int(int_keys::LOG_ID, value) => self.log_id = Some(value),
            Pair::Int(..) => {}
            Pair::Text(SERVICE, value) => self.service = Some(value),
            Pair::Text(key, value) => self.text(key, value),
            Pair::Acl(token) => self.token = Some(token),
        }
    }

    fn text(&mut self, key: &str, value: &str) {
        if let Some(key) = key.strip_prefix(TRANSIENT) {
            self.metadata().append_to(Reach::Transient, key, read_value(key, value));
        } else if let Some(key) = key.strip_prefix(PERSISTENT) {
            self.metadata().append_to(Reach::Persistent, key, read_value(key, value));
        } else if let Some(key) = key.strip_prefix(PLAIN) {
            self.metadata().append(key, read_value(key, value));
        }
    }

    fn metadata(&mut self) -> &mut Metadata {
        self.metadata.get_or_insert_default()
    }

    /// The pairs that a handler sees; `None` without any.
    pub fn into_metadata(mut self) -> Option<Metadata> {
        if let Some(token) = self.token {
            self.metadata().append_to(Reach::Transient, TOKEN, token);
        }
        self.metadata
    }

    /// The caller's timeout. What is not a number counts as nothing, as in Kitex.
    pub fn timeout(&self) -> Option<Duration> {
        let milliseconds: u64 = self.timeout?.parse().ok()?;
        (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
    }
}

/// The meaning of an answer's pairs. Of several pairs with one key the last counts, as in Kitex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyInfo<'a> {
    /// What a handler sent back: all pairs that mean nothing else.
    metadata: Metadata,
    trailers: Option<&'a str>,
    whole: Option<&'a str>,
    closing: Option<&'a str>,
    status: Option<&'a str>,
    message: Option<&'a str>,
    extra: Option<&'a str>,
}

impl<'a> ReplyInfo<'a> {
    /// Takes one pair.
    #[inline]
    pub fn take(&mut self, pair: Pair<'a>) {
        if let Pair::Text(key, value) = pair {
            self.text(key, value);
        }
    }

    fn text(&mut self, key: &'a str, value: &'a str) {
        match key {
            CLOSING => self.closing = Some(value),
            STATUS => self.status = Some(value),
            MESSAGE => self.message = Some(value),
            EXTRA => self.extra = Some(value),
            TRAILERS => self.trailers = Some(value),
            WHOLE => self.whole = Some(value),
            _ if is_reserved(key) => {}
            _ => self.metadata.append(key, read_value(key, value)),
        }
    }

    /// Whether the peer closes this connection.
    pub fn closing(&self) -> bool {
        self.closing == Some("1")
    }

    /// The metadata that a handler sent in front of its answer and behind it. From a peer that does not say which is
    /// which, everything is in front.
    pub fn into_metadata(self) -> (Metadata, Metadata) {
        let Some(count) = self.trailers.and_then(|text| text.parse().ok()) else {
            return (self.metadata, Metadata::new());
        };
        let mut leading = self.metadata;
        let trailing = leading.split_off(leading.len().saturating_sub(count));
        (leading, trailing)
    }

    /// The business error of the answer, whose reason and details `read` finds in an exception. Kitex ignores it when its extra pairs cannot be read; here
    /// they alone are lost, since success is the worse report.
    pub fn business(&self, read: impl FnOnce(Bytes) -> Error) -> Option<Error> {
        let code: i32 = self.status?.parse().ok()?;
        if code == 0 {
            return None;
        }
        let extra = self.extra.and_then(|text| serde_json::from_str::<BTreeMap<String, String>>(text).ok());
        let message = self.message.unwrap_or_default();
        let error = Error::business(code, message, extra.unwrap_or_default()).with_origin(Origin::Remote);
        let Some(whole) = self.whole.and_then(base64::decode) else { return Some(error) };
        let whole = read(whole);
        let error = error.with_reason(whole.reason());
        Some(whole.details().iter().cloned().fold(error, Error::with_encoded_detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[Pair<'static>]) -> RequestInfo<'static> {
        let mut info = RequestInfo::default();
        pairs.iter().for_each(|pair| info.take(*pair));
        info
    }

    #[test]
    fn the_last_of_several_pairs_counts() {
        let [first, last] = [Pair::Int(int_keys::RPC_TIMEOUT, "7"), Pair::Int(int_keys::RPC_TIMEOUT, "soon")];
        assert_eq!(asked(&[last, first]).timeout(), Some(Duration::from_millis(7)));
        assert_eq!(asked(&[first, last]).timeout(), None);
        let mut info = ReplyInfo::default();
        ["5", "0"].into_iter().for_each(|code| info.take(Pair::Text(STATUS, code)));
        assert!(info.business(|_| Error::internal("")).is_none());
    }

    #[test]
    fn the_token_is_the_headers_own_wherever_it_stands() {
        let [token, pair] = [Pair::Acl("own"), Pair::Text("RPC_TRANSIT_gdpr-token", "other")];
        for pairs in [[token, pair], [pair, token]] {
            assert_eq!(asked(&pairs).into_metadata().unwrap().get("gdpr-token"), Some("own"));
        }
    }

    #[test]
    fn pairs_that_mean_something_do_not_come_back() {
        let mut info = ReplyInfo::default();
        for key in [STATUS, MESSAGE, EXTRA, TRAILERS, WHOLE, CLOSING, SERVICE, "crc32c", "mine"] {
            info.take(Pair::Text(key, "1"));
        }
        assert!(info.closing() && info.business(|_| Error::internal("")).is_some());
        assert_eq!(info.into_metadata(), (Metadata::new(), [("mine", "1")].into_iter().collect()));
    }

    #[test]
    fn the_last_pairs_are_trailers_when_their_number_is_told() {
        let names = |count: &'static str| {
            let mut info = ReplyInfo::default();
            [("a", "1"), ("b", "2"), ("a", "3"), (TRAILERS, count)]
                .into_iter()
                .for_each(|(name, value)| info.take(Pair::Text(name, value)));
            let (leading, trailing) = info.into_metadata();
            (leading.len(), trailing.len())
        };
        assert_eq!(["0", "1", "3", "9", "-1", ""].map(names), [(3, 0), (2, 1), (0, 3), (0, 3), (3, 0), (3, 0)]);
    }
}
