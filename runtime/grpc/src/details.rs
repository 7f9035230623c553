//! The details of a status: messages by type, the first of which holds an error's reason and pairs.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::percent;
use kiteline_core::error::{Detail, Error};

/// What stands before the name of a type in an `Any`.
const TYPES: &str = "type.googleapis.com/";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
/// Bytes of reason and pairs that are sent: details have to fit into headers.
const MOST_INFO: usize = 2 << 10;

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub(crate) type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) value: Bytes,
}

impl Any {
    /// The detail of a type.
    pub(crate) fn new(type_name: &str, value: Bytes) -> Self {
        Self { type_url: format!("{TYPES}{type_name}"), value }
    }

    /// The full name of its type.
    pub(crate) fn type_name(&self) -> &str {
        self.type_url.rsplit('/').next().unwrap_or_default()
    }
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ErrorInfo {
    #[prost(string, tag = "1")]
    pub(crate) reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Reason and pairs, and the details behind them.
pub(crate) fn details(error: &Error) -> Vec<Any> {
    let others = error.details().iter().map(|detail| Any::new(&detail.type_name, detail.value.clone()));
    info(error).into_iter().chain(others).collect()
}

/// Reason and pairs, as many as fit.
fn info(error: &Error) -> Option<Any> {
    if error.reason().is_empty() && error.pairs().is_empty() {
        return None;
    }
    let reason = percent::cut(error.reason(), MOST_INFO / 2).into_owned();
    let mut info = ErrorInfo { reason, domain: String::new(), metadata: BTreeMap::new() };
    let mut size = info.reason.len();
    for (name, value) in error.pairs() {
        // Tags and lengths beside the texts.
        size += name.len() + value.len() + 12;
        if size > MOST_INFO {
            break;
        }
        info.metadata.insert(name.clone(), value.clone());
    }
    Some(Any { type_url: ERROR_INFO.to_owned(), value: Bytes::from(info.encode_to_vec()) })
}

/// The same with what a detail says.
pub(crate) fn with_detail(error: Error, detail: &Any) -> Error {
    // One that does not decode is a detail like any other.
    match ErrorInfo::decode(detail.value.clone()).ok().filter(|_| detail.type_url == ERROR_INFO) {
        Some(ErrorInfo { reason, metadata, .. }) => {
            let with_reason = error.with_reason(reason);
            metadata.into_iter().fold(with_reason, |error, (key, value)| error.with_pair(key, value))
        }
        None => {
            let (type_name, value) = (detail.type_name().to_owned(), detail.value.clone());
            error.with_encoded_detail(Detail { type_name, value })
        }
    }
}
