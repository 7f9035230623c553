//! A readable refusal for people who open the port with a browser or curl.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::connections::{Phase, Seat};
use super::shared::Shared;

/// Says what is served here, and closes.
pub(super) async fn refuse(shared: &Shared, seat: &Seat, mut stream: TcpStream) {
    seat.enter(Phase::Write);
    let text = format!("This port serves {}, not HTTP/1.\n", shared.router);
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
