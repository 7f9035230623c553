//! A readable refusal for people who open the port of a server without HTTP with a browser or curl.

use tokio::io::AsyncWriteExt;

use super::connections::Phase;
use super::counters::Counter;
use super::driver::{Claim, Connection, Driver, Serving};
use kiteline_core::router::Router;

/// The beginning of every HTTP/2 connection (RFC 9113, section 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Claims requests of HTTP/1, says what is served here, and closes.
pub(super) struct Refusal;

impl Driver for Refusal {
    fn claim(&self, first: &[u8]) -> Claim {
        match Claim::beginning(first, PREFACE) {
            Claim::Yes => Claim::No,
            Claim::No if first.first().is_some_and(u8::is_ascii_uppercase) => Claim::Yes,
            undecided => undecided,
        }
    }

    fn serve(&self, connection: Connection) -> Serving {
        Box::pin(refuse(connection))
    }
}

/// What is said to people who ask by HTTP/1.
pub(super) fn served(router: &Router) -> String {
    format!("This port serves {router}, not HTTP/1.\n")
}

async fn refuse(connection: Connection) {
    let Connection { shared, guard, mut stream, .. } = connection;
    shared.count(Counter::UnknownProtocol);
    guard.enter(Phase::Write);
    let text = served(&shared.router);
    let response = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    if stream.write_all(response.as_bytes()).await.is_ok() {
        // The peer may have gone already; the refusal is all that there is to say.
        let _ = stream.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_http_1_are_claimed() {
        for (first, claim) in [
            (&b"G"[..], Claim::Yes),
            (b"PO", Claim::Yes),
            (b"P", Claim::More),
            (b"PRI", Claim::More),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Claim::No),
            (b"\x16", Claim::No),
        ] {
            assert_eq!(Refusal.claim(first), claim, "{first:?}");
        }
        assert_eq!(Claim::beginning(b"PRI * HTTP/2.0", PREFACE), Claim::More);
    }
}
