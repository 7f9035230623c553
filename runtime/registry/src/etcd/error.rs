//! Classifies etcd errors: retry, switch member or authenticate again.

use std::time::Duration;

use tonic::{Code, Status};

use super::api::Error;
use super::connection::PROBE;

/// Between two attempts while etcd refuses what is asked: no loop over a wrong password.
pub(super) const REFUSED: Duration = Duration::from_secs(5);

/// Why a call to etcd gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EtcdError {
    /// Nobody answered in time; another member is tried next.
    Away(String),
    /// The lease is no longer known.
    LeaseGone,
    /// etcd answered and did not want to, or it is not the etcd that we trust.
    Refused(String),
}

impl EtcdError {
    /// How long to wait before the next attempt.
    pub(super) fn pause(&self) -> Duration {
        match self {
            Self::Refused(_) => REFUSED,
            _ => PROBE,
        }
    }

    /// The text of the error, for people.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Away(text) | Self::Refused(text) => text,
            Self::LeaseGone => "the lease is gone",
        }
    }
}

/// The recovery from a failed call: what becomes of the member and the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    /// Both are good.
    Stay,
    /// Another member is tried.
    Leave,
    /// The client's token is worth nothing: a new client authenticates.
    Renew,
    /// This user has another password: nobody authenticates for a while.
    Locked,
    /// The handshake failed: another member is tried, this one not for a while, with new files.
    Untrusted,
}

/// Reads an error of the client. The texts are those of etcd's `rpctypes/error.go`, all versions.
pub(super) fn judge(error: &Error) -> (EtcdError, Recovery) {
    let status = match error {
        Error::LeaseGone => return (EtcdError::LeaseGone, Recovery::Stay),
        Error::Status(status) => status,
        other @ Error::Transport(_) => {
            let text = last(&other.to_string(), other);
            return match handshake(other) {
                Some(why) => (EtcdError::Refused(why), Recovery::Untrusted),
                None => (EtcdError::Away(text), Recovery::Leave),
            };
        }
    };
    let text = status.message();
    let has = |part: &str| text.contains(part);
    if let Some(why) = handshake(status) {
        return (EtcdError::Refused(why), Recovery::Untrusted);
    }
    match status.code() {
        Code::NotFound if has("lease") => (EtcdError::LeaseGone, Recovery::Stay),
        _ if has("authentication failed") => (EtcdError::Refused(text.to_owned()), Recovery::Locked),
        _ if has("invalid auth token") || has("user name is empty") || has("revision of auth store is old") => {
            (EtcdError::Away(text.to_owned()), Recovery::Renew)
        }
        Code::Unauthenticated => (EtcdError::Away(text.to_owned()), Recovery::Renew),
        Code::PermissionDenied | Code::InvalidArgument | Code::ResourceExhausted | Code::FailedPrecondition => {
            (EtcdError::Refused(text.to_owned()), Recovery::Stay)
        }
        _ => (EtcdError::Away(last(text, status)), Recovery::Leave),
    }
}

/// Whether a user was named to an etcd that asks for none.
pub(super) fn is_open_to_all(error: &Error) -> bool {
    matches!(error, Error::Status(status) if is_not_enabled(status))
}

fn is_not_enabled(status: &Status) -> bool {
    status.code() == Code::FailedPrecondition && status.message().contains("authentication is not enabled")
}

/// tonic's own "transport error" says less than its causes.
fn last(message: &str, error: &dyn std::error::Error) -> String {
    causes(error).last().map_or_else(|| message.to_owned(), ToString::to_string)
}

fn causes<'a>(error: &'a dyn std::error::Error) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| cause.source())
}

/// What TLS says against the peer, or the peer against us.
#[cfg(feature = "tls")]
fn handshake(error: &dyn std::error::Error) -> Option<String> {
    causes(error).find_map(|cause| {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let tls = tls.or_else(|| cause.downcast_ref::<rustls::Error>());
        // HTTP/2 keeps the text alone of an alert that came behind the handshake.
        let alert = || Some(cause.to_string()).filter(|text| text.contains("received fatal alert"));
        tls.map(ToString::to_string).or_else(alert).map(|why| format!("TLS: {why}"))
    })
}

#[cfg(not(feature = "tls"))]
fn handshake(_: &dyn std::error::Error) -> Option<String> {
    None
}
